#ifndef SB_PRODUCER_SESSION_H
#define SB_PRODUCER_SESSION_H

/*
 * One invocation of the command line: its settings, who asks, and the
 * connections, opened when first needed.
 */

#include "cache/lookup.h"
#include "ops/support/config.h"
#include "schemas/codec.h"

#include <librdkafka/rdkafka.h>

/* Exit codes: a contract with scripts. */
enum exit_code {
	EXIT_DONE = 0,
	EXIT_NO = 1,          /* the answer is no, or the command was rejected */
	EXIT_USAGE = 2,       /* the command line is wrong; nothing was sent */
	EXIT_UNAVAILABLE = 3, /* no answer: Kafka or Redis, or the time was up */
};

/* What became of a record that was sent: see send.h. */
struct delivery {
	bool done;
	bool failed;
	int partition;
	int64_t offset;
	int code; /* Kafka's; 0: none */
	char why[128];
};

enum output_format { OUTPUT_TABLE, OUTPUT_JSON };

struct session {
	struct config *config;
	struct arena arena; /* everything this invocation needs */
	enum output_format output;
	bool wide;
	int64_t wait_ms; /* how long to wait for outcomes; 0: do not wait */
	struct codec *codec;
	struct reader *reader;        /* NULL until session_reader() */
	rd_kafka_t *bus;              /* NULL until session_bus() */
	struct deployment deployment; /* of the bus */
	struct user_changed me;       /* username absent until session_me() */
};

extern const struct config_setting session_settings[];
extern const size_t session_setting_count;

int session_open(struct session *s, struct error *err);
void session_close(struct session *s);

/* The index. ERROR_UNAVAILABLE with a sentence. */
int session_reader(struct session *s, struct error *err);

/*
 * The bus, checked: the topics are laid out well, and the index, if it is open,
 * belongs to the same deployment.
 */
int session_bus(struct session *s, struct error *err);

/* Who asks: --as, SHAREBUS_USER, or the login name; found in the directory. */
int session_me(struct session *s, struct error *err);

/* The exit code that goes with an error. */
enum exit_code exit_code_of(int rc);

#endif
