#include "producer/cli/session.h"

#include "producer/cli/moment.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TIMEOUT_MS = 5000, KAFKA_LINES_MAX = 200, MAX_AGE_MAX_MS = 24 * 3600 * 1000 };

static const struct config_setting own_settings[] = {
	{ "as", "USER", "SHAREBUS_USER", NULL, "user who asks; default: the login name" },
	{ "max-age", "TIME", "SHAREBUS_MAX_AGE", "60s", "how old an answer of the index may be" },
	{ NULL, NULL, NULL, NULL, NULL },
};
static const struct config_setting *const settings[] = { config_shared, own_settings, NULL };

int session_open(struct session *s, struct error *err)
{
	*s = (struct session){ .wait_ms = 10000 };
	arena_init(&s->arena);
	s->config = config_new(settings);
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

	if (duration_parse(text, MAX_AGE_MAX_MS, out))
		return 0;
	return error_set(err, ERROR_USAGE,
			 "max-age is \"%s\"; give a time such as 5s or 2m, up to 24h", text);
}

int session_client(struct session *s, struct error *err)
{
	const char *kafka[2 * KAFKA_LINES_MAX + 1] = { NULL };
	int64_t max_age_ms = 0;
	int rc = s->client ? 0 : read_max_age(s, &max_age_ms, err);
	const struct sharebus_options options = {
		.brokers = config_get(s->config, "brokers"),
		.redis = config_get(s->config, "redis"),
		.prefix = config_get(s->config, "prefix"),
		.source = "cli",
		.timeout_ms = s->wait_ms && s->wait_ms < TIMEOUT_MS ? (int)s->wait_ms : TIMEOUT_MS,
		.max_age_ms = (int)max_age_ms,
		.kafka = kafka,
	};

	if (s->client || rc)
		return rc;
	for (size_t i = 0; i < KAFKA_LINES_MAX; i++)
		if (!config_kafka_line(s->config, i, &kafka[2 * i], &kafka[2 * i + 1]))
			break;
	return session_failed(s, sharebus_open(&s->client, &options), err);
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
	return rc == ERROR_INPUT ? EXIT_NO : EXIT_UNAVAILABLE;
}
