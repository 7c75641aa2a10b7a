#include "consumer/fetch.h"

/* Drops a message that the client had fetched before recovery said where to begin. */
static void stage_message(struct partition *part, struct message *m)
{
	if (part->state == PARTITION_READY && m->offset >= partition_next_offset(part)) {
		part->fetched = true;
		staged_add(&part->staged, m);
	} else {
		message_done(m);
	}
}

static void note_end(struct partition *part, int64_t end)
{
	if (part->state != PARTITION_READY)
		return;
	part->fetched = true;
	part->end = end;
}

bool fetch_messages(struct intake *in, struct partitions *all, int max)
{
	size_t bytes = 0;

	for (int i = 0; i < max && bytes < FETCH_MAX_BYTES; i++) {
		struct message m;
		enum fetched fetched = intake_poll(in, &m);

		if (fetched == FETCHED_NOTHING)
			return false;
		if (fetched == FETCHED_END) {
			note_end(partitions_get(all, m.partition), m.offset);
			continue;
		}
		bytes += m.value.len;
		stage_message(partitions_get(all, m.partition), &m);
	}
	return true;
}
