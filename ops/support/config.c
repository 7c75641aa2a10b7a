#include "ops/support/config.h"

#include "ops/support/config_file.h"
#include "ops/support/file.h"
#include "ops/support/kafka_guard.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A setting's value; NULL: not set yet. */
struct value {
	char *text;
	int line; /* of the file; 0: it came from elsewhere */
};

/* Of section [kafka]. */
struct line {
	char *name;
	struct value value;
};

/* Of a section [endpoint NAME]. */
struct endpoint_line {
	char *endpoint;
	struct line line;
};

struct config {
	const struct config_setting **settings;
	size_t count;
	struct value *values; /* one per setting */
	struct line *kafka;
	size_t kafka_count;
	struct endpoint_line *endpoints; /* in the order of the file */
	size_t endpoint_line_count;
	char *path; /* of the file; NULL: none was read */
};

bool config_is_secret(const struct config_setting *s)
{
	static const char end[] = "-password";
	size_t len = strlen(s->key);

	return len >= strlen(end) && strcmp(s->key + len - strlen(end), end) == 0;
}

bool config_has_password(const char *value)
{
	const char *rest = strstr(value, "://");
	const char *at = rest ? strrchr(rest, '@') : NULL;
	const char *colon = rest ? strchr(rest + strlen("://"), ':') : NULL;

	return at && colon && colon < at;
}

void config_free(struct config **cp)
{
	struct config *c = *cp;

	if (!c)
		return;
	for (size_t i = 0; c->values && i < c->count; i++)
		free(c->values[i].text);
	for (size_t i = 0; i < c->kafka_count; i++) {
		free(c->kafka[i].name);
		free(c->kafka[i].value.text);
	}
	for (size_t i = 0; i < c->endpoint_line_count; i++) {
		free(c->endpoints[i].endpoint);
		free(c->endpoints[i].line.name);
		free(c->endpoints[i].line.value.text);
	}
	free((void *)c->settings);
	free(c->values);
	free(c->endpoints);
	free(c->kafka);
	free(c->path);
	free(c);
	*cp = NULL;
}

/* Lists the settings of all tables; returns how many they are. The list may be NULL. */
static size_t list_settings(const struct config_setting *const *tables,
			    const struct config_setting **list)
{
	size_t count = 0;

	for (; *tables; tables++)
		for (const struct config_setting *s = *tables; s->key; s++, count++)
			if (list)
				list[count] = s;
	return count;
}

struct config *config_new(const struct config_setting *const *tables)
{
	struct config *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->count = list_settings(tables, NULL);
	c->settings = calloc(c->count + 1, sizeof(const struct config_setting *));
	c->values = calloc(c->count + 1, sizeof(*c->values));
	if (!c->settings || !c->values)
		config_free(&c);
	else
		(void)list_settings(tables, c->settings);
	return c;
}

const struct config_setting *config_setting(const struct config *c, size_t i)
{
	return i < c->count ? c->settings[i] : NULL;
}

/* The index of the setting with that key, or count. */
static size_t find_setting(const struct config *c, const char *key)
{
	size_t i = 0;

	while (i < c->count && strcmp(c->settings[i]->key, key) != 0)
		i++;
	return i;
}

static int put_value(struct config *c, size_t i, const char *text, int line, struct error *err)
{
	char *copy = strdup(text);

	if (!copy)
		return error_set(err, ERROR_NOMEM, "out of memory");
	free(c->values[i].text);
	c->values[i] = (struct value){ copy, line };
	return 0;
}

int config_set(struct config *c, const char *key, const char *value, struct error *err)
{
	size_t i = find_setting(c, key);

	if (i == c->count)
		return error_set(err, ERROR_INPUT, "there is no setting \"%s\"", key);
	return put_value(c, i, value, 0, err);
}

static int append_line(struct config *c, const char *name, const char *value, int number,
		       struct error *err)
{
	struct line *lines = realloc(c->kafka, (c->kafka_count + 1) * sizeof(*lines));
	struct line line = { strdup(name), { strdup(value), number } };

