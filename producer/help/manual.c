#include "producer/help/manual.h"

#include "ops/support/settings.h"
#include "producer/cli/failure.h"
#include "producer/help/roff.h"

#include <stdio.h>
#include <string.h>

enum { LINE_SIZE = 1024 };

/* ---- parts of pages ---- */

static void tell_flags(const struct flag *table)
{
	char name[64];

	for (const struct flag *f = table; f && f->name; f++) {
		(void)snprintf(name, sizeof(name), "--%s", f->name);
		roff_term(name, f->value);
		roff_text(f->help);
	}
}

/* As a flag, which a password is not, with its environment variable and its default. */
static void tell_setting(const struct config_setting *s, bool as_flag)
{
	const char *fallback = s->fallback && s->fallback[0] ? s->fallback : NULL;
	bool secret = config_is_secret(s);
	char line[LINE_SIZE];

	(void)snprintf(line, sizeof(line), "%s%s", as_flag && !secret ? "--" : "", s->key);
	roff_term(line, s->value ? s->value : as_flag ? NULL : "yes|no");
	(void)snprintf(line, sizeof(line), "%s.%s%s%s%s%s%s", s->help,
		       s->env ? " Environment: " : "", s->env ? s->env : "", s->env ? "." : "",
		       fallback ? " Default: " : "", fallback ? fallback : "", fallback ? "." : "");
	roff_text(line);
	if (as_flag && secret)
		roff_text("No flag, because everybody can see the flags of a process.");
}

static void tell_settings(const struct config_setting *table, bool as_flags)
{
	for (const struct config_setting *s = table; s->key; s++)
		tell_setting(s, as_flags);
}

static void tell_files(void)
{
	roff_section("FILES");
	roff_term("~/.config/sharebus/sharebus.conf", NULL);
	roff_text("The configuration of a user, in XDG_CONFIG_HOME if that is set.");
	roff_term("/etc/sharebus/sharebus.conf", NULL);
	roff_text("The configuration of the system, if the user has none; see sharebus.conf(5).");
}

/* ---- sharebus(1) ---- */

static void tell_command(const struct command_def *c)
{
	char line[LINE_SIZE];

	(void)snprintf(line, sizeof(line), "%s%s%s%s%s", c->group ? c->group : "",
		       c->group ? " " : "", c->name, c->operands[0] ? " " : "", c->operands);
	roff_subsection(line);
	roff_text(c->summary);
	if (c->print_more) {
		c->print_more();
		(void)putchar('\n');
	}
	if (c->alias) {
		(void)snprintf(line, sizeof(line), "Also: %s%s%s.", c->group ? c->group : "",
			       c->group ? " " : "", c->alias);
		roff_text(line);
	}
	(void)snprintf(line, sizeof(line), "sharebus %s", c->example);
	roff_example(line);
	tell_flags(c->flags);
}

static void tell_usage(void)
{
	roff_section("SYNOPSIS");
	roff_text("sharebus <command> [flags]");
	roff_section("DESCRIPTION");
	roff_text("Commands go over Kafka; sharebus-consumer(8) applies them to an index of grants "
		  "in Redis, from which all questions are answered. Flags may stand anywhere, as "
		  "--flag value or --flag=value. A flag beats the environment, which beats the "
		  "configuration file.");
	roff_paragraph("<workspace> is the name of a workspace of mine, owner/name, or an id.");
}

static void tell_exits(void)
{
	static const char *const meanings[][2] = {
		{ "0", "Done; the answer is yes." },
		{ "1", "The answer is no, or a rule rejects the command." },
		{ "2", "Wrong usage; nothing was sent." },
		{ "3",
		  "Unavailable, or not in time; --command-id repeats the command without doing "
		  "it twice." },
		{ "4", "A name is not known, or several have it; nothing was sent." },
	};

	roff_section("EXIT STATUS");
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		roff_term(meanings[i][0], NULL);
		roff_text(meanings[i][1]);
	}
}

static void print_sharebus(const struct command_def *commands)
{
	roff_begin("SHAREBUS", "1", "User Commands");
	roff_section("NAME");
	roff_text("sharebus - share workspaces over the bus, ask who may what, and look after it");
	tell_usage();
	roff_section("COMMANDS");
	for (const struct command_def *c = commands; c->name; c++)
		tell_command(c);
	roff_section("FLAGS OF ALL COMMANDS");
	tell_flags(common_flags);
	roff_term("--config", "FILE");
	roff_text("The configuration file. Environment: SHAREBUS_CONFIG.");
	roff_term("--help", NULL);
	roff_text("What a command does, and its flags.");
	tell_settings(settings_sharebus, true);
	tell_settings(settings_shared, true);
	tell_exits();
	tell_files();
	roff_section("SEE ALSO");
	roff_text("sharebus-consumer(8), sharebus.conf(5)");
}

/* ---- sharebus-consumer(8) ---- */

static void tell_common_flags(void)
{
	roff_term("--config", "FILE");
	roff_text("The configuration file. Environment: SHAREBUS_CONFIG.");
	roff_term("--help", NULL);
	roff_text("Prints the settings.");
	roff_term("--version", NULL);
	roff_text("Prints the version.");
}

static void tell_daemon_exits(void)
{
	roff_section("EXIT STATUS");
	roff_term("0", NULL);
	roff_text("It was stopped.");
	roff_term("2", NULL);
	roff_text("A setting is wrong.");
	roff_term("3", NULL);
	roff_text("A person must act; the log's last line says how.");
}

