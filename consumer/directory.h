#ifndef SB_CONSUMER_DIRECTORY_H
#define SB_CONSUMER_DIRECTORY_H

/*
 * Who exists: users with their preferences, groups, organizations and the
 * deployment's switch, in memory, as of a position in sharing.directory. Looking things up does no
 * I/O, so decisions on it are pure. One thread.
 */

#include "cache/directory.h"
#include "schemas/records.h"

struct directory;

/* An empty directory, in which the deployment's switch is on. */
struct directory *directory_new(void);
void directory_free(struct directory **d); /* sets *d to NULL; accepts NULL */

/*
 * Puts a copy of the fact, which judge_fact() must take, in the place of what was
 * known of its entity. Gathers what that changes for readers in p, unless p is
 * NULL. False when the record is not one of the directory's; nothing has changed
 * then.
 */
bool directory_put(struct directory *d, const struct record *fact, struct projection *p);

/*
 * Forgets the entity, whose record was a tombstone; p as above. Remembers its id
 * as deleted until a fact brings it back; of very many such ids, the latest.
 */
void directory_forget(struct directory *d, const struct uuid *id, struct projection *p);

/* Forgets the preferences of the user, whose record was a tombstone; p as above. */
void directory_forget_preferences(struct directory *d, const struct uuid *user_id,
				  struct projection *p);

/*
 * Notes that a record under this id (nil: the deployment's switch) was passed
 * over, and gathers that in p. Compaction will keep that record instead of the one
 * that the directory rests on, so the latter has to be announced again; readers
 * see which. Returns whether something is known under the id that was not noted
 * before.
 */
bool directory_shadow(struct directory *d, const struct uuid *id, struct projection *p);

/* Lookups. Borrowed until the next change; NULL: unknown, or no preferences. */
const struct user_changed *directory_user(const struct directory *d, const struct uuid *id);
const struct group_changed *directory_group(const struct directory *d, const struct uuid *id);
const struct organization_changed *directory_organization(const struct directory *d,
							  const struct uuid *id);

/* Has what the look-ups of these ids touch brought into the cache. */
void directory_warm(const struct directory *d, const void *const *ids, size_t count);

const struct preferences_changed *directory_preferences(const struct directory *d,
							const struct uuid *user_id);

/*
 * Has a record said that the subject is deleted: a user's status, or a tombstone?
 * A subject that was merely never heard of is not deleted, because the directory
 * may have been lost, or may still be filling up. The group of everyone goes with
 * its organization.
 */
bool directory_deleted(const struct directory *d, const struct subject *s);

/*
 * Is the subject unknown, although nothing has said that it is deleted? The group
 * of everyone exists as long as its organization does.
 */
bool directory_missing(const struct directory *d, const struct subject *s);

/* The deployment's switch; on until a fact says otherwise. */
bool directory_sharing_enabled(const struct directory *d);

/*
 * Is the user in that group? The group whose id is that of an organization is
 * everyone in it.
 */
bool directory_in_group(const struct directory *d, const struct uuid *user_id,
			const struct uuid *group_id);

/*
 * Lists the groups of that name, in all organizations, and of the organization of that
 * name its group of everyone: up to `max` ids. Returns how many. Looks at all that exist.
 */
size_t directory_groups_named(const struct directory *d, struct bytes name, struct uuid *out,
			      size_t max);

/* How many members the group has, which may be an organization's group of everyone. */
size_t directory_member_count(const struct directory *d, const struct uuid *group_id);

/*
 * Sets *out to the ids of the group's members and returns their number; with 0,
 * *out may be untouched. The array is valid until the directory changes or the
 * arena is reset.
 */
size_t directory_members(const struct directory *d, const struct uuid *group_id,
			 struct arena *arena, const struct uuid **out);

/* The user's or group's name for people; "everyone in <organization>"; its id when unknown. */
struct bytes directory_subject_name(const struct directory *d, const struct subject *s,
				    struct arena *arena);

/* The same of a user, but the display name where there is one. */
struct bytes directory_display_name(const struct directory *d, const struct uuid *user_id,
				    struct arena *arena);

struct entity;

/*
 * Gathers the whole directory in p, piece by piece: the entities from *at on
 * until p holds about `enough` bytes, and advances *at, which is NULL at first.
 * False once all are gathered. The directory must not change between the pieces.
 */
bool directory_project(const struct directory *d, struct projection *p, const struct entity **at,
		       size_t enough);

#endif
