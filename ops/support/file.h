#ifndef SB_SUPPORT_FILE_H
#define SB_SUPPORT_FILE_H

/* Files that a program reads whole, or keeps for itself. */

#include "ops/support/attributes.h"
#include "ops/support/bytes.h"
#include "ops/support/error.h"

struct file_content {
	struct bytes bytes;
	bool is_public; /* everybody may read or change the file */
	char *memory;   /* of the bytes */
};

/*
 * Reads all of a file; it may be a pipe. *out is the caller's, for
 * file_content_done(). May block. ERROR_INPUT names the file: it cannot be read, is
 * a directory, or has more than max bytes; ERROR_NOMEM.
 */
MUST_USE int file_read(struct file_content *out, const char *path, size_t max, struct error *err);

/* Frees it and sets it to zeros; accepts zeros. */
void file_content_done(struct file_content *c);

/*
 * Writes the file anew, for its owner alone (mode 0600). Whoever reads it, also
 * after a crash, finds all of the old content or all of the new. Blocks until
 * the disk has it. ERROR_INPUT: it cannot be written, and the old one is as it
 * was.
 */
MUST_USE int file_replace(const char *path, struct bytes content, struct error *err);

/* A file that lines are appended to, which nobody else does meanwhile who opens it likewise. */
struct file_appending {
	const char *path; /* borrowed */
	int fd;
	bool is_empty;
};

/*
 * Opens a file to append to it; makes it for its owner alone (mode 0600) if it is not there.
 * The last part of the path must not be a symbolic link, which may lead to a file of
 * somebody else's choice. Waits for others for some seconds at most. *out is for
 * file_append_end(). ERROR_INPUT names the file: it cannot be opened, is no regular file, or
 * somebody else keeps it.
 */
MUST_USE int file_append_begin(struct file_appending *out, const char *path, struct error *err);

/*
 * Appends the line, which has its end. A last line without an end gets one first. Blocks
 * until the disk has it. ERROR_INPUT: it cannot be written.
 */
MUST_USE int file_append_line(const struct file_appending *f, struct bytes line, struct error *err);

/* Lets others append. */
void file_append_end(struct file_appending *f);

#endif
