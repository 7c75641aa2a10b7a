#include "cache/stale.h"

#include "cache/handoff_layout.h"
#include "cache/layout.h"
#include "cache/redis.h"

#include <assert.h>
#include <hiredis/hiredis.h>

/* ---- grants ---- */

static void append_due(struct pipeline *p, const struct keys *k, const struct stale_question *q)
{
	pipeline_command(p, 8);
	pipeline_text(p, "ZRANGEBYSCORE");
	pipeline_key(p, k, "due", NULL);
	pipeline_text(p, "-inf");
	pipeline_number(p, q->now);
	pipeline_text(p, "WITHSCORES");
	pipeline_text(p, "LIMIT");
	pipeline_number(p, 0);
	pipeline_number(p, (int64_t)q->max);
}

/* Asks for any of the grants: when they have been revoked, the next question finds others. */
static void append_shared(struct pipeline *p, const struct keys *k, const struct subject *s,
			  size_t max)
{
	pipeline_command(p, 3);
	pipeline_text(p, "HRANDFIELD");
	pipeline_key(p, k, keys_subject_kind(s->kind), &s->id);
	pipeline_number(p, (int64_t)max);
}

static bool parse_due(struct stale *s, struct bytes member)
{
	return layout_parse_due_member(&s->workspace_id, &s->subject, member) ||
	       layout_parse_due_handoff(&s->workspace_id, &s->handoff_id, member);
}

static void take_due(struct stale_list *out, const redisReply *reply)
{
	for (size_t i = 0; i + 1 < reply->elements; i += 2) {
		struct stale *s = &out->list[out->count];

		*s = (struct stale){ .expires_at = reply_number(reply->element[i + 1], ABSENT) };
		if (s->expires_at != ABSENT && parse_due(s, reply_bytes(reply->element[i])))
			out->count++;
	}
}

static void take_shared(struct stale_list *out, const struct subject *subject,
			const redisReply *reply)
{
	for (size_t i = 0; i < reply->elements; i++) {
		struct stale *s = &out->list[out->count];

		*s = (struct stale){ .subject = *subject, .expires_at = ABSENT };
		out->count += uuid_from_raw(&s->workspace_id, reply_bytes(reply->element[i]));
	}
}

int stale_read(struct index *ix, int partition, const struct mark *ours,
	       const struct stale_question *q, struct stale_list *out, struct error *err)
{
	const struct keys *k = index_keys(ix, partition);
	struct pipeline *p = index_begin(ix);
	const struct replies *replies;
	size_t room = 0;
	int rc;

	append_due(p, k, q);
	for (size_t i = 0; i < q->subject_count; i++)
		append_shared(p, k, &q->subjects[i], q->max);
	rc = index_ask_owned(ix, partition, ours, &replies, err);
	if (rc)
		return rc;
	assert(replies->count == q->subject_count + 2); /* due, the subjects, the mark */
	for (size_t i = 0; i <= q->subject_count; i++)
		room += replies->list[i]->elements;
	out->list = arena_alloc(out->arena, (room + 1) * sizeof(*out->list));
	out->count = 0;
	take_due(out, replies->list[0]);
	for (size_t i = 0; i < q->subject_count; i++)
		take_shared(out, &q->subjects[i], replies->list[i + 1]);
	return 0;
}

/* ---- subjects ---- */

static bool take_holder(struct holder *out, const struct keys *any, struct bytes key)
{
	return keys_parse_subject(any, key, &out->partition, &out->subject);
}

int stale_scan(struct index *ix, const struct index_part *of, uint64_t *cursor,
	       struct holder_list *out, struct error *err)
{
	const redisReply *found;
	int rc = index_scan(ix, "{*}:[ug]:*", of, cursor, &found, err);

	if (rc)
		return rc;
	out->list = arena_alloc(out->arena, (found->elements + 1) * sizeof(*out->list));
	out->count = 0;
	for (size_t i = 0; i < found->elements; i++)
		out->count += take_holder(&out->list[out->count], index_keys(ix, 0),
					  reply_bytes(found->element[i]));
	return 0;
}
