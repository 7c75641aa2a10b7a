#ifndef SB_SCHEMAS_AVSC_H
#define SB_SCHEMAS_AVSC_H

/*
 * The files of schemas/avro/, compiled in unchanged: with documentation,
 * defaults and logical types, which avro-c would not give back. The build
 * generates the source.
 */

#include "ops/support/bytes.h"

struct avsc {
	const char *name; /* of the record: "ShareWorkspace" */
	struct bytes json;
};

/* What is written, one for each record. Ends with an entry whose name is NULL. */
extern const struct avsc avsc_files[];

/* What earlier releases wrote, and is still read: schemas/avro/earlier/. Ends likewise. */
extern const struct avsc avsc_earlier_files[];

#endif
