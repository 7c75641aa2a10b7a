#include "ops/support/flags.h"

#include "ops/support/config_place.h"

#include <assert.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

enum {
	OPTIONS_MAX = 64,
	LETTERS_MAX = 16,
	HELP_COLUMN = 26,
	ID_HELP = 'h',
	ID_CONFIG = 1 << 16,
	ID_SETTING, /* and on: one for each setting */
};

static const struct flag common[] = {
	{ "help", ID_HELP, NULL, "this text" },
	{ "config", ID_CONFIG, "FILE", "configuration file (SHAREBUS_CONFIG)" },
	{ NULL, 0, NULL, NULL },
};

/* What getopt_long() is given. */
struct options {
	struct option list[OPTIONS_MAX];
	size_t count;
	char letters[LETTERS_MAX];
	size_t letter_count;
};

static void add_option(struct options *o, const char *name, bool has_value, int id)
{
	assert(o->count + 1 < OPTIONS_MAX && o->letter_count + 2 < LETTERS_MAX);
	o->list[o->count++] =
		(struct option){ name, has_value ? required_argument : no_argument, NULL, id };
	if (id < 'a' || id > 'z')
		return;
	o->letters[o->letter_count++] = (char)id;
	if (has_value)
		o->letters[o->letter_count++] = ':';
}

static void add_table(struct options *o, const struct flag *table)
{
	for (const struct flag *f = table; f->name; f++)
		add_option(o, f->name, f->value != NULL, f->id);
}

static void list_options(struct options *o, const struct flags *f)
{
	const struct config_setting *s;

	/* A colon in front: getopt_long() tells a missing value from an unknown flag. */
	*o = (struct options){ .letters = ":", .letter_count = 1 };
	add_table(o, common);
	for (size_t i = 0; f->tables[i]; i++)
		add_table(o, f->tables[i]);
	for (size_t i = 0; (s = config_setting(f->config, i)); i++)
		add_option(o, s->key, s->value != NULL, ID_SETTING + (int)i);
}

/* Letters that are no flag come in optopt alone: the word they stand in is not known. */
static bool is_unknown_letter(const struct options *o, int found)
{
	if (found != '?' || optopt <= ' ' || optopt > '~')
		return false;
	for (size_t i = 0; i < o->count; i++)
		if (o->list[i].val == optopt)
			return false;
	return true;
}

/*
 * found is ':' for a missing value, '?' for an unknown flag and for a value too
 * many. A value, which may be a password, is not repeated.
 */
static int bad_flag(const struct flags *f, const struct options *o, int found, const char *word,
		    struct error *err)
{
	const char *wrong = found == ':'                       ? "wants a value"
			    : strchr(word, '=') && optopt != 0 ? "takes no value"
							       : "is not known";

	if (is_unknown_letter(o, found))
		return error_set(err, ERROR_USAGE, "flag -%c is not known; see `%s --help`", optopt,
				 f->command);
	return error_set(err, ERROR_USAGE, "flag %.*s %s; see `%s --help`", (int)strcspn(word, "="),
			 word, wrong, f->command);
}

static int take_option(const struct flags *f, int id, const char **path, struct error *err)
{
	const struct config_setting *s;

	if (id == ID_HELP)
		return 1;
	if (id == ID_CONFIG) {
		*path = optarg;
		return 0;
	}
	if (id < ID_SETTING)
		return f->take(f->context, id, optarg, err);
	s = config_setting(f->config, (size_t)(id - ID_SETTING));
	if (config_is_secret(s) || (s->value && config_has_password(optarg)))
		return error_set(err, ERROR_USAGE,
				 "--%s would show a password to everybody who sees the flags of a "
				 "process; put it into the environment or the configuration file",
				 s->key);
	return config_set(f->config, s->key, s->value ? optarg : "yes", err);
}

int flags_read(const struct flags *f, int argc, char **argv, int *operands, struct error *err)
{
	char buffer[PATH_MAX];
	const char *path = NULL;
	struct options options;
	int rc = 0;
	int id;

	list_options(&options, f);
	/* 0, unlike 1, makes getopt_long() forget an earlier argv. */
	optind = 0;
	opterr = 0;
	while (!rc && (id = getopt_long(argc, argv, options.letters, options.list, NULL)) != -1)
		rc = id == '?' || id == ':' ? bad_flag(f, &options, id, argv[optind - 1], err)
					    : take_option(f, id, &path, err);
	if (!rc && f->bare)
		rc = config_load_defaults(f->config, err);
	else if (!rc)
		rc = config_load(f->config, path ? path : config_place(buffer), err);
	if (!rc)
		*operands = optind;
	return rc;
}

/* ---- help ---- */

static void print_flag(const char *name, const char *value)
{
	int width = printf("  --%s%s%s", name, value ? " " : "", value ? value : "");

	(void)printf("%*s", width < HELP_COLUMN + 2 ? HELP_COLUMN + 2 - width : 1, "");
}

static void print_table(const struct flag *table)
{
	for (const struct flag *f = table; f->name; f++) {
		print_flag(f->name, f->value);
		(void)printf("%s\n", f->help);
	}
}

static void print_setting(const struct config_setting *s)
{
	const char *fallback = s->fallback && s->fallback[0] ? s->fallback : NULL;

	if (config_is_secret(s))
		return;
	print_flag(s->key, s->value);
	(void)printf("%s", s->help);
	if (s->env || fallback)
		(void)printf(" (%s%s%s)", s->env ? s->env : "", s->env && fallback ? ", " : "",
			     fallback ? fallback : "");
	(void)printf("\n");
}

void flags_print(const struct flags *f)
{
	const struct config_setting *s;

	for (size_t i = 0; f->tables[i]; i++) {
		print_table(f->tables[i]);
		if (f->tables[i + 1])
			(void)putchar('\n');
	}
	print_table(common);
	for (size_t i = 0; !f->bare && (s = config_setting(f->config, i)); i++)
		print_setting(s);
}
