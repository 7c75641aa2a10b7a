#ifndef SB_CACHE_LAYOUT_H
#define SB_CACHE_LAYOUT_H

/*
 * How a workspace is written into its hash `sb:{p}:ws:<id>`, and read back
 * (layout 6):
 *
 *   h               organization and owner (16 bytes each), status ('a' active, 'd' dormant)
 *   n               name, text
 *   v               four decimal numbers with a space between them: the version; how many grants
 *                   and how many handoffs there are; the number that the next command to be
 *                   remembered will have; and after one more space an f, if there is that field.
 *                   Who reads all fields knows by that whether one is lost
 *   0, 1, 2, …      the remembered commands (recent.h), by their numbers: 0 to 2 in field 0, 3 to 5
 *                   in field 1, and so on. 18 bytes for each: the id (16) and how many minutes its
 *                   record was late (2, big-endian)
 *   f               what is forgotten, 8 bytes each, big-endian: the number of the first command
 *                   that is remembered, and the latest time in a forgotten id; absent before the
 *                   first is forgotten. Commands with lower numbers may still stand in their
 *                   field, and do not count; fields that have only such ones are removed
 *   u<id>, g<id>    a grant: role ('1' use, '2' admin) and the time of the grant; then the grantor
 *                   (16 bytes) unless that is the workspace's owner; then the time at which the
 *                   grant expires, if it does
 *
 *   o<id>           an open handoff: handoff_layout.h
 *
 * The times of a grant are milliseconds since 1970, big-endian: 6 bytes each,
 * or 8 bytes each when one of them is before 1970 or after 2^48 - 1 (the year
 * 10889). The length of the value tells which parts it has:
 *
 *                                       times of 6 bytes   of 8
 *   role, time                                   7             9
 *   role, time, expiry                          13            17
 *   role, time, grantor                         23            25
 *   role, time, grantor, expiry                 29            33
 *
 * A grant can therefore only be read together with the owner, and when the
 * owner changes, all grants are written again in the same step.
 *
 * No value but the name and a handoff is longer than 64 bytes, so that Redis keeps a small
 * workspace in one compact piece of memory. With five grants by the owner and
 * five remembered commands that piece is about 300 bytes, in the allocator's
 * class of 320. One command writes one field of commands, however many are
 * remembered.
 *
 * In the reverse index, `u:<id>` and `g:<id>`, the role is the same '1' or '2':
 * Redis stores a small number in one byte less than a letter.
 *
 * An index of an older layout is never read: its mark counts as `rebuilding`
 * (mark.h), and the next owner of the partition loads it anew.
 *
 * Nothing here blocks.
 */

#include "cache/resp.h"
#include "cache/workspace.h"

struct redisReply;

#define LAYOUT_HEADER    "h"
#define LAYOUT_NAME      "n"
#define LAYOUT_VERSION   "v"
#define LAYOUT_FORGOTTEN "f"

enum {
	HEADER_VALUE_SIZE = 33,
	VERSION_VALUE_MAX = 4 * 20 + 3 + 2, /* numbers, the spaces between them, " f" */
	RECENT_FIELD_COMMANDS = 3,          /* so many commands in a field */
	RECENT_COMMAND_SIZE = 18,
	RECENT_VALUE_MAX = RECENT_FIELD_COMMANDS * RECENT_COMMAND_SIZE,
	FORGOTTEN_VALUE_SIZE = 16,
	GRANT_VALUE_MAX = 33,
	SUBJECT_FIELD_SIZE = 17,
	DUE_MEMBER_SIZE = 16 + SUBJECT_FIELD_SIZE
};

/* ---- grants ---- */

/* Writes the name of a grant's field: "u<id>" or "g<id>". */
void layout_subject_field(uint8_t out[static SUBJECT_FIELD_SIZE], const struct subject *s);

/* Sets *out from the name of a grant's field. False for any other; *out is then untouched. */
bool layout_parse_subject(struct subject *out, struct bytes field);

/* Writes the value of a grant's field, in a workspace of that owner; returns its length. */
size_t layout_grant_value(uint8_t out[static GRANT_VALUE_MAX], const struct grant *g,
			  const struct uuid *owner_id);

/* Sets *out from such a field and its value. False if they are broken; *out is then untouched. */
bool layout_parse_grant(struct grant *out, const struct uuid *owner_id, struct bytes field,
			struct bytes value);

/* "1" or "2": the role in the reverse index and at the start of a grant's value; a constant. */
const char *layout_role_value(enum role role);

/* The role that the value begins with, or ROLE_NONE. */
enum role layout_role(struct bytes value);

/* Writes a grant's member of the sorted set `due`: the workspace's id, then "u<id>" or "g<id>". */
void layout_due_member(uint8_t out[static DUE_MEMBER_SIZE], const struct uuid *workspace_id,
		       const struct subject *s);

/* The same of an open handoff that ends by itself: the workspace's id, then "o<id>". */
void layout_due_handoff(uint8_t out[static DUE_MEMBER_SIZE], const struct uuid *workspace_id,
			const struct uuid *handoff_id);
bool layout_parse_due_handoff(struct uuid *workspace_id, struct uuid *handoff_id,
			      struct bytes member);

/*
 * Sets the workspace and the subject from a grant's member. False when the bytes
 * are not one; the outputs are then untouched.
 */
bool layout_parse_due_member(struct uuid *workspace_id, struct subject *s, struct bytes member);

/* ---- the rest of a workspace ---- */

/* Writes the value of LAYOUT_HEADER. */
void layout_header_value(uint8_t out[static HEADER_VALUE_SIZE], const struct workspace *w);

/* Sets organization, owner and status from it. False if it is broken; *w is then untouched. */
bool layout_parse_header(struct workspace *w, struct bytes value);

/* Writes the value of LAYOUT_VERSION; returns its length. */
size_t layout_version_value(uint8_t out[static VERSION_VALUE_MAX], const struct workspace *w);

/* The number of the field that holds the command of that number; it is the field's name. */
int64_t layout_recent_field(int64_t number);

/* Writes the value of that field, whose commands are remembered in part at least; its length. */
size_t layout_recent_value(uint8_t out[static RECENT_VALUE_MAX], const struct recent *r,
			   int64_t field);

/*
 * Sets the commands of that field, once LAYOUT_FORGOTTEN has been parsed. False
 * if the value is broken.
 */
bool layout_parse_recent(struct recent *r, int64_t field, struct bytes value);

/* Writes the value of LAYOUT_FORGOTTEN. */
void layout_forgotten_value(uint8_t out[static FORGOTTEN_VALUE_SIZE], const struct recent *r);

/* Sets what is forgotten from it. False if it is broken; *r is then untouched. */
bool layout_parse_forgotten(struct recent *r, struct bytes value);

/*
 * Sets *w, which must be as workspace_init() left it, from the reply to
 * HGETALL; an empty reply leaves it unregistered. Fields of other names are
 * ignored. False when the reply is broken, has fields but no header, name or
 * version, or has less than the version says that there is; *w then stays as
 * workspace_init() left it.
 */
bool layout_parse_workspace(struct workspace *w, const struct redisReply *reply);

#endif
