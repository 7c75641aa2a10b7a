#include "consumer/notifier/endpoints.h"

#include "consumer/notifier/mail_header.h"
#include "consumer/notifier/render.h"
#include "consumer/notifier/site.h"
#include "ops/support/file.h"
#include "ops/support/memory.h"
#include "ops/support/number.h"

#include <stdlib.h>
#include <string.h>

enum {
	SECRET_FILE_MAX_BYTES = 4096,
	ATTEMPTS_DEFAULT = 100,
	ATTEMPTS_MAX = 1000000,
	TIMEOUT_DEFAULT_MS = 10 * 1000,
	TIMEOUT_MAX_MS = 5 * 60 * 1000,
	WORDS_MAX = 64,
};

#define GIVE_UP_DEFAULT_MS ((int64_t)24 * 3600 * 1000)
#define GIVE_UP_MAX_MS     ((int64_t)30 * 24 * 3600 * 1000)

/* The endpoint that is being read. */
struct reading {
	const struct config *config;
	const char *name;
	struct endpoint *e;
};

static const char *get_value(const struct reading *r, const char *key)
{
	return config_endpoint_get(r->config, r->name, key);
}

/* Puts the endpoint's name and its line before the sentence that is there. */
static int blame_key(const struct reading *r, const char *key, struct error *err)
{
	(void)error_prefix(err, "endpoint %s", r->name);
	return config_blame_endpoint(r->config, r->name, key, err);
}

static int refuse_value(const struct reading *r, const char *key, const char *must,
			struct error *err)
{
	(void)error_set(err, ERROR_INPUT, "%s is \"%s\"; it must be %s", key, get_value(r, key),
			must);
	return blame_key(r, key, err);
}

static char *copy_text(const char *text)
{
	return text ? memory_must(strdup(text)) : NULL;
}

/* ---- values ---- */

static int read_yes(const struct reading *r, const char *key, bool fallback, bool *out,
		    struct error *err)
{
	const char *value = get_value(r, key);

	if (value && strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
		return refuse_value(r, key, "yes or no", err);
	*out = value ? strcmp(value, "yes") == 0 : fallback;
	return 0;
}

/* The index of the value among the names, the last of which is NULL, or -1. */
static int find_name(const char *value, const char *const *names)
{
	for (int i = 0; names[i]; i++)
		if (strcmp(value, names[i]) == 0)
			return i;
	return -1;
}

static bool parse_time(const char *text, int64_t max_ms, int64_t *out)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = { { "ms", 1 },
		      { "s", 1000 },
		      { "m", 60000 },
		      { "h", 3600000 },
		      { "d", INT64_C(86400000) } };
	struct bytes rest = bytes_of(text);
	int64_t value = 0;

	if (!number_take(&rest, &value) || value < 1)
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!bytes_equal_text(rest, units[i].unit) || value > max_ms / units[i].ms)
			continue;
		*out = value * units[i].ms;
		return true;
	}
	return false;
}

static int read_time(const struct reading *r, const char *key, int64_t fallback, int64_t max_ms,
		     int64_t *out, struct error *err)
{
	const char *value = get_value(r, key);

	*out = fallback;
	if (value && !parse_time(value, max_ms, out))
		return refuse_value(r, key,
				    max_ms == TIMEOUT_MAX_MS ? "a time such as 10s, up to 5m"
							     : "a time such as 12h, up to 30d",
				    err);
	return 0;
}

static int read_number(const struct reading *r, const char *key, int64_t fallback, int64_t max,
		       int64_t *out, struct error *err)
{
	const char *value = get_value(r, key);

	*out = fallback;
	if (value && !number_parse(bytes_of(value), 1, max, out))
		return refuse_value(r, key, "a number from 1 to 1000000", err);
	return 0;
}

/* Splits a text at commas or, if blanks, at blanks, into a list that ends with NULL; NULL: there are too many. */
static char **split_words(const char *text, const char *separators)
{
	char **list = memory_zalloc(WORDS_MAX + 1, sizeof(*list));
	size_t count = 0;

	while (*text) {
		size_t len;

		text += strspn(text, separators);
		len = strcspn(text, separators);
		if (len && count == WORDS_MAX) {
			for (size_t i = 0; i < count; i++)
				free(list[i]);
			free((void *)list);
			return NULL;
		}
		if (len)
			list[count++] = memory_must(strndup(text, len));
		text += len;
	}
	return list;
}

static int read_list(const struct reading *r, const char *key, const char *separators, char ***out,
		     struct error *err)
{
	const char *value = get_value(r, key);

