/*
 * Prints what every kind of endpoint receives of every kind of notification and of
 * every step of a handoff, one JSON object a line, for told_test.py:
 *
 *	{"endpoint", "what", "variant", "code", "error", "headers": {}, "body", "id"}
 *
 * A variant is plain, or has hostile names, a text of a megabyte, a recipient without
 * an address, one whom nobody knows, or a task.
 */

#include "consumer/notifier/render.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

enum { HUGE_BYTES = 1024 * 1024, AT_S = 1767225600 };

#define HOSTILE                                                                                    \
	"Eve\r\nBcc: all@example.com\r\n\r\n<script>alert('1')</script> \"q\" \\ =?utf-8?Q?x?="
#define LONG_NAME                                                                                  \
	"\xc3\x84rger mit \xe3\x81\xaa\xe3\x81\xbe\xe3\x81\x88 \xf0\x9f\x91\xa9\xe2\x80\x8d"       \
	"\xf0\x9f\x92\xbb \xc3\x84rger mit \xe3\x81\xaa\xe3\x81\xbe\xe3\x81\x88 und noch mehr "    \
	"davon"

enum variant { PLAIN, HOSTILE_NAMES, HUGE_TEXT, NO_ADDRESS, NOBODY, WITH_TASK, VARIANTS };

static const char *const variant_names[] = { "plain",      "hostile", "huge",
					     "no address", "nobody",  "task" };

static struct directory *directory;
static struct arena arena;
static char huge[HUGE_BYTES + 1];

static struct uuid numbered_id(uint8_t n)
{
	struct uuid id = { { 0x5a } };

	id.bytes[15] = n;
	return id;
}

static void put_user(uint8_t n, const char *username, const char *name, const char *email)
{
	struct record r = { .type = RECORD_USER_CHANGED };

	r.as.user_changed = (struct user_changed){ .id = numbered_id(n),
						   .username = bytes_of(username),
						   .name = bytes_of(name),
						   .email = bytes_of(email),
						   .status = USER_ACTIVE,
						   .kind = USER_PERSON,
						   .site_role = SITE_MEMBER };
	(void)directory_put(directory, &r, NULL);
}

static void put_group(void)
{
	struct record r = { .type = RECORD_GROUP_CHANGED };

	r.as.group_changed =
		(struct group_changed){ .id = numbered_id(9), .name = bytes_of("contractor") };
	(void)directory_put(directory, &r, NULL);
}

static struct bytes pick(enum variant v, const char *plain)
{
	return bytes_of(v == HOSTILE_NAMES ? HOSTILE : plain);
}

#define BODY                                                                                       \
	"You have the role use: you can connect by SSH.\nAccess ends soon.\n\nAlice writes:\n\n"   \
	"> Please look at <main.c> & \xc3\xa4.\n> Thank you."

static struct notification make_notification(enum notification_kind kind, enum variant v,
					     struct notification_action *action)
{
	action->label = pick(v, "View workspace");
	action->url = pick(v, "https://coder.example.com/@alice/api?a=1&b=2");
	return (struct notification){
		.recipient_id = numbered_id(2),
		.kind = kind,
		.title = v == HOSTILE_NAMES
				 ? bytes_of(HOSTILE " " LONG_NAME)
				 : arena_printf(&arena, "Alice: %s",
						symbol_name(notification_kind_symbols, (int)kind)),
		.body = v == HUGE_TEXT ? bytes_of(huge) : pick(v, BODY),
		.body_markdown = pick(v, "You have the role **use**."),
		.actions = action,
		.action_count = 1,
		.actor = { numbered_id(1), ACTOR_USER },
		.workspace = { numbered_id(7), pick(v, "api"), numbered_id(1), numbered_id(8) },
		.group_id = numbered_id(9),
		.role = ROLE_USE,
		.message = bytes_of(v == HUGE_TEXT ? huge : "Please look at <main.c> & \xc3\xa4."),
		.expires_at = AT_S * 1000LL,
		.handoff_id =
			kind >= NOTIFY_HANDOFF_OFFERED ? numbered_id(6) : (struct uuid){ { 0 } },
		.handoff_step = kind >= NOTIFY_HANDOFF_OFFERED ? 2 : ABSENT,
		.event_id = bytes_of("3-17-0"),
		.at = AT_S * 1000LL,
	};
}

static struct handoff_changed make_handoff(enum handoff_state state, enum variant v,
					   struct task *task, struct artifact *artifact)
{
	*task = (struct task){ TASK_A2A, bytes_of("task-1"), bytes_of("https://a.example.com/1") };
	*artifact = (struct artifact){ pick(v, "diff"), bytes_of("https://git.example.com/1") };
	return (struct handoff_changed){
		.handoff_id = numbered_id(6),
		.step = 2,
		.state = state,
		.previous = HANDOFF_OFFERED,
		.kind = HANDOFF_REVIEW,
		.workspace = { numbered_id(7), pick(v, "api"), numbered_id(1), numbered_id(8) },
		.offered_by = { numbered_id(1), ACTOR_AGENT },
		.to = { SUBJECT_GROUP, numbered_id(9) },
		.accepted_by = numbered_id(2),
		.actor = { numbered_id(2), ACTOR_USER },
		.summary = bytes_of(v == HUGE_TEXT ? huge : "The parser is done."),
		.question = pick(v, "Is it right?"),
		.task = v == WITH_TASK ? task : NULL,
		.note = pick(v, "Nearly."),
		.artifacts = artifact,
		.artifact_count = 1,
		.answer_schema = bytes_of("{}"),
		.role = ROLE_USE,
		.expires_at = ABSENT,
		.command_id = numbered_id(5),
		.at = AT_S * 1000LL,
	};
}

