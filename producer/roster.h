#ifndef SB_PRODUCER_ROSTER_H
#define SB_PRODUCER_ROSTER_H

/*
 * What users, groups and organizations are called: ids are collected, looked up
 * together, and then each has its name.
 */

#include "cache/lookup.h"
#include "ops/support/attributes.h"

/* Ids of one kind; once looked up: sorted, without duplicates. */
struct roster_ids {
	struct uuid *list;
	size_t count;
	size_t cap;
};

/* Begins with a reader, which looks up, an arena, which holds all, and zeros. */
struct roster {
	struct reader *reader;
	struct arena *arena;
	struct roster_ids user_ids;
	struct roster_ids group_ids;
	struct roster_ids organization_ids;
	struct user_changed *users;
	struct group_changed *groups;
	struct organization_changed *organizations;
};

void roster_add_user(struct roster *r, const struct uuid *id);
void roster_add_group(struct roster *r, const struct uuid *id);
void roster_add_organization(struct roster *r, const struct uuid *id);

/* Adds the user or the group. */
void roster_add_subject(struct roster *r, const struct subject *s);

/* Looks all of them up, with one question for each kind. Fails as lookup.h says. */
MUST_USE int roster_look_up(struct roster *r, struct error *err);

/* ---- after that, of what was added ---- */

/* The user; without a name if there is no such user. */
const struct user_changed *roster_user(const struct roster *r, const struct uuid *id);

/* The username; "system" of the nil id, and else the id if it has no name. */
const char *roster_user_name(const struct roster *r, const struct uuid *id);

/*
 * The group's name; "Everyone" if the id is that of an organization that was added,
 * and else the id if it has no name.
 */
const char *roster_group_name(const struct roster *r, const struct uuid *id);

const char *roster_subject_name(const struct roster *r, const struct subject *s);

/* The organization's name; "" if it has none. */
const char *roster_organization_name(const struct roster *r, const struct uuid *id);

#endif
