#include "consumer/link.h"

static bool is_unreserved(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

/* One segment of a URL's path (RFC 3986). */
static struct bytes url_segment(struct bytes text, struct arena *arena)
{
	static const char digits[] = "0123456789ABCDEF";
	uint8_t *out = arena_alloc(arena, 3 * text.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];

		if (is_unreserved(c)) {
			out[n++] = c;
			continue;
		}
		out[n++] = '%';
		out[n++] = (uint8_t)digits[c >> 4];
		out[n++] = (uint8_t)digits[c & 15];
	}
	return (struct bytes){ out, n };
}

struct bytes link_workspace(const char *access_url, struct bytes owner, struct bytes name,
			    struct arena *arena)
{
	const struct bytes parts[] = { bytes_of(access_url), bytes_of("/@"),
				       url_segment(owner, arena), bytes_of("/"),
				       url_segment(name, arena) };

	return arena_join(arena, parts, sizeof(parts) / sizeof(*parts));
}
