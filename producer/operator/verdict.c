#include "producer/operator/verdict.h"

#include "ops/support/clock.h"
#include "schemas/ranges.h"

#include <string.h>

/*
 * The owner of a partition looks at it every second. Where it has none, a takeover
 * may just be on its way.
 */
enum { UNSEEN_MAX_MS = 10000, UNOWNED_MAX_MS = 3000 };

struct judging {
	struct verdict *out;
	const struct survey_row *rows;
	int partitions;
	struct arena *arena;
};

/* ---- sentences ---- */

static void add_sentence(struct judging *j, struct bytes sentence)
{
	j->out->list[j->out->count++] = sentence;
}

/*
 * Names the rows that are marked: "partition 3", "partitions 0-2, 7", "the
 * directory", or "partitions 0-11 and the directory".
 */
static struct bytes name_places(const struct judging *j, const bool *marked)
{
	char text[RANGES_SIZE];

	if (!ranges_format(text, sizeof(text), marked, j->partitions))
		return bytes_of("the directory");
	return arena_printf(j->arena, "%s%s", text,
			    marked[j->partitions] ? " and the directory" : "");
}

/* ---- what is wrong ---- */

/* Is the row one of those that `is` describes? */
typedef bool row_test(const struct survey_row *r);

static bool lacks_owner(const struct survey_row *r)
{
	return !r->owner;
}

static bool is_missing(const struct survey_row *r)
{
	return r->state && strcmp(r->state, "missing") == 0;
}

static bool is_rebuilding(const struct survey_row *r)
{
	return r->state && strcmp(r->state, "rebuilding") == 0;
}

/* Nobody looks at a partition that is set aside; its trouble says why. */
static bool is_unseen(const struct survey_row *r)
{
	return r->owner && r->state && strcmp(r->state, "unwatched") == 0 &&
	       !r->seen.trouble.text.len;
}

/* Marks the rows that are so, and returns their number. */
static int mark_rows(const struct judging *j, row_test *is, bool *marked)
{
	int count = 0;

	for (int i = 0; i <= j->partitions; i++) {
		marked[i] = is(&j->rows[i]);
		count += marked[i];
	}
	return count;
}

static void judge_owners(struct judging *j, const char *group, bool *marked)
{
	int count = mark_rows(j, lacks_owner, marked);

	if (count == j->partitions + 1)
		add_sentence(j, arena_printf(j->arena,
					     "no consumer of group %s runs: start "
					     "sharebus-consumer",
					     group));
	else if (count)
		add_sentence(j, arena_printf(j->arena,
					     "%.*s: no consumer of group %s owns %s; a rebalance "
					     "takes some seconds",
					     BYTES_ARG(name_places(j, marked)), group,
					     count > 1 ? "them" : "it"));
}

static void judge_state(struct judging *j, row_test *is, const char *what, bool *marked)
{
	if (mark_rows(j, is, marked))
		add_sentence(j, arena_printf(j->arena, "%.*s: %s",
					     BYTES_ARG(name_places(j, marked)), what));
}

static void judge_unseen(struct judging *j, bool *marked)
{
	int64_t longest_ms = 0;

	if (!mark_rows(j, is_unseen, marked))
		return;
	for (int i = 0; i <= j->partitions; i++)
		if (marked[i] && j->rows[i].seen.unseen_ms > longest_ms)
			longest_ms = j->rows[i].seen.unseen_ms;
	add_sentence(j,
		     arena_printf(j->arena,
				  "%.*s: the owner has not looked at the index for %lld s: it "
				  "hangs, or cannot reach Redis",
				  BYTES_ARG(name_places(j, marked)), (long long)longest_ms / 1000));
}

static bool same_trouble(const struct survey_row *a, const struct survey_row *b)
{
	return bytes_equal(a->seen.trouble.text, b->seen.trouble.text) &&
	       bytes_equal(a->seen.trouble.instance, b->seen.trouble.instance);
}

