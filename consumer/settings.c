#include "consumer/settings.h"

#include "ops/support/log.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPTION_FIRST = 256, OPTIONS_MAX = 32 };

#define ACCEPT "accept-lost-commands"

static const struct config_setting settings[] = {
	{ "brokers", "SHAREBUS_BROKERS", "127.0.0.1:9092",
	  "Kafka brokers, host:port, comma separated" },
	{ "redis", "SHAREBUS_REDIS", "127.0.0.1:6379", "Redis, host:port or the path of a socket" },
	{ "prefix", "SHAREBUS_PREFIX", "sb", "what all keys in Redis begin with" },
	{ "consumer-group", "SHAREBUS_CONSUMER_GROUP", "sharebus", "consumer group" },
	{ "instance", "SHAREBUS_INSTANCE", NULL,
	  "name of this process in the group; default: host name" },
	{ "access-url", "SHAREBUS_ACCESS_URL", "",
	  "address of the deployment, for links in notifications" },
	{ "max-grants", NULL, "1000", "grants that a workspace may have" },
	{ ACCEPT, NULL, NULL,
	  "once, after commands were lost: go on without them; takes no value" },
	{ "log-level", "SHAREBUS_LOG_LEVEL", "info", "error, warn, info or debug" },
};
enum { SETTING_COUNT = sizeof(settings) / sizeof(settings[0]) };

static void print_help(void)
{
	(void)printf("Usage: sharebus-consumer [--config FILE] [--SETTING VALUE]...\n\n"
		     "Applies the commands of sharing.commands to the grant index in Redis and\n"
		     "publishes what became of them. Settings, with their environment variables\n"
		     "and defaults:\n\n");
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct config_setting *s = &settings[i];

		(void)printf("  --%-12s %s (%s%s%s)\n", s->key, s->help, s->env ? s->env : "",
			     s->env && s->fallback && s->fallback[0] ? ", " : "",
			     s->fallback ? s->fallback : "");
	}
}

static void list_options(struct option out[static OPTIONS_MAX])
{
	size_t n = 0;

	out[n++] = (struct option){ "help", no_argument, NULL, 'h' };
	out[n++] = (struct option){ "config", required_argument, NULL, 'c' };
	for (size_t i = 0; i < SETTING_COUNT; i++)
		out[n++] =
			(struct option){ settings[i].key,
					 strcmp(settings[i].key, ACCEPT) == 0 ? no_argument
									      : required_argument,
					 NULL, OPTION_FIRST + (int)i };
	out[n] = (struct option){ 0 };
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

/* One option as getopt found it. 1: help was asked for. */
static int take_option(struct config *config, int option, const char *word, const char **path,
		       struct error *err)
{
	if (option == 'h')
		return 1;
	if (option == 'c') {
		*path = optarg;
		return 0;
	}
	if (option < OPTION_FIRST)
		return error_set(
			err, ERROR_USAGE,
			"flag %s is not known, or lacks its value; see sharebus-consumer --help",
			word);
	return config_set(config, settings[option - OPTION_FIRST].key, optarg ? optarg : "yes",
			  err);
}

static int read_flags(struct config *config, int argc, char **argv, const char **path,
		      struct error *err)
{
	struct option options[OPTIONS_MAX];
	int option;
	int rc = 0;

	list_options(options);
	opterr = 0;
	while (!rc && (option = getopt_long(argc, argv, "h", options, NULL)) != -1)
		rc = take_option(config, option, argv[optind - 1], path, err);
	if (!rc && optind < argc)
		rc = error_set(err, ERROR_USAGE, "\"%s\" is not an option", argv[optind]);
	return rc;
}

static int set_instance(struct config *config, struct error *err)
{
	char host[256] = "consumer";

	if (config_get(config, "instance"))
		return 0;
	(void)gethostname(host, sizeof(host) - 1);
	return config_set(config, "instance", host, err);
}

int settings_read(struct config **out, int argc, char **argv, struct error *err)
{
	const char *path = getenv("SHAREBUS_CONFIG");
	struct config *config = config_new(settings, SETTING_COUNT);
	int rc = config ? read_flags(config, argc, argv, &path, err)
			: error_set(err, ERROR_NOMEM, "out of memory");

	if (!rc)
		rc = config_load(config, path, err);
	if (!rc)
		rc = set_instance(config, err);
	if (!rc)
		rc = set_log_level(config_get(config, "log-level"), err);
	if (rc == 1)
		print_help();
	if (rc)
		config_free(&config);
	else
		*out = config;
	return rc;
}
