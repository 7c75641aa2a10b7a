/* sharebus directory show: what the index holds, as tables or as a directory file. */

#include "producer/cli/failure.h"
#include "producer/operator/directory/commands.h"
#include "producer/operator/directory/show_file.h"
#include "producer/operator/directory/show_tables.h"

enum { FLAG_FIRST = 1 }; /* and on: one flag a kind */

const struct flag directory_show_flags[] = {
	{ "organizations", FLAG_FIRST + DIRECTORY_ORGANIZATIONS, NULL, "only organizations" },
	{ "users", FLAG_FIRST + DIRECTORY_USERS, NULL, "only users, without the deleted ones" },
	{ "groups", FLAG_FIRST + DIRECTORY_GROUPS, NULL, "only groups" },
	{ "workspaces", FLAG_FIRST + DIRECTORY_WORKSPACES, NULL, "only workspaces" },
	{ NULL, 0, NULL, NULL },
};

enum exit_code run_directory_show(struct session *s, const struct arguments *a)
{
	struct error err = { 0 };
	struct shown shown;
	struct meter meter;
	unsigned kinds = 0;
	int rc;

	for (int kind = 0; kind < DIRECTORY_KINDS; kind++)
		if (argument_has(a, FLAG_FIRST + kind))
			kinds |= 1U << kind;
	meter_begin(&meter);
	rc = shown_read(&shown, s, &meter, kinds ? kinds : SHOWN_ALL, &err);
	meter_end(&meter);
	if (rc)
		return failure_report(s, &err);
	if (s->output == OUTPUT_JSON)
		show_file(&shown);
	else if (kinds)
		show_tables(&shown, s->wide);
	else
		show_counts(&shown);
	return EXIT_DONE;
}
