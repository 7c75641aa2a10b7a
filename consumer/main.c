/* sharebus-consumer: reads its settings, runs the loop, stops cleanly on SIGTERM and SIGINT. */

#include "consumer/loop.h"
#include "ops/support/log.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_USAGE = 2, EXIT_UNAVAILABLE = 3, OPTION_FIRST = 256, OPTIONS_MAX = 32 };

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static void print_help(void)
{
	(void)printf("Usage: sharebus-consumer [--config FILE] [--SETTING VALUE]...\n\n"
		     "Applies the commands of sharing.commands to the grant index in Redis and\n"
		     "publishes what became of them. Settings, with their environment variables\n"
		     "and defaults:\n\n");
	for (size_t i = 0; i < loop_setting_count; i++) {
		const struct config_setting *s = &loop_settings[i];

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
	for (size_t i = 0; i < loop_setting_count; i++)
		out[n++] = (struct option){ loop_settings[i].key, required_argument, NULL,
					    OPTION_FIRST + (int)i };
	out[n] = (struct option){ 0 };
}

/* 0, or 1 when help was asked for, or ERROR_INPUT. */
static int read_settings(struct config *config, int argc, char **argv, struct error *err)
{
	struct option options[OPTIONS_MAX];
	const char *path = getenv("SHAREBUS_CONFIG");
	char host[256] = "consumer";
	int option;

	list_options(options);
	opterr = 0;
	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'h')
			return 1;
		if (option == 'c')
			path = optarg;
		else if (option < OPTION_FIRST)
			return error_set(err, ERROR_USAGE,
					 "flag %s is not known, or lacks its value; see "
					 "sharebus-consumer --help",
					 argv[optind - 1]);
		else if (config_set(config, loop_settings[option - OPTION_FIRST].key, optarg, err))
			return ERROR_INPUT;
	}
	if (optind < argc)
		return error_set(err, ERROR_INPUT, "\"%s\" is not an option", argv[optind]);
	if (config_load(config, path, err))
		return ERROR_INPUT;
	(void)gethostname(host, sizeof(host) - 1);
	return config_get(config, "instance") ? 0 : config_set(config, "instance", host, err);
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

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGINT, &action, NULL);
	action.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &action, NULL);
}

static int run(const struct config *config, struct error *err)
{
	struct processor *p = NULL;
	int rc = loop_open(&p, config, &stop, err);

	if (!rc)
		rc = loop_run(p, err);
	loop_close(&p);
	return rc;
}

int main(int argc, char **argv)
{
	struct config *config = config_new(loop_settings, loop_setting_count);
	struct error err = { 0 };
	int rc = config ? read_settings(config, argc, argv, &err) : ERROR_NOMEM;

	if (rc == 1)
		print_help();
	if (!rc)
		rc = set_log_level(config_get(config, "log-level"), &err);
	if (!rc) {
		catch_signals();
		rc = run(config, &err);
	}
	config_free(&config);
	if (rc >= 0 || stop)
		return EXIT_SUCCESS;
	log_error("%s", err.text);
	return rc == ERROR_INPUT || rc == ERROR_USAGE ? EXIT_USAGE : EXIT_UNAVAILABLE;
}
