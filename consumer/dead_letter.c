#include "consumer/dead_letter.h"

#include "ops/support/buffer.h"
#include "schemas/bounds.h"
#include "schemas/digest.h"
#include "schemas/topics.h"

#include <string.h>

enum {
	/* Bytes that an abridged letter keeps at most; where a topic takes little, a part of that. */
	KEY_KEPT_MAX = 1024,
	VALUE_KEPT_MAX = 64 * 1024,
	HEADERS_KEPT_MAX = 64 * 1024,
	HEADER_NUMBERS = 10, /* the two lengths of a header on the bus */
	OUR_HEADERS = 2048,  /* reason, origin, size and hash, with their names */
};

static size_t least_of(size_t a, size_t b)
{
	return a < b ? a : b;
}

static struct bytes cut_bytes(struct bytes b, size_t max)
{
	return (struct bytes){ b.data, least_of(b.len, max) };
}

static size_t header_size(const struct header *h)
{
	return strlen(h->name) + h->value.len + HEADER_NUMBERS;
}

static bool fits_whole(const struct dead_record *r, size_t max)
{
	size_t size = r->key.len + r->value.len + OUR_HEADERS + ENVELOPE_BYTES;

	for (size_t i = 0; size <= max && i < r->header_count; i++)
		size += header_size(&r->headers[i]);
	return size <= max;
}

static void add_header(struct buffer *b, const char *name, struct bytes value)
{
	buffer_append_sized(b, bytes_of(name));
	buffer_append_optional(b, value);
}

/* Adds the record's own headers, in their order, as long as they fit. */
static void add_own(struct buffer *b, const struct dead_record *r, size_t max)
{
	size_t size = 0;

	for (size_t i = 0; i < r->header_count; i++) {
		size_t more = header_size(&r->headers[i]);

		if (more > max - size)
			continue;
		size += more;
		add_header(b, r->headers[i].name, r->headers[i].value);
	}
}

static void add_origin(struct buffer *b, const struct dead_record *r, struct arena *arena)
{
	add_header(b, "sharebus_reason", r->reason);
	add_header(b, "sharebus_topic", bytes_of(topic_name(TOPIC_COMMANDS)));
	add_header(b, "sharebus_partition", arena_printf(arena, "%d", r->partition));
	add_header(b, "sharebus_offset", arena_printf(arena, "%lld", (long long)r->offset));
	if (r->hole)
		add_header(b, "sharebus_count", arena_printf(arena, "%lld", (long long)r->hole));
	else
		add_header(b, "sharebus_timestamp",
			   arena_printf(arena, "%lld", (long long)r->time));
}

static void add_abridgement(struct buffer *b, const struct dead_record *r, struct arena *arena)
{
	char hash[SHA256_TEXT_SIZE];

	add_header(b, "sharebus_size", arena_printf(arena, "%zu", r->value.len));
	if (!sha256_text(hash, r->value))
		add_header(b, "sharebus_sha256", bytes_of(hash));
}

void dead_letter_write(struct dead_letter *out, const struct dead_record *r, size_t max,
		       struct arena *arena)
{
	bool whole = fits_whole(r, max);
	struct buffer b;

	buffer_init(&b);
	add_own(&b, r, whole ? SIZE_MAX : least_of(HEADERS_KEPT_MAX, max / 4));
	add_origin(&b, r, arena);
	if (!whole)
		add_abridgement(&b, r, arena);
	*out = (struct dead_letter){
		.key = whole ? r->key : cut_bytes(r->key, KEY_KEPT_MAX),
		.value = whole ? r->value : cut_bytes(r->value, least_of(VALUE_KEPT_MAX, max / 2)),
		.headers = arena_copy(arena, buffer_bytes(&b)),
	};
	buffer_done(&b);
}
