/* What is an address of Redis. Nothing is connected to. */

#include "cache/address.h"

#include "tests/unit/unit.h"

struct good {
	const char *text;
	const char *shown;
	const char *host; /* the first; or the path */
	const char *user;
	const char *password;
	enum address_kind kind;
	int port;
	int db;
	bool tls;
};

static void assert_text(const char *is, const char *wanted)
{
	if (wanted)
		assert_string_equal(is, wanted);
	else
		assert_null(is);
}

static void addresses_are_read_and_shown_without_who_we_are(void **state)
{
	static const struct good cases[] = {
		{ "127.0.0.1:6379", "127.0.0.1:6379", "127.0.0.1", NULL, NULL, ADDRESS_HOST, 6379,
		  0, false },
		{ "redis.example.org:1", "redis.example.org:1", "redis.example.org", NULL, NULL,
		  ADDRESS_HOST, 1, 0, false },
		{ "[::1]:6379", "[::1]:6379", "::1", NULL, NULL, ADDRESS_HOST, 6379, 0, false },
		{ "::1:6379", "[::1]:6379", "::1", NULL, NULL, ADDRESS_HOST, 6379, 0, false },
		{ "/run/redis/a@b.sock", "/run/redis/a@b.sock", "/run/redis/a@b.sock", NULL, NULL,
		  ADDRESS_SOCKET, 0, 0, false },
		{ "redis://h", "h:6379", "h", NULL, NULL, ADDRESS_HOST, 6379, 0, false },
		{ "a:1,[::1]:2", "a:1,[::1]:2", "a", NULL, NULL, ADDRESS_HOST, 1, 0, false },
		{ "rediss://app:s3cret@a,b:2", "rediss://a:6379,b:2", "a", "app", "s3cret",
		  ADDRESS_HOST, 6379, 0, true },
		{ "redis://h:1/", "h:1", "h", NULL, NULL, ADDRESS_HOST, 1, 0, false },
		{ "redis://h:1/7", "h:1/7", "h", NULL, NULL, ADDRESS_HOST, 1, 7, false },
		{ "redis://:s3cret@h", "h:6379", "h", NULL, "s3cret", ADDRESS_HOST, 6379, 0,
		  false },
		{ "redis://app@h", "h:6379", "h", "app", NULL, ADDRESS_HOST, 6379, 0, false },
		{ "redis://app:s3c%40%2Fre%3at@h:2/3", "h:2/3", "h", "app", "s3c@/re:t",
		  ADDRESS_HOST, 2, 3, false },
		{ "redis://app:a@b@h", "h:6379", "h", "app", "a@b", ADDRESS_HOST, 6379, 0, false },
		{ "rediss://app:s3cret@[::1]:6380/1", "rediss://[::1]:6380/1", "::1", "app",
		  "s3cret", ADDRESS_HOST, 6380, 1, true },
		{ "redis+sentinel://:p@a,b:5,[::1]/main",
		  "redis+sentinel://a:26379,b:5,[::1]:26379/main", "a", NULL, "p", ADDRESS_SENTINEL,
		  26379, 0, false },
		{ "rediss+sentinel://a/main/2", "rediss+sentinel://a:26379/main/2", "a", NULL, NULL,
		  ADDRESS_SENTINEL, 26379, 2, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct good *c = &cases[i];
		struct error err = { 0 };
		struct address a;

		if (address_parse(&a, c->text, &err))
			fail_msg("%s: %s", c->text, err.text);
		assert_string_equal(a.text, c->shown);
		assert_int_equal(a.kind, c->kind);
		assert_string_equal(a.path ? a.path : a.hosts[0].name, c->host);
		assert_int_equal(a.hosts[0].port, c->port);
		assert_text(a.user, c->user);
		assert_text(a.password, c->password);
		assert_int_equal(a.db, c->db);
		assert_int_equal(a.tls, c->tls);
		address_done(&a);
	}
}

static void all_sentinels_are_kept(void **state)
{
	struct error err = { 0 };
	struct address a;

	(void)state;
	assert_int_equal(address_parse(&a, "redis+sentinel://a,b:5,[::1]:6/my%20main", &err), 0);
	assert_int_equal(a.host_count, 3);
	assert_string_equal(a.hosts[1].name, "b");
	assert_int_equal(a.hosts[1].port, 5);
	assert_string_equal(a.hosts[2].name, "::1");
	assert_int_equal(a.hosts[2].port, 6);
	assert_string_equal(a.master, "my main");
	address_done(&a);
}

/* Each has a password where people put one. */
static void text_that_is_no_address_is_not_repeated(void **state)
{
	static const struct {
		const char *text;
		const char *why;
	} cases[] = {
		{ "s3cret@127.0.0.1:6379", "has what only a URL may have" },
		{ "127.0.0.1:6379/?password=s3cret", "has what only a URL may have" },
		{ "h:1,password=s3cret", "has no port" },
		{ "h:1,password=s3cret:2", "has no host" },
		{ "127.0.0.1:s3cret", "has no port from 1 to 65535" },
		{ "s3cret", "has no port" },
		{ ":s3cret", "has no port from 1 to 65535" },
		{ ":1", "has no host" },
		{ "s3cret:65536", "has no port from 1 to 65535" },
		{ "", "has no port" },
		{ "https://u:s3cret@h", "is a URL of another kind" },
		{ "redis://u:s3cret@", "has no host" },
		{ "redis://u:s3/cret@h", "has no port from 1 to 65535" },
		{ "redis://u:s3cret@h:0", "has no port from 1 to 65535" },
		{ "redis://u:s3cret%4@h", "has a % without two hexadecimal digits" },
		{ "redis://u:s3cret%00@h", "has a % without two hexadecimal digits" },
		{ "redis://u:s3cret@h/x", "has no number of a database after the /" },
		{ "redis://u:s3cret@h/65536", "has no number of a database after the /" },
		{ "redis://u:s3cret@h/0?a=b", "has a query, and may not" },
		{ "redis://h?password=s3cret", "has a query, and may not" },
		{ "redis://u:s3cret@h,", "has no host" },
		{ "redis://u:s3cret@[::1]x:5", "has something after the bracket" },
		{ "redis://u:s3cret@[::1:5", "has no host" },
		{ "redis+sentinel://u:s3cret@h", "names no master" },
		{ "redis+sentinel://u:s3cret@h/", "names no master" },
		{ "redis+sentinel://u:s3cret@h//1", "names no master" },
		{ "redis+sentinel://u:s3cret@,h/m", "has no host" },
		{ "redis+sentinel://u:s3cret@a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a/m",
		  "has more than 16 hosts" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error err = { 0 };
		struct address a;

		if (!address_parse(&a, cases[i].text, &err))
			fail_msg("%s is accepted", cases[i].text);
		assert_int_equal(err.code, ERROR_USAGE);
		if (!strstr(err.text, cases[i].why))
			fail_msg("%s: %s", cases[i].text, err.text);
		assert_null(strstr(err.text, "s3cret"));
		assert_null(a.memory);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_read_and_shown_without_who_we_are),
		cmocka_unit_test(all_sentinels_are_kept),
		cmocka_unit_test(text_that_is_no_address_is_not_repeated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
