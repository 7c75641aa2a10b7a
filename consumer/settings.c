#include "consumer/settings.h"

#include "ops/support/flags.h"
#include "ops/support/log.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { INSTANCE_MAX = 128 };

static const struct config_setting own_settings[] = {
	{ "instance", "NAME", "SHAREBUS_INSTANCE", NULL,
	  "name of this process in the group; default: host name" },
	{ "access-url", "URL", "SHAREBUS_ACCESS_URL", "",
	  "address of the deployment, for links in notifications" },
	{ "max-grants", "N", NULL, "1000", "grants that a workspace may have" },
	{ "accept-lost-commands", NULL, NULL, NULL,
	  "once, after commands were lost: go on without them" },
	{ "accept-other-log", NULL, NULL, NULL,
	  "once, after Kafka lost its log: go on with the one it has" },
	{ "accept-lost-grants", NULL, NULL, NULL,
	  "once, after sharing.grants has lost its beginning: rebuild from the rest" },
	{ "accept-lost-directory", "OFFSET", NULL, NULL,
	  "pass over batches of sharing.directory up to this one that cannot be unpacked" },
	{ "log-level", "LEVEL", "SHAREBUS_LOG_LEVEL", "info", "error, warn, info or debug" },
	{ NULL, NULL, NULL, NULL, NULL },
};
static const struct config_setting *const settings[] = { config_shared, own_settings, NULL };

static void print_help(const struct flags *f)
{
	(void)printf("Usage: sharebus-consumer [--config FILE] [--SETTING VALUE]...\n\n"
		     "Applies the commands of sharing.commands to the grant index in Redis and\n"
		     "publishes what became of them. Settings, with their environment variables\n"
		     "and defaults:\n\n");
	flags_print(f);
}

static int set_log_level(const char *name, struct error *err)
{
	static const char *const names[] = { "error", "warn", "info", "debug" };

	for (int i = 0; i < 4; i++) {
		if (strcmp(name, names[i]) != 0)
			continue;
		log_set_level((enum log_level)i);
		return 0;
	}
	return error_set(err, ERROR_INPUT,
			 "log-level is \"%s\"; it must be error, warn, info or debug", name);
}

static int set_instance(struct config *config, struct error *err)
{
	char host[256] = "consumer";

	if (config_get(config, "instance"))
		return 0;
	(void)gethostname(host, sizeof(host) - 1);
	return config_set(config, "instance", host, err);
}

/*
 * The name becomes part of the transactional ids, which must differ in their
 * last letter, and stands in lines of logs and of the stages' figures.
 */
static int check_instance(const char *name, struct error *err)
{
	if (!name[0] || strlen(name) > INSTANCE_MAX)
		return error_set(err, ERROR_INPUT, "instance has %zu bytes; it must have 1 to %d",
				 strlen(name), INSTANCE_MAX);
	for (const char *p = name; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return error_set(err, ERROR_INPUT, "instance contains a control character");
	return 0;
}

static int read_config(struct config *config, int argc, char **argv, struct error *err)
{
	static const struct flag *const no_flags[] = { NULL };
	const struct flags flags = { .command = "sharebus-consumer",
				     .tables = no_flags,
				     .config = config };
	int operands = 0;
	int rc = flags_read(&flags, argc, argv, &operands, err);

	if (rc == 1)
		print_help(&flags);
	if (!rc && operands < argc)
		rc = error_set(err, ERROR_USAGE, "\"%s\" is not an option", argv[operands]);
	if (!rc)
		rc = set_instance(config, err);
	if (!rc)
		rc = check_instance(config_get(config, "instance"), err);
	return rc ? rc : set_log_level(config_get(config, "log-level"), err);
}

int settings_read(struct config **out, int argc, char **argv, struct error *err)
{
	struct config *config = config_new(settings);
	int rc;

	if (!config)
		return error_set(err, ERROR_NOMEM, "out of memory");
	rc = read_config(config, argc, argv, err);
	if (rc)
		config_free(&config);
	else
		*out = config;
	return rc;
}
