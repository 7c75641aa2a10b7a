/* sharebus directory apply */

#include "cache/wait.h"
#include "ops/support/clock.h"
#include "producer/commands.h"
#include "producer/directory_file.h"
#include "producer/print.h"
#include "producer/send.h"

#include <stdio.h>
#include <unistd.h>

enum { PROGRESS_EVERY = 1000 };

/* ---- what the index knows of the names in the file ---- */

static struct bytes *list_names(struct session *s, json_t *names, size_t *count)
{
	struct bytes *list = arena_alloc(&s->arena, (json_object_size(names) + 1) * sizeof(*list));
	const char *name;
	json_t *value;

	*count = 0;
	json_object_foreach(names, name, value) list[(*count)++] = bytes_of(name);
	return list;
}

static void set_id(json_t *names, const char *name, const struct uuid *id)
{
	char text[UUID_TEXT_SIZE];

	if (uuid_is_nil(id))
		return;
	uuid_format(text, id);
	(void)json_object_set_new(names, name, json_string(text));
}

typedef int lookup_fn(struct reader *r, const struct bytes *names, size_t count, struct uuid *ids,
		      struct error *err);

static int look_up_all(struct session *s, json_t *names, lookup_fn *lookup, struct error *err)
{
	size_t count;
	struct bytes *list = list_names(s, names, &count);
	struct uuid *ids = arena_alloc(&s->arena, (count + 1) * sizeof(*ids));
	int rc = lookup(s->reader, list, count, ids, err);

	for (size_t i = 0; !rc && i < count; i++)
		set_id(names, (const char *)list[i].data, &ids[i]);
	return rc;
}

/* The known id of the part of "organization/group" or "owner/workspace" before the slash. */
static bool known_parent(const json_t *parents, const char *name, struct uuid *out)
{
	char parent[NAME_MAX_BYTES + 1];
	const char *slash = strchr(name, '/');
	const char *id;

	(void)snprintf(parent, sizeof(parent), "%.*s", (int)(slash - name), name);
	id = json_string_value(json_object_get(parents, parent));
	return id && !uuid_parse(out, bytes_of(id));
}

static int look_up_group(struct session *s, struct directory_names *n, const char *name,
			 struct error *err)
{
	struct bytes own = bytes_of(strchr(name, '/') + 1);
	struct uuid organization;
	struct uuid id = { { 0 } };
	int rc = 0;

	if (known_parent(n->organizations, name, &organization))
		rc = lookup_groupnames(s->reader, &organization, &own, 1, &id, err);
	if (!rc)
		set_id(n->groups, name, &id);
	return rc;
}

static int look_up_workspace(struct session *s, struct directory_names *n, const char *name,
			     struct error *err)
{
	struct uuid_list found = { 0 };
	struct uuid owner;
	int rc = 0;

	if (known_parent(n->users, name, &owner))
		rc = lookup_owned_by_name(s->reader, &owner, bytes_of(strchr(name, '/') + 1),
					  &s->arena, &found, err);
	if (!rc && found.count)
		set_id(n->workspaces, name, &found.list[0]);
	return rc;
}

static int look_up_names(struct session *s, struct directory_names *n, struct error *err)
{
	size_t count;
	struct bytes *list;
	int rc = look_up_all(s, n->organizations, lookup_organization_names, err);

	if (!rc)
		rc = look_up_all(s, n->users, lookup_usernames, err);
	list = list_names(s, n->groups, &count);
	for (size_t i = 0; !rc && i < count; i++)
		rc = look_up_group(s, n, (const char *)list[i].data, err);
	list = list_names(s, n->workspaces, &count);
	for (size_t i = 0; !rc && i < count; i++)
		rc = look_up_workspace(s, n, (const char *)list[i].data, err);
	return rc;
}

static int read_facts(struct session *s, const char *path, struct directory_facts *out,
		      struct error *err)
{
	struct directory_names names;
	json_t *file = NULL;
	int rc = directory_file_read(&file, path, err);

	if (rc)
		return rc;
	rc = directory_file_names(file, &names, err);
	if (!rc) {
		rc = session_reader(s, err);
		if (!rc)
			rc = look_up_names(s, &names, err);
		if (!rc)
			rc = directory_file_facts(file, &names, clock_unix_ms(), &s->arena, out,
						  err);
		directory_names_done(&names);
	}
	json_decref(file);
	return rc == ERROR_INPUT ? error_prefix(err, "%s", path) : rc;
}

