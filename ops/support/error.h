#ifndef SB_SUPPORT_ERROR_H
#define SB_SUPPORT_ERROR_H

/*
 * What went wrong, for the caller and for a person. A fallible function
 * returns 0 or a negative enum error_code and fills the caller's struct error
 * with one plain sentence that names the thing. The code decides what happens
 * next; nobody parses the text.
 */

/* What the caller may do about it. */
enum error_code {
	ERROR_NONE = 0,
	ERROR_INPUT = -1,       /* the data is wrong and stays wrong: reject it or dead-letter it */
	ERROR_UNAVAILABLE = -2, /* the other side does not answer: try again later */
	ERROR_FENCED = -3,      /* somebody else owns this now, or the state moved: recover */
	ERROR_REFUSED = -4,     /* misconfigured: stop, a person must act */
	ERROR_NOMEM = -5,       /* out of memory: stop */
	ERROR_USAGE = -6,       /* a setting or flag is wrong: stop, whoever gave it must act */
	ERROR_STALE = -7,   /* the index has not reached the position asked for: try again later */
	ERROR_DAMAGED = -8, /* the index holds something broken: rebuild it */
	ERROR_NODE = -9,    /* a node of several does not answer: what is elsewhere can go on */
};

enum { ERROR_TEXT_SIZE = 512 };

struct error {
	enum error_code code;
	char text[ERROR_TEXT_SIZE];
};

/*
 * Sets *err (which may be NULL) and returns code, so that a failing function
 * can end with `return error_set(err, ERROR_INPUT, "…")`. A text that is too
 * long is cut at the end.
 */
int error_set(struct error *err, enum error_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Ignores the result of a MUST_USE function where a failure changes nothing for the caller. */
static inline void error_ignore(int rc)
{
	(void)rc;
}

/* Puts "prefix: " before the text that is there; keeps the code and returns it. */
int error_prefix(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
