/* Endpoints as the configuration has them: what is taken, and what is refused by its line. */

#include "consumer/notifier/endpoints.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

static const struct config_setting *const tables[] = { settings_shared, settings_notifier, NULL };
static char path[] = "/tmp/endpoints_test.XXXXXX";
static struct config *config;

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	config_free(&config);
	return unlink(path);
}

/* Reads a file of that content, which nobody else may read. */
static int read_endpoints(struct endpoints *out, const char *content, struct error *err)
{
	FILE *f = fopen(path, "w");
	int rc;

	assert_non_null(f);
	assert_true(fputs(content, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0600), 0);
	config_free(&config);
	config = config_new(tables);
	rc = config_load(config, path, err);
	return rc ? rc : endpoints_read(out, config, err);
}

static void endpoint_has_defaults_by_its_kind(void **state)
{
	struct endpoints all = { 0 };
	struct error err = { 0 };
	const struct endpoint *e;

	(void)state;
	assert_int_equal(
		read_endpoints(&all,
			       "[endpoint ops]\ntype = webhook\nurl = https://x.example/h\n"
			       "secret = " SECRET " " SECRET "\n"
			       "[kafka]\ndebug = all\n"
			       "[endpoint mail]\ntype = smtp\nurl = smtp://m.example\n"
			       "from = Sharing <s@x.example>\n"
			       "[endpoint bell]\ntype = inbox\n"
			       "[endpoint run]\ntype = exec\ncommand = /bin/echo  a b\n",
			       &err),
		0);
	assert_int_equal(all.count, 4);
	e = all.list;
	if (!e) {
		fail();
		return;
	}
	assert_string_equal(e->name, "ops");
	assert_int_equal(e->profile, PROFILE_STANDARD);
	assert_int_equal(e->secret_count, 2);
	assert_true(e->notifications && e->handoffs && !e->allow_private && !e->ordered);
	assert_int_equal(e->timeout_ms, 10000);
	assert_int_equal(e->max_attempts, 100);
	assert_true(all.list[1].starttls && all.list[1].notifications && !all.list[1].handoffs);
	assert_false(all.list[2].handoffs);
	assert_string_equal(all.list[3].argv[0], "/bin/echo");
	assert_string_equal(all.list[3].argv[2], "b");
	assert_null(all.list[3].argv[3]);
	endpoints_done(&all);
}

static void endpoint_is_told_of_what_it_asks_for(void **state)
{
	struct endpoints all = { 0 };
	struct error err = { 0 };
	const struct endpoint *e;

	(void)state;
	assert_int_equal(
		read_endpoints(&all,
			       "[endpoint agent]\ntype = webhook\nurl = http://10.0.0.1/h\n"
			       "profile = coder-automation\nsecret = s3cret\n"
			       "kinds = handoff_offered, handoff_returned\n"
			       "organizations = acme\nrecipients = user:alice,group:team\n"
			       "ordered = yes\nallow-private = yes\ntimeout = 500ms\n"
			       "max-attempts = 3\ngive-up-after = 2d\n",
			       &err),
		0);
	e = all.list;
	if (!e) {
		fail();
		return;
	}
	assert_int_equal(e->profile, PROFILE_CODER_AUTOMATION);
	assert_true(e->handoffs && !e->notifications && e->ordered && e->allow_private);
	assert_int_equal(e->kinds, 1U << NOTIFY_HANDOFF_OFFERED | 1U << NOTIFY_HANDOFF_RETURNED);
	assert_string_equal(e->organizations[0], "acme");
	assert_string_equal(e->recipients[1], "group:team");
	assert_int_equal(e->timeout_ms, 500);
	assert_int_equal(e->max_attempts, 3);
	assert_true(e->give_up_ms == INT64_C(172800000));
	endpoints_done(&all);
}

#define WEBHOOK "[endpoint x]\ntype = webhook\nurl = https://x.example\nsecret = " SECRET "\n"

