#include "producer/cli/session.h"

#include "ops/support/clock.h"
#include "ops/support/settings.h"
#include "producer/cli/moment.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TIMEOUT_MS = 5000, MAX_AGE_MAX_MS = 24 * 3600 * 1000 };

static const struct config_setting *const tables[] = { settings_shared, settings_sharebus, NULL };

int session_open(struct session *s, struct error *err)
{
	*s = (struct session){ .wait_ms = 10000 };
	arena_init(&s->arena);
	s->config = config_new(tables);
	return s->config ? 0 : error_set(err, ERROR_NOMEM, "out of memory");
}

void session_close(struct session *s)
{
	sharebus_close(&s->client);
	config_free(&s->config);
	arena_done(&s->arena);
}

int session_failed(const struct session *s, int rc, struct error *err)
{
	return rc < 0 ? error_set(err, (enum error_code)rc, "%s", sharebus_error(s->client)) : rc;
}

static int read_max_age(const struct session *s, int64_t *out, struct error *err)
{
	const char *text = config_get(s->config, "max-age");

	const char *wrong = duration_parse(text, MAX_AGE_MAX_MS, out);

	if (!wrong)
		return 0;
	(void)error_set(err, ERROR_USAGE,
			"max-age is \"%s\": %s; give a span such as 5s or 2m, up to 24h", text,
			wrong);
	return config_blame(s->config, "max-age", err);
}

int session_client(struct session *s, struct error *err)
{
	const char *kafka[2 * CONFIG_KAFKA_MAX + 1] = { NULL };
	int64_t max_age_ms = 0;
	int rc = s->client ? 0 : read_max_age(s, &max_age_ms, err);
	const struct sharebus_options options = {
		.brokers = config_get(s->config, "brokers"),
		.redis = config_get(s->config, "redis"),
		.redis_password = config_get(s->config, "redis-password"),
		.redis_password_file = config_get(s->config, "redis-password-file"),
		.redis_ca = config_get(s->config, "redis-ca"),
		.redis_cert = config_get(s->config, "redis-cert"),
		.redis_key = config_get(s->config, "redis-key"),
		.prefix = config_get(s->config, "prefix"),
		.keys_file = config_get(s->config, "keys-file"),
		.signing_key = config_get(s->config, "signing-key"),
		.source = "cli",
		.timeout_ms = s->wait_ms && s->wait_ms < TIMEOUT_MS ? (int)s->wait_ms : TIMEOUT_MS,
		.max_age_ms = (int)max_age_ms,
		.kafka = kafka,
	};

	if (s->client || rc)
		return rc;
	for (size_t i = 0; i < CONFIG_KAFKA_MAX; i++)
		if (!config_kafka_line(s->config, i, &kafka[2 * i], &kafka[2 * i + 1]))
			break;
	return session_failed(s, sharebus_open(&s->client, &options), err);
}

int session_wait_left(const struct session *s)
{
	int64_t left = s->deadline_ms - clock_monotonic_ms();

	if (!s->wait_ms)
		return 0;
	return left > 0 ? (int)left : 1;
}

static const char *login_name(void)
{
	const struct passwd *pw = getpwuid(getuid());

	return pw ? pw->pw_name : "";
}

int session_me(struct session *s, struct error *err)
{
	const char *name = config_get(s->config, "as");
	struct sharebus_id found;
	int rc = session_client(s, err);

	if (rc)
		return rc;
	name = name ? name : login_name();
	rc = sharebus_find_user(s->client, name, &found);
	if (rc == SHAREBUS_NOT_FOUND)
		return error_set(err, ERROR_INPUT,
				 "there is no user %s; say who you are with --as or SHAREBUS_USER",
				 name);
	if (!rc)
		s->me = found;
	return session_failed(s, rc, err);
}

int session_workspace(struct session *s, const char *text, struct sharebus_id *out,
		      struct error *err)
{
	struct sharebus_id id;
	bool mine = !strchr(text, '/') && sharebus_parse_id(&id, text);
	int rc = mine ? session_me(s, err) : session_client(s, err);

	if (rc)
		return rc;
	return session_failed(
		s, sharebus_find_workspace(s->client, mine ? &s->me : NULL, text, out), err);
}

int session_user(struct session *s, const char *text, struct sharebus_id *out, struct error *err)
{
	int rc;

	if (strcmp(text, "me") == 0) {
		rc = session_me(s, err);
		if (!rc)
			*out = s->me;
		return rc;
	}
	rc = session_client(s, err);
	return rc ? rc : session_failed(s, sharebus_find_user(s->client, text, out), err);
}

enum exit_code exit_code_of(int rc)
{
	if (rc == 0)
		return EXIT_DONE;
	if (rc == ERROR_USAGE)
		return EXIT_USAGE;
	return rc == ERROR_INPUT ? EXIT_UNKNOWN : EXIT_UNAVAILABLE;
}
