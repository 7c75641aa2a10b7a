#ifndef SB_SUPPORT_CONFIG_H
#define SB_SUPPORT_CONFIG_H

/*
 * The settings of a program. A flag beats an environment variable, which beats
 * the configuration file, which beats the default. A program lists its settings
 * in tables; everything else about them follows from these: keys of the file,
 * names in the environment, flags and help text (flags.h).
 *
 * One file serves all programs: `key = value` lines, where those of another
 * program are passed over (settings.h), and then a section [kafka] whose lines go
 * to librdkafka, except for what guarantees rest on (kafka_guard.h), and sections
 * [endpoint NAME], one for each endpoint of the notifier. The form of its lines:
 * config_file.h.
 */

#include "ops/support/attributes.h"
#include "ops/support/error.h"
#include "ops/support/settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Is it one whose key ends in "-password"? Then it is no flag, because everybody can
 * see the flags of a process, and no message shows its value.
 */
bool config_is_secret(const struct config_setting *s);

/* Is it a URL with a password: scheme://user:password@host? Then no message shows it, either. */
bool config_has_password(const char *value);

/* How many lines section [kafka] may have, how many endpoints there may be, and how large a file. */
enum {
	CONFIG_KAFKA_MAX = 200,
	CONFIG_ENDPOINTS_MAX = 64,
	CONFIG_FILE_MAX_BYTES = 1024 * 1024,
};

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
 * (NULL: no file), then from the defaults. ERROR_INPUT or ERROR_USAGE names the
 * file and the line: of a key that no program has, with the one that is nearest to
 * it, of a second value for a key, of what is no line of such a file or must not be in
 * [kafka]. ERROR_INPUT also for a file that cannot be read, or that holds a secret and
 * may be read by everybody. Some values may be set by then.
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

/*
 * Puts the file and the line before the error's text if this value came from there;
 * keeps the code and returns it. For whoever finds that the value is wrong.
 */
MUST_USE int config_blame(const struct config *c, const char *key, struct error *err);

/*
 * Adds a line to section [kafka]. ERROR_USAGE if guarantees rest on that setting, with
 * the reason, or if there are CONFIG_KAFKA_MAX; ERROR_NOMEM. The value is in no message.
 */
MUST_USE int config_add_kafka_line(struct config *c, const char *name, const char *value,
				   struct error *err);

/* The i-th line of section [kafka]; false after the last one. */
bool config_kafka_line(const struct config *c, size_t i, const char **name, const char **value);

/* The name of the i-th section [endpoint NAME] that has any lines; NULL after the last one. */
const char *config_endpoint(const struct config *c, size_t i);

/* The value of a key of that section, or NULL. The keys are those of settings_endpoint. */
const char *config_endpoint_get(const struct config *c, const char *endpoint, const char *key);

/* As config_blame(), for that key of that endpoint; for its section if it lacks the key. */
MUST_USE int config_blame_endpoint(const struct config *c, const char *endpoint, const char *key,
				   struct error *err);

/* As config_blame(), for that line of section [kafka]. */
MUST_USE int config_blame_kafka(const struct config *c, size_t i, struct error *err);

#endif
