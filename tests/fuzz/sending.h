#ifndef SB_TESTS_FUZZ_SENDING_H
#define SB_TESTS_FUZZ_SENDING_H

/* Messages made of a fuzzer's bytes, as well-formed as these say. */

#include "schemas/codec.h"

#include "tests/fuzz/offline.h"
#include "tests/fuzz/shapes.h"

enum what {
	SEND_RECORD, /* mostly a command or a fact about the workspace */
	SEND_BYTES,
	SEND_HOLE,
	SEND_FACT, /* to sharing.directory */
	SEND_TOMBSTONE,
};

enum { FLAW_ID = 1 }; /* of a fact: its key is another */

uint8_t take_byte(struct maker *m);

/* Sets all of *out, in the maker's arena, but the offset. Each in a run has another n. */
void sending_make(struct sent *out, enum what what, uint8_t n, struct codec *codec,
		  struct maker *m);

/* The bytes of a record, some of which are replaced if there is a flaw of that kind. */
struct bytes sending_encode(struct codec *codec, const struct record *r, struct maker *m,
			    uint8_t flaws);

#endif
