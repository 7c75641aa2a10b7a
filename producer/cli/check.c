/* sharebus check | explain */

#include "producer/cli/commands.h"
#include "producer/cli/failure.h"
#include "producer/cli/grants.h"
#include "producer/cli/json.h"
#include "producer/cli/table.h"

#include <jansson.h>
#include <stdio.h>

enum { FLAG_AT_LEAST = 1 };

const struct flag check_flags[] = {
	{ "at-least", FLAG_AT_LEAST, "3:1042",
	  "as of that position of a command or later; --wait says how long to wait" },
	{ NULL, 0, NULL, NULL },
};

/* The user and the workspace in question, as they were typed and as ids. */
struct pair {
	const char *user_text;
	const char *workspace_text;
	struct sharebus_id user;
	struct sharebus_id workspace;
};

static int reach_position(struct session *s, const char *text, struct error *err)
{
	struct sharebus_position at;
	int rc = session_client(s, err);

	if (rc || !text)
		return rc;
	if (sharebus_parse_position(&at, text))
		return error_set(err, ERROR_USAGE,
				 "--at-least is \"%s\"; give partition:offset, as in 3:1042", text);
	rc = sharebus_wait(s->client, &at, session_wait_left(s));
	if (rc == SHAREBUS_NOT_FOUND) /* its exit code, 1, would read as the answer no */
		rc = SHAREBUS_USAGE;
	return session_failed(s, rc, err);
}

static int resolve_pair(struct session *s, const struct arguments *a, struct pair *out,
			struct error *err)
{
	int rc = reach_position(s, argument_value(a, FLAG_AT_LEAST), err);

	if (!rc)
		rc = session_user(s, out->user_text, &out->user, err);
	return rc ? rc : session_workspace(s, out->workspace_text, &out->workspace, err);
}

/* ---- check ---- */

static const char *describe_reason(const struct sharebus_answer *a)
{
	switch (a->reason) {
	case SHAREBUS_BY_OWNERSHIP:
		return "owns it";
	case SHAREBUS_BY_GRANT:
		return "it is shared with the user";
	case SHAREBUS_BY_GROUP:
		return "it is shared with a group of the user";
	case SHAREBUS_BY_ORGANIZATION_ADMIN:
		return "admin of its organization";
	case SHAREBUS_BY_SITE_OWNER:
		return "site owner";
	case SHAREBUS_NO_GRANT:
		return a->role ? "the role does not allow it" : "it is not shared with the user";
	case SHAREBUS_EXPIRED:
		return "the grant that allowed it has expired";
	case SHAREBUS_SUSPENDED:
		return "the user is suspended";
	case SHAREBUS_POLICY:
		return "a policy overrides the grant";
	case SHAREBUS_UNKNOWN_USER:
		return "there is no such user";
	case SHAREBUS_UNKNOWN_WORKSPACE:
		return "there is no such workspace";
	}
	return "";
}

static void print_answer(struct session *s, const struct sharebus_answer *a)
{
	if (s->output == OUTPUT_TABLE) {
		(void)printf("%s (%s%s%s: %s)\n", a->allowed ? "yes" : "no",
			     sharebus_reason_name(a->reason), a->role ? ", " : "",
			     a->role ? sharebus_role_name(a->role) : "", describe_reason(a));
		return;
	}
	json_print(json_pack("{sb ss ss so so}", "allowed", a->allowed, "reason",
			     sharebus_reason_name(a->reason), "role", sharebus_role_name(a->role),
			     "group_id", id_json(&a->group), "expires_at",
			     time_json(a->expires_at)));
}

static int ask_check(struct session *s, const struct arguments *a, struct sharebus_answer *out,
		     struct error *err)
{
	struct pair p = { .user_text = a->operands[0], .workspace_text = a->operands[2] };
	struct sharebus_question q = { .action = sharebus_action_parse(a->operands[1]) };
	int rc;

	if (q.action == SHAREBUS_ACTION_COUNT)
		return error_set(err, ERROR_USAGE,
				 "there is no action \"%s\"; see `sharebus check --help`",
				 a->operands[1]);
	rc = resolve_pair(s, a, &p, err);
	if (rc)
		return rc;
	q.user = p.user;
	q.workspace = p.workspace;
	return session_failed(s, sharebus_check(s->client, &q, out), err);
}

