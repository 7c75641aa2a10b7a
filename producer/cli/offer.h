#ifndef SB_CLI_OFFER_H
#define SB_CLI_OFFER_H

/*
 * What is handed over, as it is typed: tasks, artifacts, kinds, and the schema of an
 * answer. Texts are kept in the arena. ERROR_INPUT quotes what is wrong.
 */

#include "producer/cli/arguments.h"

/* Reads "review", "takeover" or "input". Pure. */
MUST_USE int offer_parse_kind(enum sharebus_handoff_kind *out, const char *text, struct error *err);

/*
 * Reads the task "system:id" or "system:id=address" into the offer. An id may have
 * "=" in it: the address begins after the last one before "://". Pure.
 */
MUST_USE int offer_parse_task(struct sharebus_offer *out, const char *text, struct arena *arena,
			      struct error *err);

/* Reads the artifact "name=address". Pure. */
MUST_USE int offer_parse_artifact(struct sharebus_artifact *out, const char *text,
				  struct arena *arena, struct error *err);

struct artifact_list {
	const struct sharebus_artifact *list;
	size_t count;
};

/*
 * Lists the artifacts of all flags with the id `artifact`, and as one named "link"
 * the address in each with the id `link`, in their order; 0: there is no such flag.
 */
MUST_USE int offer_read_artifacts(struct artifact_list *out, const struct arguments *a,
				  int artifact, int link, struct arena *arena, struct error *err);

/* Reads a file with a JSON Schema, which is a JSON object. May block. */
MUST_USE int offer_read_schema(const char **out, const char *path, struct arena *arena,
			       struct error *err);

#endif
