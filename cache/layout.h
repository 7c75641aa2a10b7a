#ifndef SB_CACHE_LAYOUT_H
#define SB_CACHE_LAYOUT_H

/*
 * How a workspace is written into its hash `sb:{p}:ws:<id>`, and read back
 * (layout 3):
 *
 *   h               organization and owner (16 bytes each), status ('a' active, 'd' dormant)
 *   n               name, text
 *   v               version, decimal
 *   c               place in the ring for the next command id, decimal; absent before the first
 *   0 … 5           the ring of the last 16 command ids: places 0 to 2 in field 0, 3 to 5 in
 *                   field 1, …, place 15 alone in field 5. Each field holds 16 bytes for each of
 *                   its places up to the last that is taken; an empty place before is 16 zeros
 *   u<id>, g<id>    a grant: role ('1' use, '2' admin) and the time of the grant; then the grantor
 *                   (16 bytes) unless that is the workspace's owner; then the time at which the
 *                   grant expires, if it does
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
 * No value but the name is longer than 64 bytes, so that Redis keeps a small
 * workspace in one compact piece of memory. With five grants by the owner and
 * five remembered commands that piece is about 300 bytes, in the allocator's
 * class of 320.
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

#define LAYOUT_HEADER      "h"
#define LAYOUT_NAME        "n"
#define LAYOUT_VERSION     "v"
#define LAYOUT_NEXT_RECENT "c"

enum {
	HEADER_VALUE_SIZE = 33,
	RECENT_FIELD_PLACES = 3,
	RECENT_FIELDS = (RECENT_COMMANDS + RECENT_FIELD_PLACES - 1) / RECENT_FIELD_PLACES,
	RECENT_VALUE_MAX = RECENT_FIELD_PLACES * 16,
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

/*
 * Sets the workspace and the subject from such a member. False when the bytes
 * are not one; the outputs are then untouched.
 */
bool layout_parse_due_member(struct uuid *workspace_id, struct subject *s, struct bytes member);

/* ---- the rest of a workspace ---- */

/* Writes the value of LAYOUT_HEADER. */
void layout_header_value(uint8_t out[static HEADER_VALUE_SIZE], const struct workspace *w);

/* Sets organization, owner and status from it. False if it is broken; *w is then untouched. */
bool layout_parse_header(struct workspace *w, struct bytes value);

/* The name of the ring's i-th field, i < RECENT_FIELDS; a constant. */
const char *layout_recent_field(unsigned i);

/* Writes the value of that field; returns its length, 0 when its places are empty. */
size_t layout_recent_value(uint8_t out[static RECENT_VALUE_MAX],
			   const struct uuid ring[static RECENT_COMMANDS], unsigned i);

/* Sets the ring's places from that field. False if the value is broken; the ring is untouched. */
bool layout_parse_recent(struct uuid ring[static RECENT_COMMANDS], unsigned i, struct bytes value);

/*
 * Sets *w, which must be as workspace_init() left it, from the reply to
 * HGETALL; an empty reply leaves it unregistered. Fields of other names are
 * ignored. False when the reply is broken or has fields but no header; *w then
 * stays as workspace_init() left it.
 */
bool layout_parse_workspace(struct workspace *w, const struct redisReply *reply);

#endif
