/* What the Redis server says of itself, and what follows from it. */

#include "cache/server.h"

#include "tests/unit/cache/commands.h"
#include "tests/unit/unit.h"

#include <hiredis/hiredis.h>
#include <stdio.h>

static struct server parse(const char *memory, const char *stats)
{
	char texts[2][200];
	redisReply replies[2] = { 0 };
	redisReply *const list[] = { &replies[0], &replies[1] };
	struct server s;

	(void)snprintf(texts[0], sizeof(texts[0]), "%s", memory);
	(void)snprintf(texts[1], sizeof(texts[1]), "%s", stats);
	for (int i = 0; i < 2; i++) {
		replies[i].type = REDIS_REPLY_STRING;
		replies[i].str = texts[i];
		replies[i].len = strlen(texts[i]);
	}
	server_parse(&s, list);
	return s;
}

static void policy_and_evictions_are_found_among_other_lines(void **state)
{
	const struct server s =
		parse("# Memory\r\nused_memory:1\r\nmaxmemory_policy:volatile-lru\r\n"
		      "mem_fragmentation_ratio:1\r\n",
		      "# Stats\r\nexpired_keys:4\r\nevicted_keys:17\r\nhits:1\r\n");

	(void)state;
	assert_string_equal(s.policy, "volatile-lru");
	assert_int_equal(s.evicted, 17);
}

static void only_a_server_that_says_that_it_evicts_is_refused(void **state)
{
	static const struct {
		const char *memory;
		bool refused;
	} cases[] = {
		{ "maxmemory_policy:noeviction\r\n", false },
		{ "maxmemory_policy:allkeys-random\r\n", true },
		{ "maxmemory_policy:volatile-ttl\r\n", true },
		{ "maxmemory_policy:noeviction-not\r\n", true },
		{ "", false },
	};
	struct server list[] = { { .policy = "noeviction", .node = "a:1" },
				 { .policy = "allkeys-lru", .node = "b:2" } };
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct server s = parse(cases[i].memory, "");

		assert_int_equal(servers_check(&(struct servers){ &s, 1, 1 }, "r:1", &err) ==
					 ERROR_REFUSED,
				 cases[i].refused);
	}
	assert_int_equal(servers_check(&(struct servers){ list, 2, 2 }, "r:1", &err),
			 ERROR_REFUSED);
	assert_string_equal(err.text,
			    "Redis at b:2 may evict keys (maxmemory-policy is allkeys-lru), and an "
			    "evicted key would look like a missing grant; set maxmemory-policy to "
			    "noeviction");
	assert_int_equal(servers_check(&(struct servers){ 0 }, "r:1", &err), 0);
}

static void count_that_rises_or_begins_anew_tells_of_evictions(void **state)
{
	static const struct {
		int64_t before;
		int64_t now;
		bool evicted;
	} cases[] = {
		{ 0, 0, false }, { 0, 1, true },  { 7, 7, false },
		{ 7, 8, true },  { 7, 0, false }, { 7, 3, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct server before = { .evicted = cases[i].before };
		struct server now = { .evicted = cases[i].now };
		struct servers known = { 0 };

		assert_null(servers_note(&known, &(struct servers){ &before, 1, 1 }));
		assert_int_equal(servers_note(&known, &(struct servers){ &now, 1, 1 }) != NULL,
				 cases[i].evicted);
		servers_done(&known);
	}
}

/* The sum of both counts goes down when one node starts anew. */
static void node_that_starts_anew_hides_no_eviction_on_another(void **state)
{
	struct server first[] = { { .node = "a:1", .evicted = 9 }, { .node = "b:2" } };
	struct server later[] = { { .node = "a:1" }, { .node = "b:2", .evicted = 3 } };
	struct servers known = { 0 };
	const struct server *evicting;

	(void)state;
	assert_null(servers_note(&known, &(struct servers){ first, 2, 2 }));
	evicting = servers_note(&known, &(struct servers){ later, 2, 2 });
	assert_non_null(evicting);
	assert_string_equal(evicting->node, "b:2");
	servers_done(&known);
}

/* It may have evicted keys before it served ours; and while it is silent its count is kept. */
static void count_of_a_node_begins_when_it_is_first_heard(void **state)
{
	struct server both[] = { { .node = "a:1" }, { .node = "b:2", .evicted = 5 } };
	struct server later = { .node = "b:2", .evicted = 6 };
	struct servers known = { 0 };

	(void)state;
	assert_null(servers_note(&known, &(struct servers){ both, 1, 2 }));
	assert_null(servers_note(&known, &(struct servers){ both, 2, 2 }));
	assert_null(servers_note(&known, &(struct servers){ both, 1, 2 }));
	assert_non_null(servers_note(&known, &(struct servers){ &later, 1, 1 }));
	servers_done(&known);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policy_and_evictions_are_found_among_other_lines),
		cmocka_unit_test(only_a_server_that_says_that_it_evicts_is_refused),
		cmocka_unit_test(count_that_rises_or_begins_anew_tells_of_evictions),
		cmocka_unit_test(node_that_starts_anew_hides_no_eviction_on_another),
		cmocka_unit_test(count_of_a_node_begins_when_it_is_first_heard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
