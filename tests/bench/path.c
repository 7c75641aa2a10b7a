/*
 * Carries out shares without Kafka and Redis, for a tool that counts instructions: what
 * two runs of different length differ by is what the commands take. From the bytes of
 * a command to those for Redis and to the outputs, everything is done that the consumer
 * does, by its runner; the workspaces are at hand.
 *
 *	path_bench COMMANDS
 *
 * Prints how many bytes went to Redis and into outputs.
 */

#include "consumer/runner.h"
#include "ops/support/hash.h"

#include "tests/fuzz/offline.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { USERS = 2000, WORKSPACES = 5000, RUN = 250, GRANTS_BEFORE = 3 };
enum kind { USER = 1, ORGANIZATION, WORKSPACE, COMMAND };

static const int64_t NOW_MS = 1795512600000;

static struct codec *codec;
static size_t bytes_for_redis;
static size_t bytes_of_outputs;

static struct uuid id_of(enum kind kind, size_t n)
{
	struct uuid id = { { 0 } };

	for (unsigned i = 0; i < 6; i++)
		id.bytes[i] = (uint8_t)(NOW_MS >> (40 - 8 * i));
	id.bytes[6] = 0x70;
	id.bytes[8] = 0x80 | (uint8_t)kind;
	for (unsigned i = 0; i < 4; i++)
		id.bytes[12 + i] = (uint8_t)(n >> (24 - 8 * i));
	return id;
}

/* Spreads, and is the same each time. */
static size_t mixed(size_t n)
{
	return (n * 2654435761U) >> 4;
}

static void put_user(struct directory *d, size_t n)
{
	struct membership home = { id_of(ORGANIZATION, 0), ORGANIZATION_MEMBER };
	struct record r = { .type = RECORD_USER_CHANGED };
	char name[32];

	(void)snprintf(name, sizeof(name), "user%zu", n);
	r.as.user_changed = (struct user_changed){ .id = id_of(USER, n),
						   .username = bytes_of(name),
						   .name = bytes_of(""),
						   .email = bytes_of(""),
						   .status = USER_ACTIVE,
						   .kind = USER_PERSON,
						   .site_role = SITE_MEMBER,
						   .organizations = &home,
						   .organization_count = 1 };
	(void)directory_put(d, &r, NULL);
}

static struct directory *make_directory(void)
{
	struct directory *d = directory_new();
	struct record r = { .type = RECORD_ORGANIZATION_CHANGED };

	r.as.organization_changed =
		(struct organization_changed){ id_of(ORGANIZATION, 0), bytes_of("default"),
					       SHARING_EVERYONE, ABSENT };
	(void)directory_put(d, &r, NULL);
	for (size_t n = 0; n < USERS; n++)
		put_user(d, n);
	return d;
}

static size_t owner_of(size_t workspace)
{
	return workspace % USERS;
}

static void put_workspace(struct workspaces *all, size_t n)
{
	const struct uuid id = id_of(WORKSPACE, n);
	struct workspace *w = &workspaces_add(all, 0, &id)->workspace;
	char name[32];

	(void)snprintf(name, sizeof(name), "dev-%zu", n);
	w->registered = true;
	w->status = WORKSPACE_ACTIVE;
	w->organization_id = id_of(ORGANIZATION, 0);
	w->owner_id = id_of(USER, owner_of(n));
	w->version = 1;
	workspace_set_name(w, bytes_of(name));
	for (size_t i = 0; i < GRANTS_BEFORE; i++) {
		const struct grant g = { { SUBJECT_USER, id_of(USER, (n + i + 1) % USERS) },
					 ROLE_USE,
					 w->owner_id,
					 NOW_MS - 1,
					 ABSENT };

		workspace_put_grant(w, &g);
	}
}

/* ---- what is sent ---- */

struct message_text {
	char key[40];
	struct buffer value;
};

static void write_share(struct message_text *out, size_t n)
{
	size_t workspace = mixed(n) % WORKSPACES;
	struct grant_wish wish = { { SUBJECT_USER, id_of(USER, mixed(n + 7) % USERS) },
				   n % 2 ? ROLE_USE : ROLE_ADMIN,
				   ABSENT,
				   false };
	struct record r = { .type = RECORD_SHARE_WORKSPACE };
	struct error err;
	int rc;

	r.as.share_workspace.command =
		(struct command){ .command_id = id_of(COMMAND, n),
				  .issued_at = NOW_MS,
				  .actor = { id_of(USER, owner_of(workspace)), ACTOR_USER },
				  .workspace_id = id_of(WORKSPACE, workspace),
				  .expected_version = ABSENT,
				  .directory_offset = ABSENT };
	r.as.share_workspace.grants = &wish;
	r.as.share_workspace.grant_count = 1;
	uuid_format(out->key, &r.as.share_workspace.command.workspace_id);
	buffer_clear(&out->value);
	rc = codec_encode(codec, &r, &out->value, &err);
	assert(!rc);
}

static void stage_run(struct partition *part, struct message_text *texts, struct sent *sent,
		      size_t first, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		write_share(&texts[i], first + i);
		sent[i] = (struct sent){ .message = { .offset = (int64_t)(first + i),
						      .time = NOW_MS,
						      .key = bytes_of(texts[i].key),
						      .value = buffer_bytes(&texts[i].value),
						      .handle = &sent[i] } };
		staged_add(&part->staged, &sent[i].message);
	}
}

/* ---- carrying it out ---- */

/* The name is what the tool looks for. */
__attribute__((noinline)) static void carry_out(struct runner *runner, struct partition *part)
{
	while (part->staged.count) {
		struct error err = { 0 };
		struct batch *b;
		int rc = runner_run(runner, part, part->staged.count, -1, &err);

		assert(!rc);
		b = offline_take_batch();
		bytes_for_redis += offline_written();
		bytes_of_outputs += b->len;
		batch_free_list(b);
	}
}

static void carry_out_all(struct workspaces *workspaces, size_t commands)
{
	static struct message_text texts[RUN];
	static struct sent sent[RUN];
	const struct limits limits = limits_default();
	const struct runner_options o = { .codec = codec,
					  .workspaces = workspaces,
					  .access_url = "https://coder.example.com",
					  .partitions = 1,
					  .limits = &limits };
	struct runner *runner = runner_new(&o);
	struct partitions all;

	offline_own(&all);
	for (size_t at = 0; at < commands; at += RUN) {
		stage_run(&all.list[0], texts, sent, at, commands - at < RUN ? commands - at : RUN);
		carry_out(runner, &all.list[0]);
	}
	for (size_t i = 0; i < RUN; i++)
		buffer_done(&texts[i].value);
	partitions_done(&all);
	runner_free(&runner);
}

int main(int argc, char **argv)
{
	static const uint8_t key[HASH_KEY_SIZE];
	size_t commands = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
	struct workspaces *workspaces = workspaces_new(SIZE_MAX);
	struct directory *directory;
	struct error err;
	int rc;

	if (!commands) {
		(void)fprintf(stderr, "usage: path_bench COMMANDS\n");
		return EXIT_FAILURE;
	}
	hash_fix_key(key);
	rc = codec_new(&codec, &err);
	assert(!rc);
	directory = make_directory();
	offline_show(directory);
	for (size_t n = 0; n < WORKSPACES; n++)
		put_workspace(workspaces, n);
	carry_out_all(workspaces, commands);
	printf("%zu commands, %zu bytes for Redis, %zu bytes of outputs\n", commands,
	       bytes_for_redis, bytes_of_outputs);
	directory_free(&directory);
	workspaces_free(&workspaces);
	codec_free(&codec);
	return EXIT_SUCCESS;
}
