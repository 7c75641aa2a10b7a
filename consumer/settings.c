#include "consumer/settings.h"

#include "consumer/slot.h"
#include "ops/support/flags.h"
#include "ops/support/log.h"
#include "ops/support/settings.h"
#include "ops/support/version.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { INSTANCE_MAX = 128, GROUP_SIZE = 512, FLAG_VERSION = 1, VERSION_PRINTED = 2 };

static const struct flag own_flags[] = {
	{ "version", FLAG_VERSION, NULL, "the version of the program" },
	{ NULL, 0, NULL, NULL },
};

static void print_help(const struct program *p, const struct flags *f)
{
	(void)printf("Usage: %s [--config FILE] [--SETTING VALUE]...\n\n"
		     "%s\n\nSettings, with their environment variables and defaults:\n\n",
		     p->name, p->purpose);
	flags_print(f);
}

/* A setting that has one of a few values, each of which stands for a number. */
struct choice {
	const char *key;
	const char *names[5]; /* the last is NULL */
	const char *text;     /* "error, warn, info or debug" */
};

static int read_choice(const struct config *config, const struct choice *c, int *out,
		       struct error *err)
{
	const char *name = config_get(config, c->key);

	for (int i = 0; c->names[i]; i++) {
		if (strcmp(name, c->names[i]) != 0)
			continue;
		*out = i;
		return 0;
	}
	(void)error_set(err, ERROR_INPUT, "%s is \"%s\"; it must be %s", c->key, name, c->text);
	return config_blame(config, c->key, err);
}

/* The form first: a wrong level is told in it. */
static int set_log(const struct config *config, struct error *err)
{
	static const struct choice form = { "log-format", { "text", "json" }, "text or json" };
	static const struct choice level = { "log-level",
					     { "error", "warn", "info", "debug" },
					     "error, warn, info or debug" };
	int at = 0;
	int rc = read_choice(config, &form, &at, err);

	if (rc)
		return rc;
	if (at)
		log_set_format(LOG_FORMAT_JSON);
	else if (log_is_journal(STDERR_FILENO))
		log_set_format(LOG_FORMAT_JOURNAL);
	rc = read_choice(config, &level, &at, err);
	if (!rc)
		log_set_level((enum log_level)at);
	return rc;
}

static int set_instance(struct config *config, const char *suffix, struct error *err)
{
	char name[INSTANCE_MAX + 1];
	char group[GROUP_SIZE];
	int rc;

	if (config_get(config, "instance"))
		return 0;
	(void)snprintf(group, sizeof(group), "%s%s", config_get(config, "consumer-group"), suffix);
	rc = slot_take(group, name, sizeof(name), err);
	return rc ? rc : config_set(config, "instance", name, err);
}

/*
 * The name becomes part of the transactional ids, which must differ in their
 * last letter, and stands in lines of logs and of the stages' figures.
 */
static int check_name(const char *name, struct error *err)
{
	if (!name[0] || strlen(name) > INSTANCE_MAX)
		return error_set(err, ERROR_INPUT, "instance has %zu bytes; it must have 1 to %d",
				 strlen(name), INSTANCE_MAX);
	for (const char *p = name; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return error_set(err, ERROR_INPUT, "instance contains a control character");
	return 0;
}

static int check_instance(const struct config *config, struct error *err)
{
	if (check_name(config_get(config, "instance"), err))
		return config_blame(config, "instance", err);
	return 0;
}

/* The only flag beside the settings. */
static int print_version(void *context, int id, const char *value, struct error *err)
{
	const struct program *p = context;

	(void)id;
	(void)value;
	(void)err;
	(void)printf("%s %s\n", p->name, version_text());
	return VERSION_PRINTED;
}

static int read_config(struct config *config, const struct program *p, int argc, char **argv,
		       struct error *err)
{
	static const struct flag *const flag_tables[] = { own_flags, NULL };
	const struct flags flags = { .command = p->name,
				     .tables = flag_tables,
				     .take = print_version,
				     .context = (void *)(uintptr_t)p,
				     .config = config };
	int operands = 0;
	int rc = flags_read(&flags, argc, argv, &operands, err);

	if (rc == 1)
		print_help(p, &flags);
	if (!rc && operands < argc)
		rc = error_set(err, ERROR_USAGE, "\"%s\" is not an option", argv[operands]);
	if (!rc)
		rc = set_log(config, err);
	if (!rc)
		rc = set_instance(config, p->group_suffix, err);
	return rc ? rc : check_instance(config, err);
}

int settings_read(struct config **out, const struct program *p, int argc, char **argv,
		  struct error *err)
{
	struct config *config = config_new(p->tables);
	int rc;

	if (!config)
		return error_set(err, ERROR_NOMEM, "out of memory");
	rc = read_config(config, p, argc, argv, err);
	if (rc)
		config_free(&config);
	else
		*out = config;
	return rc;
}