/* ---- sending ---- */

static const struct uuid *id_of(const struct record *r)
{
	if (r->type == RECORD_WORKSPACE_CHANGED)
		return &r->as.workspace_changed.workspace_id;
	if (r->type == RECORD_USER_CHANGED)
		return &r->as.user_changed.id;
	return r->type == RECORD_GROUP_CHANGED ? &r->as.group_changed.id
					       : &r->as.organization_changed.id;
}

static void show_progress(size_t done, size_t count)
{
	if ((done % PROGRESS_EVERY && done != count) || count < PROGRESS_EVERY ||
	    !isatty(STDERR_FILENO))
		return;
	(void)fprintf(stderr, "\r%zu of %zu sent%s", done, count, done == count ? "\n" : "");
}

static int send_facts(struct session *s, const struct directory_facts *f, struct delivery *d,
		      int64_t deadline_ms, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < f->count; i++) {
		const struct record *r = &f->list[i];
		bool workspace = r->type == RECORD_WORKSPACE_CHANGED;
		char key[UUID_TEXT_SIZE] = "deployment";

		if (r->type != RECORD_DEPLOYMENT_CHANGED)
			uuid_format(key, id_of(r));
		rc = send_record(s->client, workspace ? TOPIC_COMMANDS : TOPIC_DIRECTORY, r,
				 bytes_of(key), &d[i], err);
		show_progress(i + 1, f->count);
	}
	if (!rc)
		rc = send_flush(s->client, deadline_ms, err);
	for (size_t i = 0; !rc && i < f->count; i++)
		if (d[i].failed)
			rc = error_set(err, ERROR_UNAVAILABLE,
				       "the brokers at %s did not take everything: %s",
				       config_get(s->config, "brokers"), d[i].why);
	return rc;
}

static int wait_for_facts(struct session *s, const struct directory_facts *f,
			  const struct delivery *d, int64_t deadline_ms, struct error *err)
{
	size_t directory = f->count - f->workspaces;
	int rc = 0;

	if (directory)
		rc = wait_applied(s->reader, KEYS_DIRECTORY, d[directory - 1].offset + 1,
				  deadline_ms, err);
	for (size_t i = directory; !rc && i < f->count; i++)
		rc = wait_applied(s->reader, d[i].partition, d[i].offset + 1, deadline_ms, err);
	return rc;
}

static void report(struct session *s, const struct directory_facts *f)
{
	size_t counts[RECORD_TYPE_COUNT] = { 0 };

	for (size_t i = 0; i < f->count; i++)
		counts[f->list[i].type]++;
	if (s->output == OUTPUT_JSON)
		json_print(json_pack("{sI sI sI sI}", "organizations",
				     (json_int_t)counts[RECORD_ORGANIZATION_CHANGED], "users",
				     (json_int_t)counts[RECORD_USER_CHANGED], "groups",
				     (json_int_t)counts[RECORD_GROUP_CHANGED], "workspaces",
				     (json_int_t)counts[RECORD_WORKSPACE_CHANGED]));
	else
		(void)printf("%zu organizations, %zu users, %zu groups, %zu workspaces\n",
			     counts[RECORD_ORGANIZATION_CHANGED], counts[RECORD_USER_CHANGED],
			     counts[RECORD_GROUP_CHANGED], counts[RECORD_WORKSPACE_CHANGED]);
}

enum exit_code run_directory_apply(struct session *s, const struct arguments *a)
{
	int64_t deadline = clock_monotonic_ms() + (s->wait_ms ? s->wait_ms : 10000);
	struct directory_facts facts;
	struct delivery *deliveries = NULL;
	struct error err = { 0 };
	int rc = read_facts(s, a->operands[0], &facts, &err);

	if (rc == ERROR_INPUT) {
		complain(&err);
		return EXIT_USAGE;
	}
	if (!rc)
		rc = session_bus(s, &err);
	if (!rc) {
		deliveries = arena_zalloc(&s->arena, facts.count + 1, sizeof(*deliveries));
		rc = send_facts(s, &facts, deliveries, deadline, &err);
	}
	if (!rc && s->wait_ms)
		rc = wait_for_facts(s, &facts, deliveries, deadline, &err);
	if (rc)
		complain(&err);
	else
		report(s, &facts);
	return exit_code_of(rc);
}
