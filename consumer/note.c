#include "consumer/note.h"

#include "consumer/group_offsets.h"
#include "ops/support/log.h"
#include "ops/support/memory.h"

#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_SIZE = 64 };

/* What the text of a log says. */
struct entry {
	int64_t number;
	int64_t applied;
};

static char *format_entry(const struct footprint *f, size_t i)
{
	const struct output_log log = footprint_log(f, i);
	int64_t applied = log.topic == TOPIC_GRANTS ? f->applied[log.partition] : FOOTPRINT_NOWHERE;
	char text[TEXT_SIZE];
	int len = snprintf(text, sizeof(text), "%" PRId64, f->number);

	if (applied != FOOTPRINT_NOWHERE)
		(void)snprintf(text + len, sizeof(text) - (size_t)len, ":%" PRId64, applied);
	return memory_must(strdup(text));
}

/* Takes digits; false: there are none, or too many. */
static bool take_number(const char **text, int64_t *out)
{
	enum { DIGITS_MAX = 18 };
	size_t digits = strspn(*text, "0123456789");

	if (!digits || digits > DIGITS_MAX)
		return false;
	*out = strtoll(*text, NULL, 10);
	*text += digits;
	return true;
}

static bool parse_entry(const rd_kafka_topic_partition_t *p, struct entry *out)
{
	char copy[TEXT_SIZE];
	const char *text = copy;

	*out = (struct entry){ .applied = FOOTPRINT_NOWHERE };
	if (!p->metadata || p->metadata_size >= sizeof(copy) || p->offset < 0)
		return false;
	memcpy(copy, p->metadata, p->metadata_size);
	copy[p->metadata_size] = '\0';
	if (!take_number(&text, &out->number))
		return false;
	if (*text == ':' && (text++, !take_number(&text, &out->applied)))
		return false;
	return !*text;
}

int note_save(struct rd_kafka_s *client, const char *name, const struct footprint *f,
	      struct error *err)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)f->logs);
	int rc;

	for (size_t i = 0; i < f->logs; i++) {
		const struct output_log log = footprint_log(f, i);
		rd_kafka_topic_partition_t *p;

		if (f->first[i] == FOOTPRINT_NOWHERE)
			continue;
		p = rd_kafka_topic_partition_list_add(list, topic_name(log.topic), log.partition);
		p->offset = f->first[i];
		p->metadata = format_entry(f, i);
		p->metadata_size = strlen(p->metadata);
	}
	rc = group_offsets_set(client, name, list, err);
	rd_kafka_topic_partition_list_destroy(list);
	return rc;
}

static void take_entry(struct footprint *f, size_t i, const rd_kafka_topic_partition_t *p,
		       const struct entry *e)
{
	f->first[i] = p->offset;
	if (e->applied != FOOTPRINT_NOWHERE)
		f->applied[p->partition] = e->applied;
}

/* The entry of the log, if it has one. */
static const rd_kafka_topic_partition_t *find_entry(rd_kafka_topic_partition_list_t *list,
						    const struct footprint *f, size_t i,
						    struct entry *out)
{
	const struct output_log log = footprint_log(f, i);
	const rd_kafka_topic_partition_t *p =
		rd_kafka_topic_partition_list_find(list, topic_name(log.topic), log.partition);

	if (p && p->offset >= 0 && !parse_entry(p, out))
		log_warn("the note of the last transaction in %s partition %d cannot be read: "
			 "somebody has changed the offsets of its group",
			 topic_name(log.topic), log.partition);
	return p && parse_entry(p, out) ? p : NULL;
}

int note_load(struct group_asker *asker, const char *name, struct footprint *f, struct error *err)
{
	rd_kafka_topic_partition_list_t *list = NULL;
	const rd_kafka_topic_partition_t *p;
	struct entry e;
	int rc = group_offsets_ask(asker, name, &list, err);

	if (rc)
		return rc;
	footprint_clear(f);
	for (size_t i = 0; i < f->logs; i++)
		if (find_entry(list, f, i, &e) && e.number > f->number)
			f->number = e.number;
	for (size_t i = 0; i < f->logs; i++) {
		p = find_entry(list, f, i, &e);
		if (p && e.number == f->number)
			take_entry(f, i, p, &e);
	}
	rd_kafka_topic_partition_list_destroy(list);
	return 0;
}
