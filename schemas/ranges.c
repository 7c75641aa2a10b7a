#include "schemas/ranges.h"

#include <stdio.h>
#include <string.h>

#define REST ", …"

struct text {
	char *out;
	size_t size;
	size_t len;
	bool full;
};

/* Appends "3" or "3-7", after a comma unless it is the first. */
static void append_range(struct text *t, int first, int last)
{
	char range[32];
	int n = first == last ? snprintf(range, sizeof(range), "%d", first)
			      : snprintf(range, sizeof(range), "%d-%d", first, last);
	const char *comma = t->out[t->len - 1] == ' ' ? "" : ", ";

	if (t->full)
		return;
	t->full = t->len + strlen(comma) + (size_t)n + sizeof(REST) > t->size;
	n = t->full ? snprintf(t->out + t->len, t->size - t->len, "%s", REST)
		    : snprintf(t->out + t->len, t->size - t->len, "%s%s", comma, range);
	t->len += (size_t)n;
}

static int count_marked(const bool *marked, int count)
{
	int found = 0;

	for (int i = 0; i < count; i++)
		found += marked[i];
	return found;
}

int ranges_format(char *out, size_t size, const bool *marked, int count)
{
	struct text t = { .out = out, .size = size };
	int found = count_marked(marked, count);

	out[0] = '\0';
	if (!found)
		return 0;
	t.len = (size_t)snprintf(out, size, "partition%s ", found > 1 ? "s" : "");
	for (int i = 0, first = 0; i < count; i++) {
		if (!marked[i])
			continue;
		if (!i || !marked[i - 1])
			first = i;
		if (i + 1 == count || !marked[i + 1])
			append_range(&t, first, i);
	}
	return found;
}
