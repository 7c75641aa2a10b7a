#include "producer/operator/directory/file.h"

#include "producer/operator/directory/entry.h"
#include "schemas/uuid.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* It takes ten times as much memory. A million users and a million workspaces fit. */
enum { FILE_MAX_BYTES = 512 * 1024 * 1024 };

/* Names of other producers may have any character, and zero bytes are among them. */
enum { PARSING = JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL };

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

/* A file as it is read, piece by piece. */
struct feed {
	FILE *from;
	size_t total;
	bool too_large;
	int failed; /* errno of what went wrong */
};

/* Windows' editors begin a file with the mark; jansson does not know it. */
static size_t skip_mark(const uint8_t *text, size_t len)
{
	static const uint8_t mark[] = { 0xef, 0xbb, 0xbf };

	return len >= sizeof(mark) && memcmp(text, mark, sizeof(mark)) == 0 ? sizeof(mark) : 0;
}

/* For json_load_callback(): fills the buffer. */
static size_t read_piece(void *to, size_t max, void *context)
{
	struct feed *f = context;
	uint8_t *text = to;
	size_t len = fread(text, 1, max, f->from);
	size_t mark = f->total ? 0 : skip_mark(text, len);

	f->failed = ferror(f->from) ? errno : 0;
	f->total += len;
	f->too_large = f->total > FILE_MAX_BYTES;
	if (f->too_large || f->failed)
		return (size_t)-1;
	memmove(text, text + mark, len - mark);
	return len - mark;
}

static int load_file(json_t **out, FILE *from, const char *name, struct error *err)
{
	struct feed feed = { .from = from };
	json_error_t why;
	json_t *file = json_load_callback(read_piece, &feed, PARSING, &why);

	if (feed.too_large)
		return error_set(err, ERROR_INPUT,
				 "%s: a directory file has at most %d MB; split it", name,
				 FILE_MAX_BYTES >> 20);
	if (feed.failed)
		return error_set(err, ERROR_INPUT, "%s cannot be read: %s", name,
				 strerror(feed.failed));
	return take_file(out, file, &why, name, err);
}

const char *directory_file_name(const char *path)
{
	return strcmp(path, "-") == 0 ? "standard input" : path;
}

int directory_file_read(json_t **out, const char *path, struct error *err)
{
	bool standard = strcmp(path, "-") == 0;
	FILE *from = standard ? stdin : fopen(path, "rb");
	int rc;

	if (!from)
		return error_set(err, ERROR_INPUT, "%s cannot be opened: %s", path,
				 strerror(errno));
	rc = load_file(out, from, directory_file_name(path), err);
	if (!standard)
		(void)fclose(from);
	return rc;
}

int directory_file_parse(json_t **out, struct bytes text, const char *name, struct error *err)
{
	size_t mark = skip_mark(text.data, text.len);
	json_error_t why;
	json_t *file = json_loadb(text.data ? (const char *)text.data + mark : "", text.len - mark,
				  PARSING, &why);

	return take_file(out, file, &why, name, err);
}
