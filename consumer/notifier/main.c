/* sharebus-notifier: tells people and programs, through the endpoints of its configuration. */

#include "consumer/daemon.h"
#include "consumer/notifier/loop.h"
#include "ops/support/log.h"
#include "ops/support/version.h"

static const struct config_setting *const tables[] = { settings_shared, settings_daemon,
						       settings_notifier, NULL };
static const struct program program = {
	.name = "sharebus-notifier",
	.purpose = "Tells people and programs of what is on sharing.notifications and\n"
		   "sharing.handoffs, through the endpoints of the configuration file.",
	.tables = tables,
	.group_suffix = ".notifier",
};

static int run_notifier(const struct config *config, struct daemon *d, struct error *err)
{
	struct notifier *n = NULL;
	int rc = notifier_open(&n, config, &d->stop, &d->waker, &d->supervisor, err);

	if (!rc)
		log_info("sharebus-notifier %s runs as %s of the group %s.notifier, and tells %zu "
			 "endpoints",
			 version_text(), config_get(config, "instance"),
			 config_get(config, "consumer-group"), n->endpoints.count);
	if (!rc)
		rc = notifier_run(n, err);
	notifier_close(&n);
	return rc;
}

int main(int argc, char **argv)
{
	return daemon_main(&program, run_notifier, argc, argv);
}
