#include "consumer/topic_watch.h"

#include "ops/support/log.h"
#include "ops/support/memory.h"
#include "producer/bus.h"
#include "producer/topic_settings.h"

#include <stdlib.h>
#include <string.h>

enum { LOOK_EVERY_MS = 60000, ANSWER_WAIT_MS = 5000 };

struct topic_watch {
	struct intake *intake;
	struct topics_question *question;            /* NULL: none is open */
	int64_t asked_ms;                            /* monotonic */
	struct topics_found found;                   /* the last answer */
	struct topic_fault faults[TOPIC_FAULTS_MAX]; /* in it */
	size_t count;
};

struct topic_watch *topic_watch_new(struct intake *intake)
{
	struct topic_watch *w = memory_zalloc(1, sizeof(*w));

	w->intake = intake;
	return w;
}

void topic_watch_free(struct topic_watch **wp)
{
	if (!*wp)
		return;
	topics_forget(&(*wp)->question);
	free(*wp);
	*wp = NULL;
}

static bool was_known(const struct topic_watch *w, const struct topic_fault *f)
{
	for (size_t i = 0; i < w->count; i++)
		if (w->faults[i].setting == f->setting && strcmp(w->faults[i].is, f->is) == 0)
			return true;
	return false;
}

static void log_fault(const struct topic_fault *f, const char *text)
{
	if (topic_fault_is_grave(f))
		log_error("%s", text);
	else
		log_warn("%s", text);
}

/* Logs the faults that are new. Returns how many are grave, and sets *err to the first of them. */
static int judge_topics(struct topic_watch *w, const struct topics_found *found, struct error *err)
{
	struct topic_fault faults[TOPIC_FAULTS_MAX];
	size_t count = topics_judge(found, faults);
	int grave = 0;

	for (size_t i = 0; i < count; i++) {
		char text[ERROR_TEXT_SIZE];

		topic_fault_describe(&faults[i], text);
		if (!was_known(w, &faults[i]))
			log_fault(&faults[i], text);
		if (topic_fault_is_grave(&faults[i]) && !grave++)
			(void)error_set(err, ERROR_REFUSED, "%s", text);
	}
	if (w->count && !count)
		log_info("the topics are set up as they must be again");
	w->found = *found;
	w->count = topics_judge(&w->found, w->faults);
	return grave;
}

int topic_watch_check(struct topic_watch *w, int partitions, struct error *err)
{
	struct topics_found found;
	struct error why = { 0 };

	w->asked_ms = clock_monotonic_ms();
	topics_find(intake_client(w->intake), ANSWER_WAIT_MS, &found);
	if (found.trouble.code)
		log_warn("%s", found.trouble.text);
	if (bus_lacks_beginning(intake_client(w->intake), partitions, ANSWER_WAIT_MS, &why))
		log_error("%s", why.text);
	return judge_topics(w, &found, err) ? ERROR_REFUSED : 0;
}

/* An answer that does not tell all is no reason to call topics right that were wrong. */
void topic_watch_step(struct topic_watch *w, const struct now *now)
{
	struct topics_found found;
	struct error why = { 0 };

	if (w->question) {
		if (!topics_answered(&w->question, &found))
			return;
		if (found.trouble.code)
			log_debug("%s", found.trouble.text);
		else
			(void)judge_topics(w, &found, &why);
	} else if (now->monotonic_ms - w->asked_ms >= LOOK_EVERY_MS) {
		w->asked_ms = now->monotonic_ms;
		w->question = topics_ask(intake_client(w->intake), ANSWER_WAIT_MS);
	}
}
