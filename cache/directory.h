#ifndef SB_CACHE_DIRECTORY_H
#define SB_CACHE_DIRECTORY_H

/*
 * The directory as readers find it in Redis: who exists, under what name, in
 * which groups. Written by the owner of the directory's partition, from its
 * view of sharing.directory.
 *
 *   sb:{dir}:mark              hash  as of a partition; `applied` is the next offset
 *   sb:{dir}:user:<id>         hash  username, name, email, status, kind, site_role, orgs
 *   sb:{dir}:usernames         hash  username -> user id
 *   sb:{dir}:group:<id>        hash  name, org
 *   sb:{dir}:groupnames:<org>  hash  name -> group id
 *   sb:{dir}:members:<group>   set   user ids
 *   sb:{dir}:of:<user>         set   group ids
 *   sb:{dir}:org:<id>          hash  name, sharing
 *   sb:{dir}:orgnames          hash  name -> organization id
 *   sb:{dir}:deployment        hash  sharing_enabled
 *
 * orgs is 17 bytes an organization: id, 'm' member or 'a' admin.
 */

#include "cache/index.h"
#include "ops/support/attributes.h"

struct redisReply;

/*
 * The changes between two states of the view, gathered as commands. Old and
 * new of one entity come together, so that what the old one left behind goes;
 * either may be NULL: created, deleted.
 */
struct projection {
	struct pipeline pipeline;
	struct keys keys;
	struct buffer members; /* scratch: who comes and goes */
};

void projection_init(struct projection *p, const struct index *ix);
void projection_done(struct projection *p);

void projection_user(struct projection *p, const struct user_changed *old,
		     const struct user_changed *new);

/*
 * The members of both are sorted by their bytes and without doubles: only who
 * comes or goes is written.
 */
void projection_group(struct projection *p, const struct group_changed *old,
		      const struct group_changed *new);

void projection_organization(struct projection *p, const struct organization_changed *old,
			     const struct organization_changed *new);
void projection_deployment(struct projection *p, const struct deployment_changed *new);

/* Bytes gathered so far: whoever projects much writes it in pieces. */
size_t projection_size(const struct projection *p);

/*
 * Writes what was gathered, and the directory's mark as *wanted stands, in one
 * transaction, provided that the mark is still as *seen: what was gathered are
 * the changes since then. Empties the projection. ERROR_FENCED: another process
 * projects now, or Redis has gone back. ERROR_UNAVAILABLE: it is not known
 * whether it was written. Project everything again in either case.
 */
MUST_USE int projection_write(struct index *ix, struct projection *p, const struct mark *seen,
			      const struct mark *wanted, struct error *err);

/* Reading back what the hashes hold (members are a set of their own). False when there is nothing. */
bool directory_parse_user(struct user_changed *out, const struct uuid *id,
			  const struct redisReply *reply, struct arena *arena);
bool directory_parse_group(struct group_changed *out, const struct uuid *id,
			   const struct redisReply *reply, struct arena *arena);
bool directory_parse_organization(struct organization_changed *out, const struct uuid *id,
				  const struct redisReply *reply, struct arena *arena);

/* The value of a field in the reply to HGETALL; absent when it is not there. */
struct bytes reply_field(const struct redisReply *hash, const char *field);

#endif
