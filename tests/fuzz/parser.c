/*
 * Bytes that are to be replies of Redis. The first byte says in pieces of which length
 * they arrive. What is found must be what hiredis alone finds in the bytes as a whole.
 */

#include "cache/parser.h"

#include "tests/fuzz/target.h"

#include <hiredis/hiredis.h>

enum { REPLIES = 8 };

static bool same_text(const redisReply *a, const redisReply *b)
{
	return a->len == b->len && (a->str != NULL) == (b->str != NULL) &&
	       (!a->str || memcmp(a->str, b->str, a->len + 1) == 0);
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as hiredis goes */
static void check_same(const redisReply *a, const redisReply *b)
{
	assert(a->type == b->type && a->integer == b->integer && same_text(a, b));
	assert(a->elements == b->elements);
	for (size_t i = 0; i < a->elements; i++)
		check_same(a->element[i], b->element[i]);
}

/* False when hiredis must not see it: it is no reply, or an array is larger than any can be. */
static bool take_pieces(struct redisReader *p, struct bytes rest, size_t piece, struct replies *out)
{
	while (rest.len) {
		struct bytes some;

		(void)bytes_take(&rest, piece < rest.len ? piece : rest.len, &some);
		if (!parser_read(p, some, out, REPLIES))
			return false;
	}
	return true;
}

static void compare_with_hiredis(const struct replies *found, struct bytes all)
{
	redisReader *plain = redisReaderCreate();

	assert(plain);
	assert(redisReaderFeed(plain, (const char *)all.data, all.len) == REDIS_OK);
	for (size_t i = 0; i < REPLIES; i++) {
		void *reply = NULL;

		assert(redisReaderGetReply(plain, &reply) == REDIS_OK);
		assert((reply != NULL) == (i < found->count));
		if (!reply)
			break;
		check_same(found->list[i], reply);
		freeReplyObject(reply);
	}
	redisReaderFree(plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct bytes rest = { data, len };
	struct redisReader *parser = parser_new();
	struct replies found = { 0 };
	uint8_t piece = 0;
	int rc = replies_reserve(&found, REPLIES, NULL);

	assert(parser && !rc);
	(void)bytes_take_u8(&rest, &piece);
	if (take_pieces(parser, rest, (size_t)piece + 1, &found) && rest.len)
		compare_with_hiredis(&found, rest);
	else
		assert(!rest.len || *parser_trouble(parser));
	replies_done(&found);
	parser_free(&parser);
	return 0;
}
