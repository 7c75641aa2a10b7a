#include "producer/cli/arguments.h"

#include "ops/support/number.h"
#include "producer/cli/moment.h"
#include "producer/cli/print.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	OPTIONS_MAX = 32,
	COMMON_FIRST = 1000, /* ids of the flags that all commands have */
	ID_HELP = COMMON_FIRST,
	ID_CONFIG,
	ID_OUTPUT,
	ID_WAIT,
	ID_NO_WAIT,
	ID_WIDE,
	ID_SETTING, /* and on: one per setting */
	WAIT_MAX_MS = 24 * 3600 * 1000,
};

static const struct flag common[] = {
	{ "help", ID_HELP, NULL, "this text" },
	{ "output", ID_OUTPUT, "table|json", "form of the output; also -o" },
	{ "wide", ID_WIDE, NULL, "more columns" },
	{ "wait", ID_WAIT, "10s", "how long to wait for what is asked to be done (ms, s, m, h)" },
	{ "no-wait", ID_NO_WAIT, NULL, "return once the brokers have the command" },
	{ "config", ID_CONFIG, "FILE", "configuration file (SHAREBUS_CONFIG)" },
	{ NULL, 0, NULL, NULL },
};

void complain(const struct error *err)
{
	struct arena arena;

	arena_init(&arena);
	(void)fflush(stdout);
	(void)fprintf(stderr, "sharebus: %s\n",
		      (const char *)printable(bytes_of(err->text), &arena).data);
	arena_done(&arena);
}

const char *argument_value(const struct arguments *a, int id)
{
	const char *value = NULL;

	for (size_t i = 0; i < a->given_count; i++)
		if (a->given[i].id == id)
			value = a->given[i].value;
	return value;
}

bool argument_has(const struct arguments *a, int id)
{
	for (size_t i = 0; i < a->given_count; i++)
		if (a->given[i].id == id)
			return true;
	return false;
}

int argument_number(const struct arguments *a, int id, const char *name, int64_t max, int64_t *out,
		    struct error *err)
{
	const char *text = argument_value(a, id);

	if (!text || number_parse(bytes_of(text), 1, max, out))
		return 0;
	if (max == INT64_MAX)
		return error_set(err, ERROR_USAGE, "--%s is \"%s\"; it must be a number from 1 on",
				 name, text);
	return error_set(err, ERROR_USAGE, "--%s is \"%s\"; it must be a number from 1 to %lld",
			 name, text, (long long)max);
}

static void print_flag(const struct flag *f)
{
	(void)printf("  --%s%s%s%*s%s\n", f->name, f->value_name ? " " : "",
		     f->value_name ? f->value_name : "",
		     (int)(24 - strlen(f->name) - (f->value_name ? 1 + strlen(f->value_name) : 0)),
		     "", f->help);
}

static void print_help(const struct command_def *def)
{
	(void)printf("%s\n\nUsage: sharebus %s%s%s%s%s [flags]\n\n", def->summary,
		     def->group ? def->group : "", def->group ? " " : "", def->name,
		     def->operands[0] ? " " : "", def->operands);
	for (const struct flag *f = def->flags; f && f->name; f++)
		print_flag(f);
	for (const struct flag *f = common; f->name; f++)
		print_flag(f);
	for (size_t i = 0; i < session_setting_count; i++) {
		const struct config_setting *c = &session_settings[i];

		(void)printf("  --%-22s  %s (%s)\n", c->key, c->help, c->env);
	}
}

static size_t add_flags(struct option *out, size_t n, const struct flag *flags)
{
	for (; flags && flags->name; flags++)
		out[n++] = (struct option){ flags->name,
					    flags->value_name ? required_argument : no_argument,
					    NULL, flags->id };
	return n;
}

static void list_options(struct option out[static OPTIONS_MAX], const struct command_def *def)
{
	size_t n = add_flags(out, 0, common);

	n = add_flags(out, n, def->flags);
	for (size_t i = 0; i < session_setting_count; i++)
		out[n++] = (struct option){ session_settings[i].key, required_argument, NULL,
					    ID_SETTING + (int)i };
	out[n] = (struct option){ 0 };
}

