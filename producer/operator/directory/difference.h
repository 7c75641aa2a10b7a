#ifndef SB_DIRECTORY_DIFFERENCE_H
#define SB_DIRECTORY_DIFFERENCE_H

/* Compares two facts about the same entity. Pure. */

#include "schemas/records.h"

/* What can differ between two facts of one kind and id. */
enum directory_difference {
	DIFFERS_NAME = 1 << 0,
	DIFFERS_ORGANIZATION = 1 << 1, /* of a group or workspace */
	DIFFERS_SHARING = 1 << 2,      /* of an organization, or the switch */
	DIFFERS_FULL_NAME = 1 << 3,    /* this and what follows: of a user */
	DIFFERS_EMAIL = 1 << 4,
	DIFFERS_STATUS = 1 << 5, /* also of a workspace */
	DIFFERS_KIND = 1 << 6,
	DIFFERS_SITE_ROLE = 1 << 7,
	DIFFERS_MEMBERSHIPS = 1 << 8,
	DIFFERS_MEMBERS = 1 << 9,   /* of a group */
	DIFFERS_OWNER = 1 << 10,    /* of a workspace */
	DIFFERS_LIFETIME = 1 << 11, /* of an organization's grants */
};

/* All of them that apply; 0 when both facts say the same. They must be of one kind. */
unsigned directory_differences(const struct record *a, const struct record *b);

#endif
