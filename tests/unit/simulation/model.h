#ifndef SB_TESTS_UNIT_SIMULATION_MODEL_H
#define SB_TESTS_UNIT_SIMULATION_MODEL_H

/*
 * The commands of a schedule and what must become of them, written from the
 * rules and not from the consumer's code: the state after each command, the
 * event it gives, and who is told. One organization; the group has the users
 * 1 and 2.
 */

#include "consumer/directory.h"
#include "schemas/codec.h"

enum {
	PARTITIONS = 2,
	WORKSPACES = 2, /* in each partition */
	INPUTS_MAX = 20,
	USERS = 4,
	SUBJECTS = USERS + 1, /* the last is the group */
	RECENT = 16,
	NAME_SIZE = 16,
};

struct model_grant {
	enum role role;
	struct uuid by;
	int64_t at;
};

struct model_workspace {
	bool registered;
	bool dormant;
	int owner;
	char name[NAME_SIZE];
	int64_t version;
	struct model_grant grants[SUBJECTS];
	struct uuid recent[RECENT]; /* oldest first */
	int recent_count;
};

enum expected_event { EXPECT_NOTHING, EXPECT_CHANGED, EXPECT_REJECTED, EXPECT_DEAD_LETTER };

/* A record of sharing.commands, and what must come of it. */
struct input {
	struct bytes key;
	struct bytes value;
	struct bytes ce_id;
	int64_t time;
	enum expected_event event;
	int64_t version;            /* of the event */
	enum role before[SUBJECTS]; /* its changes, where the two differ */
	enum role after[SUBJECTS];
	unsigned told; /* bit i: user i gets a notification */
};

struct model {
	size_t count[PARTITIONS];
	struct input inputs[PARTITIONS][INPUTS_MAX];
	struct model_workspace after[PARTITIONS][INPUTS_MAX + 1][WORKSPACES]; /* so many inputs */
};

extern struct model model;

/* Once. */
void model_open(void);
void model_close(void);

/* Draws the commands of this schedule. */
void model_begin(void);

const struct directory *model_directory(void);
struct uuid model_user(int user);
struct uuid model_organization(void);
struct subject model_subject(int subject);
struct uuid model_workspace_id(int partition, int workspace);

/* The user with that id; -1: none. */
int model_user_of(const struct uuid *id);

/* The subject with that id; -1: none. */
int model_subject_of(const struct subject *s);

/* Decodes what the consumer has written; the record lives until the next call. */
bool model_decode(struct bytes value, struct record *out);

#endif
