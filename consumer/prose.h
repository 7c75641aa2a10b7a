#ifndef SB_CONSUMER_PROSE_H
#define SB_CONSUMER_PROSE_H

/*
 * A text for people in two forms at once: plain, and Markdown (CommonMark 0.31).
 *
 * Texts of others (names, messages, addresses) are harmless in both: what a terminal
 * obeys or hides, and what is not UTF-8, becomes "?" (harmless.h), and in Markdown
 * whatever could be markup is escaped, so that a reader sees the very characters. A
 * renderer that makes links of bare mail addresses, which CommonMark does not, shows
 * the address that the link goes to. Text that becomes HTML must still be escaped
 * for that: `<script>` stands in the plain form as it came.
 *
 * Our own words are put as they are. No function fails; who puts texts bounds them.
 */

#include "ops/support/buffer.h"
#include "ops/support/bytes.h"

struct prose {
	struct buffer plain;
	struct buffer markdown;
	bool plain_only; /* a title: the other form stays empty */
	bool in_list;    /* what was put last is an item */
};

/* Starts empty, without memory; and gives the memory back. */
void prose_init(struct prose *p, bool plain_only);
void prose_done(struct prose *p);

/* Forgets the text, keeps the memory. */
void prose_clear(struct prose *p);

/* Puts our own words, in which nothing is markup; bold in Markdown, or as code. */
void prose_say(struct prose *p, const char *words);
void prose_say_strong(struct prose *p, const char *words);
void prose_say_code(struct prose *p, const char *words);

/* Puts a text of others as part of a line; it is bold in Markdown if it is strong. */
void prose_put(struct prose *p, struct bytes text);
void prose_put_strong(struct prose *p, struct bytes text);

/* Begins a paragraph; nothing needs to be done for the first. */
void prose_paragraph(struct prose *p);

/* Begins an item of a list, "- " on a line of its own, which may be the list's first. */
void prose_item(struct prose *p);

/*
 * Puts a text of others as a paragraph of quoted lines, "> " before each. Blank
 * lines at its beginning and end are left out.
 */
void prose_quote(struct prose *p, struct bytes text);

/*
 * Puts an address: in Markdown a link that shows where it leads if it is one of the
 * web (http or https, without a user's name in it), else text.
 */
void prose_address(struct prose *p, struct bytes url);

/*
 * How many bytes the two forms of a text of others have together, at most, if it is
 * put; an address may have two more. And if it is quoted, as a paragraph.
 */
size_t prose_put_max(struct bytes text);
size_t prose_quote_max(struct bytes text);

#endif
