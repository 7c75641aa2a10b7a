/* Unsent outputs are read in the order of the log, and trusted by their seals. */

#include "cache/unsent.h"

#include "tests/unit/cache/script.h"
#include "tests/unit/unit.h"

static struct index *ix;

static int set_up(void **state)
{
	const struct mark m = script_ready_mark(7, 100);
	const struct index_options options = {
		{ .address = "127.0.0.1:6379" }, "sb", "sharing.commands", m.deployment, 1000
	};

	(void)script_reset(state);
	return index_open(&ix, &options, NULL);
}

static int tear_down(void **state)
{
	index_close(&ix);
	return script_reset(state);
}

static void runs_come_in_the_order_of_their_offsets(void **state)
{
	struct pipeline *scene = script_scene();
	struct unsent_list out;

	(void)state;
	pipeline_command(scene, 4);
	pipeline_text(scene, "1000");
	pipeline_text(scene, "later");
	pipeline_text(scene, "999");
	pipeline_text(scene, "earlier");
	assert_int_equal(unsent_read(ix, 1, NULL, &out, NULL), 0);
	assert_int_equal(out.count, 2);
	assert_int_equal(out.list[0].last, 999);
	assert_true(bytes_equal_text(buffer_bytes(&out.list[0].outputs), "earlier"));
	assert_int_equal(out.list[1].last, 1000);
	assert_true(bytes_equal_text(buffer_bytes(&out.list[1].outputs), "later"));
	unsent_done(&out);
	assert_int_equal(out.count, 0);
}

static void partition_without_unsent_outputs_gives_an_empty_list(void **state)
{
	struct unsent_list out;

	(void)state;
	pipeline_command(script_scene(), 0);
	assert_int_equal(unsent_read(ix, 1, NULL, &out, NULL), 0);
	assert_int_equal(out.count, 0);
	unsent_done(&out);
}

static void missing_answer_leaves_the_list_untouched(void **state)
{
	struct unsent one = { .last = 5 };
	struct unsent_list out = { &one, 1 };

	(void)state;
	script_no_answer();
	assert_int_equal(unsent_read(ix, 1, NULL, &out, NULL), ERROR_UNAVAILABLE);
	assert_ptr_equal(out.list, &one);
	assert_int_equal(out.count, 1);
}

/* ---- seals ---- */

#define TEXT_KEYS                                                                                  \
	"consumer AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8= system\n"                           \
	"gateway /////////////////////////////////////////v8= share\n"

static struct signing keys_signing;

static int open_keys(void **state)
{
	struct error err;

	if (set_up(state) || keyring_parse(&keys_signing.keyring, bytes_of(TEXT_KEYS), &err))
		return -1;
	keys_signing.own = keyring_at(keys_signing.keyring, 0);
	return signer_new(&keys_signing.signer, &err);
}

static int close_keys(void **state)
{
	signer_free(&keys_signing.signer);
	keyring_free(&keys_signing.keyring);
	return tear_down(state);
}

/* Partition 1 keeps this entry at 41. Why it is distrusted, or NULL. */
static const char *distrust_of(struct bytes entry, const char *outputs)
{
	struct pipeline *scene = script_scene();
	struct unsent_list out;
	const char *why;

	pipeline_command(scene, 2);
	pipeline_text(scene, "41");
	pipeline_bytes(scene, entry);
	assert_int_equal(unsent_read(ix, 1, &keys_signing, &out, NULL), 0);
	assert_int_equal(out.count, 1);
	why = out.list[0].distrust;
	if (outputs)
		assert_true(bytes_equal_text(buffer_bytes(&out.list[0].outputs), outputs));
	unsent_done(&out);
	return why;
}

/* An entry of outputs that are sealed for that place. */
static struct bytes sealed(struct buffer *b, int partition, int64_t last, const char *outputs)
{
	struct seal seal;

	assert_int_equal(unsent_seal(&keys_signing, index_keys(ix, partition), last,
				     bytes_of(outputs), &seal, NULL),
			 0);
	buffer_clear(b);
	buffer_append(b, seal.bytes, seal.len);
	buffer_append_text(b, outputs);
	return buffer_bytes(b);
}

static void seal_is_good_for_its_place_and_bytes_alone(void **state)
{
	struct buffer b;

	(void)state;
	buffer_init(&b);
	assert_null(distrust_of(sealed(&b, 1, 41, "outputs"), "outputs"));
	assert_string_equal(distrust_of(sealed(&b, 0, 41, "outputs"), NULL), "their seal is wrong");
	assert_string_equal(distrust_of(sealed(&b, 1, 42, "outputs"), NULL), "their seal is wrong");
	(void)sealed(&b, 1, 41, "outputs");
	for (size_t i = 0; i < b.len; i++) {
		b.data[i] ^= 1;
		if (!distrust_of(buffer_bytes(&b), NULL))
			fail_msg("byte %zu", i);
		b.data[i] ^= 1;
	}
	buffer_done(&b);
}

static void outputs_without_a_seal_are_not_trusted(void **state)
{
	(void)state;
	assert_string_equal(distrust_of(bytes_of("outputs"), "outputs"),
			    "they have no seal of a consumer");
	assert_string_equal(distrust_of(bytes_of(""), NULL), "they have no seal of a consumer");
	assert_string_equal(distrust_of(bytes_of("\xa1"), NULL), "they have no seal of a consumer");
	assert_string_equal(distrust_of(bytes_of("\xa1\x01xshort"), NULL),
			    "they have no seal of a consumer");
}

/* Whoever may share, and writes to Redis, is no consumer. */
static void seal_needs_a_key_that_may_system(void **state)
{
	struct buffer b;

	(void)state;
	buffer_init(&b);
	keys_signing.own = keyring_at(keys_signing.keyring, 1);
	assert_string_equal(distrust_of(sealed(&b, 1, 41, "outputs"), NULL),
			    "the key of their seal lacks the right system");
	buffer_done(&b);
}

/* A consumer whose keys were taken away again still publishes what it has sealed. */
static void without_keys_a_seal_is_left_out(void **state)
{
	struct pipeline *scene = script_scene();
	struct unsent_list out;
	struct seal none;
	struct buffer b;

	(void)state;
	buffer_init(&b);
	pipeline_command(scene, 2);
	pipeline_text(scene, "41");
	pipeline_bytes(scene, sealed(&b, 1, 41, "outputs"));
	assert_int_equal(unsent_read(ix, 1, NULL, &out, NULL), 0);
	assert_null(out.list[0].distrust);
	assert_true(bytes_equal_text(buffer_bytes(&out.list[0].outputs), "outputs"));
	unsent_done(&out);
	assert_int_equal(unsent_seal(NULL, index_keys(ix, 1), 41, bytes_of("outputs"), &none, NULL),
			 0);
	assert_int_equal(none.len, 0);
	buffer_done(&b);
}

#define KEYS_TEST(name) cmocka_unit_test_setup_teardown(name, open_keys, close_keys)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(runs_come_in_the_order_of_their_offsets),
		TEST(partition_without_unsent_outputs_gives_an_empty_list),
		TEST(missing_answer_leaves_the_list_untouched),
		KEYS_TEST(seal_is_good_for_its_place_and_bytes_alone),
		KEYS_TEST(outputs_without_a_seal_are_not_trusted),
		KEYS_TEST(seal_needs_a_key_that_may_system),
		KEYS_TEST(without_keys_a_seal_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
