/* A workspace's grants, name and size. */

#include "cache/workspace.h"

#include "tests/unit/cache/commands.h"
#include "tests/unit/unit.h"

enum { MANY = 100 };

static const struct uuid ID = { { 0xaa } };
static struct workspace workspace;

static int set_up(void **state)
{
	(void)state;
	workspace_init(&workspace, &ID);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	workspace_done(&workspace);
	return 0;
}

static struct subject user(unsigned n)
{
	return (struct subject){ SUBJECT_USER, { { 1, (uint8_t)n } } };
}

static void put(const struct subject *s, enum role role)
{
	workspace_put_grant(&workspace, &(struct grant){ .subject = *s, .role = role });
}

static void new_workspace_is_not_registered_and_empty(void **state)
{
	struct subject s = user(1);

	(void)state;
	assert_false(workspace.registered);
	assert_true(uuid_equal(&workspace.id, &ID));
	assert_null(workspace_grant(&workspace, &s));
	workspace_drop_grant(&workspace, &s);
	assert_int_equal(workspace.grant_count, 0);
}

static void grants_are_found_by_subject(void **state)
{
	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		struct subject s = user(i);

		put(&s, i % 2 ? ROLE_USE : ROLE_ADMIN);
	}
	assert_int_equal(workspace.grant_count, MANY);
	for (unsigned i = 0; i < MANY; i++) {
		struct subject s = user(i);

		assert_int_equal(workspace_grant(&workspace, &s)->role,
				 i % 2 ? ROLE_USE : ROLE_ADMIN);
	}
}

static void user_and_group_of_the_same_id_are_two_subjects(void **state)
{
	struct subject u = user(1);
	struct subject g = { SUBJECT_GROUP, u.id };

	(void)state;
	put(&u, ROLE_USE);
	assert_null(workspace_grant(&workspace, &g));
	put(&g, ROLE_ADMIN);
	assert_int_equal(workspace.grant_count, 2);
	workspace_drop_grant(&workspace, &g);
	assert_null(workspace_grant(&workspace, &g));
	assert_int_equal(workspace_grant(&workspace, &u)->role, ROLE_USE);
}

static void putting_a_grant_again_replaces_it(void **state)
{
	struct subject s = user(1);

	(void)state;
	put(&s, ROLE_USE);
	put(&s, ROLE_ADMIN);
	assert_int_equal(workspace.grant_count, 1);
	assert_int_equal(workspace_grant(&workspace, &s)->role, ROLE_ADMIN);
}

/* Whether the first, the last or one in between is dropped, all others stay. */
static void dropping_a_grant_keeps_the_others(void **state)
{
	(void)state;
	for (unsigned gone = 0; gone < 5; gone++) {
		for (unsigned i = 0; i < 5; i++) {
			struct subject s = user(i);

			put(&s, ROLE_USE);
		}
		for (struct subject s = user(gone); workspace.grant_count == 5;)
			workspace_drop_grant(&workspace, &s);
		assert_int_equal(workspace.grant_count, 4);
		for (unsigned i = 0; i < 5; i++) {
			struct subject s = user(i);

			assert_int_equal(workspace_grant(&workspace, &s) == NULL, i == gone);
		}
	}
}

static void name_is_a_copy_of_its_own(void **state)
{
	char text[] = "dev";

	(void)state;
	workspace_set_name(&workspace, bytes_of(text));
	text[0] = 'x';
	assert_string_equal((const char *)workspace.name.data, "dev");
	/* Even when the name is set to itself, or to nothing. */
	workspace_set_name(&workspace, workspace.name);
	assert_string_equal((const char *)workspace.name.data, "dev");
	workspace_set_name(&workspace, (struct bytes){ 0 });
	assert_int_equal(workspace.name.len, 0);
	assert_string_equal((const char *)workspace.name.data, "");
}

static void cleared_workspace_has_only_its_id(void **state)
{
	struct subject s = user(1);
	struct uuid command = made_at(5, 1);

	(void)state;
	workspace.registered = true;
	workspace.version = 7;
	workspace_set_name(&workspace, bytes_of("dev"));
	put(&s, ROLE_USE);
	recent_add(&workspace.recent, &command, 5);
	workspace_clear(&workspace);
	assert_true(uuid_equal(&workspace.id, &ID));
	assert_false(workspace.registered);
	assert_int_equal(workspace.version, 0);
	assert_int_equal(workspace.grant_count, 0);
	assert_null(workspace.name.data);
	assert_int_equal(recent_end(&workspace.recent), 0);
	assert_null(workspace.recent.list);
}

static void reference_shows_what_events_carry(void **state)
{
	struct workspace_ref ref;

	(void)state;
	workspace.owner_id = (struct uuid){ { 3 } };
	workspace.organization_id = (struct uuid){ { 4 } };
	workspace_set_name(&workspace, bytes_of("dev"));
	ref = workspace_ref(&workspace);
	assert_true(uuid_equal(&ref.id, &ID));
	assert_true(uuid_equal(&ref.owner_id, &workspace.owner_id));
	assert_true(uuid_equal(&ref.organization_id, &workspace.organization_id));
	assert_true(bytes_equal_text(ref.name, "dev"));
}

static void memory_grows_with_grants_name_and_commands(void **state)
{
	size_t before = workspace_memory(&workspace);
	size_t after;

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		struct subject s = user(i);

		put(&s, ROLE_USE);
	}
	after = workspace_memory(&workspace);
	assert_true(after >= before + MANY * sizeof(struct grant));
	workspace_set_name(&workspace, bytes_of("twelve bytes"));
	assert_int_equal(workspace_memory(&workspace), after + 12);
	for (unsigned i = 0; i < MANY; i++)
		recent_restore(&workspace.recent, &(struct recent_command){ made_at(5, i), 0 });
	assert_true(workspace_memory(&workspace) >=
		    after + 12 + MANY * sizeof(struct recent_command));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(new_workspace_is_not_registered_and_empty),
		TEST(grants_are_found_by_subject),
		TEST(user_and_group_of_the_same_id_are_two_subjects),
		TEST(putting_a_grant_again_replaces_it),
		TEST(dropping_a_grant_keeps_the_others),
		TEST(name_is_a_copy_of_its_own),
		TEST(cleared_workspace_has_only_its_id),
		TEST(reference_shows_what_events_carry),
		TEST(memory_grows_with_grants_name_and_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
