/*
 * Writes the seeds that are no text, below the folder that is named: from the
 * records of the unit tests, so that they follow the schemas.
 */

#include "tests/fuzz/recipes.h"
#include "tests/unit/schemas/record_cases.h"

#include "cache/handoff_layout.h"
#include "cache/layout.h"
#include "cache/outcomes.h"
#include "consumer/output.h"
#include "schemas/codec.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { PATH_SIZE = 4096 };

/* In tests/fuzz/replies.c: who reads the reply. */
enum { READ_WORKSPACE, READ_MARK, READ_USER, READ_GROUP, READ_ORGANIZATION };

static const char *root;

static void fail_on(const char *path)
{
	perror(path);
	exit(1);
}

static void write_seed(const char *target, const char *name, struct buffer *b)
{
	char path[PATH_SIZE];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", root, target);
	if (mkdir(path, 0777) && errno != EEXIST)
		fail_on(path);
	(void)snprintf(path, sizeof(path), "%s/%s/%s", root, target, name);
	file = fopen(path, "wb");
	if (!file || fwrite(b->data, 1, b->len, file) != b->len || fclose(file))
		fail_on(path);
	buffer_clear(b);
}

/* ---- records ---- */

static void append_record(struct buffer *b, struct codec *codec, const struct record *r)
{
	struct error err;
	int rc = codec_encode(codec, r, b, &err);

	assert(rc == 0);
}

static void write_records(struct codec *codec, struct buffer *b)
{
	for (int i = 0; i < RECORD_TYPE_COUNT; i++) {
		const struct record *r = &FULL_RECORDS[i];
		struct buffer framed = { 0 };

		append_record(&framed, codec, r);
		buffer_append_u8(b, (uint8_t)r->type);
		buffer_append(b, framed.data + FRAME_SIZE, framed.len - FRAME_SIZE);
		write_seed("records", record_name(r->type), b);
		buffer_done(&framed);
	}
}

/* The same members in a block that states its size, as other writers may. */
static void write_sized_block(struct codec *codec, struct buffer *b)
{
	const struct record *r = &FULL_RECORDS[RECORD_GROUP_CHANGED];
	size_t size = r->as.group_changed.member_count * (1 + UUID_TEXT_LEN);
	struct buffer framed = { 0 };
	size_t members;

	append_record(&framed, codec, r);
	members = framed.len - 1 - size; /* the empty block follows them */
	buffer_append_u8(b, (uint8_t)r->type);
	buffer_append(b, framed.data + FRAME_SIZE, members - 1 - FRAME_SIZE);
	buffer_append_varint(b, 2 * r->as.group_changed.member_count -
					1); /* negative: a size follows */
	buffer_append_varint(b, 2 * size);
	buffer_append(b, framed.data + members, size + 1);
	write_seed("records", "GroupChanged-sized-block", b);
	buffer_done(&framed);
}

static void write_frames(struct codec *codec, struct buffer *b)
{
	static const enum record_type types[] = { RECORD_SHARE_WORKSPACE, RECORD_REMOVE_SHARING,
						  RECORD_USER_CHANGED, RECORD_DEPLOYMENT_CHANGED };

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		append_record(b, codec, &BARE_RECORDS[types[i]]);
		write_seed("frame", record_name(types[i]), b);
	}
}

/* In tests/fuzz/claim.c: what the record is. */
enum { A_DELIVERY, AN_ENDPOINT, ANYTHING, A_TOMBSTONE };

static void write_claim(struct buffer *b, int form, const char *key, struct bytes value,
			const char *name)
{
	buffer_append_u8(b, (uint8_t)form);
	buffer_append_u8(b, (uint8_t)strlen(key));
	buffer_append(b, key, strlen(key));
	buffer_append(b, value.data, value.len);
	write_seed("claim", name, b);
}

static void write_claims(struct codec *codec, struct buffer *b)
{
	static const enum record_type types[] = { RECORD_DELIVERY, RECORD_ENDPOINT_CHANGED };
	static const char *const names[] = { "delivery", "endpoint" };
	char key[512];

	for (size_t i = 0; i < 2; i++) {
		const struct record *r = &FULL_RECORDS[types[i]];
		struct buffer framed = { 0 };
		struct bytes body;

		append_record(&framed, codec, r);
		body = (struct bytes){ framed.data + FRAME_SIZE, framed.len - FRAME_SIZE };
		(void)snprintf(key, sizeof(key), "%.*s/%.*s",
			       BYTES_ARG(FULL_RECORDS[RECORD_DELIVERY].as.delivery.endpoint),
			       BYTES_ARG(FULL_RECORDS[RECORD_DELIVERY].as.delivery.id));
		write_claim(b, i ? AN_ENDPOINT : A_DELIVERY, i ? "hook" : key, body, names[i]);
		write_claim(b, ANYTHING, key, buffer_bytes(&framed),
			    i ? "framed-endpoint" : "framed-delivery");
		buffer_done(&framed);
	}
	write_claim(b, A_TOMBSTONE, key, (struct bytes){ 0 }, "tombstone");
}

