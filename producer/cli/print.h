#ifndef SB_CLI_PRINT_H
#define SB_CLI_PRINT_H

/* Output for people and for programs. Names come from elsewhere: what a terminal would obey is made harmless. */

#include "ops/support/arena.h"
#include "ops/support/bytes.h"

struct json_t;

enum { TABLE_COLUMNS_MAX = 8 };

/* A table that is printed once it is complete: columns as wide as their content, two spaces apart. */
struct table {
	struct arena *arena;
	size_t columns;
	const char *const *titles;
	struct bytes *cells; /* row by row */
	size_t rows;
	size_t cap;
};

void table_init(struct table *t, struct arena *arena, const char *const *titles, size_t columns);

/* Adds a row of as many cells as there are columns. Absent cells show as "-". */
void table_add(struct table *t, const struct bytes *cells);

/* Prints titles and rows, as Coder's tables look; nothing when there are no rows. */
void table_print(const struct table *t);

/* The text, in the arena, with "?" for what a terminal obeys or hides, and for broken UTF-8. */
struct bytes printable(struct bytes text, struct arena *arena);

/* A NUL-terminated text as a shell takes it for one word: if need be, in the arena, between ''. */
struct bytes shell_word(struct bytes text, struct arena *arena);

/* The bytes in base64 (RFC 4648, with padding), in the arena; absent stays absent. */
struct bytes base64(struct bytes b, struct arena *arena);

/* A JSON string; absent gives null. */
struct json_t *json_text(struct bytes text);

/* Prints the value, indented, and gives it back to jansson. */
void json_print(struct json_t *value);

#endif
