#include "producer/help/roff.h"

#include "ops/support/version.h"

#include <stdbool.h>
#include <stdio.h>

/* A hyphen is one to be copied, and a dot at the beginning of a line is no macro. */
static void put_escaped(const char *text, bool begins_line)
{
	for (const char *p = text; *p; p++) {
		if (begins_line && (*p == '.' || *p == '\''))
			(void)fputs("\\&", stdout);
		if (*p == '-')
			(void)fputs("\\-", stdout);
		else if (*p == '\\')
			(void)fputs("\\e", stdout);
		else if (*p == '\'')
			(void)fputs("\\(aq", stdout);
		else
			(void)putchar(*p);
		begins_line = *p == '\n';
	}
}

void roff_begin(const char *name, const char *section, const char *kind)
{
	(void)printf(".TH \"%s\" \"%s\" \"\" \"sharebus %s\" \"%s\"\n", name, section,
		     version_text(), kind);
}

void roff_section(const char *title)
{
	(void)printf(".SH %s\n", title);
}

void roff_subsection(const char *title)
{
	(void)fputs(".SS ", stdout);
	put_escaped(title, false);
	(void)putchar('\n');
}

void roff_text(const char *text)
{
	put_escaped(text, true);
	(void)putchar('\n');
}

void roff_paragraph(const char *text)
{
	(void)puts(".PP");
	roff_text(text);
}

void roff_term(const char *name, const char *value)
{
	(void)fputs(".TP\n\\fB", stdout);
	put_escaped(name, false);
	(void)fputs("\\fR", stdout);
	if (value) {
		(void)fputs(" \\fI", stdout);
		put_escaped(value, false);
		(void)fputs("\\fR", stdout);
	}
	(void)putchar('\n');
}

void roff_example(const char *lines)
{
	(void)puts(".PP\n.nf\n.RS");
	roff_text(lines);
	(void)puts(".RE\n.fi");
}
