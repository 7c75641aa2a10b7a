#ifndef SB_TESTS_FUZZ_ALLOWANCE_H
#define SB_TESTS_FUZZ_ALLOWANCE_H

/*
 * What a run of records may make, at most: a function of the bytes that came in, of
 * how many people its commands concern, and of how many grants the workspaces have.
 * No length of a text or a list, and no batch that was packed, makes it more. Pure.
 */

#include <stddef.h>

/* What came in, in one run. */
struct arrived {
	size_t records;     /* a hole is one */
	size_t read;        /* of values that are not too large to be read */
	size_t unreadable;  /* of keys, values and headers of what may become dead letters */
	size_t headers;     /* their number */
	size_t subjects;    /* that commands name; of a fact about a workspace, all its grants */
	size_t artifacts;   /* of offers and answers, which may take as few as two bytes each */
	size_t people;      /* who these are, by the directory: once for each group that has them */
	size_t users;       /* whom the directory knows; a record notifies each of them once */
	size_t memberships; /* of these users, in organizations */
	size_t grants;      /* of the workspaces before the run */
	size_t holders;     /* who these are, likewise */
};

/* What may be made of it. */
struct allowance {
	size_t outputs;  /* records */
	size_t bytes;    /* of the outputs, as Redis keeps them */
	size_t commands; /* bytes that Redis is sent besides the outputs */
	size_t work;     /* ids that are hashed or compared, and memberships that are looked at */
};

struct allowance allowance_of(const struct arrived *in);

/* How many bytes may be allocated, all in all, while so many are written to Redis. */
size_t allowance_of_memory(const struct arrived *in, size_t written);

/*
 * The same of a record of sharing.directory, which has so many bytes and takes the
 * place of so many members or memberships.
 */
struct allowance allowance_of_fact(size_t bytes, size_t replaced);
size_t allowance_of_fact_memory(size_t bytes, size_t replaced);

#endif
