#ifndef SB_SCHEMAS_BOUNDS_H
#define SB_SCHEMAS_BOUNDS_H

/*
 * How large everything may be: what comes in, and, computed from that, what goes
 * out. The topics' max.message.bytes follow from here (schemas/topics.c), and so
 * does the largest value in Redis.
 *
 * What comes in is checked once, where it enters: a command beyond its bounds is
 * rejected (`invalid_command`), another record of sharing.commands becomes a dead
 * letter, and one of sharing.directory is passed over. The functions on outputs
 * give upper bounds of what the encoder makes, so that a command whose outputs do
 * not fit is rejected before they are made (`too_large`). Pure.
 */

#include "ops/support/attributes.h"
#include "ops/support/error.h"
#include "schemas/records.h"

/* ---- what comes in ---- */

enum {
	/* Bytes of the name of a workspace, user, group or organization; Coder's have at most 36. */
	NAME_BYTES_MAX = 255,
	/* Bytes of a display name or an address; RFC 5321 allows an address 254. */
	TEXT_BYTES_MAX = 1024,
	/* Bytes of the message of a ShareWorkspace. */
	MESSAGE_MAX = 2000,
	/* Bytes of a handoff's summary and question, and of the note of an answer. */
	HANDOFF_TEXT_MAX = 2000,
	/* Of an offer, and of an answer. */
	ARTIFACTS_MAX = 20,
	/* Bytes of a JSON Schema. */
	ANSWER_SCHEMA_MAX = 16384,
	/* Bytes of an address of an artifact or a task, and of a task's id. */
	URL_BYTES_MAX = 2048,
	TASK_ID_MAX = 255,
	/* Open ones of a workspace: rule 17. */
	HANDOFFS_MAX = 16,
	/* Bytes of a key's id, which events repeat. */
	KEY_ID_MAX = 64,
	/* Bytes of a traceparent: version 00 has 55, and later ones may be longer. */
	TRACEPARENT_MAX = 128,
	/* The highest max-grants; also how many subjects a RemoveSharing may name. */
	GRANTS_MAX = 100000,
	/* A group of this many is a record of 9.3 MB, and has fewer items than WALK_ITEMS_MAX. */
	GROUP_MEMBERS_MAX = 250000,
	USER_ORGANIZATIONS_MAX = 10000,
	/*
	 * Bytes of a record of sharing.commands: GRANTS_MAX wishes of 48 bytes and
	 * their frame. The topic counts compressed bytes, of which 66 kB may hold
	 * 66 MB of zeros.
	 */
	COMMAND_BYTES_MAX = 8 * 1024 * 1024,
};

/* The last millisecond of the year 9999: what RFC 3339 and most libraries can still write. */
#define TIME_MAX_MS 253402300799999

/* Is it a time from 1970 to 9999? ABSENT is not. */
bool bounds_time(int64_t ms);

/*
 * Are the numbers and times of a command within their bounds, and does it name no
 * more subjects than any workspace may have? ERROR_INPUT with a sentence that
 * begins in lower case, for the rejection. Rule 10 and the rule on messages are
 * asked later.
 */
MUST_USE int bounds_check_command(const struct record *r, struct error *err);

/* The same of a fact about a workspace; for its dead letter. */
MUST_USE int bounds_check_fact(const struct record *r, struct error *err);

/* The same of a record of sharing.directory, which is then passed over. */
MUST_USE int bounds_check_directory(const struct record *r, struct error *err);

/* The most bytes of a delivery's id, and the most attempts that one may have had. */
enum { DELIVERY_ID_MAX = 200, ATTEMPTS_MAX = INT32_MAX };

/* May a delivery have this id? Visible ASCII without a slash, which ends an endpoint's name. */
bool bounds_delivery_id(struct bytes id);

/* The same of a Delivery, which a notifier then passes over: its id, number and times. */
MUST_USE int bounds_check_delivery(const struct delivery *d, struct error *err);

/* ---- what goes out ---- */

enum {
	/* A change in a SharingChanged: kind, id as text, two optional roles, optional expiry. */
	CHANGE_BYTES_MAX = 1 + 37 + 2 + 2 + 11,
	/* A grant in a WorkspaceGrants: kind, id, role, id, time, optional time. */
	GRANT_BYTES_MAX = 1 + 16 + 1 + 16 + 10 + 11,
	/* An artifact but for its texts, whose lengths have at most 3 bytes. */
	ARTIFACT_BYTES = 2 * 3,
	/* A handoff in a WorkspaceGrants but for its texts and artifacts. */
	HANDOFF_BYTES = 256,
	/* A HandoffChanged likewise, and without the workspace's name and ENVELOPE_BYTES. */
	HANDOFF_EVENT_BYTES = 640,
	/* The texts and artifacts of a handoff that is kept. */
	HANDOFF_TEXTS_MAX = 3 * HANDOFF_TEXT_MAX + ANSWER_SCHEMA_MAX + TASK_ID_MAX + URL_BYTES_MAX +
			    ARTIFACTS_MAX * (NAME_BYTES_MAX + URL_BYTES_MAX + ARTIFACT_BYTES),
	/* A remembered command in a WorkspaceGrants: its id and a number. */
	COMMAND_MEMORY_BYTES = 16 + 10,
	/*
	 * What surrounds a value on the bus: the batch (61 bytes), the record's own
	 * numbers (30), a key (36), and the headers with their names (430) but for a
	 * traceparent.
	 */
	ENVELOPE_BYTES = 576 + TRACEPARENT_MAX,
	/* What surrounds a value while Redis keeps it: a key, numbers, a traceparent. */
	PACKED_BYTES = 36 + 48 + TRACEPARENT_MAX,
	/* Details of a CommandRejected; a last one says how many more there are. */
	DETAILS_MAX = 1000,
	/* Bytes of one detail: it names two things, and a sentence about them. */
	DETAIL_BYTES_MAX = 768,
	/*
	 * What one command makes known, in all. Redis takes the outputs of a run as
	 * one value, of 512 MB unless it is told otherwise, and a run ends with the
	 * record that fills RUN_OUTPUTS_BYTES.
	 */
	RUN_OUTPUTS_BYTES = 16 * 1024 * 1024,
	COMMAND_OUTPUTS_MAX = 384 * 1024 * 1024,
	REDIS_VALUE_MAX = 512 * 1024 * 1024,
};

/*
 * Upper bounds of an encoded SharingChanged, WorkspaceGrants and HandoffChanged, without
 * ENVELOPE_BYTES. The state is without its handoffs, each of which adds bounds_handoff().
 */
size_t bounds_event(size_t name_len, size_t changes);
size_t bounds_state(size_t name_len, size_t grants, size_t commands);
size_t bounds_handoff(const struct handoff *h);
size_t bounds_handoff_event(size_t name_len, const struct handoff_changed *h);

/*
 * max.message.bytes of the topics, written out because Kafka takes them as text;
 * bounds.c proves that they hold what they must. The plain limit is Kafka's own
 * default.
 */
#define TOPIC_BYTES_PLAIN     1048588
#define TOPIC_BYTES_LARGE     8388608  /* an event or state of GRANTS_MAX grants */
#define TOPIC_BYTES_DIRECTORY 16777216 /* a group of GROUP_MEMBERS_MAX */
#define TOPIC_BYTES_DEAD      67108864 /* any record of sharing.commands but the most inflated */

#endif
