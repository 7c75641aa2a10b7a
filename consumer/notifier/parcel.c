#include "consumer/notifier/parcel.h"

#include "ops/support/memory.h"
#include "schemas/records.h"

#include <stdlib.h>
#include <string.h>

/* Absent stays absent. */
static struct bytes put_bytes(uint8_t **at, struct bytes b)
{
	struct bytes copy = { b.data ? *at : NULL, b.len };

	if (b.data && b.len)
		memcpy(*at, b.data, b.len);
	*at += b.len;
	return copy;
}

struct load *load_new(int partition, struct bytes id, struct bytes value, struct bytes traceparent)
{
	struct load *l = memory_zalloc(1, sizeof(*l) + id.len + value.len + traceparent.len);
	uint8_t *at = l->memory;

	l->partition = partition;
	l->id = put_bytes(&at, id);
	l->value = put_bytes(&at, value);
	l->traceparent = put_bytes(&at, traceparent);
	return l;
}

void load_drop(struct load *l)
{
	if (!l->parcels)
		free(l);
}

struct parcel *parcel_new(const char *endpoint, struct load *load)
{
	size_t name = strlen(endpoint);
	struct parcel *p = memory_zalloc(1, sizeof(*p) + name + 1 + load->id.len + 1);

	memcpy(p->key, endpoint, name);
	p->key[name] = '/';
	memcpy(p->key + name + 1, load->id.data, load->id.len);
	p->load = load;
	p->last_at = ABSENT;
	load->parcels++;
	return p;
}

void parcel_free(struct parcel *p)
{
	p->load->parcels--;
	load_drop(p->load);
	free(p->last_error);
	free(p);
}

size_t parcel_size(const struct parcel *p)
{
	return sizeof(*p) + sizeof(*p->load) + p->load->value.len;
}
