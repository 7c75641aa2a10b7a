#ifndef SB_CONSUMER_NOTIFIER_REPLY_H
#define SB_CONSUMER_NOTIFIER_REPLY_H

/* What an attempt to deliver came to, and what that means. Pure. */

#include "consumer/notifier/endpoint.h"

enum reply {
	REPLY_DELIVERED = 1,
	REPLY_AGAIN,   /* it failed; try again later; the endpoint may be down */
	REPLY_BUSY,    /* the endpoint works, but wants it later */
	REPLY_REFUSED, /* the endpoint will never take this one: it is dead */
	REPLY_UNSURE, /* it may have arrived, and would be told twice: it is dead, for a person to look at */
	REPLY_DISABLE,  /* the endpoint wants nothing any more, until a person says so */
	REPLY_OWN,      /* it was our own fault: no attempt */
	REPLY_FORMLESS, /* it has no form for the endpoint, which was not asked: it is dead */
};

/* How far an exchange over HTTP or SMTP came that ended early. */
enum stage {
	STAGE_NOTHING_SENT = 1, /* there was no connection */
	STAGE_SENT,             /* some of the request, or all of it, was sent */
	STAGE_WHOLE,            /* the answer, or as much of it as we read, is there */
};

/* What status, a code of HTTP or 0 for none, means to a webhook of this profile. */
enum reply reply_judge_http(enum profile profile, enum stage stage, long status);

/* The same for the code with which a mail server ended the exchange; 0: none. */
enum reply reply_judge_smtp(enum stage stage, long code);

/* For the exit status of a program. */
enum reply reply_judge_exit(int status);

#endif
