#ifndef SB_CACHE_RESP_H
#define SB_CACHE_RESP_H

/*
 * Commands for Redis, built as bytes of its protocol (RESP2) in one growing
 * buffer and sent as one pipeline. Each command is begun with the number of its
 * arguments, which must follow:
 *
 *	pipeline_command(p, 2);
 *	pipeline_text(p, "GET");
 *	pipeline_text(p, "name");
 *
 * Nothing here fails or blocks: a process without memory for a pipeline aborts
 * (buffer.h). Arguments are copied.
 */

#include "ops/support/buffer.h"

#include <stddef.h>
#include <stdint.h>

enum { PIPELINE_BARRIERS_MAX = 2 };

struct pipeline {
	struct buffer bytes;
	size_t commands;                        /* Redis sends as many replies */
	size_t barriers[PIPELINE_BARRIERS_MAX]; /* how many commands are before each */
	size_t barrier_count;
};

/* Starts without commands and without memory. */
void pipeline_init(struct pipeline *p);

/* Gives the memory back. */
void pipeline_done(struct pipeline *p);

/* Drops the commands and keeps the memory. */
void pipeline_clear(struct pipeline *p);

enum { PIPELINE_KEEP_BYTES = 4 * 1024 * 1024 };

/* Drops the commands, and the memory as well if it is more than PIPELINE_KEEP_BYTES. */
void pipeline_trim(struct pipeline *p);

/*
 * Says that what follows must be sent after all before it was answered. That makes a
 * difference only where the commands go to several servers: one carries them out in
 * their order anyway.
 */
void pipeline_barrier(struct pipeline *p);

/* Adds the commands of another pipeline; its barriers do not count. */
void pipeline_append(struct pipeline *p, const struct pipeline *more);

/* Begins a command of that many arguments; the command's name is one of them. */
void pipeline_command(struct pipeline *p, size_t arguments);

/* Each adds one argument to the last command begun; a number is sent in decimal. */
void pipeline_bytes(struct pipeline *p, struct bytes argument);
void pipeline_text(struct pipeline *p, const char *argument);
void pipeline_number(struct pipeline *p, int64_t argument);

/* Adds one argument that is the concatenation of the parts. */
void pipeline_parts(struct pipeline *p, const struct bytes *parts, size_t count);

/*
 * Read a pipeline back. *rest begins as the pipeline's bytes; they take the head
 * of the next command off it, and return how many words follow, and then word by
 * word. They believe what they read: it must be a pipeline's own bytes.
 */
size_t pipeline_take_command(struct bytes *rest);
struct bytes pipeline_take_word(struct bytes *rest);

/* Adds a whole command: its name and arguments, a list of texts that ends with NULL. */
void pipeline_texts(struct pipeline *p, const char *const *arguments);

#endif
