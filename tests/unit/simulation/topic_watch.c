/*
 * Stands in for consumer/topic_watch.h: the simulated topics are as they must be,
 * but take less than usual.
 */

#include "consumer/topic_watch.h"

#include "tests/unit/simulation/broker.h"

struct topic_watch *topic_watch_new(struct intake *intake, struct topic_sizes *sizes)
{
	(void)intake;
	sizes->limits.notification_bytes = NOTIFICATION_LIMIT;
	sizes->limits.dead_letter_bytes = DEAD_LETTER_LIMIT;
	return NULL;
}

void topic_watch_free(struct topic_watch **w)
{
	(void)w;
}

int topic_watch_check(struct topic_watch *w, int partitions, struct error *err)
{
	(void)partitions;
	(void)w;
	(void)err;
	return 0;
}

void topic_watch_step(struct topic_watch *w, const struct now *now)
{
	(void)w;
	(void)now;
}

void topic_watch_suspect(struct topic_watch *w)
{
	(void)w;
}
