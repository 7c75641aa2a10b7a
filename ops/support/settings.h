#ifndef SB_SUPPORT_SETTINGS_H
#define SB_SUPPORT_SETTINGS_H

/*
 * The settings of all programs, in one place: they share one configuration file,
 * so each must know the keys of all others to tell them from misspelt ones. A new
 * setting is a row here, in ops/SETTINGS.md and in ops/packaging/sharebus.conf.
 */

#include <stdbool.h>

/* A row of such a table; a NULL key ends the table. */
struct config_setting {
	const char *key;      /* in the file; `--key` on the command line */
	const char *value;    /* what the help calls its value; NULL: the flag takes none */
	const char *env;      /* environment variable, or NULL */
	const char *fallback; /* default, or NULL: none */
	const char *help;     /* one line */
};

/* Of all programs and of libsharebus: where Kafka and Redis are, and how they are used. */
extern const struct config_setting settings_shared[];

extern const struct config_setting settings_consumer[]; /* of sharebus-consumer alone */
extern const struct config_setting settings_sharebus[]; /* of sharebus alone */

extern const struct config_setting settings_daemon[];   /* of the programs that run on and on */
extern const struct config_setting settings_notifier[]; /* of sharebus-notifier alone */

/* A key of a section [endpoint NAME]; a NULL key ends the table. */
struct endpoint_setting {
	const char *key;
	const char *value; /* what the documents call its value */
	const char *help;  /* one line */
};
extern const struct endpoint_setting settings_endpoint[];

bool settings_endpoint_has(const char *key);

/* The key that was perhaps meant, or NULL. */
const char *settings_endpoint_nearest(const char *word);

/* All of these tables; NULL ends the list. What may stand in the file. */
extern const struct config_setting *const settings_all[];

/* Does any program have a setting of that key? */
bool settings_have(const char *key);

/* The key that was perhaps meant, or NULL. */
const char *settings_nearest(const char *word);

#endif
