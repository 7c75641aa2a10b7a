#include "producer/cli/arguments.h"

#include "ops/support/clock.h"
#include "ops/support/number.h"
#include "ops/support/version.h"
#include "producer/cli/moment.h"
#include "producer/cli/text.h"

#include <stdio.h>
#include <string.h>

enum {
	FLAG_WIDE = FLAG_COMMON,
	FLAG_WAIT,
	FLAG_NO_WAIT,
	FLAG_VERSION,
	FLAG_OUTPUT = 'o',
	WAIT_MAX_MS = 24 * 3600 * 1000,
	VERSION_PRINTED = 2,
};

const struct flag common_flags[] = {
	{ "output", FLAG_OUTPUT, "table|json", "form of the output; also -o" },
	{ "wide", FLAG_WIDE, NULL, "more columns" },
	{ "wait", FLAG_WAIT, "10s",
	  "how long to wait for what is asked; if given, also for servers that come up (ms, s, m, "
	  "h)" },
	{ "no-wait", FLAG_NO_WAIT, NULL, "return once the brokers have the command" },
	{ "version", FLAG_VERSION, NULL, "the version of sharebus" },
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
		return error_set(err, ERROR_USAGE,
				 "--%s is \"%s\"; it must be a number, 1 or greater", name, text);
	return error_set(err, ERROR_USAGE, "--%s is \"%s\"; it must be a number from 1 to %lld",
			 name, text, (long long)max);
}

/* "sharing share": the words that name the command. */
static const char *name_of(struct arena *arena, const struct command_def *def)
{
	return text_of(arena_printf(arena, "%s%s%s", def->group ? def->group : "",
				    def->group ? " " : "", def->name));
}

static void print_help(const struct command_def *def, const struct flags *f)
{
	(void)printf("%s", def->summary);
	if (def->print_more)
		def->print_more();
	(void)printf("\n\nUsage:   %s%s%s [flags]\nExample: sharebus %s\n\n", f->command,
		     def->operands[0] ? " " : "", def->operands, def->example);
	flags_print(f);
}

static int parse_wait(const char *text, int64_t *out, struct error *err)
{
	const char *wrong = duration_parse(text, WAIT_MAX_MS, out);

	if (!wrong)
		return 0;
	return error_set(err, ERROR_INPUT,
			 "--wait is \"%s\": %s; give a span such as 500ms, 10s or 2m, up to 24h",
			 text, wrong);
}

static int set_output(struct session *s, const char *text, struct error *err)
{
	text += text[0] == '='; /* of -o=json */
	if (strcmp(text, "json") == 0)
		s->output = OUTPUT_JSON;
	else if (strcmp(text, "table") == 0)
		s->output = OUTPUT_TABLE;
	else
		return error_set(err, ERROR_INPUT, "--output is \"%s\"; it must be table or json",
				 text);
	return 0;
}

/* What a command line is read into. */
struct reading {
	struct arguments *out;
	struct session *session;
};

static int take_own(struct reading *r, int id, const char *value, struct error *err)
{
	struct arguments *a = r->out;

	if (a->given_count == GIVEN_MAX)
		return error_set(err, ERROR_USAGE, "there are more than %d flags", GIVEN_MAX);
	a->given[a->given_count++] = (struct given){ id, value };
	return 0;
}

static int take_flag(void *context, int id, const char *value, struct error *err)
{
	struct reading *r = context;

	switch (id) {
	case FLAG_OUTPUT:
		return set_output(r->session, value, err);
	case FLAG_WAIT:
		r->session->wait_given = true;
		return parse_wait(value, &r->session->wait_ms, err);
	case FLAG_NO_WAIT:
		r->session->wait_given = false;
		r->session->wait_ms = 0;
		return 0;
	case FLAG_WIDE:
		r->session->wide = true;
		return 0;
	case FLAG_VERSION:
		(void)printf("sharebus %s\n", version_text());
		return VERSION_PRINTED;
	default:
		return take_own(r, id, value, err);
	}
}

static int check_operands(size_t count, const struct command_def *def, struct arena *arena,
			  struct error *err)
{
	const char *name = name_of(arena, def);

	if (count == def->operand_count || def->operand_count == OPERANDS_ANY)
		return 0;
	return error_set(err, ERROR_USAGE,
			 "`%s` takes %zu operand%s, not %zu; see `sharebus %s --help`", name,
			 def->operand_count, def->operand_count == 1 ? "" : "s", count, name);
}

int arguments_read(struct arguments *out, const struct command_def *def, struct session *s,
		   int argc, char **argv, struct error *err)
{
	const struct flag *const with_own[] = { def->flags, common_flags, NULL };
	struct arguments read = { .given =
					  arena_alloc(&s->arena, GIVEN_MAX * sizeof(*read.given)) };
	struct reading reading = { &read, s };
	const struct flags flags = {
		.command = text_of(arena_printf(&s->arena, "sharebus %s", name_of(&s->arena, def))),
		.tables = def->flags ? with_own : with_own + 1,
		.config = s->config,
		.take = take_flag,
		.context = &reading,
		.bare = def->bare,
	};
	int operands = 0;
	int rc = flags_read(&flags, argc, argv, &operands, err);

	if (rc == 1)
		print_help(def, &flags);
	if (rc)
		return rc == VERSION_PRINTED ? 1 : rc;
	read.operands = argv + operands;
	read.operand_count = (size_t)(argc - operands);
	s->deadline_ms = clock_monotonic_ms() + s->wait_ms;
	rc = check_operands(read.operand_count, def, &s->arena, err);
	if (!rc)
		*out = read;
	return rc;
}
