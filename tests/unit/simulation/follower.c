/*
 * Stands in for consumer/follower.h: a directory in which one subject may be
 * deleted, once, and that may be lost and filled again. Who has seen more than
 * there is keeps that.
 */

#include "consumer/follower.h"

#include "tests/unit/simulation/broker.h"
#include "tests/unit/simulation/process.h"
#include "tests/unit/simulation/schedule.h"

#include <assert.h>
#include <stdlib.h>

enum { READ_CHANCE = 200 };

struct follower {
	int64_t position;
	bool deleted; /* a subject was, since it was opened; not yet asked for */
};

/* Reads what is on the topic. */
static void read_topic(struct follower *f)
{
	int64_t end = model_directory_end();

	if (f->position >= end)
		return;
	f->deleted = f->deleted || end == DIRECTORY_END;
	f->position = end;
}

int follower_open(struct follower **out, const struct config *config, struct codec *codec,
		  struct index *index, const struct waker *waker, struct error *err)
{
	(void)config;
	(void)waker;
	(void)codec;
	(void)index;
	(void)err;
	*out = calloc(1, sizeof(**out));
	assert(*out);
	(*out)->position = model_directory_end();
	return 0;
}

void follower_trust(struct follower *f, struct signing *s)
{
	(void)f;
	(void)s;
}

void follower_close(struct follower **f)
{
	free(*f);
	*f = NULL;
}

int follower_poll(struct follower *f, int wait_ms, struct error *err)
{
	(void)wait_ms;
	(void)err;
	if (f->position < model_directory_end() && chance(READ_CHANCE))
		read_topic(f);
	return 0;
}

bool follower_has_more(const struct follower *f)
{
	(void)f;
	return false;
}

bool follower_is_complete(const struct follower *f)
{
	(void)f;
	return true;
}

const struct error *follower_trouble(const struct follower *f)
{
	static const struct error none;

	(void)f;
	return &none;
}

int64_t follower_position(const struct follower *f)
{
	return f->position;
}

int follower_reach(struct follower *f, int64_t offset, int wait_ms, struct error *err)
{
	(void)offset;
	(void)wait_ms;
	step("asks where the directory ends");
	if (request_fails())
		return request_failed("asking where the directory ends", err);
	read_topic(f);
	return 0;
}

int follower_end(struct follower *f, int64_t *end, struct error *err)
{
	(void)f;
	step("asks where the directory ends");
	if (request_fails())
		return request_failed("asking where the directory ends", err);
	*end = model_directory_end();
	return 0;
}

bool follower_next_gone(struct follower *f, struct uuid *id)
{
	struct subject gone;

	if (!f->deleted)
		return false;
	f->deleted = false;
	gone = model_subject(model.gone);
	*id = gone.id;
	return true;
}

bool follower_missed_gone(struct follower *f)
{
	(void)f;
	return false;
}

const struct directory *follower_directory(const struct follower *f)
{
	return model_directory(f->position);
}

int64_t follower_high(const struct follower *f)
{
	return f->position;
}

bool follower_owns(const struct follower *f)
{
	(void)f;
	return false;
}

void follower_own(struct follower *f, bool own, int64_t epoch)
{
	(void)f;
	(void)own;
	(void)epoch;
}

int follower_project(struct follower *f, struct error *err)
{
	(void)f;
	(void)err;
	return 0;
}

int follower_watch(struct follower *f, struct error *err)
{
	(void)f;
	(void)err;
	return 0;
}

int follower_compare(struct follower *f, bool *more, struct error *err)
{
	(void)f;
	(void)err;
	*more = false;
	return 0;
}

void follower_distrust(struct follower *f, const struct error *why)
{
	(void)f;
	(void)why;
}
