/* sharebus-consumer: applies commands to the index, and publishes what became of them. */

#include "consumer/daemon.h"
#include "consumer/loop.h"
#include "ops/support/log.h"
#include "ops/support/version.h"

/*
 * jemalloc reads this if it is linked. Its background thread returns the memory
 * that a large step has freed to the system even if nothing is allocated after.
 */
extern const char *malloc_conf;
const char *malloc_conf = "background_thread:true";

static const struct config_setting *const tables[] = { settings_shared, settings_daemon,
						       settings_consumer, NULL };
static const struct program program = {
	.name = "sharebus-consumer",
	.purpose = "Applies the commands of sharing.commands to the grant index in Redis and\n"
		   "publishes what became of them.",
	.tables = tables,
	.group_suffix = "",
};

static int run_consumer(const struct config *config, struct daemon *d, struct error *err)
{
	struct consumer *c = NULL;
	int rc = consumer_open(&c, config, &d->stop, &d->waker, &d->supervisor, err);

	if (!rc)
		log_info("sharebus-consumer %s runs as %s of the group %s", version_text(),
			 config_get(config, "instance"), config_get(config, "consumer-group"));
	if (!rc)
		rc = loop_run(c, err);
	consumer_close(&c);
	return rc;
}

int main(int argc, char **argv)
{
	return daemon_main(&program, run_consumer, argc, argv);
}
