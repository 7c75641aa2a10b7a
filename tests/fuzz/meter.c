#include "tests/fuzz/meter.h"

#include "ops/support/hash.h"
#include "schemas/records.h"

#include <assert.h>
#include <sanitizer/allocator_interface.h>

static struct meter count;
static bool running;

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker wants these names */
uint32_t __real_hash_bytes(const void *data, size_t len);
uint32_t __wrap_hash_bytes(const void *data, size_t len);
int __real_uuid_compare(const void *a, const void *b);
int __wrap_uuid_compare(const void *a, const void *b);
const struct membership *__real_user_membership(const struct user_changed *u,
						const struct uuid *organization_id);
const struct membership *__wrap_user_membership(const struct user_changed *u,
						const struct uuid *organization_id);
/* NOLINTEND(bugprone-reserved-identifier) */

static void count_memory(const volatile void *block, size_t size)
{
	(void)block;
	count.memory += running ? size : 0;
}

static void ignore_free(const volatile void *block)
{
	(void)block;
}

uint32_t __wrap_hash_bytes(const void *data, size_t len)
{
	count.steps += running;
	return __real_hash_bytes(data, len);
}

int __wrap_uuid_compare(const void *a, const void *b)
{
	count.steps += running;
	return __real_uuid_compare(a, b);
}

const struct membership *__wrap_user_membership(const struct user_changed *u,
						const struct uuid *organization_id)
{
	count.steps += running ? u->organization_count : 0;
	return __real_user_membership(u, organization_id);
}

void meter_install(void)
{
	int installed = __sanitizer_install_malloc_and_free_hooks(count_memory, ignore_free);

	assert(installed);
}

void meter_start(void)
{
	count = (struct meter){ 0 };
	running = true;
}

struct meter meter_stop(void)
{
	running = false;
	return count;
}
