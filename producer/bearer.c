#include "producer/bearer.h"

#include <stdio.h>

/* "<id>, <id> and others" */
static void write_ids(char *text, size_t size, const struct bearers *b)
{
	size_t len = 0;

	text[0] = 0;
	for (size_t i = 0; i < b->count && len < size; i++) {
		char id[UUID_TEXT_SIZE];

		uuid_format(id, &b->ids[i]);
		len += (size_t)snprintf(text + len, size - len, "%s%s", i ? ", " : "", id);
	}
	if (b->count == BEARERS_MAX && len < size)
		(void)snprintf(text + len, size - len, " and perhaps others");
}

int bearer_choose(const struct bearers *b, const char *kind, struct bytes name, const char *remedy,
		  struct uuid *out, struct error *err)
{
	char ids[(size_t)BEARERS_MAX * (UUID_TEXT_SIZE + 2) + sizeof(" and perhaps others")];

	if (b->count < 2) {
		*out = b->count ? b->ids[0] : (struct uuid){ { 0 } };
		return 0;
	}
	write_ids(ids, sizeof(ids), b);
	return error_set(err, ERROR_INPUT, "the name %.*s is ambiguous: the %ss %s have it; %s",
			 BYTES_ARG(name), kind, ids, remedy);
}