static void print_consumer(const struct command_def *commands)
{
	(void)commands;
	roff_begin("SHAREBUS-CONSUMER", "8", "System Administration");
	roff_section("NAME");
	roff_text("sharebus-consumer - apply the commands of sharing.commands to the index in "
		  "Redis");
	roff_section("SYNOPSIS");
	roff_text("sharebus-consumer [--config FILE] [--SETTING VALUE]...");
	roff_section("DESCRIPTION");
	roff_text("Applies each command once, and publishes what became of it. Any number of "
		  "consumers share the partitions of the topic; when one ends, the others take "
		  "over. It waits while Kafka or Redis are away, and ends with 0 within 20 s of "
		  "SIGTERM or SIGINT. SIGHUP is ignored.");
	roff_section("SETTINGS");
	tell_settings(settings_daemon, true);
	tell_settings(settings_consumer, true);
	tell_settings(settings_shared, true);
	tell_common_flags();
	roff_section("SYSTEMD");
	roff_text("sharebus-consumer.service runs one consumer, sharebus-consumer@NAME.service one "
		  "more under an --instance name of its own. It is ready once the partitions that "
		  "the group gives it are, or others have them all; systemctl status says what it "
		  "does or waits for; and a loop that hangs is not vouched for, so that the "
		  "watchdog starts it anew.");
	tell_daemon_exits();
	tell_files();
	roff_section("SEE ALSO");
	roff_text("sharebus(1), sharebus-notifier(8), sharebus.conf(5), systemd.service(5)");
}

/* ---- sharebus-notifier(8) ---- */

static void tell_endpoints(void)
{
	roff_section("ENDPOINTS");
	roff_text(
		"A section [endpoint NAME] of the configuration file for each place that is told.");
	for (const struct endpoint_setting *e = settings_endpoint; e->key; e++) {
		roff_term(e->key, e->value);
		roff_text(e->help);
	}
}

static void print_notifier(const struct command_def *commands)
{
	(void)commands;
	roff_begin("SHAREBUS-NOTIFIER", "8", "System Administration");
	roff_section("NAME");
	roff_text("sharebus-notifier - tell people and programs what has become of sharing");
	roff_section("SYNOPSIS");
	roff_text("sharebus-notifier [--config FILE] [--SETTING VALUE]...");
	roff_section("DESCRIPTION");
	roff_text(
		"Reads sharing.notifications and sharing.handoffs, and delivers to webhooks, mail "
		"servers, inboxes and programs: at least once, each delivery under one id for "
		"ever. What does not arrive is tried again, and stands in sharing.deliveries "
		"until it has; an endpoint that does not work delays no other. Any number of "
		"notifiers share the partitions.");
	roff_section("SETTINGS");
	tell_settings(settings_daemon, true);
	tell_settings(settings_notifier, true);
	tell_settings(settings_shared, true);
	tell_common_flags();
	tell_endpoints();
	tell_daemon_exits();
	tell_files();
	roff_section("SEE ALSO");
	roff_text("sharebus(1), sharebus-consumer(8), sharebus.conf(5), systemd.service(5)");
}

/* ---- sharebus.conf(5) ---- */

static void print_conf(const struct command_def *commands)
{
	(void)commands;
	roff_begin("SHAREBUS.CONF", "5", "File Formats");
	roff_section("NAME");
	roff_text("sharebus.conf - the configuration of sharebus, sharebus-consumer and "
		  "sharebus-notifier");
	roff_section("DESCRIPTION");
	roff_text("One file for all programs: each takes the settings that are its own. A line is "
		  "`key = value`, or empty, or a comment if it begins with # or ;. The value is "
		  "all that follows, without the blanks around it: there are no quotes. No key may "
		  "stand twice. A file with a password in it must not be readable by everybody.");
	roff_paragraph(
		"Lines after [kafka] go to librdkafka, whose CONFIGURATION.md explains them: "
		"TLS and SASL belong there. What the guarantees rest on is refused by name.");
	roff_section("SETTINGS OF ALL PROGRAMS");
	tell_settings(settings_shared, false);
	roff_section("SETTINGS OF SHAREBUS-CONSUMER AND SHAREBUS-NOTIFIER");
	tell_settings(settings_daemon, false);
	roff_section("SETTINGS OF SHAREBUS-CONSUMER");
	tell_settings(settings_consumer, false);
	roff_section("SETTINGS OF SHAREBUS-NOTIFIER");
	tell_settings(settings_notifier, false);
	tell_endpoints();
	roff_section("SETTINGS OF SHAREBUS");
	tell_settings(settings_sharebus, false);
	roff_section("EXAMPLES");
	roff_example("brokers = kafka-1:9093,kafka-2:9093\n"
		     "redis = rediss://sharebus@redis.example.com\n"
		     "redis-password-file = /etc/sharebus/redis-password\n"
		     "\n"
		     "[kafka]\n"
		     "security.protocol = ssl\n"
		     "ssl.ca.location = /etc/ssl/certs/kafka.pem");
	tell_files();
	roff_section("SEE ALSO");
	roff_text("sharebus(1), sharebus-consumer(8), sharebus-notifier(8)");
}

enum exit_code run_manual(struct session *s, const struct arguments *a)
{
	static const struct {
		const char *name;
		void (*print)(const struct command_def *commands);
	} pages[] = {
		{ "sharebus", print_sharebus },
		{ "sharebus-consumer", print_consumer },
		{ "sharebus-notifier", print_notifier },
		{ "sharebus.conf", print_conf },
	};
	struct error err = { 0 };

	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		if (strcmp(a->operands[0], pages[i].name) != 0)
			continue;
		pages[i].print(a->commands);
		return EXIT_DONE;
	}
	(void)error_set(&err, ERROR_USAGE,
			"there is no page \"%s\"; it must be sharebus, sharebus-consumer, "
			"sharebus-notifier or sharebus.conf",
			a->operands[0]);
	return failure_report(s, &err);
}
