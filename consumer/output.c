#include "consumer/output.h"

#include "ops/support/number.h"
#include "ops/support/prefetch.h"

#include <string.h>

enum {
	PACKING = 4, /* version of this packing, for Redis keeps it beyond an upgrade */
	WIDE = 10,   /* bytes of a varint that can hold any number, so it can be changed in place */
	HEAD_BYTES = 96, /* of most outputs, before the value */
};

const enum topic output_topics[OUTPUT_TOPICS] = { TOPIC_EVENTS, TOPIC_NOTIFICATIONS, TOPIC_HANDOFFS,
						  TOPIC_GRANTS, TOPIC_DEADLETTER };

size_t output_topic_index(enum topic topic)
{
	size_t i = 0;

	while (i < OUTPUT_TOPICS && output_topics[i] != topic)
		i++;
	return i;
}

static void put_wide(uint8_t *at, int64_t number)
{
	uint64_t value = (uint64_t)number;

	for (int i = 0; i < WIDE; i++, value >>= 7)
		at[i] = (uint8_t)(value & 0x7f) | (i < WIDE - 1 ? 0x80 : 0);
}

/* Returns what follows the number. */
static char *put_number(char *at, int64_t number)
{
	uint8_t text[1 + NUMBER_DIGITS_MAX];
	uint8_t *end = text + sizeof(text);
	uint8_t *from = number_write(end, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);

	if (number < 0)
		*--from = '-';
	memcpy(at, from, (size_t)(end - from));
	return at + (end - from);
}

void output_format_id(char out[static OUTPUT_ID_SIZE], int partition, int64_t log, int64_t offset,
		      uint32_t n)
{
	char *at = put_number(out, partition);

	*at++ = '-';
	at = put_number(at, offset);
	*at++ = '-';
	at = put_number(at, n);
	if (log) {
		*at++ = '-';
		at = put_number(at, log);
	}
	*at = 0;
}

void outputs_begin(struct buffer *b, const struct run_range *range)
{
	uint8_t head[1 + 3 * WIDE] = { PACKING };

	put_wide(head + 1, range->begin);
	put_wide(head + 1 + WIDE, range->applied);
	put_wide(head + 1 + WIDE + WIDE, range->log);
	buffer_append(b, head, sizeof(head));
}

void outputs_end_at(struct buffer *b, int64_t applied)
{
	put_wide(b->data + 1 + WIDE, applied);
}

bool outputs_open(struct bytes *packed, struct run_range *out)
{
	struct bytes after = *packed;
	uint64_t begin;
	uint64_t applied;
	uint64_t log;
	uint8_t packing;

	if (!bytes_take_u8(&after, &packing) || packing != PACKING ||
	    !bytes_take_varint(&after, &begin) || !bytes_take_varint(&after, &applied) ||
	    !bytes_take_varint(&after, &log))
		return false;
	*packed = after;
	*out = (struct run_range){ (int64_t)begin, (int64_t)applied, (int64_t)log };
	return true;
}

void output_append(struct buffer *b, const struct output *o)
{
	buffer_append_u8(b, (uint8_t)o->topic);
	buffer_append_u8(b, (uint8_t)o->type);
	buffer_append_varint(b, (uint64_t)o->offset);
	buffer_append_varint(b, o->n);
	buffer_append_varint(b, (uint64_t)o->time);
	buffer_append_optional(b, o->key);
	buffer_append_optional(b, o->traceparent);
	buffer_append_optional(b, o->headers);
	buffer_append_optional(b, o->value);
}

static bool take_numbers(struct bytes *rest, struct output *out)
{
	uint8_t topic;
	uint8_t type;
	uint64_t offset;
	uint64_t n;
	uint64_t time;

	if (!bytes_take_u8(rest, &topic) || !bytes_take_u8(rest, &type) ||
	    !bytes_take_varint(rest, &offset) || !bytes_take_varint(rest, &n) ||
	    !bytes_take_varint(rest, &time) ||
	    output_topic_index((enum topic)topic) == OUTPUT_TOPICS || type >= RECORD_TYPE_COUNT)
		return false;
	out->topic = (enum topic)topic;
	out->type = (enum record_type)type;
	out->offset = (int64_t)offset;
	out->n = (uint32_t)n;
	out->time = (int64_t)time;
	return true;
}

bool output_take(struct bytes *rest, struct output *out)
{
	struct bytes after = *rest;
	struct output o;

	if (!take_numbers(&after, &o) || !bytes_take_optional(&after, &o.key) ||
	    !bytes_take_optional(&after, &o.traceparent) ||
	    !bytes_take_optional(&after, &o.headers) || !bytes_take_optional(&after, &o.value))
		return false;
	prefetch_memory(after.data, HEAD_BYTES); /* of the next one */
	*rest = after;
	*out = o;
	return true;
}

bool outputs_are_whole(struct bytes packed)
{
	struct run_range range;
	struct output o;

	if (!outputs_open(&packed, &range))
		return false;
	while (output_take(&packed, &o))
		;
	return !packed.len;
}