static void write_recipes(struct buffer *b)
{
	for (size_t i = 0; i < RECIPE_COUNT; i++) {
		buffer_append(b, RECIPES[i].bytes.data, RECIPES[i].bytes.len);
		write_seed("amplify", RECIPES[i].name, b);
	}
}

/* ---- what Redis keeps ---- */

static struct output output_of(const struct record *r, struct bytes value)
{
	return (struct output){
		.topic = TOPIC_NOTIFICATIONS,
		.type = r->type,
		.offset = 300,
		.n = 1,
		.time = 1795512600007,
		.key = T(ID_TEXT("48")),
		.value = value,
		.traceparent = T("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
	};
}

/* An output of an event's kind, a tombstone, and a dead letter. */
static void write_outputs(struct codec *codec, struct buffer *b)
{
	const struct record *r = &BARE_RECORDS[RECORD_NOTIFICATION];
	struct buffer value = { 0 };
	struct buffer headers = { 0 };
	struct output o;

	append_record(&value, codec, r);
	buffer_append_sized(&headers, bytes_of("reason"));
	buffer_append_optional(&headers, bytes_of("no schema has the fingerprint"));
	o = output_of(r, buffer_bytes(&value));
	outputs_begin(b, &(struct run_range){ 300, 302, 1 });
	output_append(b, &o);
	write_seed("outputs", "one", b);
	outputs_begin(b, &(struct run_range){ 300, 302, 1 });
	o.value = (struct bytes){ 0 };
	output_append(b, &o);
	o.headers = buffer_bytes(&headers);
	output_append(b, &o);
	write_seed("outputs", "tombstone-and-dead-letter", b);
	buffer_done(&value);
	buffer_done(&headers);
}

static void write_outcomes(struct buffer *b)
{
	static const struct outcome_entry entries[] = {
		{ 300, ID(0x10), OUTCOME_APPLIED, REJECT_NONE, 7, { 0 } },
		{ 301, ID(0x13), OUTCOME_REJECTED, REJECT_FORBIDDEN, 7, T("bob may not") },
	};

	outcome_append(b, &entries[0]);
	write_seed("outcomes", "applied", b);
	outcome_append(b, &entries[0]);
	outcome_append(b, &entries[1]);
	write_seed("outcomes", "applied-and-rejected", b);
}

/* ---- replies, in the form of tests/fuzz/replies.c ---- */

static void add_bytes(struct buffer *b, const void *data, size_t len)
{
	buffer_append_u8(b, 's');
	buffer_append_u8(b, (uint8_t)len);
	buffer_append(b, data, len);
}

static void add_text(struct buffer *b, const char *text)
{
	add_bytes(b, text, strlen(text));
}

static void add_texts(struct buffer *b, const char *const *texts)
{
	for (; *texts; texts++)
		add_text(b, *texts);
}

static void add_id(struct buffer *b, const char *field, uint8_t n)
{
	const struct uuid id = ID(n);

	add_text(b, field);
	add_bytes(b, id.bytes, sizeof(id.bytes));
}

static void add_grants(struct buffer *b, const struct uuid *owner)
{
	const struct workspace_grants *w =
		&FULL_RECORDS[RECORD_WORKSPACE_GRANTS].as.workspace_grants;

	for (size_t i = 0; i < w->grant_count; i++) {
		uint8_t field[SUBJECT_FIELD_SIZE];
		uint8_t value[GRANT_VALUE_MAX];
		size_t len = layout_grant_value(value, &w->grants[i], owner);

		layout_subject_field(field, &w->grants[i].subject);
		add_bytes(b, field, sizeof(field));
		add_bytes(b, value, len);
	}
}

static void add_handoffs(struct buffer *b)
{
	const struct workspace_grants *w =
		&FULL_RECORDS[RECORD_WORKSPACE_GRANTS].as.workspace_grants;

	for (size_t i = 0; i < w->handoff_count; i++) {
		uint8_t field[HANDOFF_FIELD_SIZE];
		struct buffer value = { 0 };

		layout_handoff_field(field, &w->handoffs[i].id);
		layout_handoff_value(&value, &w->handoffs[i]);
		add_bytes(b, field, sizeof(field));
		add_bytes(b, value.data, value.len);
		buffer_done(&value);
	}
}

static void add_commands(struct buffer *b, const struct recent *r)
{
	uint8_t forgotten[FORGOTTEN_VALUE_SIZE];
	uint8_t value[RECENT_VALUE_MAX];
	char name[8];

	layout_forgotten_value(forgotten, r);
	add_text(b, LAYOUT_FORGOTTEN);
	add_bytes(b, forgotten, sizeof(forgotten));
	for (int i = (int)layout_recent_field(r->first);
	     i <= (int)layout_recent_field(recent_end(r) - 1); i++) {
		(void)snprintf(name, sizeof(name), "%d", i);
		add_text(b, name);
		add_bytes(b, value, layout_recent_value(value, r, i));
	}
}

static void write_workspace_reply(struct buffer *b)
{
	static const char *const texts[] = { LAYOUT_NAME, "dev", NULL };
	struct recent_command commands[] = { { ID(0x10), 0 }, { ID(0x13), 1 }, { ID(0x14), 300 } };
	const struct workspace_grants *full =
		&FULL_RECORDS[RECORD_WORKSPACE_GRANTS].as.workspace_grants;
	const struct workspace w = { .organization_id = ID(0x22),
				     .owner_id = ID(0x21),
				     .status = WORKSPACE_DORMANT,
				     .version = 42,
				     .grant_count = full->grant_count,
				     .handoffs.count = full->handoff_count,
				     .recent = { commands, 3, 3, 17, 1795512600009 } };
	uint8_t header[HEADER_VALUE_SIZE];
	uint8_t version[VERSION_VALUE_MAX];

	layout_header_value(header, &w);
	buffer_append_u8(b, READ_WORKSPACE);
	add_text(b, LAYOUT_HEADER);
	add_bytes(b, header, sizeof(header));
	add_texts(b, texts);
	add_text(b, LAYOUT_VERSION);
	add_bytes(b, version, layout_version_value(version, &w));
	add_commands(b, &w.recent);
	add_grants(b, &w.owner_id);
	add_handoffs(b);
	write_seed("replies", "workspace", b);
}

static void write_directory_replies(struct buffer *b)
{
	static const char *const user[] = { "username",  "alice",     "email", "alice@example.com",
					    "status",    "suspended", "kind",  "agent",
					    "site_role", "owner",     "orgs",  NULL };
	static const struct uuid organization = ID(0x22);

	buffer_append_u8(b, READ_USER);
	add_texts(b, user);
	buffer_append_u8(b, 's');
	buffer_append_u8(b, sizeof(organization.bytes) + 1);
	buffer_append(b, organization.bytes, sizeof(organization.bytes));
	buffer_append_u8(b, 'a');
	write_seed("replies", "user", b);
	buffer_append_u8(b, READ_GROUP);
	add_texts(b, (const char *const[]){ "name", "contractor", NULL });
	add_id(b, "org", 0x22);
	write_seed("replies", "group", b);
	buffer_append_u8(b, READ_ORGANIZATION);
	add_texts(b, (const char *const[]){ "name", "acme", "sharing", "none", NULL });
	write_seed("replies", "organization", b);
}

/* The values in the order in which the fields are asked for. */
static void write_mark_reply(struct buffer *b)
{
	buffer_append_u8(b, READ_MARK);
	add_texts(b, (const char *const[]){ "7", "300", "MkU3OEVBNTcwNTJENDM2Qk", "12", "3",
					    "ready", "40", "2", "17", "0", "299", "1795512600007",
					    "81985529216486896", "0", "1795512600999", NULL });
	write_seed("replies", "mark", b);
}

int main(int argc, char **argv)
{
	struct codec *codec = NULL;
	struct buffer b = { 0 };
	struct error err;

	if (argc != 2) {
		(void)fputs("usage: fuzz_seeds tests/fuzz/seeds\n", stderr);
		return 2;
	}
	root = argv[1];
	if (codec_new(&codec, &err)) {
		(void)fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	write_records(codec, &b);
	write_sized_block(codec, &b);
	write_frames(codec, &b);
	write_claims(codec, &b);
	write_recipes(&b);
	write_outputs(codec, &b);
	write_outcomes(&b);
	write_workspace_reply(&b);
	write_directory_replies(&b);
	write_mark_reply(&b);
	buffer_done(&b);
	codec_free(&codec);
	return 0;
}
