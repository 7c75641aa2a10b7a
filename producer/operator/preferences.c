/* sharebus notifications preferences show | set: what a person wants to be told. */

#include "schemas/preferences.h"

#include "cache/facts.h"
#include "cache/wait.h"
#include "ops/support/clock.h"
#include "producer/cli/failure.h"
#include "producer/cli/json.h"
#include "producer/cli/text.h"
#include "producer/ids.h"
#include "producer/operator/commands.h"
#include "producer/operator/inside.h"
#include "producer/operator/rule.h"
#include "producer/send.h"

#include <jansson.h>
#include <stdio.h>

enum { FLAG_OFF = 1, FLAG_ON, FLAG_MUTE, FLAG_UNMUTE, SEND_WAIT_MS = 10000 };

const struct flag preferences_flags[] = {
	{ "off", FLAG_OFF, "WHAT",
	  "set: switch off a channel (mail), a kind or category (handoff), both (mail:handoff), or "
	  "all" },
	{ "on", FLAG_ON, "WHAT", "set: take back what was switched off within that" },
	{ "mute", FLAG_MUTE, "WORKSPACE", "set: be told nothing about the workspace" },
	{ "unmute", FLAG_UNMUTE, "WORKSPACE", "set: be told about it again" },
	{ NULL, 0, NULL, NULL },
};

/* ---- changes ---- */

static bool rules_equal(const struct preference_rule *a, const struct preference_rule *b)
{
	return a->channel == b->channel && a->kind == b->kind && a->category == b->category &&
	       a->on == b->on;
}

static void switch_off(struct preferences_changed *p, const struct preference_rule *off)
{
	for (size_t i = 0; i < p->rule_count; i++)
		if (rules_equal(&p->rules[i], off))
			return;
	p->rules[p->rule_count++] = *off;
}

/* Drops the rules that say nothing beyond `within`. */
static void switch_on(struct preferences_changed *p, const struct preference_rule *within)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->rule_count; i++)
		if (!rule_is_within(&p->rules[i], within))
			p->rules[kept++] = p->rules[i];
	p->rule_count = kept;
}

static void drop_workspace(struct preferences_changed *p, const struct uuid *id)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->muted_workspace_count; i++)
		if (!uuid_equal(&p->muted_workspaces[i], id))
			p->muted_workspaces[kept++] = p->muted_workspaces[i];
	p->muted_workspace_count = kept;
}

static int change_workspace(struct session *s, struct preferences_changed *p, const struct given *g,
			    struct error *err)
{
	struct sharebus_id found;
	struct uuid id;
	int rc = session_workspace(s, g->value, &found, err);

	if (rc)
		return rc;
	id = uuid_of(&found);
	drop_workspace(p, &id);
	if (g->id == FLAG_MUTE)
		p->muted_workspaces[p->muted_workspace_count++] = id;
	return 0;
}

static int change_one(struct session *s, struct preferences_changed *p, const struct given *g,
		      struct error *err)
{
	struct preference_rule rule;
	int rc;

	if (g->id == FLAG_MUTE || g->id == FLAG_UNMUTE)
		return change_workspace(s, p, g, err);
	if (g->id != FLAG_OFF && g->id != FLAG_ON)
		return 0;
	rc = rule_parse(g->value, &rule, err);
	if (rc)
		return rc;
	if (g->id == FLAG_ON) {
		switch_on(p, &rule);
		return 0;
	}
	if (rule.channel && rule.kind && preferences_protect(rule.channel, rule.kind))
		return error_set(err, ERROR_USAGE,
				 "%s cannot be switched off in the inbox: something must be known "
				 "or done",
				 symbol_name(notification_kind_symbols, (int)rule.kind));
	switch_off(p, &rule);
	return 0;
}

static int change_all(struct session *s, const struct arguments *a, struct preferences_changed *p,
		      struct error *err)
{
	struct preference_rule *rules =
		arena_zalloc(&s->arena, p->rule_count + a->given_count + 1, sizeof(*rules));
	struct uuid *muted = arena_zalloc(&s->arena, p->muted_workspace_count + a->given_count + 1,
					  sizeof(*muted));
	int rc = 0;

