#ifndef SB_HELP_MANUAL_H
#define SB_HELP_MANUAL_H

#include "producer/cli/arguments.h"

/*
 * Prints a page of the manual in the language of man(7): sharebus(1),
 * sharebus-consumer(8), sharebus-notifier(8) or sharebus.conf(5). What can follow from the tables of
 * commands and settings does.
 */
enum exit_code run_manual(struct session *s, const struct arguments *a);

#endif
