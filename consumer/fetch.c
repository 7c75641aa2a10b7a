#include "consumer/fetch.h"

/*
 * Stages the message, or drops it: if the client fetched it before recovery said
 * where to begin, or after a hole whose end is being looked for.
 */
static void stage_message(struct partition *part, struct message *m)
{
	if (part->state == PARTITION_READY && !part->probing &&
	    m->offset >= partition_next_offset(part)) {
		part->fetched = true;
		staged_add(&part->staged, m);
	} else {
		message_done(m);
	}
}

/*
 * NULL for a partition that the topic has gained since the consumer started:
 * being assigned one ends the loop, after this turn.
 */
static struct partition *partition_of_message(const struct partitions *all, const struct message *m)
{
	return m->partition < all->count ? partitions_get(all, m->partition) : NULL;
}

static void note_end(struct partition *part, int64_t end)
{
	if (part->state != PARTITION_READY || part->probing)
		return;
	part->fetched = true;
	part->end = end;
}

bool fetch_messages(struct intake *in, struct partitions *all, struct holes *holes, int max)
{
	size_t bytes = 0;

	for (int i = 0; i < max && bytes < FETCH_MAX_BYTES; i++) {
		struct message m;
		enum fetched fetched = intake_poll(in, &m);
		struct partition *part;

		if (fetched == FETCHED_NOTHING)
			return false;
		if (fetched == FETCHED_TROUBLE)
			continue;
		part = partition_of_message(all, &m);
		bytes += m.value.len;
		if (fetched == FETCHED_END && part)
			note_end(part, m.offset);
		else if (fetched == FETCHED_HOLE && part)
			holes_add(holes, &m);
		else if (part)
			stage_message(part, &m);
		else if (fetched != FETCHED_END)
			message_done(&m);
	}
	return true;
}
