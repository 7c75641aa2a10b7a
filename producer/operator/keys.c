/* sharebus keys create | list */

#include "ops/support/file.h"
#include "producer/cli/failure.h"
#include "producer/cli/json.h"
#include "producer/cli/table.h"
#include "producer/operator/commands.h"
#include "schemas/signing.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

enum { FLAG_MAY = 1, FLAG_FILE };

const struct flag keys_create_flags[] = {
	{ "may", FLAG_MAY, "RIGHTS", "share, facts, system, act-as:* or act-as:USER, by commas" },
	{ "file", FLAG_FILE, "FILE",
	  "append the key to this file; without it the line is printed" },
	{ NULL, 0, NULL, NULL },
};

const struct flag keys_list_flags[] = {
	{ "file", FLAG_FILE, "FILE", "the keys file; default: the setting keys-file" },
	{ NULL, 0, NULL, NULL },
};

static struct bytes rights_text(struct arena *arena, const struct key *k)
{
	struct buffer b;
	struct bytes text;

	buffer_init(&b);
	key_append_rights(k, &b);
	text = arena_copy(arena, buffer_bytes(&b));
	buffer_done(&b);
	return text;
}

/* Each right as a string of its own. */
static json_t *rights_json(struct arena *arena, const struct key *k)
{
	struct bytes rest = rights_text(arena, k);
	json_t *list = json_array();

	while (rest.len) {
		const uint8_t *comma = memchr(rest.data, ',', rest.len);
		size_t len = comma ? (size_t)(comma - rest.data) : rest.len;
		size_t used = len + (comma ? 1 : 0);

		(void)json_array_append_new(list, json_text((struct bytes){ rest.data, len }));
		rest = (struct bytes){ rest.data + used, rest.len - used };
	}
	return list;
}

static json_t *key_json(struct arena *arena, const struct key *k)
{
	return json_pack("{ss so}", "id", k->id, "may", rights_json(arena, k));
}

/* ---- create ---- */

/* A name in act-as becomes the user's id; what is no name stays as it is, for the parser. */
static int append_right(struct session *s, const char *item, struct buffer *out, struct error *err)
{
	static const char act_as[] = "act-as:";
	const char *name = item + strlen(act_as);
	char text[SHAREBUS_ID_SIZE];
	struct sharebus_id id;
	int rc;

	if (strncmp(item, act_as, strlen(act_as)) != 0 || !*name || strcmp(name, "*") == 0) {
		buffer_append_text(out, item);
		return 0;
	}
	rc = session_user(s, name, &id, err);
	if (rc)
		return rc;
	sharebus_format_id(text, &id);
	buffer_append_text(out, act_as);
	buffer_append_text(out, text);
	return 0;
}

static int append_rights(struct session *s, const char *list, struct buffer *out, struct error *err)
{
	int rc = 0;

	while (!rc) {
		size_t len = strcspn(list, ",");
		struct bytes item = { (const uint8_t *)list, len };

		rc = append_right(s, text_of(arena_printf(&s->arena, "%.*s", BYTES_ARG(item))), out,
				  err);
		if (!list[len])
			break;
		buffer_append_u8(out, ',');
		list += len + 1;
	}
	return rc;
}

static int read_rights(struct session *s, const struct arguments *a, struct key *k,
		       struct error *err)
{
	const char *list = argument_value(a, FLAG_MAY);
	struct buffer b;
	int rc;

	if (!list)
		return error_set(err, ERROR_USAGE,
				 "say with --may what the key may: share, facts, system, act-as:* "
				 "or act-as:USER, separated by commas");
	buffer_init(&b);
	rc = append_rights(s, list, &b, err);
	if (!rc && key_parse_rights(k, buffer_bytes(&b), err)) {
		(void)error_prefix(err, "--may");
		err->code = ERROR_USAGE;
		rc = ERROR_USAGE;
	}
	buffer_done(&b);
	return rc;
}

static int make_key(struct session *s, const struct arguments *a, struct key *k, struct error *err)
{
	struct bytes id = bytes_of(a->operands[0]);
	ssize_t got;
	int rc;

	if (!key_id_is_valid(id))
		return error_set(err, ERROR_USAGE,
				 "a key's id has 1 to %d letters, digits, dots, hyphens and "
				 "underscores",
				 KEY_ID_MAX);
	memcpy(k->id, id.data, id.len);
	rc = read_rights(s, a, k, err);
	if (rc)
		return rc;
	do
		got = getrandom(k->secret, sizeof(k->secret), 0);
	while (got < 0 && errno == EINTR);
	return got == sizeof(k->secret)
		       ? 0
		       : error_set(err, ERROR_UNAVAILABLE,
				   "the kernel has no randomness for a new key; try again");
}