static void what_is_wrong_is_named_by_its_line(void **state)
{
	static const struct {
		const char *content;
		const char *words; /* in the sentence */
	} rows[] = {
		{ "[endpoint x]\nurl = https://x\n", "line 2: endpoint x: it lacks type" },
		{ "[endpoint x]\ntype = hook\n", "line 2: endpoint x: type is \"hook\"" },
		{ "[endpoint x]\ntyp = hook\n",
		  "line 2: an endpoint has no setting \"typ\"; did you mean type?" },
		{ "[endpoint x]\ntype = inbox\n\ntype = inbox\n",
		  "line 4: type is set a second time, after line 2" },
		{ "[endpoint x]\ntype = webhook\n", "line 2: endpoint x: it lacks url" },
		{ "[endpoint x]\ntype = webhook\nurl = ftp://x\n",
		  "line 3: endpoint x: url must be" },
		{ "[endpoint x]\ntype = webhook\nurl = https://u:p@x\n",
		  "line 3: endpoint x: url" },
		{ "[endpoint x]\ntype = webhook\nurl = https://u@x\n",
		  "line 3: endpoint x: url must be https:// or http://" },
		{ "[endpoint x]\ntype = webhook\nurl = https://:443/\n", "url must have a host" },
		{ "[endpoint x]\ntype = webhook\nurl = https://x:0/\n", "url must have a host" },
		{ "[endpoint x]\ntype = webhook\nurl = https://x:65536/\n",
		  "url must have a host, and a port" },
		{ "[endpoint x]\ntype = webhook\nurl = https://[::1/\n", "url must have a host" },
		{ "[endpoint x]\ntype = smtp\nurl = smtp://m:x\nfrom = a@b.example\n",
		  "line 3: endpoint x: url must have a host" },
		{ "[endpoint x]\ntype = webhook\nurl = https://x\n", "no secret" },
		{ "[endpoint x]\ntype = webhook\nurl = https://x\nsecret = tooshort\n", "line 4" },
		{ WEBHOOK "secret-file = /nowhere\n", "both secret and secret-file" },
		{ WEBHOOK "from = a@b.example\n",
		  "line 5: endpoint x: from is no setting of an endpoint of type webhook" },
		{ WEBHOOK "profile = slack\n", "line 5: endpoint x: profile is \"slack\"" },
		{ WEBHOOK "kinds = shared\n", "line 5: endpoint x: kinds is \"shared\"" },
		{ WEBHOOK "kinds =\n", "line 5" },
		{ WEBHOOK "recipients = alice\n", "line 5: endpoint x: recipients is \"alice\"" },
		{ WEBHOOK "ordered = true\n", "ordered is \"true\"; it must be yes or no" },
		{ WEBHOOK "timeout = 10\n", "timeout is \"10\"; it must be a time" },
		{ WEBHOOK "timeout = 6m\n", "timeout is \"6m\"" },
		{ WEBHOOK "max-attempts = 0\n", "max-attempts is \"0\"" },
		{ WEBHOOK "topics = all\n", "topics is \"all\"" },
		{ "[endpoint x]\ntype = inbox\ntopics = both\n", "topics is \"both\"" },
		{ WEBHOOK "profile = coder\ntopics = both\n",
		  "topics is \"both\"; it must be notifications" },
		{ WEBHOOK "profile = a2a-push\ntopics = both\n",
		  "topics is \"both\"; it must be handoffs" },
		{ "[endpoint x]\ntype = smtp\nurl = smtp://m\nfrom = me\n", "from is \"me\"" },
		{ "[endpoint x]\ntype = smtp\nurl = smtp://m\nfrom = a@b.example\nuser = u\n",
		  "user and password-file go together" },
		{ "[endpoint x]\ntype = exec\ncommand = echo\n", "command is \"echo\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct endpoints all = { 0 };
		struct error err = { 0 };

		assert_int_equal(read_endpoints(&all, rows[i].content, &err), ERROR_INPUT);
		if (!strstr(err.text, rows[i].words) || strstr(err.text, "MfKQ9r8G"))
			fail_msg("\"%s\" is not in: %s", rows[i].words, err.text);
	}
}

static void file_with_a_secret_is_not_for_everybody(void **state)
{
	struct error err = { 0 };

	struct endpoints all = { 0 };

	(void)state;
	assert_int_equal(read_endpoints(&all, WEBHOOK, &err), 0);
	endpoints_done(&all);
	config_free(&config);
	config = config_new(tables);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(config_load(config, path, &err), ERROR_INPUT);
	assert_non_null(strstr(err.text, "line 4 holds a password or a key"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(endpoint_has_defaults_by_its_kind),
		cmocka_unit_test(endpoint_is_told_of_what_it_asks_for),
		cmocka_unit_test(what_is_wrong_is_named_by_its_line),
		cmocka_unit_test(file_with_a_secret_is_not_for_everybody),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