static char secret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
static char new_secret[] = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
static char token[] = "token";
static char from[] = "\"Sharing, us\" <sharebus@example.com>";

static const struct form {
	char name[32];
	enum endpoint_kind kind;
	enum profile profile;
	char *secrets[ENDPOINT_SECRETS_MAX];
	size_t secret_count;
} forms[] = {
	{ "standard", ENDPOINT_WEBHOOK, PROFILE_STANDARD, { secret, new_secret }, 2 },
	{ "coder", ENDPOINT_WEBHOOK, PROFILE_CODER, { secret }, 1 },
	{ "coder-unsigned", ENDPOINT_WEBHOOK, PROFILE_CODER, { NULL }, 0 },
	{ "coder-automation", ENDPOINT_WEBHOOK, PROFILE_CODER_AUTOMATION, { secret, token }, 2 },
	{ "mcp-events", ENDPOINT_WEBHOOK, PROFILE_MCP_EVENTS, { secret }, 1 },
	{ "a2a-push", ENDPOINT_WEBHOOK, PROFILE_A2A_PUSH, { token }, 1 },
	{ "mail", ENDPOINT_SMTP, 0, { NULL }, 0 },
	{ "exec", ENDPOINT_EXEC, 0, { NULL }, 0 },
	{ "inbox", ENDPOINT_INBOX, 0, { NULL }, 0 },
};

static int render(const struct endpoint *e, const struct telling *t, struct rendered *out,
		  struct error *err)
{
	if (e->kind == ENDPOINT_SMTP)
		return render_mail(e, t, AT_S, &arena, &out->body, err);
	if (e->kind == ENDPOINT_INBOX)
		return render_inbox(t, &arena, &out->body, err);
	if (e->kind == ENDPOINT_EXEC)
		return render_exec(t, &arena, &out->body, err);
	return render_webhook(e, t, AT_S, &arena, out, err);
}

static void print_told(const struct form *f, const struct telling *t, const char *what,
		       enum variant v)
{
	char name[sizeof(f->name)];
	struct endpoint e = { .name = memcpy(name, f->name, sizeof(name)), .from = from };
	struct rendered out = { .header_count = 0 };
	struct error err = { 0 };
	int code;
	json_t *headers = json_object();
	json_t *line;

	e.kind = f->kind;
	e.profile = f->profile;
	e.secret_count = f->secret_count;
	memcpy(e.secrets, f->secrets, sizeof(e.secrets));
	code = render(&e, t, &out, &err);
	for (size_t i = 0; !code && i < out.header_count; i++)
		json_object_set_new(headers, out.headers[i].name,
				    json_string(out.headers[i].value));
	line = json_pack("{ss ss ss si ss so ss% ss%}", "endpoint", e.name, "what", what, "variant",
			 variant_names[v], "code", code, "error", err.text, "headers", headers,
			 "body", code ? "" : (const char *)out.body.data,
			 code ? (size_t)0 : out.body.len, "id", (const char *)t->id.data,
			 t->id.len);
	if (!line || json_dumpf(line, stdout, JSON_COMPACT))
		abort();
	putchar('\n');
	json_decref(line);
}

static void tell_all(struct telling *t, const char *what, enum variant v)
{
	t->id = bytes_of("3-17-1");
	t->source = bytes_of("sharebus/cluster/sharing.commands");
	t->traceparent = bytes_of("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
	t->directory = directory;
	t->access_url = "https://coder.example.com";
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		print_told(&forms[i], t, what, v);
}

static void tell_notifications(enum variant v)
{
	struct uuid id = numbered_id(v == HOSTILE_NAMES ? 3 : v == NO_ADDRESS ? 4 : 2);

	int last = v == HUGE_TEXT ? NOTIFY_WORKSPACE_SHARED : NOTIFY_HANDOFF_EXPIRED;

	for (int kind = NOTIFY_WORKSPACE_SHARED; kind <= last; kind++) {
		struct notification_action action;
		struct notification n = make_notification((enum notification_kind)kind, v, &action);
		struct telling t = { .notification = &n };

		t.recipient = v == NOBODY ? NULL : directory_user(directory, &id);
		tell_all(&t, symbol_name(notification_kind_symbols, kind), v);
	}
}

static void tell_handoffs(enum variant v)
{
	int last = v == HUGE_TEXT ? HANDOFF_OFFERED : HANDOFF_COMPLETED;

	for (int state = HANDOFF_OFFERED; state <= last; state++) {
		struct task task;
		struct artifact artifact;
		struct handoff_changed h =
			make_handoff((enum handoff_state)state, v, &task, &artifact);
		struct telling t = { .handoff = &h };

		tell_all(&t, symbol_name(handoff_state_symbols, state), v);
	}
}

int main(void)
{
	memset(huge, 'x', HUGE_BYTES);
	arena_init(&arena);
	directory = directory_new();
	put_user(1, "alice", "Alice", "alice@example.com");
	put_user(2, "bob", "Bob B\xc3\xb6hm", "bob@example.com");
	put_user(3, "eve", HOSTILE LONG_NAME, "eve@example.com");
	put_user(4, "dan", "Dan", "dan@example.com\r\nBcc: all@example.com");
	put_group();
	for (int v = PLAIN; v < VARIANTS; v++) {
		tell_notifications((enum variant)v);
		tell_handoffs((enum variant)v);
		arena_reset(&arena);
	}
	directory_free(&directory);
	arena_done(&arena);
	return 0;
}
