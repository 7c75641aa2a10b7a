/* The text of a keys file: what is taken, what is refused and by which line; and what each key may. */

#include "schemas/keyring.h"

#include "ops/support/buffer.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

/* The bytes 0, 1, 2, … 31. */
#define COUNTED "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define HEX     "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define OTHER   "/////////////////////////////////////////v8="
#define THIRD   "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define ALICE   "0190163d-8694-739b-aea5-966c26f8ad20"
#define BOB     "0190163d-8694-739b-aea5-966c26f8ad21"
#define ID_64   "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd"

static const struct {
	const char *text;
	size_t keys;
	const char *refused; /* NULL: it is taken */
} FILES[] = {
	{ "", 0, NULL },
	{ "\n\n  \t\n", 0, NULL },
	{ "# nothing\n  # indented\n", 0, NULL },
	{ "k " COUNTED " share\n", 1, NULL },
	{ "k " COUNTED " share", 1, NULL },
	{ "\t k \t" COUNTED "\t\tshare,facts,system,act-as:* \r\n", 1, NULL },
	{ "k " HEX " share\nl " OTHER " facts\n", 2, NULL },
	{ ID_64 " " COUNTED " act-as:" ALICE ",act-as:" BOB ",act-as:" ALICE "\n", 1, NULL },
	{ "A.b-c_9 " COUNTED " share\n", 1, NULL },
	{ "k " COUNTED "\n", 0, "line 1: it is not `ID SECRET RIGHTS`" },
	{ "k\n", 0, "line 1: it is not" },
	{ "#\nk " COUNTED " share facts\n", 0, "line 2: it is not" },
	{ "k" COUNTED " share\n", 0, "line 1: it is not" },
	{ ID_64 "x " COUNTED " share\n", 0, "line 1: its id must have 1 to 64" },
	{ "k\xc3\xa9 " COUNTED " share\n", 0, "line 1: its id" },
	{ "k/1 " COUNTED " share\n", 0, "line 1: its id" },
	{ "\x01 " COUNTED " share\n", 0, "line 1: its id" },
	{ "k " COUNTED "= share\n", 0, "line 1: its secret must be 32 bytes" },
	/* One byte less, one more, no padding, other alphabets, a stray character. */
	{ "k AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg== share\n", 0, "its secret" },
	{ "k AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g share\n", 0, "its secret" },
	{ "k AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8 share\n", 0, "its secret" },
	{ "k _ECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8==share\n", 0, "it is not" },
	{ "k __ECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8= share\n", 0, "its secret" },
	{ "k AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9= share\n", 0, "its secret" },
	{ "k 0g0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f share\n", 0,
	  "its secret" },
	{ "k " HEX "0 share\n", 0, "its secret" },
	{ "k " COUNTED " shares\n", 0, "line 1: its rights must be some of" },
	{ "k " COUNTED " share,\n", 0, "its rights" },
	{ "k " COUNTED " ,share\n", 0, "its rights" },
	{ "k " COUNTED " share,,facts\n", 0, "its rights" },
	{ "k " COUNTED " act-as:\n", 0, "its rights" },
	{ "k " COUNTED " act-as:alice\n", 0, "its rights" },
	{ "k " COUNTED " act-as:00000000-0000-0000-0000-000000000000\n", 0, "its rights" },
	{ "k " COUNTED " SHARE\n", 0, "its rights" },
	{ "k " COUNTED " share\nk " OTHER " share\n", 0, "line 2: another key has its id" },
	{ "k " COUNTED " share\n\nl " HEX " share\n", 0, "line 3: another key has its secret" },
};

static void file_is_taken_whole_or_refused_by_its_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(FILES) / sizeof(*FILES); i++) {
		struct keyring *k = NULL;
		struct error err = { 0 };
		int rc = keyring_parse(&k, bytes_of(FILES[i].text), &err);

		if (!FILES[i].refused) {
			if (rc)
				fail_msg("file %zu: %s", i, err.text);
			assert_int_equal(keyring_count(k), FILES[i].keys);
		} else if (rc != ERROR_INPUT || !strstr(err.text, FILES[i].refused)) {
			fail_msg("file %zu: %d, \"%s\"", i, rc, err.text);
		}
		keyring_free(&k);
	}
}

