/*
 * A configuration file of any content. What is accepted has a value for every
 * setting with a default, and only whole lines for librdkafka.
 */

#include "ops/support/config.h"

#include "tests/fuzz/target.h"

#include <stdio.h>
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
		assert(rc == ERROR_INPUT && err.text[0]);
	else
		check_config(c);
	config_free(&c);
	return 0;
}
