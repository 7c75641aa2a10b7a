#ifndef SB_CONSUMER_DIRECTORY_H
#define SB_CONSUMER_DIRECTORY_H

/*
 * Who exists: users, groups, organizations and the deployment's switch, in
 * memory, as of a position in sharing.directory. Looking things up does no
 * I/O, so decisions on it are pure. One thread.
 */

#include "cache/directory.h"
#include "schemas/records.h"

struct directory;

struct directory *directory_new(void);
void directory_free(struct directory **d);

/*
 * Takes a fact in place of what was known of that entity, copying it. What
 * changes for readers is gathered in p, unless p is NULL. False when the record
 * is not one of the directory's.
 */
bool directory_take(struct directory *d, const struct record *fact, struct projection *p);

/* Forgets the entity: its record was a tombstone. */
void directory_forget(struct directory *d, const struct uuid *id, struct projection *p);

/* Lookups; borrowed until the next change. NULL: unknown. */
const struct user_changed *directory_user(const struct directory *d, const struct uuid *id);
const struct group_changed *directory_group(const struct directory *d, const struct uuid *id);
const struct organization_changed *directory_organization(const struct directory *d,
							  const struct uuid *id);

/* Is there any user at all? If not, the directory was lost, or has yet to be filled. */
bool directory_has_users(const struct directory *d);

/*
 * Is the subject deleted, or never heard of? The group of everyone is there as
 * long as its organization.
 */
bool directory_lacks(const struct directory *d, const struct subject *s);

/* The deployment's switch; on until a fact says otherwise. */
bool directory_sharing_enabled(const struct directory *d);

/*
 * Is the user in that group? The group whose id is that of an organization is
 * everyone in it.
 */
bool directory_in_group(const struct directory *d, const struct uuid *user_id,
			const struct uuid *group_id);

/* How many members a group has. Knows the groups of everyone, too. */
size_t directory_member_count(const struct directory *d, const struct uuid *group_id);

/* Their ids, in an array in the arena; their number is returned. */
size_t directory_members(const struct directory *d, const struct uuid *group_id,
			 struct arena *arena, const struct uuid **out);

/* The user's or group's name for people; "everyone in <organization>"; its id when unknown. */
struct bytes directory_subject_name(const struct directory *d, const struct subject *s,
				    struct arena *arena);

struct entity;

/*
 * Gathers the entities in p, from *at on, NULL at first, until p holds about
 * `enough` bytes; advances *at. False once all are gathered. The view must not
 * change in between.
 */
bool directory_project(const struct directory *d, struct projection *p, const struct entity **at,
		       size_t enough);

#endif
