/*
 * The values of --user and --group. The first byte chooses flag and
 * syntax; then the value, and after a line's end the value of the same flag
 * given again.
 *
 * What is accepted is checked piece by piece against the text itself: each is
 * a name, or a name, a colon and a role, from end to end; a group's name may have
 * its organization's before it.
 */

#include "producer/cli/subjects.h"

#include "tests/fuzz/target.h"

/* Looking for repeats takes the square of the names; more of them show nothing new. */
enum { VALUE_BYTES_MAX = 512 };

enum { FLAG_GROUP = 1, FLAG_REMOVE = 2 };

static const char NAME_LETTERS[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";

static void check_plain(const char *name, size_t len)
{
	assert(len > 0 && strspn(name, NAME_LETTERS) >= len);
	assert(name[0] != '-' && name[len - 1] != '-');
	for (size_t i = 1; i < len; i++)
		assert(name[i] != '-' || name[i - 1] != '-');
}

/* A name; of a group perhaps that of its organization before it. */
static void check_name(const char *name, enum sharebus_subject_kind kind)
{
	const char *slash = strchr(name, '/');

	assert(!slash || kind == SHAREBUS_GROUP);
	if (slash)
		check_plain(name, (size_t)(slash - name));
	name = slash ? slash + 1 : name;
	check_plain(name, strlen(name));
}

static void check_list(const struct subject_list *l, enum sharebus_subject_kind kind,
		       enum subjects_syntax syntax)
{
	for (size_t i = 0; i < l->count; i++) {
		const struct sharebus_subject *s = &l->list[i];

		assert(s->kind == kind);
		check_name(s->name, s->kind);
		assert((s->role == SHAREBUS_ROLE_NONE) == (syntax == SUBJECTS_ONLY));
		for (size_t j = 0; j < i; j++)
			assert(strcmp(s->name, l->list[j].name) != 0);
	}
}

/* The role that a piece gives to a name: "alice" and "alice:use" to alice; -1: it is not hers. */
static int role_given(const char *piece, size_t len, const struct sharebus_subject *s,
		      enum subjects_syntax syntax)
{
	size_t name_len = strlen(s->name);
	const char *tail = piece + name_len;
	size_t tail_len = len - name_len;

	if (len < name_len || memcmp(piece, s->name, name_len) != 0)
		return -1;
	if (!tail_len)
		return syntax == SUBJECTS_ONLY ? SHAREBUS_ROLE_NONE : SHAREBUS_ROLE_USE;
	if (syntax == SUBJECTS_WITH_ROLE && tail_len == 4 && !memcmp(tail, ":use", 4))
		return SHAREBUS_ROLE_USE;
	if (syntax == SUBJECTS_WITH_ROLE && tail_len == 6 && !memcmp(tail, ":admin", 6))
		return SHAREBUS_ROLE_ADMIN;
	return -1;
}

/* Every piece between commas is in the list, with the role that it gives. */
static void check_pieces(const struct subject_list *l, const char *value,
			 enum subjects_syntax syntax)
{
	for (const char *piece = value; piece;) {
		size_t len = strcspn(piece, ",");
		size_t i = 0;

		while (i < l->count &&
		       role_given(piece, len, &l->list[i], syntax) != (int)l->list[i].role)
			i++;
		assert(i < l->count);
		piece = piece[len] ? piece + len + 1 : NULL;
	}
}

static void parse_all(char *values, enum sharebus_subject_kind kind, enum subjects_syntax syntax,
		      struct arena *arena)
{
	struct subject_list list = { 0 };
	int rc = 0;

	for (char *value = values; !rc && value;) {
		char *line_end = strchr(value, '\n');
		struct error err = { 0 };

		if (line_end)
			*line_end = 0;
		rc = subjects_parse(&list, kind, syntax, value, arena, &err);
		if (rc)
			assert(rc == ERROR_INPUT && err.text[0]);
		else
			check_pieces(&list, value, syntax);
		check_list(&list, kind, syntax);
		value = line_end ? line_end + 1 : NULL;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct arena arena;
	struct bytes rest = { data, len };
	uint8_t flags;
	char *values;

	if (!bytes_take_u8(&rest, &flags))
		return 0;
	if (rest.len > VALUE_BYTES_MAX)
		rest.len = VALUE_BYTES_MAX;
	values = text_copy(rest);
	parse_all(values, flags & FLAG_GROUP ? SHAREBUS_GROUP : SHAREBUS_USER,
		  flags & FLAG_REMOVE ? SUBJECTS_ONLY : SUBJECTS_WITH_ROLE, &arena);
	free(values);
	arena_reset(&arena);
	return 0;
}
