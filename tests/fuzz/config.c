/*
 * A configuration file of any content. What is accepted was taken as it is written: each
 * line of the file is empty, a comment, a section, or what one value came from, whole; and
 * there is no value that no line has.
 */

#include "ops/support/config.h"
#include "ops/support/config_file.h"

#include "tests/fuzz/target.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct config_setting SETTINGS[] = {
	{ "brokers", "LIST", NULL, "localhost:9092", "where Kafka is" },
	{ "redis", "ADDRESS", NULL, NULL, "where Redis is" },
	{ "batch", "N", NULL, "1000", "records in a run" },
	{ NULL, NULL, NULL, NULL, NULL },
};
static const struct config_setting *const TABLES[] = { SETTINGS, NULL };
enum { PATH_SIZE = 32 };

/* One file without a name for all inputs; opened by its path, it is read from its beginning. */
static void write_file(char path[static PATH_SIZE], const uint8_t *data, size_t len)
{
	static FILE *file;
	int rc;

	if (!file)
		file = tmpfile();
	assert(file);
	rc = ftruncate(fileno(file), 0);
	assert(rc == 0 && pwrite(fileno(file), data, len, 0) == (ssize_t)len);
	(void)snprintf(path, PATH_SIZE, "/dev/fd/%d", fileno(file));
}

/* A plain second reading, line by line, of a file that is known to be good. */
struct second {
	const struct config *config;
	size_t kafka_lines; /* so far */
	bool in_kafka;
	char endpoint[CONFIG_ENDPOINT_NAME_MAX + 1]; /* "": not in the section of one */
};

static void check_pair(struct second *s, const char *key, const char *value)
{
	const char *name = NULL;
	const char *taken = NULL;

	if (s->in_kafka) {
		bool there = config_kafka_line(s->config, s->kafka_lines++, &name, &taken);

		assert(there && strcmp(name, key) == 0 && strcmp(taken, value) == 0);
		return;
	}
	if (s->endpoint[0]) {
		taken = config_endpoint_get(s->config, s->endpoint, key);
		assert(taken && strcmp(taken, value) == 0);
		return;
	}
	taken = config_get(s->config, key);
	assert(taken ? strcmp(taken, value) == 0 : settings_have(key));
}

static char *skip_blanks(char *text)
{
	return text + strspn(text, " \t");
}

static void cut_blanks(char *text, char *end)
{
	while (end > text && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*end = 0;
}

/* "[kafka]" or "[endpoint NAME]", with any blanks around the name. */
static void enter_section(struct second *s, char *line)
{
	s->in_kafka = strcmp(line, "[kafka]") == 0;
	s->endpoint[0] = 0;
	if (s->in_kafka)
		return;
	assert(strncmp(line, "[endpoint ", strlen("[endpoint ")) == 0);
	line = skip_blanks(line + strlen("[endpoint "));
	assert(line[0] && line[strlen(line) - 1] == ']');
	cut_blanks(line, line + strlen(line) - 1);
	assert(line[0] && strlen(line) <= CONFIG_ENDPOINT_NAME_MAX);
	(void)snprintf(s->endpoint, sizeof(s->endpoint), "%s", line);
}

static void check_line(struct second *s, char *line)
{
	char *key = skip_blanks(line);
	char *sign;

	cut_blanks(key, key + strlen(key) - (key[0] && key[strlen(key) - 1] == '\r'));
	if (!key[0] || key[0] == '#' || key[0] == ';')
		return;
	if (key[0] == '[') {
		enter_section(s, key);
		return;
	}
	sign = strchr(key, '=');
	assert(sign);
	cut_blanks(key, sign);
	check_pair(s, key, skip_blanks(sign + 1));
}

static void check_lines(const struct config *c, const uint8_t *data, size_t len)
{
	struct second s = { .config = c };
	char *text = strndup((const char *)data, len);
	bool marked = text && strncmp(text, "\xef\xbb\xbf", 3) == 0;

	assert(text && strlen(text) == len);
	for (char *line = text + (marked ? 3 : 0); line;) {
		char *end = strchr(line, '\n');

		if (end)
			*end = 0;
		check_line(&s, line);
		line = end ? end + 1 : NULL;
	}
	assert(!config_kafka_line(c, s.kafka_lines, &(const char *){ NULL },
				  &(const char *){ NULL }));
	free(text);
}

static void check_config(const struct config *c)
{
	const char *name = NULL;
	const char *value = NULL;
	struct error err = { 0 };
	int64_t number = 0;
	int rc = config_get_number(c, "batch", 1, 1000, &number, &err);

	assert(config_get(c, "brokers"));
	for (size_t i = 0; config_kafka_line(c, i, &name, &value); i++)
		assert(name && value && !strchr(name, '\n') && !strchr(value, '\n'));
	if (rc)
		assert(rc == ERROR_INPUT && err.text[0]);
	else
		assert(number >= 1 && number <= 1000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct config *c = config_new(TABLES);
	struct error err = { 0 };
	char path[PATH_SIZE];
	int rc;

	assert(c);
	write_file(path, data, len);
	rc = config_load(c, path, &err);
	if (rc)
		assert((rc == ERROR_INPUT || rc == ERROR_USAGE) && err.text[0]);
	else
		check_config(c);
	if (!rc)
		check_lines(c, data, len);
	config_free(&c);
	return 0;
}