/* A log may have it, and a line that is wrong may hold a secret in any of its words. */
static void no_message_has_anything_of_a_line(void **state)
{
	static const char *const files[] = {
		"Hush Hush\n",
		"Hush/ " COUNTED " share\n",
		"k Hush share\n",
		"k " COUNTED " Hush\n",
		"k " COUNTED " share\nk Hush share Hush\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		struct keyring *k = NULL;
		struct error err = { 0 };

		assert_int_equal(keyring_parse(&k, bytes_of(files[i]), &err), ERROR_INPUT);
		assert_null(strstr(err.text, "Hush"));
	}
}

static void there_are_at_most_a_thousand_keys(void **state)
{
	struct keyring *k = NULL;
	struct error err = { 0 };
	struct buffer b;

	(void)state;
	buffer_init(&b);
	for (unsigned i = 0; i < KEYRING_KEYS_MAX; i++) {
		char line[128];

		(void)snprintf(line, sizeof(line), "k%u %064x share\n", i, i);
		buffer_append_text(&b, line);
	}
	assert_int_equal(keyring_parse(&k, buffer_bytes(&b), &err), 0);
	assert_int_equal(keyring_count(k), KEYRING_KEYS_MAX);
	keyring_free(&k);
	buffer_append_text(&b, "one-more " COUNTED " share\n");
	assert_int_equal(keyring_parse(&k, buffer_bytes(&b), &err), ERROR_INPUT);
	assert_non_null(strstr(err.text, "line 1001: there are more than 1000 keys"));
	buffer_done(&b);
}

static void secret_is_the_same_in_both_forms(void **state)
{
	struct keyring *k = NULL;
	struct keyring *l = NULL;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(keyring_parse(&k, bytes_of("k " COUNTED " share"), &err), 0);
	assert_int_equal(keyring_parse(&l, bytes_of("k " HEX " share"), &err), 0);
	for (unsigned i = 0; i < KEY_SECRET_SIZE; i++)
		assert_int_equal(keyring_at(k, 0)->secret[i], i);
	assert_memory_equal(keyring_at(k, 0)->secret, keyring_at(l, 0)->secret, KEY_SECRET_SIZE);
	keyring_free(&k);
	keyring_free(&l);
}

static void key_is_found_by_its_whole_id(void **state)
{
	struct keyring *k = NULL;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(
		keyring_parse(&k, bytes_of("ab " COUNTED " share\na " OTHER " facts\n"), &err), 0);
	assert_string_equal(keyring_find(k, bytes_of("a"))->id, "a");
	assert_string_equal(keyring_find(k, bytes_of("ab"))->id, "ab");
	assert_null(keyring_find(k, bytes_of("abc")));
	assert_null(keyring_find(k, bytes_of("")));
	assert_null(keyring_find(k, (struct bytes){ (const uint8_t *)"a\0b", 3 }));
	assert_null(keyring_find(k, (struct bytes){ 0 }));
	keyring_free(&k);
}

static void line_is_read_back_as_it_was(void **state)
{
	static const char line[] = "k " OTHER " share,facts,system,act-as:*,act-as:" ALICE "\n";
	struct keyring *k = NULL;
	struct error err = { 0 };
	struct buffer b;

	(void)state;
	assert_int_equal(keyring_parse(&k, bytes_of(line), &err), 0);
	buffer_init(&b);
	key_append_line(keyring_at(k, 0), &b);
	assert_true(bytes_equal_text(buffer_bytes(&b), line));
	buffer_done(&b);
	keyring_free(&k);
}

/* ---- what a record needs ---- */

enum { TOMBSTONE = RECORD_TYPE_COUNT };
#define NOBODY ((enum actor_kind)0) /* a fact has no actor */

