#include "ops/support/config.h"

#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Of section [kafka]. */
struct line {
	char *name;
	char *value;
};

const struct config_setting config_shared[] = {
	{ "brokers", "LIST", "SHAREBUS_BROKERS", "127.0.0.1:9092",
	  "Kafka brokers, host:port, comma separated" },
	{ "redis", "ADDRESS", "SHAREBUS_REDIS", "127.0.0.1:6379",
	  "Redis, host:port or the path of a socket" },
	{ "prefix", "PREFIX", "SHAREBUS_PREFIX", "sb", "what all keys in Redis begin with" },
	{ "consumer-group", "GROUP", "SHAREBUS_CONSUMER_GROUP", "sharebus",
	  "consumer group of sharebus-consumer" },
	{ NULL, NULL, NULL, NULL, NULL },
};

struct config {
	const struct config_setting **settings;
	size_t count;
	char **values; /* one per setting; NULL: not set yet */
	struct line *kafka;
	size_t kafka_count;
};

struct reading {
	struct config *config;
	const char *path;
	struct error *err;
	int rc;
};

void config_free(struct config **cp)
{
	struct config *c = *cp;

	if (!c)
		return;
	for (size_t i = 0; c->values && i < c->count; i++)
		free(c->values[i]);
	for (size_t i = 0; i < c->kafka_count; i++) {
		free(c->kafka[i].name);
		free(c->kafka[i].value);
	}
	free((void *)c->settings);
	free((void *)c->values);
	free(c->kafka);
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

static int put_value(struct config *c, size_t i, const char *value, struct error *err)
{
	char *copy = strdup(value);

	if (!copy)
		return error_set(err, ERROR_NOMEM, "out of memory");
	free(c->values[i]);
	c->values[i] = copy;
	return 0;
}

int config_set(struct config *c, const char *key, const char *value, struct error *err)
{
	size_t i = find_setting(c, key);

	if (i == c->count)
		return error_set(err, ERROR_INPUT, "there is no setting \"%s\"", key);
	return put_value(c, i, value, err);
}

int config_add_kafka_line(struct config *c, const char *name, const char *value, struct error *err)
{
	struct line *lines = realloc(c->kafka, (c->kafka_count + 1) * sizeof(*lines));
	struct line line = { strdup(name), strdup(value) };

	if (lines)
		c->kafka = lines;
	if (!lines || !line.name || !line.value) {
		free(line.name);
		free(line.value);
		return error_set(err, ERROR_NOMEM, "out of memory");
	}
	c->kafka[c->kafka_count++] = line;
	return 0;
}

/* inih calls it for each line: 1 accepts the line, 0 makes it an error. */
static int take_line(void *user, const char *section, const char *name, const char *value)
{
	struct reading *r = user;
	size_t i = find_setting(r->config, name);

	if (r->rc) /* inih reads on after an error; the first one counts */
		return 0;
	if (strcmp(section, "kafka") == 0)
		r->rc = config_add_kafka_line(r->config, name, value, r->err);
	else if (section[0] || i == r->config->count)
		r->rc = error_set(r->err, ERROR_INPUT, "%s: there is no setting \"%s\"%s%s",
				  r->path, name, section[0] ? " in section " : "", section);
	else if (!r->config->values[i])
		r->rc = put_value(r->config, i, value, r->err);
	return r->rc == 0;
}

static int read_file(struct config *c, const char *path, struct error *err)
{
	struct reading r = { c, path, err, 0 };
	struct stat status;
	int line;

	if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
		return error_set(err, ERROR_INPUT, "%s is a directory, not a configuration file",
				 path);
	line = ini_parse(path, take_line, &r);
	if (r.rc)
		return r.rc;
	if (line == -1)
		return error_set(err, ERROR_INPUT, "%s: %s", path, strerror(errno));
	if (line != 0)
		return error_set(err, ERROR_INPUT, "%s: line %d is not `key = value`", path, line);
	return 0;
}

static int read_environment(struct config *c, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; i < c->count && !rc; i++) {
		const char *value = c->settings[i]->env ? getenv(c->settings[i]->env) : NULL;

		if (!c->values[i] && value && value[0])
			rc = put_value(c, i, value, err);
	}
	return rc;
}

int config_load_defaults(struct config *c, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; i < c->count && !rc; i++)
		if (!c->values[i] && c->settings[i]->fallback)
			rc = put_value(c, i, c->settings[i]->fallback, err);
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

	return i < c->count ? c->values[i] : NULL;
}

int config_get_number(const struct config *c, const char *key, int64_t min, int64_t max,
		      int64_t *out, struct error *err)
{
	const char *text = config_get(c, key);
	char *end = NULL;
	long long value;

	errno = 0;
	value = text ? strtoll(text, &end, 10) : 0;
	if (!text || end == text || *end || errno || value < min || value > max)
		return error_set(err, ERROR_INPUT,
				 "%s is \"%s\"; it must be a number from %lld to %lld", key,
				 text ? text : "", (long long)min, (long long)max);
	*out = value;
	return 0;
}

bool config_kafka_line(const struct config *c, size_t i, const char **name, const char **value)
{
	if (i >= c->kafka_count)
		return false;
	*name = c->kafka[i].name;
	*value = c->kafka[i].value;
	return true;
}
