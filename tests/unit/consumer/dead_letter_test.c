/*
 * A dead letter is the record as it came, unless it is too large; then it fits, and
 * says what is missing.
 */

#include "consumer/dead_letter.h"

#include "ops/support/buffer.h"
#include "schemas/bounds.h"
#include "tests/unit/unit.h"

#include <stdio.h>

enum { MANY = 5000, LARGE = 2 << 20, LIMIT = 1 << 20 };

static uint8_t large[LARGE];
static struct header headers[MANY];

/* The record of 3:17, with a value, a key and so many headers of that size. */
static struct dead_record record_of(size_t value, size_t key, size_t count, size_t header)
{
	for (size_t i = 0; i < count; i++)
		headers[i] = (struct header){ "name", { large, header } };
	return (struct dead_record){
		.partition = 3,
		.offset = 17,
		.time = 1795512600002,
		.key = { large, key },
		.value = { large, value },
		.headers = headers,
		.header_count = count,
		.reason = bytes_of("it makes no sense"),
	};
}

/* What a letter takes on the bus, as it is computed by the client. */
static size_t size_of(const struct dead_letter *l)
{
	return l->key.len + l->value.len + l->headers.len;
}

/* The last header of that name; absent: none. */
static struct bytes header_of(const struct dead_letter *l, const char *name)
{
	struct bytes rest = l->headers;
	struct bytes found = { 0 };
	struct bytes each;
	struct bytes value;

	while (bytes_take_sized(&rest, &each) && bytes_take_optional(&rest, &value))
		if (bytes_equal_text(each, name))
			found = value;
	assert_int_equal(rest.len, 0);
	return found;
}

static size_t count_headers(const struct dead_letter *l)
{
	struct bytes rest = l->headers;
	struct bytes name;
	struct bytes value;
	size_t count = 0;

	while (bytes_take_sized(&rest, &name) && bytes_take_optional(&rest, &value))
		count++;
	return count;
}

static void assert_origin(const struct dead_letter *l)
{
	assert_true(bytes_equal_text(header_of(l, "sharebus_reason"), "it makes no sense"));
	assert_true(bytes_equal_text(header_of(l, "sharebus_topic"), "sharing.commands"));
	assert_true(bytes_equal_text(header_of(l, "sharebus_partition"), "3"));
	assert_true(bytes_equal_text(header_of(l, "sharebus_offset"), "17"));
	assert_true(bytes_equal_text(header_of(l, "sharebus_timestamp"), "1795512600002"));
}

static void record_that_fits_is_kept_as_it_came(void **state)
{
	struct dead_record r = record_of(1000000, 300, 20, 100);
	struct dead_letter l;

	headers[0].value = (struct bytes){ 0 }; /* without a value */
	dead_letter_write(&l, &r, LIMIT, *state);
	assert_ptr_equal(l.value.data, r.value.data);
	assert_int_equal(l.value.len, 1000000);
	assert_int_equal(l.key.len, 300);
	assert_int_equal(count_headers(&l), 20 + 5);
	assert_origin(&l);
	assert_null(header_of(&l, "sharebus_size").data);
}

static void record_without_a_value_stays_without(void **state)
{
	struct dead_record r = record_of(0, 0, 0, 0);
	struct dead_letter l;

	r.key = r.value = (struct bytes){ 0 };
	dead_letter_write(&l, &r, LIMIT, *state);
	assert_null(l.key.data);
	assert_null(l.value.data);
	assert_origin(&l);
}

/* Large in its value, its key, one header, or in the number of headers; whatever the topic takes. */
static void abridged_letter_fits_and_says_what_is_missing(void **state)
{
	static const struct {
		size_t value;
		size_t key;
		size_t count;
		size_t header;
	} cases[] = {
		{ LARGE, 36, 4, 50 },   { 100, LARGE, 4, 50 },      { 100, 36, 1, LARGE },
		{ 100, 36, MANY, 300 }, { LARGE, LARGE, 3, LARGE },
	};
	static const size_t limits[] = { 10000, 100000, LIMIT };

	memset(large, 0, sizeof(large));
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		for (size_t k = 0; k < sizeof(limits) / sizeof(*limits); k++) {
			struct dead_record r = record_of(cases[i].value, cases[i].key,
							 cases[i].count, cases[i].header);
			struct dead_letter l;
			char size[32];

			dead_letter_write(&l, &r, limits[k], *state);
			assert_true(size_of(&l) + ENVELOPE_BYTES <= limits[k]);
			assert_origin(&l);
			(void)snprintf(size, sizeof(size), "%zu", cases[i].value);
			assert_true(bytes_equal_text(header_of(&l, "sharebus_size"), size));
			assert_int_equal(header_of(&l, "sharebus_sha256").len, 64);
			assert_true(l.value.len <= cases[i].value && l.value.len);
			assert_ptr_equal(l.value.data, large);
		}
	}
}

/* $ head -c 2097152 /dev/zero | sha256sum */
static void hash_is_that_of_the_whole_value(void **state)
{
	struct dead_record r = record_of(LARGE, 36, 0, 0);
	struct dead_letter l;

	memset(large, 0, sizeof(large));
	dead_letter_write(&l, &r, LIMIT, *state);
	assert_true(bytes_equal_text(
		header_of(&l, "sharebus_sha256"),
		"5647f05ec18958947d32874eeb788fa396a05d0bab7c1b71f112ceb7e9b31eee"));
}

static void headers_that_fit_are_kept(void **state)
{
	struct dead_record r = record_of(LARGE, 36, 3, 50);
	struct dead_letter l;

	headers[1].value.len = LARGE;
	dead_letter_write(&l, &r, LIMIT, *state);
	assert_int_equal(count_headers(&l), 2 + 5 + 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(record_that_fits_is_kept_as_it_came),
		ARENA_TEST(record_without_a_value_stays_without),
		ARENA_TEST(abridged_letter_fits_and_says_what_is_missing),
		ARENA_TEST(hash_is_that_of_the_whole_value),
		ARENA_TEST(headers_that_fit_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
