/* Which key is a program's own, which files it refuses, and what its headers say. */

#include "schemas/signing.h"

#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define GATEWAY "gateway AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8= share,act-as:*\n"
#define CI      "ci /////////////////////////////////////////v8= share\n"

enum { PATH_SIZE = 64 };

static char path[PATH_SIZE];
static struct config *config;
static struct signing *signing;
static struct error err;

static int set_up(void **state)
{
	static const struct config_setting *const tables[] = { settings_shared, NULL };
	int fd;

	(void)state;
	(void)snprintf(path, sizeof(path), "/tmp/sharebus-keys-XXXXXX");
	fd = mkstemp(path);
	config = config_new(tables);
	signing = NULL;
	err = (struct error){ 0 };
	return fd < 0 || close(fd) || !config ? -1 : config_set(config, "keys-file", path, &err);
}

static int tear_down(void **state)
{
	(void)state;
	signing_close(&signing);
	config_free(&config);
	return unlink(path);
}

static void write_keys(const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC);
	size_t len = strlen(text);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	assert_int_equal(close(fd), 0);
}

static void assert_refused(const char *part)
{
	assert_int_equal(signing_open(&signing, config, &err), ERROR_USAGE);
	assert_null(signing);
	assert_int_equal(err.code, ERROR_USAGE);
	if (!strstr(err.text, part))
		fail_msg("\"%s\" lacks \"%s\"", err.text, part);
}

static void only_key_is_our_own(void **state)
{
	(void)state;
	write_keys(GATEWAY);
	assert_int_equal(signing_open(&signing, config, &err), 0);
	assert_string_equal(signing->own->id, "gateway");
	assert_false(signing->required);
}

static void of_several_one_is_named(void **state)
{
	(void)state;
	write_keys(GATEWAY CI);
	assert_refused("has 2 keys; say with signing-key");
	assert_int_equal(config_set(config, "signing-key", "nobody", &err), 0);
	assert_refused("has no key \"nobody\"");
	assert_int_equal(config_set(config, "signing-key", "ci", &err), 0);
	assert_int_equal(signing_open(&signing, config, &err), 0);
	assert_string_equal(signing->own->id, "ci");
}

static void file_that_cannot_be_used_is_refused(void **state)
{
	(void)state;
	assert_refused("has no key; make one");
	write_keys(GATEWAY "half a line\n");
	assert_refused("line 2");
	write_keys(GATEWAY);
	assert_int_equal(chmod(path, 0604), 0);
	assert_refused("everybody may read it; run `chmod o-rw ");
	assert_int_equal(config_set(config, "keys-file", "/nonexistent/keys", &err), 0);
	assert_refused("/nonexistent/keys: No such file");
}

static void without_a_file_nothing_is_signed(void **state)
{
	static const struct config_setting *const tables[] = { settings_shared, NULL };
	struct cloudevent_headers headers = { .count = 0 };
	const struct signed_parts parts = { .place = bytes_of("topic") };
	struct signature room;

	(void)state;
	config_free(&config);
	config = config_new(tables);
	assert_non_null(config);
	assert_int_equal(signing_open(&signing, config, &err), 0);
	assert_null(signing);
	assert_int_equal(signing_add(signing, &parts, &room, &headers, &err), 0);
	assert_int_equal(headers.count, 0);
	assert_int_equal(config_set(config, "signing-key", "ci", &err), 0);
	assert_refused("signing-key is set, but keys-file is not");
}

static void own_signature_is_good_and_others_are_told_apart(void **state)
{
	const struct signed_parts parts = { bytes_of("topic"), bytes_of("key"), bytes_of("value") };
	struct signed_parts other = parts;
	struct cloudevent_headers h = { .count = 0 };
	struct signature room;
	const struct key *key;

	(void)state;
	write_keys(GATEWAY CI);
	assert_int_equal(config_set(config, "signing-key", "gateway", &err), 0);
	assert_int_equal(signing_open(&signing, config, &err), 0);
	assert_int_equal(signing_add(signing, &parts, &room, &h, &err), 0);
	assert_int_equal(h.count, 2);
	assert_string_equal(h.list[0].name, "sharebus-key");
	assert_true(bytes_equal_text(h.list[0].value, "gateway"));
	assert_string_equal(h.list[1].name, "sharebus-signature");
	assert_int_equal(h.list[1].value.len, 32);
	assert_int_equal(signing_check(signing, &parts, h.list[0].value, h.list[1].value, &key),
			 PROOF_GOOD);
	assert_ptr_equal(key, signing->own);
	other.value = bytes_of("valuf");
	assert_int_equal(signing_check(signing, &other, h.list[0].value, h.list[1].value, &key),
			 PROOF_WRONG);
	assert_null(key);
	assert_int_equal(signing_check(signing, &parts, bytes_of("ci"), h.list[1].value, &key),
			 PROOF_WRONG);
	assert_int_equal(signing_check(signing, &parts, bytes_of("x"), h.list[1].value, &key),
			 PROOF_UNKNOWN);
	assert_int_equal(signing_check(signing, &parts, h.list[0].value, (struct bytes){ 0 }, &key),
			 PROOF_NONE);
	assert_int_equal(signing_check(signing, &parts, (struct bytes){ 0 }, h.list[1].value, &key),
			 PROOF_NONE);
	assert_null(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_key_is_our_own),
		TEST(of_several_one_is_named),
		TEST(file_that_cannot_be_used_is_refused),
		TEST(without_a_file_nothing_is_signed),
		TEST(own_signature_is_good_and_others_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