	if (!value)
		return 0;
	*out = split_words(value, separators);
	return *out && **out ? 0 : refuse_value(r, key, "a list of 1 to 64 words", err);
}

/* ---- what it is told of ---- */

static int read_kinds(const struct reading *r, struct error *err)
{
	char **names = NULL;
	int rc = read_list(r, "kinds", ", ", &names, err);

	for (size_t i = 0; !rc && names && names[i]; i++) {
		int kind = symbol_parse(notification_kind_symbols, names[i]);

		if (kind)
			r->e->kinds |= 1U << kind;
		else
			rc = refuse_value(r, "kinds",
					  "some of workspace_shared, role_changed, expiry_changed, "
					  "access_removed, access_expired, owner_notice, "
					  "ownership_changed, workspace_deleted, handoff_offered, "
					  "handoff_accepted and so on",
					  err);
	}
	for (size_t i = 0; names && names[i]; i++)
		free(names[i]);
	free((void *)names);
	return rc;
}

static bool has_head(const char *text, const char *head)
{
	return strncmp(text, head, strlen(head)) == 0 && text[strlen(head)];
}

static int read_recipients(const struct reading *r, struct error *err)
{
	int rc = read_list(r, "recipients", ", ", &r->e->recipients, err);

	for (char **one = r->e->recipients; !rc && one && *one; one++)
		if (!has_head(*one, "user:") && !has_head(*one, "group:"))
			rc = refuse_value(r, "recipients",
					  "a list of user:NAME and group:NAME, separated by commas",
					  err);
	return rc;
}

/* A mail and an inbox have a recipient, whom a handoff has not. */
static bool is_personal(const struct endpoint *e)
{
	return e->kind == ENDPOINT_SMTP || e->kind == ENDPOINT_INBOX;
}

static const char *default_topics(const struct endpoint *e)
{
	if (is_personal(e) || e->profile == PROFILE_CODER)
		return "notifications";
	if (e->profile == PROFILE_CODER_AUTOMATION || e->profile == PROFILE_A2A_PUSH)
		return "handoffs";
	return "both";
}

static int read_topics(const struct reading *r, struct error *err)
{
	static const char *const names[] = { "notifications", "handoffs", "both", NULL };
	const char *value = get_value(r, "topics");
	int at = find_name(value ? value : default_topics(r->e), names);

	if (at < 0)
		return refuse_value(r, "topics", "notifications, handoffs or both", err);
	if (at && is_personal(r->e))
		return refuse_value(r, "topics",
				    "notifications, because only these have a recipient", err);
	if (at && r->e->profile == PROFILE_CODER)
		return refuse_value(r, "topics",
				    "notifications, because the profile coder has no form for "
				    "anything else",
				    err);
	if (at != 1 && r->e->profile == PROFILE_A2A_PUSH)
		return refuse_value(r, "topics",
				    "handoffs, because the profile a2a-push has no form for "
				    "anything else",
				    err);
	r->e->notifications = at != 1;
	r->e->handoffs = at != 0;
	return 0;
}

static int read_filters(const struct reading *r, struct error *err)
{
	int rc = read_topics(r, err);

	if (!rc)
		rc = read_kinds(r, err);
	if (!rc)
		rc = read_list(r, "organizations", ", ", &r->e->organizations, err);
	return rc ? rc : read_recipients(r, err);
}

static int read_manner(const struct reading *r, struct error *err)
{
	struct endpoint *e = r->e;
	int rc = read_yes(r, "ordered", false, &e->ordered, err);

	if (!rc)
		rc = read_yes(r, "allow-private", false, &e->allow_private, err);
	if (!rc)
		rc = read_time(r, "timeout", TIMEOUT_DEFAULT_MS, TIMEOUT_MAX_MS, &e->timeout_ms,
			       err);
	if (!rc)
		rc = read_number(r, "max-attempts", ATTEMPTS_DEFAULT, ATTEMPTS_MAX,
				 &e->max_attempts, err);
	if (!rc)
		rc = read_time(r, "give-up-after", GIVE_UP_DEFAULT_MS, GIVE_UP_MAX_MS,
			       &e->give_up_ms, err);
	return rc;
}

/* ---- secrets ---- */

/* Reads a file for its owner's eyes; *out is the caller's. */
static int read_secret_file(const struct reading *r, const char *key, char **out, struct error *err)
{
	struct file_content file = { 0 };
	int rc = file_read(&file, get_value(r, key), SECRET_FILE_MAX_BYTES, err);

	if (!rc && file.is_public)
		rc = error_set(err, ERROR_INPUT, "everybody may read %s; run `chmod o-rw %s`",
			       get_value(r, key), get_value(r, key));
	if (!rc)
		*out = memory_must(strndup((const char *)file.bytes.data, file.bytes.len));
	file_content_done(&file);
	if (!rc)
		return 0;
	err->code = ERROR_INPUT;
	return blame_key(r, key, err);
}

