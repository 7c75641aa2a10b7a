#ifndef SB_SUPPORT_FILE_H
#define SB_SUPPORT_FILE_H

/* Files that a program keeps for itself. */

#include "ops/support/attributes.h"
#include "ops/support/bytes.h"
#include "ops/support/error.h"

/*
 * Writes the file anew, for its owner alone (mode 0600). Whoever reads it, also
 * after a crash, finds all of the old content or all of the new. Blocks until
 * the disk has it. ERROR_INPUT: it cannot be written, and the old one is as it
 * was.
 */
MUST_USE int file_replace(const char *path, struct bytes content, struct error *err);

#endif