static int parse_wait(const char *text, int64_t *out, struct error *err)
{
	if (duration_parse(text, WAIT_MAX_MS, out))
		return 0;
	return error_set(err, ERROR_INPUT, "--wait is \"%s\"; give a time such as 500ms, 10s or 2m",
			 text);
}

static int set_output(struct session *s, const char *text, struct error *err)
{
	if (strcmp(text, "json") == 0)
		s->output = OUTPUT_JSON;
	else if (strcmp(text, "table") == 0)
		s->output = OUTPUT_TABLE;
	else
		return error_set(err, ERROR_INPUT, "--output is \"%s\"; it must be table or json",
				 text);
	return 0;
}

static int take_common(struct session *s, int id, const char *value, const char **config,
		       struct error *err)
{
	switch (id) {
	case ID_CONFIG:
		*config = value;
		return 0;
	case ID_OUTPUT:
		return set_output(s, value, err);
	case ID_WAIT:
		return parse_wait(value, &s->wait_ms, err);
	case ID_NO_WAIT:
		s->wait_ms = 0;
		return 0;
	case ID_WIDE:
		s->wide = true;
		return 0;
	default:
		return config_set(s->config, session_settings[id - ID_SETTING].key, value, err);
	}
}

static int take_operands(struct arguments *out, const struct command_def *def, int argc,
			 char **argv, struct error *err)
{
	size_t count = (size_t)(argc - optind);

	if (count != def->operand_count && def->operand_count != OPERANDS_ANY)
		return error_set(
			err, ERROR_INPUT,
			"`%s%s%s` takes %zu operand%s, not %zu; see `sharebus %s%s%s --help`",
			def->group ? def->group : "", def->group ? " " : "", def->name,
			def->operand_count, def->operand_count == 1 ? "" : "s", count,
			def->group ? def->group : "", def->group ? " " : "", def->name);
	out->operands = argv + optind;
	out->operand_count = count;
	return 0;
}

/* One option as getopt found it. 1: help. */
static int take_option(struct arguments *out, struct session *s, int id, const char **config,
		       struct error *err)
{
	if (id == ID_HELP || id == 'h')
		return 1;
	if (id == 'o')
		id = ID_OUTPUT;
	if (id >= COMMON_FIRST)
		return take_common(s, id, optarg, config, err);
	if (out->given_count == GIVEN_MAX)
		return error_set(err, ERROR_INPUT, "more than %d flags", GIVEN_MAX);
	out->given[out->given_count++] = (struct given){ id, optarg };
	return 0;
}

/* '?': getopt does not know it, or knows it without a value; ':': it lacks its value. */
static int bad_flag(int id, const char *text, const struct command_def *def, struct error *err)
{
	const char *what = id == ':'                     ? "wants a value"
			   : strchr(text, '=') && optopt ? "takes no value"
							 : "is not known";

	return error_set(err, ERROR_INPUT, "flag %s %s; see `sharebus %s%s%s --help`", text, what,
			 def->group ? def->group : "", def->group ? " " : "", def->name);
}

int arguments_read(struct arguments *out, const struct command_def *def, struct session *s,
		   int argc, char **argv, struct error *err)
{
	struct option options[OPTIONS_MAX];
	const char *config = getenv("SHAREBUS_CONFIG");
	int rc = 0;
	int id;

	*out = (struct arguments){ 0 };
	out->given = arena_alloc(&s->arena, GIVEN_MAX * sizeof(*out->given));
	list_options(options, def);
	optind = 1;
	opterr = 0;
	while (!rc && (id = getopt_long(argc, argv, ":ho:", options, NULL)) != -1)
		rc = id == '?' || id == ':' ? bad_flag(id, argv[optind - 1], def, err)
					    : take_option(out, s, id, &config, err);
	if (rc == 1)
		print_help(def);
	if (!rc)
		rc = take_operands(out, def, argc, argv, err);
	return rc ? rc : config_load(s->config, config, err);
}
