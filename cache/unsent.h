#ifndef SB_CACHE_UNSENT_H
#define SB_CACHE_UNSENT_H

/*
 * The outputs of runs that Redis keeps until their Kafka transaction has
 * committed, read back by the next owner of a partition. apply_unsent() writes
 * them, apply_sent() removes them.
 *
 * Where keys are configured, each entry begins with a seal: a byte that no outputs
 * begin with, the id of the consumer's key, and its signature of the entry's place and
 * of the outputs (schemas/signature.h). What no consumer has sealed is not to be
 * published, so that whoever can write to Redis cannot speak on the bus.
 */

#include "cache/index.h"
#include "schemas/signing.h"

enum { SEAL_MAX = 2 + KEY_ID_MAX + SIGNATURE_SIZE };

struct seal {
	uint8_t bytes[SEAL_MAX];
	size_t len; /* 0: there is none */
};

/*
 * Seals the outputs of the run whose last offset is `last`, of the partition of these
 * keys. Without keys to sign with (s is NULL) the seal is empty. ERROR_REFUSED.
 */
MUST_USE int unsent_seal(struct signing *s, const struct keys *keys, int64_t last,
			 struct bytes outputs, struct seal *out, struct error *err);

/* The outputs of one run, which may not be committed in Kafka yet. */
struct unsent {
	int64_t last; /* the run's last offset */
	struct buffer outputs;
	const char *distrust; /* why they must not be published, a constant; NULL: they may */
};

struct unsent_list {
	struct unsent *list; /* ascending by `last` */
	size_t count;
};

/*
 * Reads the unsent outputs of all runs of the partition, in one round trip, and looks
 * at their seals unless s is NULL. The list is the caller's, for unsent_done().
 * Blocks and fails as index.h says.
 */
MUST_USE int unsent_read(struct index *ix, int partition, struct signing *s,
			 struct unsent_list *out, struct error *err);

/* Frees the outputs and their list, and leaves it empty. */
void unsent_done(struct unsent_list *l);

#endif
