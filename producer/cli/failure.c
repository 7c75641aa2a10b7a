#include "producer/cli/failure.h"

#include "producer/cli/json.h"

#include <jansson.h>
#include <stdio.h>

const char *failure_code(enum error_code code)
{
	switch (code) {
	case ERROR_INPUT:
		return "not_found";
	case ERROR_USAGE:
		return "usage";
	case ERROR_STALE:
		return "stale";
	case ERROR_REFUSED:
		return "refused";
	case ERROR_NOMEM:
		return "out_of_memory";
	case ERROR_NONE:
	case ERROR_UNAVAILABLE:
	case ERROR_FENCED:
	case ERROR_DAMAGED:
	case ERROR_NODE:
		break;
	}
	return "unavailable";
}

json_t *failure_json(const char *code, const char *message)
{
	return json_pack("{ss so}", "code", code, "message", json_text(bytes_of(message)));
}

/* On one line, so that it may end a stream of lines. */
static void print_failure(const struct error *err)
{
	json_t *all = json_pack("{so}", "error", failure_json(failure_code(err->code), err->text));

	(void)json_dumpf(all, stdout, 0);
	(void)putchar('\n');
	json_decref(all);
}

enum exit_code failure_report(const struct session *s, const struct error *err)
{
	complain(err);
	if (s->output == OUTPUT_JSON)
		print_failure(err);
	return exit_code_of(err->code);
}

enum exit_code failure_report_usage(const struct session *s, const struct error *err)
{
	struct error wrong = *err;

	wrong.code = ERROR_USAGE;
	return failure_report(s, &wrong);
}
