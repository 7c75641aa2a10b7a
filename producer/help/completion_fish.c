#include "producer/help/completion.h"

#include "producer/help/offers.h"

#include <stdio.h>

static void print_fish_skip(const struct offers *o, const struct flag *f)
{
	(void)o;
	if (offers_wanted(f->value) == WANTED_NOTHING)
		return;
	(void)printf(" --%s", f->name);
	if (f->id >= 'a' && f->id <= 'z')
		(void)printf(" -%c", f->id);
}

static void print_fish_finding(const struct offers *o)
{
	(void)printf("# Completes sharebus in fish: made by `sharebus completion fish`.\n"
		     "function __sharebus_words\n"
		     "\tset -l skip no\n"
		     "\tfor word in (commandline -opc)[2..-1]\n"
		     "\t\tif test $skip = yes\n\t\t\tset skip no\n\t\t\tcontinue\n\t\tend\n"
		     "\t\tswitch $word\n\t\t\tcase");
	offers_all(o, print_fish_skip);
	(void)puts("\n\t\t\t\tset skip yes\n\t\t\tcase '-*'\n\t\t\tcase '*'\n\t\t\t\techo $word\n"
		   "\t\tend\n\tend\nend\n"
		   "function __sharebus_is\n\tset -l words (__sharebus_words)\n"
		   "\ttest \"$words\" = \"$argv\"\nend\n"
		   "function __sharebus_begins\n"
		   "\tstring match -q -- \"$argv *\" (string join ' ' (__sharebus_words))' '\nend\n"
		   "complete -c sharebus -f");
}

/* What follows "complete -c sharebus -n 'condition'". */
static void print_fish_flag(const struct offers *o, const struct flag *f)
{
	(void)printf(" -l %s", f->name);
	if (f->id >= 'a' && f->id <= 'z')
		(void)printf(" -s %c", f->id);
	switch (offers_wanted(f->value)) {
	case WANTED_NOTHING:
		break;
	case WANTED_TEXT:
		(void)printf(" -x");
		break;
	case WANTED_WORDS:
		(void)printf(" -x -a '");
		offers_words(f->value);
		(void)putchar('\'');
		break;
	case WANTED_FILE:
		(void)printf(" -r -F");
		break;
	}
	(void)printf(" -d ");
	offers_quote(o, f->help);
	(void)putchar('\n');
}

static void print_fish_common(const struct offers *o, const struct flag *f)
{
	(void)printf("complete -c sharebus");
	print_fish_flag(o, f);
}

static void print_fish_name(const struct offers *o, const char *group, const char *name,
			    const char *help)
{
	(void)printf("complete -c sharebus -n '__sharebus_is%s%s' -a %s -d ", group ? " " : "",
		     group ? group : "", name);
	offers_quote(o, help);
	(void)putchar('\n');
}

static void print_fish_condition(const struct command_def *c, const char *name)
{
	(void)printf("complete -c sharebus -n '__sharebus_begins %s%s%s'", c->group ? c->group : "",
		     c->group ? " " : "", name);
}

static void print_fish_command(const struct offers *o, const struct command_def *c,
			       const char *name)
{
	print_fish_name(o, c->group, name, c->summary);
	for (const struct flag *f = c->flags; f && f->name; f++) {
		print_fish_condition(c, name);
		print_fish_flag(o, f);
	}
	if (offers_wanted(c->operands) == WANTED_FILE) {
		print_fish_condition(c, name);
		(void)puts(" -F");
	} else if (offers_wanted(c->operands) == WANTED_WORDS) {
		print_fish_condition(c, name);
		(void)printf(" -a '");
		offers_words(c->operands);
		(void)puts("'");
	}
}

void completion_fish(const struct offers *o)
{
	const struct command_def *c;

	print_fish_finding(o);
	offers_common(o, print_fish_common);
	for (size_t i = 0; (c = offers_at(o, i)); i++) {
		if (offers_begin_group(o, i))
			print_fish_name(o, NULL, c->group, "…");
		print_fish_command(o, c, c->name);
		if (c->alias)
			print_fish_command(o, c, c->alias);
	}
}
