#ifndef SB_CACHE_HANDOFF_LAYOUT_H
#define SB_CACHE_HANDOFF_LAYOUT_H

/*
 * How an open handoff is written into the hash of its workspace, and read back
 * (layout 6). It stands whole in one field, and others lead to it:
 *
 *   sb:{p}:ws:<id>        field o<handoff id>: below
 *   sb:{p}:handoff:<id>   field <workspace id>; more than one if authors gave two an id
 *   sb:{p}:hu:<user>      field <workspace id><handoff id>: whom it waits for
 *   sb:{p}:hg:<group>     the same
 *   sb:{p}:due            member <workspace id>o<handoff id>, if it ends by itself
 *
 * The value of the field in handoff:, hu: and hg: is the state: '1' offered, '2'
 * accepted, '3' returned. The value of o<id> has, one after another:
 *
 *   1 byte each     kind, state, role, role before (0: none), own grant ('0' or '1')
 *   varint          step
 *   17 bytes each   who offered it, to whom: the kind, and the id
 *   16 bytes        who accepted it; zeros: nobody
 *   8 bytes each    when it was offered, when it ends, when the role before ends:
 *                   ms since 1970, big-endian; the least number: never
 *   sized texts     summary; question, answer's schema and the last step's note, which may
 *                   be absent
 *   task            1 byte, 0: none; else its system, its id, its address, which may be absent
 *   artifacts       varint count, then name and address of each
 *
 * Enums are the numbers of records.h. Nothing here blocks.
 */

#include "cache/workspace.h"
#include "ops/support/buffer.h"

enum {
	HANDOFF_FIELD_SIZE = 17,
	HANDOFF_ENTRY_SIZE = 32,
};

/* Writes the name of a handoff's field: "o<id>". */
void layout_handoff_field(uint8_t out[static HANDOFF_FIELD_SIZE], const struct uuid *id);

/* Sets *id from the name of a handoff's field. False for any other; *id is then untouched. */
bool layout_parse_handoff_field(struct uuid *id, struct bytes field);

/* Appends the value of that field. */
void layout_handoff_value(struct buffer *out, const struct handoff *h);

/* Puts the handoff of that field into *out. False if the value is broken. */
bool layout_parse_handoff(struct handoffs *out, const struct uuid *id, struct bytes value);

/* "1", "2" or "3", the state in the keys that lead to an open handoff; a constant. */
const char *layout_handoff_state(enum handoff_state state);

/* Writes a field of hu: or hg:. */
void layout_handoff_entry(uint8_t out[static HANDOFF_ENTRY_SIZE], const struct uuid *workspace_id,
			  const struct uuid *handoff_id);

/* Sets both from such a field. False for any other; the outputs are then untouched. */
bool layout_parse_handoff_entry(struct uuid *workspace_id, struct uuid *handoff_id,
				struct bytes field);

/* "hu:" or "hg:", the kind of the key of those whom handoffs wait for; a constant. */
const char *layout_waiting_kind(enum subject_kind kind);

#endif