static bool is_unread(const struct survey_row *r)
{
	return r->state && r->seen.why;
}

static bool same_reason(const struct survey_row *a, const struct survey_row *b)
{
	return is_unread(a) && is_unread(b) && strcmp(a->seen.why, b->seen.why) == 0;
}

/* One sentence for all rows that cannot be read for the reason of row `at`, unless an earlier one says it. */
static void judge_unread(struct judging *j, int at, bool *marked)
{
	for (int i = 0; i < at; i++)
		if (same_reason(&j->rows[i], &j->rows[at]))
			return;
	for (int i = 0; i <= j->partitions; i++)
		marked[i] = same_reason(&j->rows[i], &j->rows[at]);
	add_sentence(j, arena_printf(j->arena, "%.*s: %s", BYTES_ARG(name_places(j, marked)),
				     j->rows[at].seen.why));
}

/* One sentence for all rows that have the trouble of row `at`, unless an earlier row has it, too. */
static void judge_trouble(struct judging *j, int at, bool *marked)
{
	const struct trouble *t = &j->rows[at].seen.trouble;
	int64_t since_ms = t->since_ms;
	char since[RFC3339_SIZE];

	for (int i = 0; i < at; i++)
		if (same_trouble(&j->rows[i], &j->rows[at]))
			return;
	for (int i = 0; i <= j->partitions; i++) {
		marked[i] = same_trouble(&j->rows[i], &j->rows[at]);
		if (marked[i] && j->rows[i].seen.trouble.since_ms < since_ms)
			since_ms = j->rows[i].seen.trouble.since_ms;
	}
	clock_format_rfc3339(since, since_ms);
	add_sentence(j, arena_printf(j->arena, "%.*s: %.*s (since %s, says consumer %.*s)",
				     BYTES_ARG(name_places(j, marked)), BYTES_ARG(t->text), since,
				     BYTES_ARG(t->instance)));
}

void verdict_watch(struct survey_row *rows, int count)
{
	for (int i = 0; i < count; i++) {
		int64_t max_ms = rows[i].owner ? UNSEEN_MAX_MS : UNOWNED_MAX_MS;

		if (rows[i].state && strcmp(rows[i].state, "ready") == 0 &&
		    rows[i].seen.unseen_ms > max_ms)
			rows[i].state = "unwatched";
	}
}

void verdict_give(struct verdict *out, const struct survey_row *rows, int partitions,
		  const char *group, struct bytes evicting, struct arena *arena)
{
	struct judging j = { out, rows, partitions, arena };
	size_t places = (size_t)partitions + 1;
	bool *marked = arena_zalloc(arena, places, sizeof(*marked));

	/* For the owners, two states, Redis, owners that hang; and at most two for each row. */
	*out = (struct verdict){ arena_zalloc(arena, 2 * places + 5, sizeof(*out->list)), 0 };
	if (!partitions)
		return;
	if (evicting.len)
		add_sentence(&j, evicting);
	judge_owners(&j, group, marked);
	judge_state(&j, is_missing, "Redis has no index", marked);
	judge_state(&j, is_rebuilding, "the index is being rebuilt", marked);
	judge_unseen(&j, marked);
	for (int i = 0; i <= partitions; i++)
		if (is_unread(&rows[i]))
			judge_unread(&j, i, marked);
	for (int i = 0; i <= partitions; i++)
		if (rows[i].seen.trouble.text.len &&
		    (!evicting.len || !bytes_equal(rows[i].seen.trouble.text, evicting)))
			judge_trouble(&j, i, marked);
}

void verdict_add(struct verdict *v, const struct bytes *list, size_t count, struct arena *arena)
{
	struct bytes *all = arena_alloc(arena, (v->count + count + 1) * sizeof(*all));

	for (size_t i = 0; i < v->count; i++)
		all[i] = v->list[i];
	for (size_t i = 0; i < count; i++)
		all[v->count + i] = list[i];
	*v = (struct verdict){ all, v->count + count };
}
