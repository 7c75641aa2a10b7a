#include "producer/operator/directory/kinds.h"

#include "producer/operator/directory/entry.h"
#include "producer/operator/directory/reference.h"

enum { ANY_ENTITY = ((1 << DIRECTORY_KINDS) - 1) & ~(1 << DIRECTORY_SWITCH) };

/* Does the change state something about an entity? */
static bool is_stated(const struct directory_change *c)
{
	return c->kind != DIRECTORY_SWITCH && c->verb != DIRECTORY_DELETE;
}

/* The kinds that what is created must not be under the same id: see directory_shares_ids(). */
static unsigned kinds_beside(const struct directory_change *c)
{
	unsigned kinds = 0;

	for (int kind = 0; kind < DIRECTORY_KINDS; kind++)
		if (kind != (int)c->kind && directory_shares_ids((enum directory_kind)kind))
			kinds |= 1U << kind;
	return c->verb == DIRECTORY_CREATE && directory_shares_ids(c->kind) ? kinds : 0;
}

static unsigned kinds_but(enum directory_kind kind)
{
	return ANY_ENTITY & ~(1U << kind);
}

static bool is_open(const struct directory_change *c, const struct reference *ref,
		    const struct directory_finder *known)
{
	return !directory_find(known, ref->kind, ref->id) && !reference_is_in(ref, c->old);
}

static size_t count_candidates(const struct directory_diff *diff)
{
	size_t count = 0;

	for (size_t i = 0; i < diff->count; i++)
		if (is_stated(&diff->list[i]))
			count += 1 + reference_count(diff->list[i].new);
	return count;
}

struct kind_candidates kinds_candidates(const struct directory_diff *diff,
					const struct directory_finder *known, struct arena *arena)
{
	struct kind_candidates out = {
		arena_alloc(arena, (count_candidates(diff) + 1) * sizeof(*out.list)), 0
	};

	for (size_t i = 0; i < diff->count; i++) {
		const struct directory_change *c = &diff->list[i];

		if (!is_stated(c))
			continue;
		if (kinds_beside(c))
			out.list[out.count++] = (struct directory_candidate){ *directory_id(c->new),
									      kinds_beside(c) };
		for (size_t k = 0; k < reference_count(c->new); k++) {
			struct reference ref = reference_at(c->new, k);

			if (is_open(c, &ref, known))
				out.list[out.count++] =
					(struct directory_candidate){ *ref.id,
								      kinds_but(ref.kind) };
		}
	}
	return out;
}

/* What has that id as one of these kinds; NULL if nothing. */
static const struct record *find_as(const struct directory_finder *known, unsigned kinds,
				    const struct uuid *id)
{
	const struct record *found = NULL;

	for (int kind = 0; !found && kind < DIRECTORY_KINDS; kind++)
		if (kinds >> kind & 1U)
			found = directory_find(known, (enum directory_kind)kind, id);
	return found;
}

/* What is checked: facts of a file, against all that is known. */
struct kinds_checking {
	const struct directory_facts *wanted;
	const struct directory_finder *known;
	struct error *err;
};

/* Names the entry: "what, and ID is the group inner". Where the id is all zeros, other is NULL. */
static int complain_of_kind(const struct kinds_checking *k, const struct record *fact,
			    const char *what, const struct uuid *id, const struct record *other)
{
	const struct entry e = entry_of_fact(k->wanted, fact, k->err);
	struct bytes name;
	char text[UUID_TEXT_SIZE];

	if (!other)
		return entry_complain(&e, "%s, and the id of all zeros is nobody's", what);
	name = directory_name(other);
	uuid_format(text, id);
	return entry_complain(&e, "%s, and %s is the %s %.*s", what, text,
			      directory_kinds[directory_kind(other)].one, BYTES_ARG(name));
}

static int check_own_id(const struct kinds_checking *k, const struct directory_change *c)
{
	const struct uuid *id = directory_id(c->new);
	const struct record *other = find_as(k->known, kinds_beside(c), id);

	if (c->verb != DIRECTORY_CREATE || (!other && !uuid_is_nil(id)))
		return 0;
	return complain_of_kind(k, c->new, "an id belongs to one thing only", id, other);
}

static int check_references(const struct kinds_checking *k, const struct directory_change *c)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < reference_count(c->new); i++) {
		struct reference ref = reference_at(c->new, i);
		const struct record *other;

		if (!is_open(c, &ref, k->known))
			continue;
		other = find_as(k->known, kinds_but(ref.kind), ref.id);
		if (other || uuid_is_nil(ref.id))
			rc = complain_of_kind(k, c->new, ref.rule, ref.id, other);
	}
	return rc;
}

int kinds_check(const struct directory_diff *diff, const struct directory_facts *wanted,
		const struct directory_finder *known, struct error *err)
{
	const struct kinds_checking k = { wanted, known, err };
	int rc = 0;

	for (size_t i = 0; !rc && i < diff->count; i++) {
		const struct directory_change *c = &diff->list[i];

		if (!is_stated(c))
			continue;
		rc = check_own_id(&k, c);
		if (!rc)
			rc = check_references(&k, c);
	}
	return rc;
}