	if (p->rule_count)
		memcpy(rules, p->rules, p->rule_count * sizeof(*rules));
	if (p->muted_workspace_count)
		memcpy(muted, p->muted_workspaces, p->muted_workspace_count * sizeof(*muted));
	p->rules = rules;
	p->muted_workspaces = muted;
	for (size_t i = 0; !rc && i < a->given_count; i++)
		rc = change_one(s, p, &a->given[i], err);
	if (!rc && (p->rule_count > PREFERENCE_RULES_MAX ||
		    p->muted_workspace_count > MUTED_WORKSPACES_MAX))
		return error_set(err, ERROR_USAGE,
				 "at most %d rules and %d muted workspaces are allowed",
				 PREFERENCE_RULES_MAX, MUTED_WORKSPACES_MAX);
	return rc;
}

/* ---- sending ---- */

/* Nothing switched off is a tombstone. */
static int send_preferences(struct session *s, const struct preferences_changed *p,
			    struct receipt *d, struct error *err)
{
	struct record r = { .type = RECORD_PREFERENCES_CHANGED, .as.preferences_changed = *p };
	bool none = !p->rule_count && !p->muted_workspace_count;
	char key[PREFERENCES_KEY_SIZE];
	int rc;

	preferences_key(key, &p->user_id);
	rc = inside_open_bus(s, err);
	if (!rc)
		rc = send_record(s->client, TOPIC_DIRECTORY, none ? NULL : &r, bytes_of(key), d,
				 err);
	if (!rc)
		rc = send_drain(s->client, 0,
				s->wait_ms ? s->deadline_ms : clock_monotonic_ms() + SEND_WAIT_MS,
				err);
	if (!rc && (!d->done || d->failed))
		return error_set(err, ERROR_UNAVAILABLE,
				 "the brokers at %s did not take the record: %s",
				 config_get(s->config, "brokers"), d->why);
	return rc;
}

static bool preferences_equal(const struct preferences_changed *a,
			      const struct preferences_changed *b)
{
	bool equal = a->rule_count == b->rule_count &&
		     a->muted_workspace_count == b->muted_workspace_count;

	for (size_t i = 0; equal && i < a->rule_count; i++)
		equal = rules_equal(&a->rules[i], &b->rules[i]);
	for (size_t i = 0; equal && i < a->muted_workspace_count; i++)
		equal = uuid_equal(&a->muted_workspaces[i], &b->muted_workspaces[i]);
	return equal;
}

/* Waits until the index has got that far; what was passed over is not there then. */
static int wait_taken(struct session *s, const struct preferences_changed *p,
		      const struct receipt *d, struct error *err)
{
	struct preferences_changed found;
	int rc = wait_applied(inside_reader(s), KEYS_DIRECTORY, d->offset + 1, s->deadline_ms, err);

	if (!rc)
		rc = facts_preferences(inside_reader(s), &p->user_id, &s->arena, &found, err);
	if (rc || preferences_equal(p, &found))
		return rc;
	return error_set(err, ERROR_REFUSED,
			 "the preferences were announced, but the index does not have them; the "
			 "consumer's log says why: perhaps it requires the signature of a key that "
			 "may `facts` (keys-file), or somebody else has set them since");
}

static int set_preferences(struct session *s, const struct arguments *a,
			   struct preferences_changed *p, struct error *err)
{
	struct receipt d = { .queued = false };
	int rc;

	if (!a->given_count)
		return error_set(err, ERROR_USAGE,
				 "say what to set: --off, --on, --mute, --unmute");
	rc = change_all(s, a, p, err);
	if (!rc)
		rc = send_preferences(s, p, &d, err);
	return rc || !s->wait_ms ? rc : wait_taken(s, p, &d, err);
}

/* ---- showing ---- */

static json_t *rule_json(const struct preference_rule *r)
{
	json_t *o = json_object();
	const char *const names[] = {
		r->channel ? symbol_name(channel_symbols, (int)r->channel) : NULL,
		r->kind ? symbol_name(notification_kind_symbols, (int)r->kind) : NULL,
		r->category ? symbol_name(category_symbols, (int)r->category) : NULL,
	};

	(void)json_object_set_new(o, "channel", json_text(bytes_of(names[0])));
	(void)json_object_set_new(o, "kind", json_text(bytes_of(names[1])));
	(void)json_object_set_new(o, "category", json_text(bytes_of(names[2])));
	(void)json_object_set_new(o, "on", json_boolean(r->on));
	return o;
}

