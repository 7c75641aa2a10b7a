#ifndef SB_CONSUMER_NOTIFIER_PROFILES_H
#define SB_CONSUMER_NOTIFIER_PROFILES_H

/*
 * The forms in which a webhook is told. Each function fills a request: the body, and
 * the headers that are its own; render.c adds the proof, content-type and traceparent.
 * Each fails as render.h says.
 */

#include "consumer/notifier/request.h"

/*
 * standard: Standard Webhooks 1.0, "payload structure": {"type", "timestamp", "data"}
 * (event.h). The id in webhook-id is that of the telling, in every attempt.
 */
MUST_USE int standard_fill(struct request *r, struct error *err);

/*
 * coder: the body that Coder's own notifications have for a webhook, so that a
 * receiver written for them takes ours (coder/coder, coderd/notifications/dispatch/
 * webhook.go; payload type in coderd/notifications/types):
 *
 *	{"_version": "1.1", "msg_id", "title", "title_markdown", "body", "body_markdown",
 *	 "payload": {"_version": "1.2", "notification_name", "notification_template_id",
 *	             "user_id", "user_email", "user_name", "user_username",
 *	             "actions": [{"label", "url"}], "labels": {text: text},
 *	             "data": {}, "targets": [id]}}
 *
 * and the header X-Message-Id. msg_id is the version 5 UUID of "<source> <id>" and
 * notification_template_id that of "notification <kind>", both within the namespace of
 * sharebus; data is that of event.h. Only notifications have this form. Signed as
 * `standard` if the endpoint has a secret; Coder itself does not sign.
 */
MUST_USE int coder_fill(struct request *r, struct error *err);

/*
 * coder-automation: the body that starts an automation of Coder (coder.com/docs/
 * ai-coder/agents/automations): any JSON, at most 256 KiB, with the automation's secret
 * as a bearer. The body is that of `standard`.
 */
MUST_USE int coder_automation_fill(struct request *r, struct error *err);

/*
 * mcp-events: an event delivered to a subscriber by webhook, as the draft of MCP
 * Events has it (modelcontextprotocol/experimental-ext-triggers-events):
 * {"eventId", "name", "timestamp", "data", "cursor": null}, at most 256 KiB, signed as
 * `standard` with webhook-id equal to eventId. Which subscription it is stands in
 * X-MCP-Subscription-Id: the endpoint's name.
 */
MUST_USE int mcp_events_fill(struct request *r, struct error *err);

/*
 * a2a-push: a push notification of A2A 1.0 (a2a-protocol.org, specification/a2a.proto
 * and "push notification payload"): a StreamResponse with a statusUpdate, as
 * application/a2a+json. Only steps of handoffs that have a task have this form. taskId
 * is the task's id; contextId, which groups the messages of one conversation, the
 * handoff's. The token that the client gave with its configuration is the endpoint's
 * secret and comes back in X-A2A-Notification-Token.
 *
 *	offered, accepted, declined  TASK_STATE_INPUT_REQUIRED
 *	returned                     TASK_STATE_WORKING
 *	completed                    TASK_STATE_COMPLETED
 *	withdrawn, expired           TASK_STATE_CANCELED
 */
MUST_USE int a2a_push_fill(struct request *r, struct error *err);

#endif
