#ifndef SB_TESTS_UNIT_SIMULATION_MODEL_H
#define SB_TESTS_UNIT_SIMULATION_MODEL_H

/*
 * The records of sharing.commands in a schedule and what must become of each: the
 * state after it, its event, and who is notified. Written from the rules, not
 * from the consumer's code. Some records are drawn, and some the consumers send
 * themselves; each gets its offset and its time when it reaches the log. There is
 * one organization, and one group, which has the users 1 and 2.
 */

#include "consumer/directory.h"
#include "schemas/codec.h"

enum {
	PARTITIONS = 2,
	WORKSPACES = 2, /* in each partition */
	DRAWN_MAX = 20,
	BUSY_COMMANDS = 40, /* of a partition in a busy schedule */
	INPUTS_MAX = 128,
	HOLE_MAX = 5,
	USERS = 4,
	SUBJECTS = USERS + 1, /* the last is the group */
	NAME_SIZE = 16,
	NO_ONE = -1,
};

struct model_grant {
	enum role role;
	struct uuid by;
	int64_t at;
	int64_t expires_at; /* ABSENT: never */
};

/* The one handoff that a workspace may have. */
struct model_handoff {
	enum handoff_state state; /* 0: there is none */
	int64_t step;
	int author;
	int to;       /* a subject */
	int accepter; /* NO_ONE: nobody */
	enum role role;
	bool own; /* the holder's grant is as it is because of the offer */
	enum role had_role;
	int64_t had_until;
	int64_t expires_at;
	struct uuid note; /* of its last step, as in struct input */
};

/* A command that a workspace remembers. */
struct model_command {
	struct uuid id;
	int64_t made;  /* the time in its id */
	int64_t until; /* so long at least it is remembered */
};

struct model_workspace {
	bool registered;
	bool dormant;
	int owner;
	char name[NAME_SIZE];
	int64_t version;
	struct model_grant grants[SUBJECTS];
	struct model_handoff handoff;
	struct model_command recent[BUSY_COMMANDS]; /* oldest first */
	int recent_count;
	int64_t forgotten; /* the latest `made` of those that are forgotten */
};

enum expected_event { EXPECT_NOTHING, EXPECT_CHANGED, EXPECT_REJECTED, EXPECT_DEAD_LETTER };

/* A record of sharing.commands, and what must come of it. */
struct input {
	struct bytes key;
	struct bytes value;
	struct bytes ce_id;
	int64_t time;
	enum expected_event event;
	int64_t version;        /* of the event */
	enum reason reason;     /* of a change */
	bool too_large;         /* rejected, because its outputs would be */
	bool marker;            /* of a transaction; nobody is given it */
	int64_t hole;           /* of a batch that cannot be unpacked: its offsets; 0: it can be */
	int64_t hole_begin;     /* its first */
	struct uuid removal_id; /* of a removal by the system; nil: it is none */
	enum role before[SUBJECTS]; /* its changes, where the two differ */
	enum role after[SUBJECTS];
	enum handoff_state handoff; /* what its step makes of the handoff; 0: it takes none */
	int64_t step;
	struct uuid note;      /* of the step: the id of the answer that has it; nil: none */
	unsigned changed;      /* bit i: the grant of subject i changes */
	unsigned told;         /* bit i: user i is notified of the sharing or of the workspace */
	unsigned told_of_step; /* the same, of a handoff's step */
	unsigned told_of_workspace; /* bit i: user i is told of it even so */
};

/* Positions in the directory: before its records, between them, and after them. */
enum { DIRECTORY_EMPTY, DIRECTORY_HALF, DIRECTORY_WHOLE, DIRECTORY_END };

struct model {
	size_t left[PARTITIONS]; /* how many commands have yet to be drawn */
	size_t sent[PARTITIONS]; /* how many were drawn */
	bool replaced
		[PARTITIONS]; /* its next record can be read: by one that cannot, no log is known */
	size_t count[PARTITIONS]; /* how many records are on the log */
	bool busy;           /* one workspace of each partition gets many commands in some hours */
	bool marked;         /* drawn commands are sent in transactions, which end with a marker */
	int64_t directory;   /* how much of the directory is there; all, unless it was lost */
	int gone;            /* the subject that was deleted; NO_ONE: none */
	int64_t last_expiry; /* the latest of all expiries that were drawn */
	struct input inputs[PARTITIONS][INPUTS_MAX];
	struct model_workspace after[PARTITIONS][INPUTS_MAX + 1]
				    [WORKSPACES]; /* by the number of inputs */
	int64_t log[PARTITIONS]; /* 1: another log is in the place of the first; 0: not so */
	struct model_workspace former[PARTITIONS][INPUTS_MAX + 1]
				     [WORKSPACES]; /* `after` of the first log */
	size_t former_count[PARTITIONS];
};

extern struct model model;

/* Once, before the first schedule and after the last. */
void model_open(void);
void model_close(void);

/* Begins a schedule: draws how many commands there will be. */
void model_begin(void);

/* Draws the next command of the partition, if one is left, and puts it on the log. */
void model_send(int partition);

/*
 * Puts another log in the place of the partition's, all of which must be applied
 * and committed: a beginning of it, and perhaps new records, of which some are
 * yet to be sent. Nobody will decide anew what is kept of the old log.
 */
void model_replace_log(int partition);

/* The workspaces when so much of that log is applied; NULL: it has not so much. */
const struct model_workspace *model_after(int partition, int64_t log, int64_t applied);

/* Puts a removal that a consumer has sent on the log; returns its offset. */
size_t model_take(int partition, struct bytes value);

/* The mark's `applied` when all is applied: the offset after the last record that is no marker. */
int64_t model_end(int partition);

/* The id of the handoff of that workspace. */
struct uuid model_handoff_id(int partition, int workspace);

/* Is the text the note of the answer with that id? Nil: is it absent? */
bool model_is_note(struct bytes text, const struct uuid *answer);

/* Whom the handoff waits for, a subject. */
int model_holder(const struct model_handoff *h);

/* The brokers' time. */
int64_t model_time(void);

/* Has the directory hold so much; in the end, DIRECTORY_WHOLE. */
void model_fill_directory(int64_t position);

/* Deletes a user or the group. */
void model_delete(int subject);

/*
 * Is everything on the log that will ever be? No command is left to be drawn, no
 * grant expires or has expired, and the deleted subject has no grants.
 */
bool model_is_quiet(void);

/* In a calm schedule, no removal may be on the log twice. */
void model_check_once(void);

/* The directory as of a position in its topic, and where the topic ends. */
const struct directory *model_directory(int64_t position);
int64_t model_directory_end(void);

struct uuid model_user(int user);
struct uuid model_organization(void);
struct subject model_subject(int subject);
struct uuid model_workspace_id(int partition, int workspace);

/* The user with that id; -1: none. */
int model_user_of(const struct uuid *id);

/* The subject with that id; -1: none. */
int model_subject_of(const struct subject *s);

/* Decodes what the consumer has written; the record is valid until the next call. */
bool model_decode(struct bytes value, struct record *out);

#endif
