#ifndef SB_CLI_NAME_H
#define SB_CLI_NAME_H

/* What a name may be that people and scripts can type. Pure. */

#include "ops/support/bytes.h"

#include <stdbool.h>

/* Completes "a name is made of …", for messages. */
#define NAME_RULE "letters and digits, joined by single hyphens"

/*
 * Coder's rule for the names of users, groups, organizations and workspaces:
 * letters and digits of ASCII, in pieces joined by single hyphens. So no name has
 * what is written between and around names: blanks, slashes, commas, colons.
 */
bool name_is_plain(struct bytes name);

#endif
