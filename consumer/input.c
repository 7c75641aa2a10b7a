#include "consumer/input.h"

#include "schemas/bounds.h"
#include "schemas/cloudevent.h"
#include "schemas/murmur2.h"
#include "schemas/topics.h"

static int check_place(const struct record *r, const struct input_reader *place, struct error *err)
{
	const struct uuid *id = record_workspace(r);
	char key[UUID_TEXT_SIZE];

	if (!id)
		return error_set(err, ERROR_INPUT, "%s does not belong on %s", record_name(r->type),
				 topic_name(TOPIC_COMMANDS));
	uuid_format(key, id);
	if (partition_of(bytes_of(key), place->partitions) != place->partition)
		return error_set(
			err, ERROR_INPUT,
			"the record is about workspace %s, which belongs to another "
			"partition; its key must be the workspace's id and its partitioner "
			"murmur2, as in Java clients",
			key);
	return 0;
}

/* What the record says; fails when it is larger than any record that we know. */
static int decode_record(const struct message *m, struct codec *codec, struct arena *arena,
			 struct record *out, struct error *err)
{
	if (m->value.len > COMMAND_BYTES_MAX)
		return error_set(err, ERROR_INPUT,
				 "the record has %zu bytes; at most %d are allowed", m->value.len,
				 COMMAND_BYTES_MAX);
	return codec_decode(codec, m->value, arena, out, err);
}

/*
 * A command beyond its bounds, or not signed as it must be, is rejected by name; a
 * fact can only be a dead letter.
 */
static int check_fact(const struct input *in, struct error *err)
{
	const struct record *r = &in->record;

	if (record_command(r))
		return 0;
	return author_refuse(&in->author, r, err) ? ERROR_INPUT : bounds_check_fact(r, err);
}

static void read_hole(struct input *in, const struct message *m, struct arena *arena)
{
	*in = (struct input){
		.message = m,
		.source = { .offset = m->offset, .time = m->time },
		.why_unreadable = arena_printf(arena,
					       "the client cannot unpack the batch with this "
					       "record: %s",
					       m->why),
	};
}

void input_read(struct input *in, const struct message *m, const struct input_reader *reader,
		struct arena *arena)
{
	struct bytes trace = message_header(m, HEADER_TRACEPARENT);
	struct error err = { 0 };

	if (m->hole) {
		read_hole(in, m, arena);
		return;
	}
	*in = (struct input){ .message = m };
	in->source = (struct source){
		.offset = m->offset,
		.time = m->time,
		.traceparent = traceparent_is_valid(trace) ? trace : (struct bytes){ 0 },
	};
	in->author = message_author(m, topic_name(TOPIC_COMMANDS), reader->signing);
	in->readable = !decode_record(m, reader->codec, arena, &in->record, &err) &&
		       !check_place(&in->record, reader, &err) && !check_fact(in, &err);
	if (!in->readable)
		in->why_unreadable = arena_printf(arena, "%s", err.text);
}

const struct uuid *input_workspace(const struct input *in)
{
	return record_workspace(&in->record);
}

bool input_is_fact(const struct input *in)
{
	return !record_command(&in->record);
}

struct dead_record input_dead_record(const struct input *in, struct arena *arena)
{
	const struct message *m = in->message;
	struct header *headers = NULL;
	size_t count = 0;
	size_t cap = 0;
	struct header h;

	for (; message_header_at(m, count, &h.name, &h.value); count++) {
		if (count == cap)
			headers = arena_grow(arena, headers, &cap, count + 1, sizeof(*headers));
		headers[count] = h;
	}
	return (struct dead_record){
		.partition = m->partition,
		.offset = m->offset,
		.time = m->time,
		.hole = m->hole,
		.key = m->key,
		.value = m->value,
		.headers = headers,
		.header_count = count,
		.reason = in->why_unreadable,
	};
}
