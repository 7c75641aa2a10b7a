#ifndef SB_CACHE_RESP_H
#define SB_CACHE_RESP_H

/*
 * Redis commands as bytes (RESP2), built once into one buffer and sent as one
 * pipeline.
 *
 *	pipeline_command(p, 3);
 *	pipeline_text(p, "HSET");
 *	…
 */

#include "ops/support/buffer.h"

#include <stddef.h>
#include <stdint.h>

struct pipeline {
	struct buffer bytes;
	size_t commands; /* so many replies will come */
};

void pipeline_init(struct pipeline *p);
void pipeline_done(struct pipeline *p);

/* Forgets the commands, keeps the memory. */
void pipeline_clear(struct pipeline *p);

/* Forgets the commands, and the memory, too, if there was uncommonly much. */
enum { PIPELINE_KEEP_BYTES = 4 * 1024 * 1024 };
void pipeline_trim(struct pipeline *p);

/* Begins a command of that many arguments, its name counted. They must follow. */
void pipeline_command(struct pipeline *p, size_t arguments);

void pipeline_bytes(struct pipeline *p, struct bytes argument);
void pipeline_text(struct pipeline *p, const char *argument);
void pipeline_number(struct pipeline *p, int64_t argument);

/* An argument in pieces, for keys: base, kind and id. */
void pipeline_parts(struct pipeline *p, const struct bytes *parts, size_t count);

/* A command that is all text: name and arguments, ending with NULL. */
void pipeline_texts(struct pipeline *p, const char *const *arguments);

#endif
