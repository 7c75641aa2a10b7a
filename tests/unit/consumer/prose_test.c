/* Texts in two forms, above all hostile ones. */

#include "consumer/prose.h"

#include "ops/support/utf8.h"
#include "tests/unit/unit.h"

static struct prose p;

static int set_up(void **state)
{
	(void)state;
	prose_init(&p, false);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	prose_done(&p);
	return 0;
}

static void assert_form(const char *form, const struct buffer *is, const char *wanted)
{
	if (!bytes_equal_text(buffer_bytes(is), wanted))
		fail_msg("%s: \"%.*s\", not \"%s\"", form, BYTES_ARG(buffer_bytes(is)), wanted);
}

static void assert_prose(const char *plain, const char *markdown)
{
	assert_form("plain", &p.plain, plain);
	assert_form("markdown", &p.markdown, markdown);
}

static void texts_of_others_are_harmless_in_both_forms(void **state)
{
	static const struct {
		const char *text;
		const char *plain;
		const char *markdown;
	} cases[] = {
		{ "dev", "dev", "dev" },
		{ "my-space.v1", "my-space.v1", "my-space.v1" },
		{ "J\303\266rg \360\237\230\200", "J\303\266rg \360\237\230\200",
		  "J\303\266rg \360\237\230\200" },
		/* what a terminal obeys */
		{ "a\033[31mb\ac\177", "a?[31mb?c?", "a?\\[31mb?c?" },
		{ "a\nb\rc\td", "a?b?c d", "a?b?c d" },
		{ "a\302\205b", "a?b", "a?b" },
		/* NOLINTNEXTLINE(misc-misleading-bidirectional): it is what misleads */
		{ "a\342\200\256b\342\201\246c", "a?b?c", "a?b?c" },
		{ "a\377b\303", "a?b?", "a?b?" }, /* not UTF-8 */
		/* what Markdown is made of */
		{ "**a** _b_ `c` ~~d~~", "**a** _b_ `c` ~~d~~",
		  "\\*\\*a\\*\\* \\_b\\_ \\`c\\` \\~\\~d\\~\\~" },
		{ "[x](javascript:alert(1))", "[x](javascript:alert(1))",
		  "\\[x\\](javascript\\:alert(1))" },
		{ "![x](//y)", "![x](//y)", "!\\[x\\](//y)" },
		{ "<script>alert(1)</script>", "<script>alert(1)</script>",
		  "\\<script\\>alert(1)\\</script\\>" },
		{ "&lt;b&gt; &#60;", "&lt;b&gt; &#60;", "\\&lt;b\\&gt; \\&\\#60;" },
		{ "a\\*b", "a\\*b", "a\\\\\\*b" },
		{ "|a|b| $x^2$ {y}", "|a|b| $x^2$ {y}", "\\|a\\|b\\| \\$x\\^2\\$ \\{y\\}" },
		/* what would become a link by itself */
		{ "https://evil.example", "https://evil.example", "https\\://evil.example" },
		{ "WWW.evil.example", "WWW.evil.example", "WWW\\.evil.example" },
		{ "<https://evil.example>", "<https://evil.example>",
		  "\\<https\\://evil.example\\>" },
		{ "mail bob@example.com", "mail bob@example.com", "mail bob\\@example.com" },
		/* what counts at the beginning of a line */
		{ "# a #", "# a #", "\\# a \\#" },
		{ "- a - b", "- a - b", "\\- a - b" },
		{ "+ a", "+ a", "\\+ a" },
		{ "===", "===", "\\===" },
		{ "1. a 2. b", "1. a 2. b", "1\\. a 2. b" },
		{ "12) a", "12) a", "12\\) a" },
		{ "> a", "> a", "\\> a" },
		{ "    code", "    code", "code" },
		{ "note: 10:30", "note: 10:30", "note: 10\\:30" },
		{ "", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		prose_clear(&p);
		prose_put(&p, bytes_of(cases[i].text));
		assert_prose(cases[i].plain, cases[i].markdown);
	}
}

static void own_words_are_put_as_they_are(void **state)
{
	(void)state;
	prose_say(&p, "You can ");
	prose_put_strong(&p, bytes_of("a*b"));
	prose_put_strong(&p, (struct bytes){ 0 });
	prose_say(&p, ".");
	prose_paragraph(&p);
	prose_say(&p, "See:");
	prose_item(&p);
	prose_say(&p, "one");
	prose_item(&p);
	prose_say_strong(&p, "two");
	prose_paragraph(&p);
	prose_say(&p, "End:");
	prose_item(&p);
	prose_say_code(&p, "three");
	assert_prose("You can a*b.\n\nSee:\n\n- one\n- two\n\nEnd:\n\n- three",
		     "You can **a\\*b**.\n\nSee:\n\n- one\n- **two**\n\nEnd:\n\n- `three`");
}

static void title_has_one_form(void **state)
{
	struct prose title;

	(void)state;
	prose_init(&title, true);
	prose_say(&title, "Your ");
	prose_put_strong(&title, bytes_of("a*b"));
	prose_quote(&title, bytes_of("c"));
	prose_address(&title, bytes_of("https://x"));
	assert_form("plain", &title.plain, "Your a*b\n\n> chttps://x");
	assert_int_equal(title.markdown.len, 0);
	prose_done(&title);
}

static void each_line_of_a_quotation_is_marked(void **state)
{
	static const struct {
		const char *text;
		const char *plain;
		const char *markdown;
	} cases[] = {
		{ "have a look", "> have a look", "> have a look" },
		{ "one\ntwo", "> one\n> two", "> one\\\n> two" },
		{ "one\r\n\r\ntwo\r\n", "> one\n>\n> two", "> one\n>\n> two" },
		{ "\n \n one\n\n\n", ">  one", "> one" },
		{ "a\n===\n- b", "> a\n> ===\n> - b", "> a\\\n> \\===\\\n> \\- b" },
		{ "> a\n\tb", "> > a\n>  b", "> \\> a\\\n> b" },
		{ "```\ncode\n```", "> ```\n> code\n> ```",
		  "> \\`\\`\\`\\\n> code\\\n> \\`\\`\\`" },
		{ "a\\", "> a\\", "> a\\\\" },
		{ "\n\n", "", "" },
		{ "", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		prose_clear(&p);
		prose_quote(&p, bytes_of(cases[i].text));
		assert_prose(cases[i].plain, cases[i].markdown);
	}
}

static void only_an_address_of_the_web_becomes_a_link(void **state)
{
	static const struct {
		const char *url;
		const char *markdown;
	} cases[] = {
		{ "https://git.example.com/a_b?c=1#d@e", "<https://git.example.com/a_b?c=1#d@e>" },
		{ "HTTP://x", "<HTTP://x>" },
		{ "https://", "https\\://" },
		{ "javascript:alert(1)", "javascript\\:alert(1)" },
		{ "data:text/html,<b>", "data\\:text/html,\\<b\\>" },
		{ "/path", "/path" },
		{ "https://good.example@evil.example/", "https\\://good.example\\@evil.example/" },
		{ "https://x/ y", "https\\://x/ y" },
		{ "https://x/>a", "https\\://x/\\>a" },
		{ "https://x/\\", "https\\://x/\\\\" },
		{ "https://\303\266.example", "https\\://\303\266.example" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		prose_clear(&p);
		prose_address(&p, bytes_of(cases[i].url));
		assert_prose(cases[i].url, cases[i].markdown);
	}
}

static uint32_t seed = 1;

static uint32_t draw(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

/* Mostly of what is special, so that it grows as much as it can. */
static struct bytes draw_text(uint8_t *text, size_t max)
{
	static const char special[] = "*\n\n\r\\`<1.) -:@\033\377";
	size_t len = draw((uint32_t)max + 1);

	for (size_t i = 0; i < len; i++)
		text[i] = (uint8_t)(draw(8) ? (uint8_t)special[draw(sizeof(special) - 1)]
					    : draw(256));
	return (struct bytes){ text, len };
}

static void texts_grow_no_more_than_is_said(void **state)
{
	bool most = false;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		uint8_t text[40];
		struct bytes b = draw_text(text, sizeof(text));

		prose_clear(&p);
		prose_put(&p, b);
		assert_in_range(p.plain.len, 0, b.len);
		assert_in_range(p.plain.len + p.markdown.len, 0, prose_put_max(b));
		assert_true(utf8_is_valid(p.markdown.data, p.markdown.len));
		assert_null(memchr(p.markdown.data, '\n', p.markdown.len));
		prose_clear(&p);
		prose_address(&p, b);
		assert_in_range(p.plain.len + p.markdown.len, 0, prose_put_max(b) + 2);
		prose_clear(&p);
		prose_say(&p, ":");
		prose_quote(&p, b);
		assert_in_range(p.plain.len + p.markdown.len - 2, 0, prose_quote_max(b));
		assert_true(utf8_is_valid(p.plain.data, p.plain.len));
		most = p.plain.len + p.markdown.len == prose_quote_max(b) + 2 || most;
	}
	assert_true(most); /* the bound is reached */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(texts_of_others_are_harmless_in_both_forms),
		TEST(own_words_are_put_as_they_are),
		TEST(title_has_one_form),
		TEST(each_line_of_a_quotation_is_marked),
		TEST(only_an_address_of_the_web_becomes_a_link),
		TEST(texts_grow_no_more_than_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
