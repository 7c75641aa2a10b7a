#include "producer/help/completion.h"

#include "producer/cli/failure.h"

#include <string.h>

enum exit_code run_completion(struct session *s, const struct arguments *a)
{
	static const struct {
		const char *name;
		void (*print)(const struct offers *);
	} shells[] = { { "bash", completion_bash },
		       { "zsh", completion_zsh },
		       { "fish", completion_fish } };
	const struct offers o = { a->commands, &s->arena };
	struct error err = { 0 };

	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++) {
		if (strcmp(a->operands[0], shells[i].name) != 0)
			continue;
		shells[i].print(&o);
		return EXIT_DONE;
	}
	(void)error_set(&err, ERROR_USAGE,
			"there are no completions for \"%s\"; it must be bash, zsh or fish",
			a->operands[0]);
	return failure_report(s, &err);
}
