#include "consumer/notifier/reply.h"

/* The receiver of Coder's automations does not know what it has had already. */
static enum reply judge_automation(enum stage stage, long status)
{
	switch (status) {
	case 401:
	case 403:
	case 404:
		return REPLY_DISABLE;
	case 409:
		return REPLY_BUSY;
	default:
		return stage == STAGE_SENT ? REPLY_UNSURE : REPLY_AGAIN;
	}
}

enum reply reply_judge_http(enum profile profile, enum stage stage, long status)
{
	if (stage == STAGE_WHOLE && status >= 200 && status < 300)
		return REPLY_DELIVERED;
	if (stage == STAGE_WHOLE) {
		if (status == 410)
			return REPLY_DISABLE;
		if (status == 413)
			return REPLY_REFUSED;
		if (status == 429)
			return REPLY_BUSY;
	}
	if (profile == PROFILE_CODER_AUTOMATION)
		return judge_automation(stage, stage == STAGE_WHOLE ? status : 0);
	return REPLY_AGAIN;
}

/* 5yz is for ever, but for what is about us: a login, a policy, a service that is not there. */
enum reply reply_judge_smtp(enum stage stage, long code)
{
	if (stage == STAGE_WHOLE && code >= 200 && code < 300)
		return REPLY_DELIVERED;
	if (code >= 550 && code <= 559)
		return REPLY_REFUSED;
	return REPLY_AGAIN;
}

enum reply reply_judge_exit(int status)
{
	enum { TRY_AGAIN = 75 }; /* EX_TEMPFAIL of sysexits.h */

	if (status == 0)
		return REPLY_DELIVERED;
	return status == TRY_AGAIN ? REPLY_AGAIN : REPLY_REFUSED;
}
