#ifndef SB_CACHE_LAYOUT_H
#define SB_CACHE_LAYOUT_H

/*
 * What the hash of a workspace holds (layout 2):
 *
 *   h               organization and owner (16 bytes each), status ('a' active, 'd' dormant)
 *   n               name, text
 *   v               version, decimal
 *   c               place of the next command id, decimal; not there before the first
 *   0 … 5           the last 16 command ids, a ring: places 0 to 2 in field 0, 3 to 5 in field 1,
 *                   …, place 15 alone in field 5. 16 bytes each up to the last of the field that
 *                   is there; an empty place before it is 16 zeros
 *   u<id>, g<id>    a grant: role ('1' use, '2' admin) and granted at; then granted by (16 bytes),
 *                   if that is not the workspace's owner; then expires at, if it ends
 *
 * The times of a grant are milliseconds since 1970, big-endian: in 6 bytes, or
 * both in 8 if one of them is before 1970 or beyond 2^48 - 1 (the year 10889).
 * The length of the value tells everything:
 *
 *                                 times of 6 bytes   of 8
 *   role, at                             7             9
 *   role, at, expires                   13            17
 *   role, at, by                        23            25
 *   role, at, by, expires               29            33
 *
 * So a grant can only be read together with the owner, and when the owner
 * changes all grants are written again, in the same step.
 *
 * Every value stays at or under 64 bytes but the name, so that Redis keeps
 * small workspaces in one compact piece of memory. With five grants by their
 * owner and five remembered commands that is about 300 bytes, of the
 * allocator's class of 320.
 *
 * In the reverse index, `u:<id>` and `g:<id>`, the role is the same '1' or '2':
 * Redis stores small numbers in one byte less than letters.
 *
 * An index of an older layout is not read: its mark counts as `rebuilding`
 * (mark.h), and whoever takes the partition loads it anew.
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

/* "u<id>" or "g<id>" */
void layout_subject_field(uint8_t out[static SUBJECT_FIELD_SIZE], const struct subject *s);

/* The subject of such a field; false when it is none. */
bool layout_parse_subject(struct subject *out, struct bytes field);

/* The grant's member of the sorted set `due`: "<workspace id>u<id>" or "<workspace id>g<id>". */
void layout_due_member(uint8_t out[static DUE_MEMBER_SIZE], const struct uuid *workspace_id,
		       const struct subject *s);

/* The workspace and the subject of such a member; false when it is none. */
bool layout_parse_due_member(struct uuid *workspace_id, struct subject *s, struct bytes member);

/* The value of LAYOUT_HEADER. */
void layout_header_value(uint8_t out[static HEADER_VALUE_SIZE], const struct workspace *w);

/* Sets organization, owner and status from such a value; false when it is broken. */
bool layout_parse_header(struct workspace *w, struct bytes value);

/* The value of a grant's field, in a workspace of that owner; returns its length. */
size_t layout_grant_value(uint8_t out[static GRANT_VALUE_MAX], const struct grant *g,
			  const struct uuid *owner_id);

/* The grant that such a field and its value say; false when they are broken. */
bool layout_parse_grant(struct grant *out, const struct uuid *owner_id, struct bytes field,
			struct bytes value);

/* The i-th of the RECENT_FIELDS field names of the ring. */
const char *layout_recent_field(unsigned i);

/* The value of that field; returns its length, 0 when its places are empty. */
size_t layout_recent_value(uint8_t out[static RECENT_VALUE_MAX],
			   const struct uuid ring[static RECENT_COMMANDS], unsigned i);

/* Fills the places of that field from such a value; false when it is broken. */
bool layout_parse_recent(struct uuid ring[static RECENT_COMMANDS], unsigned i, struct bytes value);

/* "1" or "2": the role in the reverse index, and first byte of a grant's value. */
const char *layout_role_value(enum role role);

/* The role of such a byte, or ROLE_NONE. */
enum role layout_role(struct bytes value);

/*
 * Fills w, freshly initialised, from the reply to HGETALL. Fields that it does
 * not know are passed over. False when the reply holds something broken, or
 * fields without a header.
 */
bool layout_parse_workspace(struct workspace *w, const struct redisReply *reply);

#endif
