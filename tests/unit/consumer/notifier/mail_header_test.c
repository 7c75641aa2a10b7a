/* Addresses, and lines of a mail's header that no text can break. */

#include "consumer/notifier/mail_header.h"

#include "tests/unit/unit.h"

/* Characters of four bytes each, too many for one line. */
static const char computers[] =
	"\xf0\x9f\x92\xbb\xf0\x9f\x92\xbb\xf0\x9f\x92\xbb\xf0\x9f\x92\xbb\xf0\x9f\x92\xbb"
	"\xf0\x9f\x92\xbb\xf0\x9f\x92\xbb\xf0\x9f\x92\xbb\xf0\x9f\x92\xbb\xf0\x9f\x92\xbb"
	"\xf0\x9f\x92\xbb\xf0\x9f\x92\xbb";

static void only_plain_addresses_are_valid(void **state)
{
	static const struct {
		const char *address;
		bool valid;
	} cases[] = {
		{ "alice@example.com", true },
		{ "a.b+c=d@x", true },
		{ "@example.com", false },
		{ "alice@", false },
		{ "alice", false },
		{ "", false },
		{ "a@b@c", false },
		{ "alice @example.com", false },
		{ "alice@example.com\r\nBcc: x@y", false },
		{ "alice@example.com,bob@example.com", false },
		{ "<alice@example.com>", false },
		{ "\"a b\"@example.com", false },
		{ "\xc3\xa4@example.com", false },
		{ "a(comment)@example.com", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (mail_address_is_valid(bytes_of(cases[i].address)) != cases[i].valid)
			fail_msg("%s", cases[i].address);
	assert_false(mail_address_is_valid((struct bytes){ 0 }));
}

static void mailbox_may_have_a_name(void **state)
{
	static const struct {
		const char *text;
		const char *name; /* NULL: it is none */
	} cases[] = {
		{ "s@example.com", "" },
		{ " <s@example.com> ", "" },
		{ "Sharing <s@example.com>", "Sharing" },
		{ "\"A, B\" <s@example.com>", "A, B" },
		{ "Sharing s@example.com", NULL },
		{ "Sharing <>", NULL },
		{ "<s@example.com", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mailbox m = { 0 };
		bool good = mailbox_parse(bytes_of(cases[i].text), &m);

		if (good != (cases[i].name != NULL))
			fail_msg("%s", cases[i].text);
		if (good) {
			assert_true(bytes_equal_text(m.name, cases[i].name));
			assert_true(bytes_equal_text(m.address, "s@example.com"));
		}
	}
}

/* Every line ends with CR LF, all but the first begin with a blank, and none is too long. */
static void check_lines(const struct buffer *b)
{
	size_t column = 0;

	assert_memory_equal(b->data + b->len - 2, "\r\n", 2);
	for (size_t i = 0; i < b->len; i++) {
		assert_true(b->data[i] < 0x7f);
		if (b->data[i] != '\r') {
			assert_true(++column <= MAIL_LINE_MAX);
			continue;
		}
		assert_int_equal(b->data[++i], '\n');
		assert_true(i + 1 == b->len || b->data[i + 1] == ' ');
		column = 0;
	}
}

static void no_text_breaks_a_line(void **state)
{
	static const char *const texts[] = {
		"plain",
		"",
		" ",
		"a\r\nBcc: all@example.com",
		"a\rb\nc\td\x01\x7f",
		"=?utf-8?Q?x?=",
		"\xff\xfe\xc3",
		computers,
		"sixty-six characters of plain text, which are just too many for one",
		"\"quoted\" \\ and, listed",
	};
	struct buffer b;

	buffer_init(&b);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const struct mailbox m = { bytes_of(texts[i]), bytes_of("s@example.com") };

		buffer_clear(&b);
		mail_append_text(&b, "Subject", bytes_of(texts[i]), *state);
		check_lines(&b);
		buffer_clear(&b);
		mail_append_mailbox(&b, "To", &m, *state);
		check_lines(&b);
	}
	buffer_done(&b);
}

static void date_is_in_english_and_utc(void **state)
{
	struct buffer b;

	buffer_init(&b);
	mail_append_date(&b, "Date", 1767225600, *state);
	buffer_append_u8(&b, 0);
	assert_string_equal((const char *)b.data, "Date: Thu, 01 Jan 2026 00:00:00 +0000\r\n");
	buffer_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_plain_addresses_are_valid),
		cmocka_unit_test(mailbox_may_have_a_name),
		ARENA_TEST(no_text_breaks_a_line),
		ARENA_TEST(date_is_in_english_and_utc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