static void print_json(const struct preferences_changed *p)
{
	const struct sharebus_id user = public_id(&p->user_id);
	json_t *rules = json_array();
	json_t *muted = json_array();
	json_t *o = json_object();

	for (size_t i = 0; i < p->rule_count; i++)
		(void)json_array_append_new(rules, rule_json(&p->rules[i]));
	for (size_t i = 0; i < p->muted_workspace_count; i++) {
		const struct sharebus_id id = public_id(&p->muted_workspaces[i]);

		(void)json_array_append_new(muted, id_json(&id));
	}
	(void)json_object_set_new(o, "user_id", id_json(&user));
	(void)json_object_set_new(o, "rules", rules);
	(void)json_object_set_new(o, "muted_workspaces", muted);
	json_print(o);
}

/* The names of the muted workspaces, "owner/name"; the id of one that is not there any more. */
static int name_muted(struct session *s, const struct preferences_changed *p, struct bytes *out,
		      struct error *err)
{
	size_t count = p->muted_workspace_count;
	struct workspace_changed *found = arena_zalloc(&s->arena, count + 1, sizeof(*found));
	struct user_changed *owners = arena_zalloc(&s->arena, count + 1, sizeof(*owners));
	struct uuid *ids = arena_zalloc(&s->arena, count + 1, sizeof(*ids));
	int rc = facts_workspaces(inside_reader(s), p->muted_workspaces, count, &s->arena, found,
				  err);

	for (size_t i = 0; i < count; i++)
		ids[i] = found[i].owner_id;
	if (!rc)
		rc = lookup_users(inside_reader(s), ids, count, &s->arena, owners, err);
	for (size_t i = 0; !rc && i < count; i++)
		out[i] = found[i].name.data && owners[i].username.data
				 ? arena_printf(&s->arena, "%.*s/%.*s",
						BYTES_ARG(owners[i].username),
						BYTES_ARG(found[i].name))
				 : id_text(&s->arena, &p->muted_workspaces[i]);
	return rc;
}

static int print_lines(struct session *s, const struct preferences_changed *p, struct error *err)
{
	struct bytes *muted = arena_zalloc(&s->arena, p->muted_workspace_count + 1, sizeof(*muted));
	int rc = name_muted(s, p, muted, err);

	if (rc)
		return rc;
	for (size_t i = 0; i < p->rule_count; i++)
		(void)printf("%s  %s\n", p->rules[i].on ? "on " : "off",
			     text_of(rule_text(&p->rules[i], &s->arena)));
	for (size_t i = 0; i < p->muted_workspace_count; i++)
		(void)printf("muted  %s\n", text_of(printable(muted[i], &s->arena)));
	if (!p->rule_count && !p->muted_workspace_count)
		(void)printf("Nothing is switched off.\n");
	return 0;
}

enum exit_code run_preferences(struct session *s, const struct arguments *a)
{
	bool set = strcmp(a->operands[0], "set") == 0;
	struct preferences_changed p = { 0 };
	struct error err = { 0 };
	struct uuid user;
	int rc = 0;

	if (!set && strcmp(a->operands[0], "show") != 0)
		rc = error_set(&err, ERROR_USAGE, "show or set, not \"%s\"", a->operands[0]);
	else if (!set && a->given_count)
		rc = error_set(&err, ERROR_USAGE, "show takes no flags of its own");
	if (!rc)
		rc = session_me(s, &err);
	if (!rc)
		rc = inside_open_reader(s, &err);
	user = uuid_of(&s->me);
	if (!rc)
		rc = facts_preferences(inside_reader(s), &user, &s->arena, &p, &err);
	if (!rc && set)
		rc = set_preferences(s, a, &p, &err);
	if (rc)
		return failure_report(s, &err);
	if (s->output == OUTPUT_JSON)
		print_json(&p);
	else if (print_lines(s, &p, &err))
		return failure_report(s, &err);
	return EXIT_DONE;
}
