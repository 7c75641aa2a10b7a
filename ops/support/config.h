#ifndef SB_SUPPORT_CONFIG_H
#define SB_SUPPORT_CONFIG_H

/*
 * Settings: a flag beats an environment variable beats the file beats the
 * default. A program lists its settings in a table; everything else about
 * them (help text, file keys, environment names) follows from that table.
 *
 * The file is INI: `key = value` lines before any section, and a section
 * [kafka] whose lines go to librdkafka as they stand.
 */

#include "ops/support/attributes.h"
#include "ops/support/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config_setting {
	const char *key;      /* as in the file; `--key` on the command line */
	const char *env;      /* environment variable, or NULL */
	const char *fallback; /* default, or NULL: none */
	const char *help;     /* one line */
};

struct config;

/* An empty configuration over settings[count], which must outlive it. */
struct config *config_new(const struct config_setting *settings, size_t count);
void config_free(struct config **c);

/* Sets a value as a flag does. ERROR_INPUT when there is no such key. */
MUST_USE int config_set(struct config *c, const char *key, const char *value, struct error *err);

/*
 * Fills what no flag has set from the environment, then from the file path
 * (NULL: no file), then from the defaults. ERROR_INPUT names the file
 * and what is wrong with it: an unknown key, a line that is not a setting, or
 * that it cannot be read.
 */
MUST_USE int config_load(struct config *c, const char *path, struct error *err);

/* The value, or NULL when it has none. Valid as long as c. key must be in the table. */
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

/* The i-th line of section [kafka]; false past the last one. */
bool config_kafka_line(const struct config *c, size_t i, const char **name, const char **value);

#endif
