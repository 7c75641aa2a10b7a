#ifndef SB_TEST_CACHE_SCRIPT_H
#define SB_TEST_CACHE_SCRIPT_H

/*
 * A Redis that follows a script: each round trip of the code under test gets the
 * next scene. The test is linked with --wrap for redis_roundtrip(),
 * redis_roundtrip_blocking(), redis_connection() and redis_is_cluster(); replies are parsed by hiredis from the protocol's
 * bytes, as with a real server.
 */

#include "cache/mark.h"
#include "cache/reader.h"

/* Drops all scenes; to be called before and after each test. */
int script_reset(void **state);

/*
 * Begins the scene of a round trip that succeeds, and returns where its replies
 * go: pipeline_command() begins an array, pipeline_bytes() and the like are its
 * elements or replies of their own.
 */
struct pipeline *script_scene(void);

/* Adds a round trip that fails with ERROR_UNAVAILABLE. */
void script_no_answer(void);

/* Adds a round trip that fails likewise because the connection breaks: redis_connection() rises. */
void script_break(void);

/* Makes of Redis a cluster, or a server that is alone again. */
void script_set_cluster(bool yes);

/* After the last scene, that scene again, for ever. */
void script_repeat(void);

/* How long the reader below waits for an index that only its owner can put right; ms. */
#define SCRIPT_TIMEOUT_MS 30

/* Adds a reply: a status, an integer, nil, or a nil array, as EXEC gives when the watched mark has changed. */
void script_status(struct pipeline *scene, const char *status);
void script_integer(struct pipeline *scene, int64_t value);
void script_nil(struct pipeline *scene);
void script_nil_array(struct pipeline *scene);

/* Adds an error, as a reply or as an element of the array that was begun. */
void script_error(struct pipeline *scene, const char *words);

/*
 * Adds the reply to the command that reads a mark; NULL: there is none. If only what vouches is
 * asked for, it is shortened to that.
 */
void script_mark(struct pipeline *scene, const struct mark *m);

/* The same for the command that reads only what tells the owner. */
void script_glance(struct pipeline *scene, const struct mark *m);

/* Adds the reply to TIME. */
void script_time(struct pipeline *scene, int64_t ms);

/* How many scenes are left. */
size_t script_left(void);

/* What the code under test sent in its last round trip, NUL-terminated. */
const char *script_sent(void);

/* When owners last looked at the marks below, and what the time is for Redis; ms since 1970. */
#define SCRIPT_LOOKED_MS INT64_C(1800000000000)
#define SCRIPT_NOW_MS    (SCRIPT_LOOKED_MS + 900)

/* A mark of the deployment of two partitions that all scenes belong to. */
struct mark script_ready_mark(int64_t epoch, int64_t applied);

/* Opens a reader on that deployment. */
struct reader *script_reader(void);

/* Begins the scene of a reader's question: the marks before the data of these partitions. */
struct pipeline *script_question(int first_partition, int last_partition);

/* Ends it: the marks after the data, and the time. */
void script_end_question(struct pipeline *scene, int first_partition, int last_partition);

#endif