/* No message shows the secret, nor a part of it. */
static int check_secrets(const struct reading *r, const char *key, struct error *err)
{
	if (!render_check_secrets(r->e, err))
		return 0;
	err->code = ERROR_INPUT;
	return blame_key(r, key, err);
}

static int read_secrets(const struct reading *r, struct error *err)
{
	const char *key = get_value(r, "secret-file") ? "secret-file" : "secret";
	char *text = NULL;
	char **words = NULL;
	int rc = 0;

	if (get_value(r, "secret") && get_value(r, "secret-file")) {
		(void)error_set(err, ERROR_INPUT, "it has both secret and secret-file");
		return blame_key(r, "secret", err);
	}
	if (get_value(r, "secret-file"))
		rc = read_secret_file(r, key, &text, err);
	else
		text = copy_text(get_value(r, "secret"));
	if (rc)
		return rc;
	words = text ? split_words(text, " \t\r\n") : NULL;
	for (size_t i = 0; words && words[i]; i++) {
		if (r->e->secret_count < ENDPOINT_SECRETS_MAX) {
			r->e->secrets[r->e->secret_count++] = words[i];
			continue;
		}
		free(words[i]);
		rc = ERROR_INPUT;
	}
	free((void *)words);
	free(text);
	if (!rc)
		return check_secrets(r, key, err);
	(void)error_set(err, ERROR_INPUT, "%s has more than %d", key, ENDPOINT_SECRETS_MAX);
	return blame_key(r, key, err);
}

/* ---- kinds of endpoints ---- */

static int need_value(const struct reading *r, const char *key, char **out, struct error *err)
{
	const char *value = get_value(r, key);

	if (!value || !value[0]) {
		(void)error_set(err, ERROR_INPUT, "it lacks %s", key);
		return blame_key(r, key, err);
	}
	if (out)
		*out = copy_text(value);
	return 0;
}

/* A user without a password is one, too. */
static bool names_user(const char *url)
{
	const char *host = strstr(url, "://") + strlen("://");

	return memchr(host, '@', strcspn(host, "/?#")) != NULL;
}

static int check_scheme(const struct reading *r, const char *one, const char *other,
			const char *must, struct error *err)
{
	const char *url = get_value(r, "url");
	bool good = has_head(url, one) || has_head(url, other);
	struct site site;

	/* An address with a password in it would stand in messages. */
	if (!good || config_has_password(url) || names_user(url) || strpbrk(url, " \t\"<>"))
		(void)error_set(err, ERROR_INPUT,
				"url must be %s, without blanks, user and password", must);
	else if (!site_parse(&site, url))
		(void)error_set(err, ERROR_INPUT,
				"url must have a host, and a port from 1 to 65535 if it has one");
	else
		return 0;
	return blame_key(r, "url", err);
}

static int read_webhook(const struct reading *r, struct error *err)
{
	static const char *const names[] = { "standard",   "coder",    "coder-automation",
					     "mcp-events", "a2a-push", NULL };
	const char *profile = get_value(r, "profile");
	int at = profile ? find_name(profile, names) : 0;
	int rc;

	if (at < 0)
		return refuse_value(r, "profile",
				    "standard, coder, coder-automation, mcp-events or a2a-push",
				    err);
	r->e->profile = (enum profile)(PROFILE_STANDARD + at);
	rc = need_value(r, "url", &r->e->url, err);
	if (!rc)
		rc = check_scheme(r, "https://", "http://", "https:// or http://", err);
	return rc ? rc : read_secrets(r, err);
}

/* The first line, without its end. */
static void cut_line(char *text)
{
	text[strcspn(text, "\r\n")] = 0;
}

static int read_mail(const struct reading *r, struct error *err)
{
	struct endpoint *e = r->e;
	struct mailbox from = { 0 };
	int rc = need_value(r, "url", &e->url, err);

	if (!rc)
		rc = check_scheme(r, "smtps://", "smtp://", "smtp:// or smtps://", err);
	if (!rc)
		rc = need_value(r, "from", &e->from, err);
	if (!rc && !mailbox_parse(bytes_of(e->from), &from))
		rc = refuse_value(r, "from", "an address, perhaps with a name before it", err);
	if (!rc)
		rc = read_yes(r, "starttls", true, &e->starttls, err);
	if (rc)
		return rc;
	e->user = copy_text(get_value(r, "user"));
	if (!e->user != !get_value(r, "password-file")) {
		(void)error_set(err, ERROR_INPUT, "user and password-file go together");
		return blame_key(r, e->user ? "user" : "password-file", err);
	}
	rc = e->user ? read_secret_file(r, "password-file", &e->password, err) : 0;
	if (!rc && e->password)
		cut_line(e->password);
	return rc;
}

