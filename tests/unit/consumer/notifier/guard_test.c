/* Which addresses a webhook must not be sent to, however they are written. */

#include "consumer/notifier/guard.h"
#include "consumer/notifier/site.h"

#include "tests/unit/unit.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* As the resolver reads it, which asks nobody for a number. */
static const char *reason_of(const char *text)
{
	const struct addrinfo wish = { .ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	const char *reason;

	if (getaddrinfo(text, NULL, &wish, &found)) {
		fail_msg("%s is no address", text);
		return NULL;
	}
	reason = guard_reason(found->ai_addr);
	freeaddrinfo(found);
	return reason;
}

static void addresses_that_are_not_public_are_refused(void **state)
{
	static const char *const texts[] = {
		"127.0.0.1",
		"127.1",
		"2130706433",
		"0x7f.1",
		"0177.0.0.1",
		"127.255.255.255",
		"0.0.0.0",
		"0",
		"0.1.2.3",
		"10.0.0.1",
		"10.255.255.255",
		"100.64.0.1",
		"100.127.255.255",
		"169.254.169.254",
		"172.16.0.1",
		"172.31.255.255",
		"192.0.0.1",
		"192.0.2.1",
		"192.88.99.1",
		"192.168.0.1",
		"198.18.0.1",
		"198.19.255.255",
		"198.51.100.1",
		"203.0.113.1",
		"224.0.0.1",
		"239.255.255.255",
		"240.0.0.1",
		"255.255.255.255",
		"::",
		"::1",
		"::ffff:127.0.0.1",
		"::ffff:10.0.0.1",
		"::127.0.0.1",
		"::ffff:0:127.0.0.1",
		"64:ff9b::7f00:1",
		"64:ff9b::a9fe:a9fe",
		"64:ff9b:1::1",
		"100::1",
		"2001::1",
		"2001:db8::1",
		"2001:10::1",
		"2002:7f00:1::",
		"2002:a00:1::1",
		"3fff::1",
		"5f00::1",
		"fc00::1",
		"fd12:3456::1",
		"fe80::1",
		"febf::1",
		"fec0::1",
		"ff02::1",
		"4000::1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!reason_of(texts[i]))
			fail_msg("%s counts as public", texts[i]);
}

static void public_addresses_are_not(void **state)
{
	static const char *const texts[] = {
		"1.1.1.1",          "8.8.8.8",         "9.255.255.255",   "11.0.0.0",
		"100.63.255.255",   "100.128.0.0",     "126.255.255.255", "128.0.0.0",
		"169.253.255.255",  "172.15.255.255",  "172.32.0.0",      "192.0.1.0",
		"192.167.255.255",  "192.169.0.0",     "198.17.255.255",  "198.20.0.0",
		"223.255.255.255",  "2606:4700::1111", "2a00:1450::1",    "::ffff:8.8.8.8",
		"64:ff9b::808:808", "2002:808:808::1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (reason_of(texts[i]))
			fail_msg("%s counts as %s", texts[i], reason_of(texts[i]));
}

static void sockets_of_other_families_are_refused(void **state)
{
	const struct sockaddr a = { .sa_family = AF_UNIX };

	(void)state;
	assert_non_null(guard_reason(&a));
}

static void url_leads_to_a_host_and_a_port(void **state)
{
	static const struct {
		const char *url;
		const char *host; /* NULL: to none */
		int port;
	} rows[] = {
		{ "https://hooks.example.com/x", "hooks.example.com", 443 },
		{ "http://hooks.example.com:8080/x?y", "hooks.example.com", 8080 },
		{ "http://[::1]:81/", "::1", 81 },
		{ "http://127.1/", "127.0.0.1", 80 },
		{ "http://0x7f.1/", "127.0.0.1", 80 },
		{ "http://good.example.com@evil.example.com/", "evil.example.com", 80 },
		{ "smtp://mail.example.com", "mail.example.com", 25 },
		{ "smtps://mail.example.com", "mail.example.com", 465 },
		{ "https://", NULL, 0 },
		{ "https://host:99999/", NULL, 0 },
		{ "nonsense://x/", NULL, 0 },
	};
	struct site is;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(site_parse(&is, rows[i].url), rows[i].host != NULL);
		if (!rows[i].host)
			continue;
		assert_string_equal(is.host, rows[i].host);
		assert_int_equal(is.port, rows[i].port);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_that_are_not_public_are_refused),
		cmocka_unit_test(public_addresses_are_not),
		cmocka_unit_test(sockets_of_other_families_are_refused),
		cmocka_unit_test(url_leads_to_a_host_and_a_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
