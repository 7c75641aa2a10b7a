#ifndef SB_PRODUCER_COMMANDS_H
#define SB_PRODUCER_COMMANDS_H

/* The commands of `sharebus`, one source file for each noun. */

#include "producer/arguments.h"

enum exit_code run_share(struct session *s, const struct arguments *a);
enum exit_code run_remove(struct session *s, const struct arguments *a);
enum exit_code run_show(struct session *s, const struct arguments *a);
enum exit_code run_list(struct session *s, const struct arguments *a);
enum exit_code run_directory_apply(struct session *s, const struct arguments *a);
enum exit_code run_topics_create(struct session *s, const struct arguments *a);
enum exit_code run_watch(struct session *s, const struct arguments *a);

/* The flags' tables: see arguments.h. */
extern const struct flag share_flags[];
extern const struct flag remove_flags[];
extern const struct flag list_flags[];
extern const struct flag topics_flags[];
extern const struct flag watch_flags[];

#endif
