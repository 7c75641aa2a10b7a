#ifndef SB_TESTS_UNIT_SIMULATION_WRAPPED_H
#define SB_TESTS_UNIT_SIMULATION_WRAPPED_H

/*
 * Functions that the linker replaces (-Wl,--wrap=NAME): a call of NAME calls
 * __wrap_NAME, and __real_NAME is the function itself.
 */

#include "schemas/codec.h"

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker wants these names */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);
void __wrap_free(void *p);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t max);

int __wrap_pthread_create(pthread_t *out, const pthread_attr_t *attributes, void *(*main)(void *),
			  void *arg);
int __wrap_pthread_join(pthread_t thread, void **result);
int __wrap_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
				  const struct timespec *until);
int __wrap_pthread_cond_broadcast(pthread_cond_t *cond);

int64_t __wrap_clock_monotonic_ms(void);
int64_t __wrap_clock_monotonic_us(void);
int64_t __wrap_clock_unix_ms(void);
int __wrap_nanosleep(const struct timespec *wanted, struct timespec *left);

int __real_codec_new(struct codec **out, struct error *err);
void __real_codec_free(struct codec **c);
int __wrap_codec_new(struct codec **out, struct error *err);
void __wrap_codec_free(struct codec **c);
/* NOLINTEND(bugprone-reserved-identifier) */

#endif