	if (lines)
		c->kafka = lines;
	if (!lines || !line.name || !line.value.text) {
		free(line.name);
		free(line.value.text);
		return error_set(err, ERROR_NOMEM, "out of memory");
	}
	c->kafka[c->kafka_count++] = line;
	return 0;
}

static int add_kafka_line(struct config *c, const char *name, const char *value, int number,
			  struct error *err)
{
	const char *reason = kafka_guard_reason(name);

	if (reason)
		return error_set(err, ERROR_USAGE, "Kafka setting %s must not be set: %s", name,
				 reason);
	if (c->kafka_count == CONFIG_KAFKA_MAX)
		return error_set(err, ERROR_USAGE, "there are more than %d Kafka settings",
				 CONFIG_KAFKA_MAX);
	return append_line(c, name, value, number, err);
}

int config_add_kafka_line(struct config *c, const char *name, const char *value, struct error *err)
{
	return add_kafka_line(c, name, value, 0, err);
}

/* ---- endpoints ---- */

/* The line of that endpoint with that key, or NULL. */
static const struct line *find_endpoint_line(const struct config *c, const char *endpoint,
					     const char *key)
{
	for (size_t i = 0; i < c->endpoint_line_count; i++)
		if (strcmp(c->endpoints[i].endpoint, endpoint) == 0 &&
		    strcmp(c->endpoints[i].line.name, key) == 0)
			return &c->endpoints[i].line;
	return NULL;
}

/* Is it the first line of its endpoint? */
static bool begins_endpoint(const struct config *c, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (strcmp(c->endpoints[i].endpoint, c->endpoints[at].endpoint) == 0)
			return false;
	return true;
}

const char *config_endpoint(const struct config *c, size_t i)
{
	for (size_t at = 0; at < c->endpoint_line_count; at++)
		if (begins_endpoint(c, at) && !i--)
			return c->endpoints[at].endpoint;
	return NULL;
}

const char *config_endpoint_get(const struct config *c, const char *endpoint, const char *key)
{
	const struct line *line = find_endpoint_line(c, endpoint, key);

	return line ? line->value.text : NULL;
}

static int refuse_endpoint_key(const char *key, struct error *err)
{
	const char *nearest = settings_endpoint_nearest(key);

	return error_set(err, ERROR_INPUT, "an endpoint has no setting \"%s\"%s%s%s", key,
			 nearest ? "; did you mean " : "", nearest ? nearest : "",
			 nearest ? "?" : "");
}

static int append_endpoint_line(struct config *c, const char *endpoint, const struct line *line,
				struct error *err)
{
	struct endpoint_line *lines =
		realloc(c->endpoints, (c->endpoint_line_count + 1) * sizeof(*lines));
	struct endpoint_line one = { strdup(endpoint),
				     { strdup(line->name),
				       { strdup(line->value.text), line->value.line } } };

	if (lines)
		c->endpoints = lines;
	if (!lines || !one.endpoint || !one.line.name || !one.line.value.text) {
		free(one.endpoint);
		free(one.line.name);
		free(one.line.value.text);
		return error_set(err, ERROR_NOMEM, "out of memory");
	}
	c->endpoints[c->endpoint_line_count++] = one;
	return 0;
}

static int add_endpoint_line(struct config *c, const char *endpoint, const struct line *line,
			     struct error *err)
{
	const struct line *before = find_endpoint_line(c, endpoint, line->name);
	int rc;

	if (!settings_endpoint_has(line->name))
		return refuse_endpoint_key(line->name, err);
	if (before)
		return error_set(err, ERROR_INPUT, "%s is set a second time, after line %d",
				 line->name, before->value.line);
	rc = append_endpoint_line(c, endpoint, line, err);
	if (!rc && config_endpoint(c, CONFIG_ENDPOINTS_MAX))
		rc = error_set(err, ERROR_INPUT, "there are more than %d endpoints",
			       CONFIG_ENDPOINTS_MAX);
	return rc;
}