static int read_command(const struct reading *r, struct error *err)
{
	int rc = need_value(r, "command", NULL, err);

	if (!rc)
		rc = read_list(r, "command", " \t", &r->e->argv, err);
	if (!rc && r->e->argv[0][0] != '/')
		rc = refuse_value(r, "command", "the path of a program, from /, and its arguments",
				  err);
	return rc;
}

/* Which kinds of endpoints have a setting; bits by enum endpoint_kind. */
enum {
	OF_WEBHOOK = 1 << ENDPOINT_WEBHOOK,
	OF_SMTP = 1 << ENDPOINT_SMTP,
	OF_EXEC = 1 << ENDPOINT_EXEC,
};

static const struct {
	const char *key;
	unsigned kinds;
} limited[] = {
	{ "profile", OF_WEBHOOK },     { "url", OF_WEBHOOK | OF_SMTP }, { "secret", OF_WEBHOOK },
	{ "secret-file", OF_WEBHOOK }, { "allow-private", OF_WEBHOOK }, { "user", OF_SMTP },
	{ "password-file", OF_SMTP },  { "starttls", OF_SMTP },         { "from", OF_SMTP },
	{ "command", OF_EXEC },
};

static int check_keys(const struct reading *r, struct error *err)
{
	for (size_t i = 0; i < sizeof(limited) / sizeof(limited[0]); i++) {
		if (!get_value(r, limited[i].key) || limited[i].kinds & 1U << r->e->kind)
			continue;
		(void)error_set(err, ERROR_INPUT, "%s is no setting of an endpoint of type %s",
				limited[i].key, get_value(r, "type"));
		return blame_key(r, limited[i].key, err);
	}
	return 0;
}

static int read_kind(const struct reading *r, struct error *err)
{
	switch (r->e->kind) {
	case ENDPOINT_WEBHOOK:
		return read_webhook(r, err);
	case ENDPOINT_SMTP:
		return read_mail(r, err);
	case ENDPOINT_INBOX:
		return 0;
	case ENDPOINT_EXEC:
		return read_command(r, err);
	}
	return 0;
}

static int read_endpoint(const struct reading *r, struct error *err)
{
	static const char *const names[] = { "webhook", "smtp", "inbox", "exec", NULL };
	int rc = need_value(r, "type", NULL, err);
	int at = rc ? 0 : find_name(get_value(r, "type"), names);

	if (at < 0)
		return refuse_value(r, "type", "webhook, smtp, inbox or exec", err);
	r->e->kind = (enum endpoint_kind)(ENDPOINT_WEBHOOK + at);
	if (!rc)
		rc = check_keys(r, err);
	if (!rc)
		rc = read_kind(r, err);
	if (!rc)
		rc = read_filters(r, err);
	return rc ? rc : read_manner(r, err);
}

int endpoints_read(struct endpoints *out, const struct config *config, struct error *err)
{
	struct endpoints all = { memory_zalloc(CONFIG_ENDPOINTS_MAX, sizeof(*all.list)), 0 };
	const char *name;
	int rc = 0;

	while (!rc && (name = config_endpoint(config, all.count)) != NULL) {
		struct endpoint *e = &all.list[all.count++];
		const struct reading r = { config, name, e };

		e->name = copy_text(name);
		rc = read_endpoint(&r, err);
	}
	if (rc)
		endpoints_done(&all);
	else
		*out = all;
	return rc;
}

/* ---- freeing ---- */

/* Not a plain memset(), which a compiler may leave out. */
static void wipe_text(char *text)
{
	for (volatile char *p = text; p && *p; p++)
		*p = 0;
	free(text);
}

static void free_list(char **list)
{
	for (size_t i = 0; list && list[i]; i++)
		free(list[i]);
	free((void *)list);
}

void endpoints_done(struct endpoints *all)
{
	for (size_t i = 0; i < all->count; i++) {
		struct endpoint *e = &all->list[i];

		for (size_t s = 0; s < e->secret_count; s++)
			wipe_text(e->secrets[s]);
		wipe_text(e->password);
		free(e->name);
		free(e->url);
		free(e->from);
		free(e->user);
		free_list(e->argv);
		free_list(e->organizations);
		free_list(e->recipients);
	}
	free(all->list);
	*all = (struct endpoints){ 0 };
}
