#ifndef SB_CACHE_LAYOUT_H
#define SB_CACHE_LAYOUT_H

/*
 * What the hash of a workspace holds (layout 1):
 *
 *   org, owner      16 bytes each
 *   name            text
 *   status          "active" or "dormant"
 *   ver             version, decimal
 *   c               place of the next command id, decimal
 *   c0 … c15        the last 16 command ids, 16 bytes each, a ring
 *   u<id>, g<id>    a grant: role ('u' use, 'a' admin), granted at (8 bytes, big-endian, ms since
 *                   1970), granted by (16 bytes); then, if it ends, expires at (8 bytes)
 *
 * Every value stays at or under 64 bytes but the name, so that Redis keeps
 * small workspaces in one compact piece of memory.
 */

#include "cache/resp.h"
#include "cache/workspace.h"

struct redisReply;

enum { GRANT_VALUE_MAX = 33, SUBJECT_FIELD_SIZE = 17, DUE_MEMBER_SIZE = 16 + SUBJECT_FIELD_SIZE };

/* "u<id>" or "g<id>" */
void layout_subject_field(uint8_t out[static SUBJECT_FIELD_SIZE], const struct subject *s);

/* The subject of such a field; false when it is none. */
bool layout_parse_subject(struct subject *out, struct bytes field);

/* The grant's member of the sorted set `due`: "<workspace id>u<id>" or "<workspace id>g<id>". */
void layout_due_member(uint8_t out[static DUE_MEMBER_SIZE], const struct uuid *workspace_id,
		       const struct subject *s);

/* The workspace and the subject of such a member; false when it is none. */
bool layout_parse_due_member(struct uuid *workspace_id, struct subject *s, struct bytes member);

/* The value of a grant's field; returns its length. */
size_t layout_grant_value(uint8_t out[static GRANT_VALUE_MAX], const struct grant *g);

/* The field name of a place in the ring: "c7". */
const char *layout_command_field(unsigned place);

/* 'u' or 'a': the role in the reverse index, and first byte of a grant's value. */
const char *layout_role_value(enum role role);

/* The role of such a byte, or ROLE_NONE. */
enum role layout_role(struct bytes value);

/* The grant that such a field and its value say; false when they are broken. */
bool layout_parse_grant(struct grant *out, struct bytes field, struct bytes value);

/*
 * Fills w, freshly initialised, from the reply to HGETALL. Fields that it does
 * not know are passed over. False when the reply holds something broken.
 */
bool layout_parse_workspace(struct workspace *w, const struct redisReply *reply);

#endif
