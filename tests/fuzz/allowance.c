#include "tests/fuzz/allowance.h"

#include "cache/outcomes.h"
#include "cache/recent.h"
#include "schemas/bounds.h"

enum {
	ACCESS_URL_BYTES = 64, /* of the deployment's address, as amplify.c has it */
	/* A notification whose texts are all the longest; consumer/estimate.c has the parts. */
	NOTICE_BYTES = PACKED_BYTES + 384 + 64 + 5 * (24 + NAME_BYTES_MAX) + TEXT_BYTES_MAX +
		       4 * NAME_BYTES_MAX + ACCESS_URL_BYTES + MESSAGE_MAX,
	/* What a step makes known besides its own bytes, which an event and the state repeat. */
	OFFER_BYTES = PACKED_BYTES + HANDOFF_EVENT_BYTES + HANDOFF_BYTES + NAME_BYTES_MAX,
	/* What is said of a subject in a rejection. */
	PROBLEMS = 4,
	REJECTION_BYTES = PACKED_BYTES + 512 + OUTCOME_MESSAGE_MAX + 2 * DETAIL_BYTES_MAX,
	/* What a dead letter says besides the record, and what packing adds to a header. */
	LETTER_BYTES = PACKED_BYTES + 2048,
	HEADER_BYTES = 16,
	PROGRESS_BYTES = 512,
	/* The commands for a grant that changes or is written, and for what else a record changes. */
	SUBJECT_COMMANDS = 640,
	RECORD_COMMANDS = 4096,
	/* Of a batch that cannot be unpacked, the outcomes of a thousand records are listed. */
	RECORD_OUTCOMES = 1000 * 32 + OUTCOME_MESSAGE_MAX,
	MEMBER_COMMANDS = 128,
	/*
	 * Memory: blocks and tables of a process that begins; how often bytes are copied, from
	 * the client to Redis, by buffers that double; and what is noted of each.
	 */
	BASE_MEMORY = 1024 * 1024,
	COPIES = 12,
	/*
	 * A fact's members: the list has 16 bytes for each and the commands have 85, where the
	 * record has 37; a buffer that doubles allocates four times what it needs, if that is
	 * just more than the half. The rest is copied three times.
	 */
	FACT_COPIES = 4 * (16 + 85) / 37 + 4,
	SUBJECT_MEMORY = 640,
	/* Its struct and the NULs of its texts; WALK_ITEMS_MAX bounds how many one record has. */
	ARTIFACT_MEMORY = 64,
	PERSON_MEMORY = 192,
	/* Steps: sorting a hundred thousand subjects takes 17 for each of them. */
	RECORD_WORK = 256,
	SUBJECT_WORK = 48,
	GRANT_WORK = 16,
};

static size_t least_of(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t allow_rejections(const struct arrived *in)
{
	size_t details = least_of(PROBLEMS * in->subjects, in->records * DETAILS_MAX);

	return in->records * REJECTION_BYTES + details * DETAIL_BYTES_MAX;
}

/* Events, notifications, states. */
static size_t allow_news(const struct arrived *in, size_t notices)
{
	size_t record = 2 * PACKED_BYTES + bounds_event(NAME_BYTES_MAX, 0) +
			bounds_state(NAME_BYTES_MAX, 0, RECENT_MAX) + OFFER_BYTES;

	return in->records * record + 2 * in->read + notices * NOTICE_BYTES +
	       in->subjects * CHANGE_BYTES_MAX + (in->grants + in->subjects) * GRANT_BYTES_MAX;
}

/* One record is either rejected or makes news; of several, some may do the one and some the other. */
static size_t allow_answers(const struct arrived *in, size_t notices)
{
	size_t rejections = allow_rejections(in);
	size_t news = allow_news(in, notices);

	if (in->records > 1)
		return rejections + news;
	return rejections > news ? rejections : news;
}

struct allowance allowance_of(const struct arrived *in)
{
	size_t notices = least_of(in->people, in->records * in->users) + in->records;
	size_t letters = in->unreadable + in->headers * HEADER_BYTES + in->records * LETTER_BYTES;
	struct allowance a = { .outputs = 3 * in->records + notices + 1 };

	a.bytes = letters + allow_answers(in, notices) + PROGRESS_BYTES;
	a.commands = in->records * (RECORD_OUTCOMES + RECORD_COMMANDS) +
		     in->subjects * SUBJECT_COMMANDS + in->read;
	a.work = in->records * RECORD_WORK + (in->subjects + in->people) * SUBJECT_WORK +
		 in->records * GRANT_WORK * (in->grants + in->holders + in->memberships);
	return a;
}

size_t allowance_of_memory(const struct arrived *in, size_t written)
{
	size_t problems = least_of(PROBLEMS * in->subjects, in->records * DETAILS_MAX);

	return BASE_MEMORY + COPIES * (in->read + written) + problems * DETAIL_BYTES_MAX +
	       in->subjects * SUBJECT_MEMORY + in->artifacts * ARTIFACT_MEMORY +
	       in->people * PERSON_MEMORY;
}

struct allowance allowance_of_fact(size_t bytes, size_t replaced)
{
	return (struct allowance){
		.commands = RECORD_COMMANDS + 3 * bytes + replaced * MEMBER_COMMANDS,
		.work = RECORD_WORK + bytes + replaced,
	};
}

size_t allowance_of_fact_memory(size_t bytes, size_t replaced)
{
	return BASE_MEMORY + FACT_COPIES * bytes + replaced * COPIES * MEMBER_COMMANDS;
}
