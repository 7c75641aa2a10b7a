#include "tests/fuzz/readers.h"

#include "schemas/avsc.h"
#include "schemas/generic.h"
#include "schemas/plan_read.h"
#include "schemas/walk.h"

#include "tests/fuzz/shapes.h"

#include <assert.h>

/* Both ways of one record. */
struct readers {
	struct walk_schema *walk;
	struct generic *generic;
	struct plan *plan;
};

static struct readers all[RECORD_TYPE_COUNT];

static struct bytes find_json(enum record_type type)
{
	const struct avsc *a = avsc_files;

	while (strcmp(a->name, record_name(type)) != 0)
		a++;
	return a->json;
}

/* Those of each record are made once, and kept. */
static const struct readers *readers_of(enum record_type type)
{
	const struct record_shape *shape = record_shape(type);
	struct bytes json = find_json(type);
	struct readers *r = &all[type];
	struct error err = { 0 };
	int rc = 0;

	if (r->plan)
		return r;
	rc = walk_schema_new(&r->walk, json, &err);
	assert(!rc);
	rc = generic_new(&r->generic, shape, json, &err);
	assert(!rc);
	rc = plan_new(&r->plan, shape, json, &err);
	assert(!rc);
	return r;
}

void readers_done(void)
{
	for (int type = 0; type < RECORD_TYPE_COUNT; type++) {
		walk_schema_free(&all[type].walk);
		generic_free(&all[type].generic);
		plan_free(&all[type].plan);
	}
}

/* What is left in a struct by whatever was there before would show. */
static void spoil_record(struct record *r, enum record_type type)
{
	memset(r, 0xa5, sizeof(*r));
	r->type = type;
}

bool readers_agree(enum record_type type, struct bytes datum, struct arena *arena, bool *readable)
{
	const struct readers *r = readers_of(type);
	struct error err = { 0 };
	struct record by_avro;
	struct record by_plan;
	bool avro_reads;
	bool plan_reads;

	spoil_record(&by_avro, type);
	spoil_record(&by_plan, type);
	avro_reads = !walk_value(r->walk, datum, &err) &&
		     !generic_read(r->generic, datum, arena, &by_avro.as, &err);
	plan_reads = !plan_read(r->plan, datum, arena, &by_plan.as, &err);
	if (readable)
		*readable = plan_reads;
	if (avro_reads != plan_reads)
		return false;
	return !plan_reads || same_record(&by_avro, &by_plan);
}
