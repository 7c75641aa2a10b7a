#include "producer/operator/directory/claims.h"

#include "producer/cli/name.h"
#include "producer/operator/directory/difference.h"
#include "producer/operator/directory/entry.h"

#include <stdlib.h>
#include <string.h>

/* ---- which names are given ---- */

/* Is the name another one than before? */
static bool is_named_anew(const struct directory_change *c)
{
	return c->verb == DIRECTORY_CREATE ||
	       (c->verb == DIRECTORY_CHANGE &&
		!bytes_equal(directory_name(c->old), directory_name(c->new)));
}

struct uuid claim_parent(const struct record *r)
{
	if (r->type == RECORD_GROUP_CHANGED)
		return r->as.group_changed.organization_id;
	if (r->type == RECORD_WORKSPACE_CHANGED)
		return r->as.workspace_changed.owner_id;
	return (struct uuid){ { 0 } };
}

static bool has_other_parent(const struct directory_change *c)
{
	const struct uuid before = claim_parent(c->old);
	const struct uuid after = claim_parent(c->new);

	return !uuid_equal(&before, &after);
}

bool claim_is_made(const struct directory_change *c)
{
	if (c->kind == DIRECTORY_SWITCH || c->verb == DIRECTORY_DELETE ||
	    directory_is_deleted(c->new))
		return false;
	return is_named_anew(c) || directory_is_deleted(c->old) || has_other_parent(c);
}

/* ---- what a name may be ---- */

/* What a name means already, whatever has it; NULL if nothing. */
static const char *meaning_of(enum directory_kind kind, struct bytes name)
{
	struct uuid id;

	if (!uuid_parse(&id, name))
		return "an id";
	if (kind == DIRECTORY_USERS && bytes_equal_text(name, "me"))
		return "whoever asks";
	if (kind == DIRECTORY_GROUPS && bytes_equal_text(name, "Everyone"))
		return "all members of the organization";
	return NULL;
}

static int check_name(const struct directory_change *c, const struct directory_facts *wanted,
		      struct error *err)
{
	struct bytes name = directory_name(c->new);
	const char *meaning = meaning_of(c->kind, name);
	struct entry e;

	if (name_is_plain(name) && !meaning)
		return 0;
	e = entry_of_fact(wanted, c->new, err);
	if (meaning)
		return entry_complain(&e, "commands take this name for %s; choose another",
				      meaning);
	return entry_complain(&e, "no command could name this %s: a name is made of " NAME_RULE,
			      directory_kinds[c->kind].one);
}

/* ---- whose it is already ---- */

/* Somebody who has a name when all changes are made. */
struct holder {
	enum directory_kind kind;
	struct uuid parent;
	struct bytes folded;
	struct bytes name;
	struct uuid id;
};

struct holders {
	struct holder *list;
	size_t count;
	struct arena *arena;
};

/* The name as it is compared. */
static struct bytes fold_name(struct arena *arena, enum directory_kind kind, struct bytes name)
{
	uint8_t *text;

	if (kind == DIRECTORY_GROUPS)
		return name;
	text = arena_alloc(arena, name.len + 1);
	for (size_t i = 0; i < name.len; i++)
		text[i] = (uint8_t)(name.data[i] >= 'A' && name.data[i] <= 'Z'
					    ? name.data[i] - 'A' + 'a'
					    : name.data[i]);
	return (struct bytes){ text, name.len };
}

static struct holder *add_holder(struct holders *h, enum directory_kind kind, struct bytes name)
{
	struct holder *one = &h->list[h->count++];

	*one = (struct holder){ .kind = kind,
				.name = name,
				.folded = fold_name(h->arena, kind, name) };
	return one;
}

static int by_place_and_name(const void *a, const void *b)
{
	const struct holder *x = a;
	const struct holder *y = b;
	int order = memcmp(&x->parent, &y->parent, sizeof(x->parent));

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (!order && x->folded.len != y->folded.len)
		return x->folded.len < y->folded.len ? -1 : 1;
	return order ? order : memcmp(x->folded.data, y->folded.data, x->folded.len);
}

/* Whoever the file states has the name that it says, and no other. */
static void add_stated(struct holders *h, const struct directory_facts *wanted)
{
	for (size_t i = 0; i < wanted->count; i++) {
		const struct record *r = &wanted->list[i];
		struct holder *one;

		if (directory_kind(r) == DIRECTORY_SWITCH || directory_is_deleted(r))
			continue;
		one = add_holder(h, directory_kind(r), directory_name(r));
		one->parent = claim_parent(r);
		one->id = *directory_id(r);
	}
}

