#include "producer/operator/directory/file.h"

#include "producer/operator/directory/entry.h"
#include "schemas/uuid.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* It takes ten times as much memory. A million users and a million workspaces fit. */
enum { FILE_MAX_BYTES = 512 * 1024 * 1024 };

static int check_file(const json_t *file, const char *name, struct error *err)
{
	static const char *const known[] = { "organizations", "users",           "groups",
					     "workspaces",    "sharing_enabled", NULL };
	const char *key;
	json_t *value;

	if (!json_is_object(file))
		return error_set(err, ERROR_INPUT, "%s: this must be a JSON object", name);
	json_object_foreach((json_t *)(uintptr_t)file, key, value)
	{
		size_t i = 0;

		while (known[i] && strcmp(known[i], key) != 0)
			i++;
		if (!known[i])
			return error_set(err, ERROR_INPUT, "%s: key %s is unknown", name, key);
	}
	return 0;
}

/* Takes what jansson made of the text; NULL if nothing, for the reason in *why. */
static int take_file(json_t **out, json_t *file, const json_error_t *why, const char *name,
		     struct error *err)
{
	int rc;

	if (!file && why->line < 0)
		return error_set(err, ERROR_INPUT, "%s: %s", name, why->text);
	if (!file)
		return error_set(err, ERROR_INPUT, "%s: line %d, column %d: %s", name, why->line,
				 why->column, why->text);
	rc = check_file(file, name, err);
	if (rc)
		json_decref(file);
	else
		*out = file;
	return rc;
}

int directory_file_read(json_t **out, const char *path, struct error *err)
{
	json_error_t why;
	struct stat st;
	json_t *file;

	if (!stat(path, &st) && st.st_size > FILE_MAX_BYTES)
		return error_set(err, ERROR_INPUT,
				 "%s: a directory file has at most %d MB, not %lld; split it", path,
				 FILE_MAX_BYTES >> 20, (long long)st.st_size >> 20);
	file = json_load_file(path, JSON_REJECT_DUPLICATES, &why);
	return take_file(out, file, &why, path, err);
}

int directory_file_parse(json_t **out, struct bytes text, const char *name, struct error *err)
{
	json_error_t why;
	json_t *file = json_loadb(text.data ? (const char *)text.data : "", text.len,
				  JSON_REJECT_DUPLICATES, &why);

	return take_file(out, file, &why, name, err);
}
