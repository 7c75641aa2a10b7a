#ifndef SB_CACHE_DIRECTORY_H
#define SB_CACHE_DIRECTORY_H

/*
 * The directory in Redis, where readers find who exists, under what name and in
 * which groups. The owner of the directory's partition projects its view of
 * sharing.directory into it: it gathers the changes as commands and writes them
 * together with the directory's mark.
 *
 *   sb:{dir}:mark              hash  mark.h; `applied` is an offset of sharing.directory
 *   sb:{dir}:user:<id>         hash  username, name, email, status, kind, site_role, orgs
 *   sb:{dir}:usernames         zset  usernames and user ids: bearers.h
 *   sb:{dir}:group:<id>        hash  name, org
 *   sb:{dir}:groupnames:<org>  zset  names and ids of the organization's groups
 *   sb:{dir}:members:<group>   set   user ids
 *   sb:{dir}:of:<user>         set   group ids
 *   sb:{dir}:org:<id>          hash  name, sharing, lifetime (ms; 0: grants may last for ever)
 *   sb:{dir}:orgnames          zset  names and ids of organizations
 *   sb:{dir}:prefs:<user>      hash  rules, muted
 *   sb:{dir}:deployment        hash  sharing_enabled
 *   sb:{dir}:shadowed          set   ids of entities, 16 zeros for the deployment, whose record on
 *                                    the topic is shadowed by a later one that was passed over
 *
 * The field orgs has 17 bytes for each organization of the user: its id, then
 * 'm' for a member or 'a' for an admin. The field rules has 4 bytes for each rule of
 * the user's preferences: channel, kind and category as numbers (records.h), then 1
 * for on and 0 for off; muted has the ids of the muted workspaces.
 */

#include "cache/index.h"
#include "ops/support/attributes.h"

struct redisReply;

/* ---- writing ---- */

/* The changes between two states of the view, gathered as commands. */
struct projection {
	struct pipeline pipeline;
	struct keys keys;
	struct buffer members; /* scratch: the ids of members that join or leave */
};

/* Starts without changes, for the directory of that index; NULL where none are ever gathered. */
void projection_init(struct projection *p, const struct index *ix);

/* Gives the memory back. */
void projection_done(struct projection *p);

/*
 * These add the change of one entity from `old` to `new`: old is NULL for one
 * that was created, new for one that was deleted. Whatever of the old state
 * the new one does not replace is removed. Neither is retained.
 */
void projection_user(struct projection *p, const struct user_changed *old,
		     const struct user_changed *new);

/*
 * The members of both states must be sorted by their bytes, without duplicates:
 * only users that join or leave are written.
 */
void projection_group(struct projection *p, const struct group_changed *old,
		      const struct group_changed *new);

void projection_organization(struct projection *p, const struct organization_changed *old,
			     const struct organization_changed *new);
void projection_preferences(struct projection *p, const struct preferences_changed *old,
			    const struct preferences_changed *new);
void projection_deployment(struct projection *p, const struct deployment_changed *new);

/* Adds that the record of this entity is shadowed, or no longer. */
void projection_shadow(struct projection *p, const struct uuid *id, bool shadowed);

/* The bytes of the changes gathered so far, for callers that write in pieces. */
size_t projection_size(const struct projection *p);

/* Forgets the changes gathered so far. */
void projection_clear(struct projection *p);

/*
 * Writes the changes and the directory's mark *wanted in one transaction,
 * provided that the mark in Redis is still as *seen; the projection keeps them.
 * Blocks. ERROR_FENCED when the mark has changed: another process projects now, or
 * Redis went back in time, so project everything again. ERROR_UNAVAILABLE,
 * ERROR_NODE when the changes may have been written or not: then Redis has the mark
 * *seen or *wanted, and the same changes may be written to either.
 */
MUST_USE int projection_write(struct index *ix, const struct projection *p, const struct mark *seen,
			      const struct mark *wanted, struct error *err);

/* ---- reading ---- */

enum entity_found {
	ENTITY_MISSING, /* there is no such entity */
	ENTITY_FOUND,
	ENTITY_DAMAGED, /* its hash lacks something, or has what was never written there */
};

/*
 * These set *out from the id and the reply to HGETALL of the entity's hash;
 * texts and lists live in the arena, and a group's members are not among them.
 * Unless it is found, *out has the id and nothing else. A word that this version
 * does not know is no damage, and counts as the strictest.
 */
MUST_USE enum entity_found directory_parse_user(struct user_changed *out, const struct uuid *id,
						const struct redisReply *reply,
						struct arena *arena);
MUST_USE enum entity_found directory_parse_group(struct group_changed *out, const struct uuid *id,
						 const struct redisReply *reply,
						 struct arena *arena);
MUST_USE enum entity_found directory_parse_organization(struct organization_changed *out,
							const struct uuid *id,
							const struct redisReply *reply,
							struct arena *arena);

MUST_USE enum entity_found directory_parse_preferences(struct preferences_changed *out,
						       const struct uuid *user_id,
						       const struct redisReply *reply,
						       struct arena *arena);

/* The value of a field in a reply to HGETALL, borrowed from it; absent when there is none. */
struct bytes reply_field(const struct redisReply *hash, const char *field);

#endif
