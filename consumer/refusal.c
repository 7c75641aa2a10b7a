#include "consumer/refusal.h"

#include "schemas/topics.h"

int refusal_unclear(const struct finding *f, const char *keys, struct error *err)
{
	char progress[COMMITTED_TEXT_SIZE];

	progress_format_committed(progress, f->committed.progress.applied);
	return error_set(
		err, ERROR_REFUSED,
		"the group has committed %lld of it, but %s tells of %s: if the group's "
		"offset was set by hand, delete it; if %s has lost its end, restore it, or start "
		"sharebus-consumer once with --accept-other-log to keep an index that is further, "
		"or delete the key "
		"%smark in Redis to have the partition rebuilt from what is left",
		(long long)f->committed.group, topic_name(TOPIC_GRANTS), progress,
		topic_name(TOPIC_GRANTS), keys);
}

int refusal_lost(const struct finding *f, int64_t reached, struct error *err)
{
	if (f->is == RECOVERY_FRESH)
		return error_set(err, ERROR_REFUSED,
				 "it was never applied, but its log begins at %lld: the "
				 "commands before that are gone; to go on without them, start "
				 "sharebus-consumer once with --accept-lost-commands",
				 (long long)f->view.begin);
	return error_set(err, ERROR_REFUSED,
			 "it was applied up to %lld, but its log begins at %lld: the "
			 "commands between are gone; to go on without them, start "
			 "sharebus-consumer once with --accept-lost-commands",
			 (long long)reached, (long long)f->view.begin);
}

int refusal_log(const struct applied_log *applied, const struct log_view *view,
		enum log_verdict verdict, struct error *err)
{
	static const char remedy[] =
		"Kafka has lost records, or the topic was made anew; bring "
		"the old log back, or, to "
		"go on with this one, start sharebus-consumer once with --accept-other-log";

	if (verdict == LOG_SHORT)
		return error_set(err, ERROR_REFUSED,
				 "it was applied up to %lld, but its log ends at %lld: %s",
				 (long long)applied->applied, (long long)view->end, remedy);
	if (verdict == LOG_OTHER)
		return error_set(err, ERROR_REFUSED,
				 "it was applied up to %lld, but its log has another "
				 "record at %lld: %s",
				 (long long)applied->applied, (long long)applied->tip.offset,
				 remedy);
	return error_set(err, ERROR_REFUSED,
			 "its log was once too short, and nothing is left in it "
			 "that shows that it is the one that was applied up to %lld: %s",
			 (long long)applied->applied, remedy);
}