/* ---- the file ---- */

/* More than a file can have: each key of [kafka] and each setting of all programs, once. */
enum { SEEN_MAX = CONFIG_KAFKA_MAX + 200 };

struct reading {
	struct config *config;
	struct config_pair seen[SEEN_MAX]; /* what was taken */
	size_t seen_count;
	int secret_line; /* of the first that is a secret; 0: none is */
};

/* The line that has set that key before, or 0. */
static int line_of(const struct reading *r, const struct config_pair *pair)
{
	for (size_t i = 0; i < r->seen_count; i++)
		if (r->seen[i].in_kafka == pair->in_kafka && bytes_equal(r->seen[i].key, pair->key))
			return r->seen[i].line;
	return 0;
}

static int refuse_unknown(const char *key, struct error *err)
{
	const char *nearest = settings_nearest(key);

	if (!nearest && strchr(key, '.'))
		return error_set(err, ERROR_INPUT,
				 "there is no setting \"%s\"; those of Kafka stand after [kafka]",
				 key);
	return error_set(err, ERROR_INPUT, "there is no setting \"%s\"%s%s%s", key,
			 nearest ? "; did you mean " : "", nearest ? nearest : "",
			 nearest ? "?" : "");
}

/* A flag or the environment may have set it already, which counts. */
static int put_pair(struct config *c, const struct config_pair *pair, char *key, char *value,
		    struct error *err)
{
	const struct line line = { key, { value, pair->line } };
	char endpoint[CONFIG_ENDPOINT_NAME_MAX + 1];
	size_t i = find_setting(c, key);

	if (pair->endpoint.data) {
		(void)snprintf(endpoint, sizeof(endpoint), "%.*s", BYTES_ARG(pair->endpoint));
		return add_endpoint_line(c, endpoint, &line, err);
	}
	if (pair->in_kafka)
		return add_kafka_line(c, key, value, pair->line, err);
	if (i < c->count)
		return c->values[i].text ? 0 : put_value(c, i, value, pair->line, err);
	return settings_have(key) ? 0 : refuse_unknown(key, err);
}

static bool holds_secret(const struct config_pair *pair, const char *key, const char *value)
{
	const struct config_setting named = { .key = key };

	if (pair->in_kafka)
		return kafka_guard_is_secret(key, value);
	if (pair->endpoint.data)
		return strcmp(key, "secret") == 0 || config_has_password(value);
	return config_is_secret(&named) || config_has_password(value);
}

static int take_pair(struct reading *r, const struct config_pair *pair, struct error *err)
{
	char *key = strndup((const char *)pair->key.data, pair->key.len);
	char *value = strndup((const char *)pair->value.data, pair->value.len);
	int before = pair->endpoint.data ? 0 : line_of(r, pair);
	int rc;

	if (!key || !value)
		rc = error_set(err, ERROR_NOMEM, "out of memory");
	else if (before)
		rc = error_set(err, ERROR_INPUT, "%s is set a second time, after line %d", key,
			       before);
	else
		rc = put_pair(r->config, pair, key, value, err);
	if (!rc && key && value && !r->secret_line && holds_secret(pair, key, value))
		r->secret_line = pair->line;
	free(key);
	free(value);
	if (rc)
		return error_prefix(err, "line %d", pair->line);
	if (pair->endpoint.data)
		return 0;
	assert(r->seen_count < SEEN_MAX);
	r->seen[r->seen_count++] = *pair;
	return 0;
}

static int read_content(struct config *c, struct bytes content, int *secret_line, struct error *err)
{
	struct reading r = { .config = c };
	struct config_file file;
	struct config_pair pair;
	int rc;

	config_file_init(&file, content);
	while ((rc = config_file_next(&file, &pair, err)) == 1) {
		rc = take_pair(&r, &pair, err);
		if (rc)
			break;
	}
	*secret_line = r.secret_line;
	return rc;
}