/* Finds what the file states, and what it deletes. */
static void find_settled(struct directory_finder *out, const struct directory_diff *diff,
			 const struct directory_facts *wanted, struct arena *arena)
{
	struct directory_facts gone = { .list = arena_alloc(arena, (diff->count + 1) *
									   sizeof(*gone.list)) };
	const struct directory_facts *lists[] = { wanted, &gone };

	for (size_t i = 0; i < diff->count; i++)
		if (diff->list[i].verb == DIRECTORY_DELETE)
			gone.list[gone.count++] = *diff->list[i].old;
	directory_finder_init(out, lists, 2, arena);
}

static void add_rivals(struct holders *h, const struct claim_rivals *rivals,
		       const struct directory_finder *settled)
{
	for (int kind = 0; kind < DIRECTORY_KINDS; kind++)
		for (size_t i = 0; i < rivals->of[kind].count; i++) {
			const struct name_bearer *b = &rivals->of[kind].list[i];
			struct holder *one;

			if (directory_find(settled, (enum directory_kind)kind, &b->id))
				continue;
			one = add_holder(h, (enum directory_kind)kind, b->name);
			one->parent = b->parent;
			one->id = b->id;
		}
}

static int complain_of_rival(const struct directory_facts *wanted, const struct record *claim,
			     const struct holder *rival, struct error *err)
{
	const struct entry e = entry_of_fact(wanted, claim, err);
	char id[UUID_TEXT_SIZE];
	const char *kind = directory_kinds[rival->kind].one;

	uuid_format(id, &rival->id);
	if (bytes_equal(e.name, rival->name))
		return entry_complain(&e, "the %s %s has this name already", kind, id);
	return entry_complain(&e,
			      "the %s %s is called %.*s already, and upper and lower case do not "
			      "tell names apart",
			      kind, id, BYTES_ARG(rival->name));
}

/* One of `count` holders of the name who is not this one; or NULL. */
static const struct holder *find_rival(const struct holder *list, size_t count,
				       const struct uuid *id)
{
	for (size_t i = 0; i < count; i++)
		if (!uuid_equal(&list[i].id, id))
			return &list[i];
	return NULL;
}

/* The holders of the name that is given; they lie side by side. */
static const struct holder *find_holders(const struct holders *h, const struct directory_change *c,
					 size_t *count)
{
	const struct holder key = { .kind = c->kind,
				    .parent = claim_parent(c->new),
				    .folded =
					    fold_name(h->arena, c->kind, directory_name(c->new)) };
	const struct holder *at = bsearch(&key, h->list, h->count, sizeof(key), by_place_and_name);
	const struct holder *end = at;

	while (at > h->list && by_place_and_name(at - 1, &key) == 0)
		at--;
	while (end < h->list + h->count && by_place_and_name(end, &key) == 0)
		end++;
	*count = (size_t)(end - at);
	return at;
}

static int check_rivals(const struct directory_diff *diff, const struct directory_facts *wanted,
			const struct claim_rivals *rivals, struct arena *arena, struct error *err)
{
	struct holders h = { .arena = arena };
	struct directory_finder settled;
	size_t room = wanted->count;

	for (int kind = 0; kind < DIRECTORY_KINDS; kind++)
		room += rivals->of[kind].count;
	h.list = arena_alloc(arena, (room + 1) * sizeof(*h.list));
	find_settled(&settled, diff, wanted, arena);
	add_stated(&h, wanted);
	add_rivals(&h, rivals, &settled);
	qsort(h.list, h.count, sizeof(*h.list), by_place_and_name);
	for (size_t i = 0; i < diff->count; i++) {
		const struct directory_change *c = &diff->list[i];
		const struct holder *rival;
		const struct holder *same;
		size_t count;

		if (!claim_is_made(c))
			continue;
		same = find_holders(&h, c, &count);
		rival = find_rival(same, count, directory_id(c->new));
		if (rival)
			return complain_of_rival(wanted, c->new, rival, err);
	}
	return 0;
}

/* ---- public ---- */

int claims_check(const struct directory_diff *diff, const struct directory_facts *wanted,
		 const struct claim_rivals *rivals, struct arena *arena, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < diff->count; i++)
		if (claim_is_made(&diff->list[i]) && is_named_anew(&diff->list[i]))
			rc = check_name(&diff->list[i], wanted, err);
	return rc ? rc : check_rivals(diff, wanted, rivals, arena, err);
}
