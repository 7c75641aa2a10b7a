#include "producer/cli/words.h"

#include <string.h>

/* How many words a flag takes, together with its value. */
static int flag_words(const char *flag, words_fn *wants_value, const void *context)
{
	const char *name = flag + strspn(flag, "-");
	size_t len = strcspn(name, "=");
	bool alone = flag[1] == '-' ? !name[len] : !flag[2]; /* -ojson has its value with it */

	return alone && len && wants_value(context, name, len) ? 2 : 1;
}

int words_next(int argc, char *const *argv, int at, words_fn *wants_value, const void *context)
{
	while (at < argc && argv[at][0] == '-' && argv[at][1]) {
		if (strcmp(argv[at], "--") == 0)
			return argc;
		at += flag_words(argv[at], wants_value, context);
	}
	return at < argc ? at : argc;
}

void words_drop(int *argc, char **argv, int at)
{
	memmove(argv + at, argv + at + 1, (size_t)(*argc - at) * sizeof(*argv));
	(*argc)--;
}

bool words_want_json(int argc, char *const *argv)
{
	static const char *const forms[] = { "-ojson", "-o=json", "--output=json" };

	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		bool flag = strcmp(argv[i], "-o") == 0 || strcmp(argv[i], "--output") == 0;

		if (flag && i + 1 < argc && strcmp(argv[i + 1], "json") == 0)
			return true;
		for (size_t f = 0; f < sizeof(forms) / sizeof(forms[0]); f++)
			if (strcmp(argv[i], forms[f]) == 0)
				return true;
	}
	return false;
}
