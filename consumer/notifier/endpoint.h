#ifndef SB_CONSUMER_NOTIFIER_ENDPOINT_H
#define SB_CONSUMER_NOTIFIER_ENDPOINT_H

/*
 * An endpoint: where, in what form and to whom it is told. It comes from a section
 * of the configuration and does not change while the notifier runs.
 */

#include "schemas/records.h"

enum endpoint_kind { ENDPOINT_WEBHOOK = 1, ENDPOINT_SMTP, ENDPOINT_INBOX, ENDPOINT_EXEC };

/* The form of a webhook's body, headers and proof. */
enum profile {
	PROFILE_STANDARD = 1, /* Standard Webhooks */
	PROFILE_CODER,
	PROFILE_CODER_AUTOMATION,
	PROFILE_MCP_EVENTS,
	PROFILE_A2A_PUSH,
};

enum { ENDPOINT_SECRETS_MAX = 2 };

struct endpoint {
	char *name;
	enum endpoint_kind kind;
	enum profile profile;                /* of a webhook; else 0 */
	char *url;                           /* of a webhook, of a mail server; NULL: none */
	char *secrets[ENDPOINT_SECRETS_MAX]; /* the second takes the first one's place */
	size_t secret_count;
	char *from;  /* of a mail: an address, perhaps with a name before it */
	char **argv; /* of exec: the program and its arguments; ends with NULL */

	char *user;           /* of a mail server: who logs in; NULL: nobody */
	char *password;       /* of that user */
	bool starttls;        /* smtp:// goes on only encrypted */
	bool notifications;   /* it is told of what is on sharing.notifications, */
	bool handoffs;        /* and of what is on sharing.handoffs */
	unsigned kinds;       /* a bit for each enum notification_kind; 0: all */
	char **organizations; /* names or ids; ends with NULL; NULL: all */
	char **recipients;    /* "user:NAME", "group:NAME", or ids there; as above */
	bool ordered;         /* for each recipient one after another, as they are on the log */
	bool allow_private;   /* its host may have addresses that are not public */
	int64_t timeout_ms;   /* for one attempt */
	int64_t max_attempts;
	int64_t give_up_ms; /* after it was owed first */
};

#endif