void print_actions(void)
{
	(void)printf(" Actions:");
	for (int i = 0; i < SHAREBUS_ACTION_COUNT; i++)
		(void)printf(" %s", sharebus_action_name((enum sharebus_action)i));
	(void)printf(".");
}

enum exit_code run_check(struct session *s, const struct arguments *a)
{
	struct sharebus_answer answer = { 0 };
	struct error err = { 0 };
	int rc = ask_check(s, a, &answer, &err);

	if (rc)
		return failure_report(s, &err);
	print_answer(s, &answer);
	return answer.allowed ? EXIT_DONE : EXIT_NO;
}

/* ---- explain ---- */

static json_t *path_json(const struct sharebus_path *p)
{
	json_t *group = p->group_name ? json_object() : json_null();

	if (p->group_name) {
		(void)json_object_set_new(group, "id", id_json(&p->group));
		(void)json_object_set_new(group, "name", json_text(bytes_of(p->group_name)));
	}
	return json_pack("{ss ss so so so so sb}", "through", sharebus_reason_name(p->reason),
			 "role", sharebus_role_name(p->role), "group", group, "granted_by",
			 json_text(bytes_of(p->granted_by_name)), "granted_at",
			 time_json(p->granted_at), "expires_at", time_json(p->expires_at),
			 "expired", p->expired);
}

static json_t *actions_json(const struct sharebus_explanation *e)
{
	json_t *list = json_array();

	for (int i = 0; i < SHAREBUS_ACTION_COUNT; i++)
		if (e->allowed[i])
			(void)json_array_append_new(
				list, json_string(sharebus_action_name((enum sharebus_action)i)));
	return list;
}

static json_t *explanation_json(const struct sharebus_explanation *e)
{
	json_t *paths = json_array();
	json_t *denials = json_array();

	for (size_t i = 0; i < e->path_count; i++)
		(void)json_array_append_new(paths, path_json(&e->paths[i]));
	for (size_t i = 0; i < e->denial_count; i++)
		(void)json_array_append_new(denials, json_string(e->denials[i]));
	return json_pack("{so so so}", "actions", actions_json(e), "paths", paths, "denials",
			 denials);
}

static void print_paths(struct session *s, const struct sharebus_explanation *e)
{
	static const char *const titles[] = { "THROUGH", "ROLE", "BY", "SINCE", "EXPIRES" };
	struct table t;

	table_init(&t, &s->arena, titles, 5);
	for (size_t i = 0; i < e->path_count; i++) {
		const struct sharebus_path *p = &e->paths[i];
		struct bytes expires = time_cell(s, p->expires_at);
		const struct bytes cells[] = {
			p->group_name ? arena_printf(&s->arena, "group %s", p->group_name)
				      : bytes_of(sharebus_reason_name(p->reason)),
			bytes_of(p->role ? sharebus_role_name(p->role) : NULL),
			bytes_of(p->granted_by_name),
			time_cell(s, p->granted_at),
			p->expired ? arena_printf(&s->arena, "%s (expired)", text_of(expires))
				   : expires,
		};

		table_add(&t, cells);
	}
	table_print(&t);
}

static void print_explanation(struct session *s, const struct sharebus_explanation *e)
{
	bool any = false;

	if (!e->path_count)
		(void)printf("Nothing gives the user any rights.\n");
	print_paths(s, e);
	for (size_t i = 0; i < e->denial_count; i++)
		(void)printf("denied: %s\n", e->denials[i]);
	(void)printf("allowed:");
	for (int i = 0; i < SHAREBUS_ACTION_COUNT; i++)
		if (e->allowed[i]) {
			(void)printf(" %s", sharebus_action_name((enum sharebus_action)i));
			any = true;
		}
	(void)printf("%s\n", any ? "" : " nothing");
}

enum exit_code run_explain(struct session *s, const struct arguments *a)
{
	struct pair p = { .user_text = a->operands[0], .workspace_text = a->operands[1] };
	const struct sharebus_explanation *e;
	struct error err = { 0 };
	int rc = resolve_pair(s, a, &p, &err);

	if (!rc)
		rc = session_failed(s, sharebus_explain(s->client, &p.user, &p.workspace, &e),
				    &err);
	if (rc)
		return failure_report(s, &err);
	if (s->output == OUTPUT_JSON)
		json_print(explanation_json(e));
	else
		print_explanation(s, e);
	return EXIT_DONE;
}
