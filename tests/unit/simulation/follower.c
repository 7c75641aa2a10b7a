/* Stands in for consumer/follower.h: a directory that is there and stays as it is. */

#include "consumer/follower.h"

#include "tests/unit/simulation/model.h"

#include <assert.h>
#include <stdlib.h>

struct follower {
	const struct directory *directory;
};

int follower_open(struct follower **out, const struct config *config, struct codec *codec,
		  struct index *index, struct error *err)
{
	(void)config;
	(void)codec;
	(void)index;
	(void)err;
	*out = calloc(1, sizeof(**out));
	assert(*out);
	(*out)->directory = model_directory();
	return 0;
}

void follower_close(struct follower **f)
{
	free(*f);
	*f = NULL;
}

int follower_poll(struct follower *f, int wait_ms, struct error *err)
{
	(void)f;
	(void)wait_ms;
	(void)err;
	return 0;
}

bool follower_is_complete(const struct follower *f)
{
	(void)f;
	return true;
}

int64_t follower_position(const struct follower *f)
{
	(void)f;
	return 1;
}

int follower_reach(struct follower *f, int64_t offset, int wait_ms, struct error *err)
{
	(void)f;
	(void)offset;
	(void)wait_ms;
	(void)err;
	return 0;
}

const struct directory *follower_directory(const struct follower *f)
{
	return f->directory;
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
