/*
 * Decodes or encodes one record many times, for a tool that counts instructions:
 * what two runs of different length differ by is what the records take.
 *
 *	codec_bench RECORD decode|encode ROUNDS
 */

#include "schemas/codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define T(text)                                                                                    \
	{                                                                                          \
		(const uint8_t *)(text), sizeof(text) - 1                                          \
	}
#define ID(n)                                                                                      \
	{                                                                                          \
		{                                                                                  \
			0x01, 0x90, 0x16, 0x3d, 0x86, 0x94, 0x73, 0x9b, 0xae, 0xa5, 0x96, 0x6c,    \
				0x26, 0xf8, 0xad, (n)                                              \
		}                                                                                  \
	}
#define WORKSPACE                                                                                  \
	{                                                                                          \
		ID(1), T("backend-dev"), ID(2), ID(3)                                              \
	}

enum { NOW = 1795512600 };

static const int64_t NOW_MS = INT64_C(1000) * NOW;

static struct record share_workspace(void)
{
	static struct grant_wish wishes[] = {
		{ { SUBJECT_USER, ID(4) }, ROLE_USE, ABSENT, false },
		{ { SUBJECT_GROUP, ID(5) }, ROLE_ADMIN, INT64_C(1795599000000), false },
	};

	return (struct record){
		.type = RECORD_SHARE_WORKSPACE,
		.as.share_workspace = { .command = { ID(6),
						     NOW_MS,
						     { ID(2), ACTOR_USER },
						     ID(1),
						     ABSENT,
						     41 },
					.grants = wishes,
					.grant_count = 2,
					.message = T("have a look at the build, please") },
	};
}

static struct record sharing_changed(void)
{
	static struct change changes[] = {
		{ { SUBJECT_USER, ID(4) }, ROLE_NONE, ROLE_USE, ABSENT },
		{ { SUBJECT_GROUP, ID(5) }, ROLE_USE, ROLE_ADMIN, INT64_C(1795599000000) },
	};

	return (struct record){
		.type = RECORD_SHARING_CHANGED,
		.as.sharing_changed = { .workspace = WORKSPACE,
					.version = 1234,
					.actor = { ID(2), ACTOR_USER },
					.command_id = ID(6),
					.reason = REASON_COMMAND,
					.changes = changes,
					.change_count = 2,
					.at = NOW_MS },
	};
}

static struct record notification(void)
{
	static struct notification_action actions[] = {
		{ T("Open workspace"), T("https://coder.example.com/@alice/backend-dev") },
	};

	return (struct record){
		.type = RECORD_NOTIFICATION,
		.as.notification = { .recipient_id = ID(4),
				     .kind = NOTIFY_WORKSPACE_SHARED,
				     .title = T("Alice shared backend-dev with you"),
				     .body = T("You may now use the workspace backend-dev of "
					       "Alice. She wrote: have a look at the build"),
				     .body_markdown = T("You may now **use** the workspace "
							"`backend-dev` of Alice.\n\n> have a look "
							"at the build"),
				     .actions = actions,
				     .action_count = 1,
				     .actor = { ID(2), ACTOR_USER },
				     .workspace = WORKSPACE,
				     .role = ROLE_USE,
				     .message = T("have a look at the build"),
				     .expires_at = ABSENT,
				     .handoff_step = ABSENT,
				     .event_id = T("01901637-8694-739b-aea5-966c26f8ad06/1"),
				     .at = NOW_MS },
	};
}

static struct record workspace_grants(void)
{
	static struct grant grants[8];
	static struct recent_command recents[16];

	for (size_t i = 0; i < sizeof(grants) / sizeof(*grants); i++)
		grants[i] = (struct grant){
			{ SUBJECT_USER, ID((uint8_t)i) }, ROLE_USE, ID(2), NOW_MS, ABSENT
		};
	for (size_t i = 0; i < sizeof(recents) / sizeof(*recents); i++)
		recents[i] = (struct recent_command){ ID((uint8_t)i), 0 };
	return (struct record){
		.type = RECORD_WORKSPACE_GRANTS,
		.as.workspace_grants = { .workspace = WORKSPACE,
					 .status = WORKSPACE_ACTIVE,
					 .version = 1234,
					 .grants = grants,
					 .grant_count = sizeof(grants) / sizeof(*grants),
					 .recent_commands = recents,
					 .recent_command_count = sizeof(recents) / sizeof(*recents),
					 .forgotten_until = NOW_MS,
					 .source_offset = 123456789 },
	};
}

static void fail_bench(const char *why)
{
	(void)fprintf(stderr, "codec_bench: %s\n", why);
	exit(1);
}

static struct record choose_record(const char *name)
{
	static struct record (*const makers[])(void) = { share_workspace, sharing_changed,
							 notification, workspace_grants };

	for (size_t i = 0; i < sizeof(makers) / sizeof(*makers); i++) {
		struct record r = makers[i]();

		if (strcmp(record_name(r.type), name) == 0)
			return r;
	}
	fail_bench("there is no such record");
	abort();
}

static void encode_once(struct codec *codec, const struct record *r, struct buffer *value)
{
	struct error err = { 0 };

	buffer_clear(value);
	if (codec_encode(codec, r, value, &err))
		fail_bench(err.text);
}

static void decode_once(struct codec *codec, const struct buffer *value, struct arena *arena)
{
	struct error err = { 0 };
	struct record out;

	if (codec_decode(codec, buffer_bytes(value), arena, &out, &err))
		fail_bench(err.text);
	arena_reset(arena);
}

int main(int argc, char **argv)
{
	struct codec *codec = NULL;
	struct buffer value = { 0 };
	struct arena arena = { 0 };
	struct error err = { 0 };
	struct record r;

	if (argc != 4)
		fail_bench("usage: codec_bench RECORD decode|encode ROUNDS");
	r = choose_record(argv[1]);
	if (codec_new(&codec, &err))
		fail_bench(err.text);
	encode_once(codec, &r, &value);
	for (long i = strtol(argv[3], NULL, 10); i > 0; i--)
		if (argv[2][0] == 'd')
			decode_once(codec, &value, &arena);
		else
			encode_once(codec, &r, &value);
	buffer_done(&value);
	arena_done(&arena);
	codec_free(&codec);
	return 0;
}
