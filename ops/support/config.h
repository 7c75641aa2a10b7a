#ifndef SB_SUPPORT_CONFIG_H
#define SB_SUPPORT_CONFIG_H

/*
 * The settings of a program. A flag beats an environment variable, which beats
 * the configuration file, which beats the default. A program lists its settings
 * in tables; everything else about them follows from these: keys of the file,
 * names in the environment, flags and help text (flags.h).
 *
 * The file is INI: `key = value` lines before any section, and a section
 * [kafka] whose lines are handed to librdkafka unread.
 */

#include "ops/support/attributes.h"
#include "ops/support/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A row of such a table; a NULL key ends the table. */
struct config_setting {
	const char *key;      /* in the file; `--key` on the command line */
	const char *value;    /* what the help calls its value; NULL: the flag takes none */
	const char *env;      /* environment variable, or NULL */
	const char *fallback; /* default, or NULL: none */
	const char *help;     /* one line */
};

/* The settings that all programs share: where Kafka and Redis are, and how they are used. */
extern const struct config_setting config_shared[];

struct config;

/*
 * A configuration without values over the settings of several tables, the last
 * of which is NULL; they must outlive it. NULL without memory.
 */
struct config *config_new(const struct config_setting *const *tables);
void config_free(struct config **c);

/* The i-th setting of all tables, or NULL after the last one. */
const struct config_setting *config_setting(const struct config *c, size_t i);

/* Sets a value as a flag does. ERROR_INPUT when there is no such key. */
MUST_USE int config_set(struct config *c, const char *key, const char *value, struct error *err);

/*
 * Fills what no flag has set from the environment, then from the file at `path`
 * (NULL: no file), then from the defaults. ERROR_INPUT names the file and its
 * unknown key, the line that is no setting, or the file that cannot be read;
 * some values may be set by then.
 */
MUST_USE int config_load(struct config *c, const char *path, struct error *err);

/* Fills what is not set from the defaults alone: a library must not read the environment. */
MUST_USE int config_load_defaults(struct config *c, struct error *err);

/* The value, or NULL when it has none. Valid until it is set again or c is freed. */
const char *config_get(const struct config *c, const char *key);

/*
 * The value as a number within [min, max]. ERROR_INPUT names key, value and
 * range.
 */
MUST_USE int config_get_number(const struct config *c, const char *key, int64_t min, int64_t max,
			       int64_t *out, struct error *err);

/* Adds a line to section [kafka]. Fails with ERROR_NOMEM only. */
MUST_USE int config_add_kafka_line(struct config *c, const char *name, const char *value,
				   struct error *err);

/* The i-th line of section [kafka]; false after the last one. */
bool config_kafka_line(const struct config *c, size_t i, const char **name, const char **value);

#endif
