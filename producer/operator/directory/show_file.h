#ifndef SB_DIRECTORY_SHOW_FILE_H
#define SB_DIRECTORY_SHOW_FILE_H

#include "producer/operator/directory/shown.h"

/* Prints what is shown as a directory file (file.h), one entry a line; see commands.h. */
void show_file(const struct shown *v);

#endif