static int read_file(struct config *c, const char *path, struct error *err)
{
	struct file_content file = { 0 };
	int secret_line = 0;
	int rc = file_read(&file, path, CONFIG_FILE_MAX_BYTES, err);

	if (rc && access(path, R_OK) && errno == EACCES)
		return error_set(err, ERROR_INPUT,
				 "%s: %s; a file of your own, ~/.config/sharebus/sharebus.conf, "
				 "stands in its place",
				 path, strerror(errno));
	if (rc)
		return rc;
	rc = read_content(c, file.bytes, &secret_line, err);
	if (rc)
		(void)error_prefix(err, "%s", path);
	else if (secret_line && file.is_public)
		rc = error_set(err, ERROR_INPUT,
			       "%s: line %d holds a password or a key, and everybody may read the "
			       "file; run `chmod o-rw %s`",
			       path, secret_line, path);
	file_content_done(&file);
	if (rc)
		return rc;
	free(c->path);
	c->path = strdup(path);
	return c->path ? 0 : error_set(err, ERROR_NOMEM, "out of memory");
}

static int read_environment(struct config *c, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; i < c->count && !rc; i++) {
		const char *value = c->settings[i]->env ? getenv(c->settings[i]->env) : NULL;

		if (!c->values[i].text && value && value[0])
			rc = put_value(c, i, value, 0, err);
	}
	return rc;
}

int config_load_defaults(struct config *c, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; i < c->count && !rc; i++)
		if (!c->values[i].text && c->settings[i]->fallback)
			rc = put_value(c, i, c->settings[i]->fallback, 0, err);
	return rc;
}

int config_load(struct config *c, const char *path, struct error *err)
{
	int rc = read_environment(c, err);

	if (!rc && path)
		rc = read_file(c, path, err);
	return rc ? rc : config_load_defaults(c, err);
}

const char *config_get(const struct config *c, const char *key)
{
	size_t i = find_setting(c, key);

	return i < c->count ? c->values[i].text : NULL;
}

static int blame_line(const struct config *c, int line, struct error *err)
{
	if (!line || !c->path)
		return err->code;
	return error_prefix(err, "%s: line %d", c->path, line);
}

int config_blame(const struct config *c, const char *key, struct error *err)
{
	size_t i = find_setting(c, key);

	return blame_line(c, i < c->count ? c->values[i].line : 0, err);
}

int config_blame_endpoint(const struct config *c, const char *endpoint, const char *key,
			  struct error *err)
{
	const struct line *line = find_endpoint_line(c, endpoint, key);

	for (size_t i = 0; !line && i < c->endpoint_line_count; i++)
		if (strcmp(c->endpoints[i].endpoint, endpoint) == 0)
			line = &c->endpoints[i].line;
	return blame_line(c, line ? line->value.line : 0, err);
}

int config_blame_kafka(const struct config *c, size_t i, struct error *err)
{
	return blame_line(c, i < c->kafka_count ? c->kafka[i].value.line : 0, err);
}

int config_get_number(const struct config *c, const char *key, int64_t min, int64_t max,
		      int64_t *out, struct error *err)
{
	const char *text = config_get(c, key);
	char *end = NULL;
	long long value;

	errno = 0;
	value = text ? strtoll(text, &end, 10) : 0;
	if (!text || end == text || *end || errno || value < min || value > max) {
		(void)error_set(err, ERROR_INPUT,
				"%s is \"%s\"; it must be a number from %lld to %lld", key,
				text ? text : "", (long long)min, (long long)max);
		return config_blame(c, key, err);
	}
	*out = value;
	return 0;
}

bool config_kafka_line(const struct config *c, size_t i, const char **name, const char **value)
{
	if (i >= c->kafka_count)
		return false;
	*name = c->kafka[i].name;
	*value = c->kafka[i].value.text;
	return true;
}