static const struct {
	const char *rights;
	int type;
	enum actor_kind kind;
	const char *lacks; /* NULL: it may */
} RIGHTS[] = {
	{ "share,act-as:*", RECORD_SHARE_WORKSPACE, ACTOR_USER, NULL },
	{ "share,act-as:*", RECORD_REMOVE_SHARING, ACTOR_USER, NULL },
	{ "share,act-as:*", RECORD_SHARE_WORKSPACE, ACTOR_SERVICE_ACCOUNT, NULL },
	{ "share,act-as:*", RECORD_SHARE_WORKSPACE, ACTOR_AGENT, NULL },
	{ "share,act-as:" ALICE, RECORD_SHARE_WORKSPACE, ACTOR_USER, NULL },
	{ "share,act-as:" BOB ",act-as:" ALICE, RECORD_REMOVE_SHARING, ACTOR_AGENT, NULL },
	{ "share,act-as:" BOB, RECORD_SHARE_WORKSPACE, ACTOR_USER, "act-as:" ALICE },
	{ "share,facts,system", RECORD_SHARE_WORKSPACE, ACTOR_USER, "act-as:" ALICE },
	{ "act-as:*,facts,system", RECORD_SHARE_WORKSPACE, ACTOR_USER, "share" },
	{ "act-as:" ALICE, RECORD_REMOVE_SHARING, ACTOR_USER, "share" },
	{ "share,act-as:*,facts", RECORD_REMOVE_SHARING, ACTOR_SYSTEM, "system" },
	{ "share,act-as:*,facts", RECORD_SHARE_WORKSPACE, ACTOR_SYSTEM, "system" },
	{ "system", RECORD_REMOVE_SHARING, ACTOR_SYSTEM, NULL },
	{ "system", RECORD_SHARE_WORKSPACE, ACTOR_SYSTEM, NULL },
	{ "system", RECORD_SHARE_WORKSPACE, ACTOR_USER, "share" },
	{ "facts", RECORD_WORKSPACE_CHANGED, NOBODY, NULL },
	{ "facts", RECORD_WORKSPACE_DELETED, NOBODY, NULL },
	{ "facts", RECORD_USER_CHANGED, NOBODY, NULL },
	{ "facts", RECORD_GROUP_CHANGED, NOBODY, NULL },
	{ "facts", RECORD_ORGANIZATION_CHANGED, NOBODY, NULL },
	{ "facts", RECORD_DEPLOYMENT_CHANGED, NOBODY, NULL },
	{ "facts", TOMBSTONE, NOBODY, NULL },
	{ "share,act-as:*,system", RECORD_WORKSPACE_CHANGED, NOBODY, "facts" },
	{ "share,act-as:*,system", RECORD_USER_CHANGED, NOBODY, "facts" },
	{ "share,act-as:*,system", TOMBSTONE, NOBODY, "facts" },
};

static void key_may_what_it_has_the_right_to(void **state)
{
	struct uuid alice;

	(void)state;
	assert_int_equal(uuid_parse(&alice, bytes_of(ALICE)), 0);
	for (size_t i = 0; i < sizeof(RIGHTS) / sizeof(*RIGHTS); i++) {
		struct record r = { .type = (enum record_type)RIGHTS[i].type };
		struct key k = { .id = "k" };
		struct error err = { 0 };
		char lacks[RIGHT_TEXT_SIZE] = "";
		bool may;

		if (record_command(&r))
			r.as.share_workspace.command.actor =
				(struct actor){ alice, RIGHTS[i].kind };
		assert_int_equal(key_parse_rights(&k, bytes_of(RIGHTS[i].rights), &err), 0);
		may = key_may(&k, RIGHTS[i].type == TOMBSTONE ? NULL : &r, lacks);
		if (may != !RIGHTS[i].lacks || (!may && strcmp(lacks, RIGHTS[i].lacks) != 0))
			fail_msg("row %zu: %d, lacks \"%s\"", i, may, lacks);
		key_done(&k);
	}
}

static void what_is_no_right_is_named_if_it_can_be(void **state)
{
	struct key k = { .id = "k" };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(key_parse_rights(&k, bytes_of("share,all"), &err), ERROR_INPUT);
	assert_non_null(strstr(err.text, "\"all\" is no right"));
	assert_int_equal(key_parse_rights(&k, bytes_of("\x1b[2J"), &err), ERROR_INPUT);
	assert_non_null(strstr(err.text, "\"\" is no right"));
	key_done(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(file_is_taken_whole_or_refused_by_its_line),
		cmocka_unit_test(no_message_has_anything_of_a_line),
		cmocka_unit_test(there_are_at_most_a_thousand_keys),
		cmocka_unit_test(secret_is_the_same_in_both_forms),
		cmocka_unit_test(key_is_found_by_its_whole_id),
		cmocka_unit_test(line_is_read_back_as_it_was),
		cmocka_unit_test(key_may_what_it_has_the_right_to),
		cmocka_unit_test(what_is_no_right_is_named_if_it_can_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