/* A file that has anything in it must be a keys file, and must not have the id. */
static int check_file(const struct file_appending *f, const struct key *k, struct error *err)
{
	struct keyring *there = NULL;
	bool taken;
	int rc;

	if (f->is_empty)
		return 0;
	rc = signing_read_keys(&there, f->path, err);
	if (rc)
		return rc;
	taken = keyring_find(there, bytes_of(k->id)) != NULL;
	keyring_free(&there);
	return taken ? error_set(err, ERROR_USAGE, "%s has a key %s already", f->path, k->id) : 0;
}

static void print_key(struct session *s, const struct key *k, const char *path, struct bytes line)
{
	json_t *o;

	if (s->output == OUTPUT_JSON) {
		o = key_json(&s->arena, k);
		(void)json_object_set_new(o, "file", json_text(bytes_of(path)));
		(void)json_object_set_new(o, "line", json_text(path ? (struct bytes){ 0 } : line));
		json_print(o);
	} else if (path) {
		(void)printf("%s has a new key %s, which may %s\n", path, k->id,
			     text_of(arena_printf(&s->arena, "%.*s",
						  BYTES_ARG(rights_text(&s->arena, k)))));
	} else {
		(void)printf("%.*s", BYTES_ARG(line));
	}
}

/* Whoever makes another key at the same time waits, and then sees this one. */
static int append_key(const struct key *k, const char *path, struct bytes line, struct error *err)
{
	struct file_appending f;
	int rc = file_append_begin(&f, path, err);

	if (rc)
		return rc;
	rc = check_file(&f, k, err);
	if (!rc)
		rc = file_append_line(&f, line, err);
	file_append_end(&f);
	return rc;
}

static int keep_key(struct session *s, const struct key *k, const char *path, struct error *err)
{
	struct buffer line;
	int rc = 0;

	buffer_init(&line);
	key_append_line(k, &line);
	if (path)
		rc = append_key(k, path, buffer_bytes(&line), err);
	if (!rc)
		print_key(s, k, path, buffer_bytes(&line));
	memset(line.data, 0, line.len);
	buffer_done(&line);
	return rc;
}

enum exit_code run_keys_create(struct session *s, const struct arguments *a)
{
	struct key k = { .id = "" };
	struct error err = { 0 };
	int rc = make_key(s, a, &k, &err);

	if (!rc)
		rc = keep_key(s, &k, argument_value(a, FLAG_FILE), &err);
	key_done(&k);
	return rc ? failure_report(s, &err) : EXIT_DONE;
}

/* ---- list ---- */

static void print_keys(struct session *s, const struct keyring *keys)
{
	static const char *const titles[] = { "KEY", "MAY" };
	struct table t;

	table_init(&t, &s->arena, titles, 2);
	for (size_t i = 0; i < keyring_count(keys); i++) {
		const struct key *k = keyring_at(keys, i);
		const struct bytes cells[] = { bytes_of(k->id), rights_text(&s->arena, k) };

		table_add(&t, cells);
	}
	table_print(&t);
	if (!keyring_count(keys))
		(void)fprintf(stderr, "No keys.\n");
}

static void print_keys_json(struct session *s, const struct keyring *keys)
{
	json_t *list = json_array();

	for (size_t i = 0; i < keyring_count(keys); i++)
		(void)json_array_append_new(list, key_json(&s->arena, keyring_at(keys, i)));
	json_print(list);
}

enum exit_code run_keys_list(struct session *s, const struct arguments *a)
{
	const char *path = argument_value(a, FLAG_FILE);
	struct keyring *keys = NULL;
	struct error err = { 0 };
	int rc;

	path = path ? path : config_get(s->config, "keys-file");
	rc = path ? signing_read_keys(&keys, path, &err)
		  : error_set(&err, ERROR_USAGE,
			      "there is no keys file; name one with --file or keys-file");
	if (!rc && s->output == OUTPUT_JSON)
		print_keys_json(s, keys);
	else if (!rc)
		print_keys(s, keys);
	keyring_free(&keys);
	return rc ? failure_report(s, &err) : EXIT_DONE;
}
