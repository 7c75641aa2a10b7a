#ifndef SB_TESTS_UNIT_SCHEMAS_RECORD_CASES_H
#define SB_TESTS_UNIT_SCHEMAS_RECORD_CASES_H

/*
 * A record of each type with everything in it, and one with nothing in it
 * that may be left out. Every field has a value of its own, so that a mix-up
 * shows.
 */

#include "schemas/records.h"

/* 0190163d-8694-739b-aea5-966c26f8ad<n> */
#define ID(n)                                                                                      \
	{                                                                                          \
		{                                                                                  \
			0x01, 0x90, 0x16, 0x3d, 0x86, 0x94, 0x73, 0x9b, 0xae, 0xa5, 0x96, 0x6c,    \
				0x26, 0xf8, 0xad, (n)                                              \
		}                                                                                  \
	}
#define ID_TEXT(n) "0190163d-8694-739b-aea5-966c26f8ad" n

#define T(text)                                                                                    \
	{                                                                                          \
		(const uint8_t *)(text), sizeof(text) - 1                                          \
	}

#define FULL_COMMAND                                                                               \
	{                                                                                          \
		ID(0x10), 1795512600001, { ID(0x11), ACTOR_SERVICE_ACCOUNT }, ID(0x12), 41, 42     \
	}
#define BARE_COMMAND                                                                               \
	{                                                                                          \
		ID(0x13), 1795512600002, { ID(0x14), ACTOR_USER }, ID(0x15), ABSENT, ABSENT        \
	}
#define WORKSPACE_REF                                                                              \
	{                                                                                          \
		ID(0x20), T("dev \xc3\xa9"), ID(0x21), ID(0x22)                                    \
	}

static const struct record FULL_RECORDS[] = {
	{ RECORD_SHARE_WORKSPACE,
	  .as.share_workspace = { FULL_COMMAND,
				  (struct grant_wish[]){
					  { { SUBJECT_USER, ID(0x30) }, ROLE_ADMIN, 1795512600003 },
					  { { SUBJECT_GROUP, ID(0x31) }, ROLE_USE, ABSENT } },
				  2, T("please look") } },
	{ RECORD_REMOVE_SHARING,
	  .as.remove_sharing = { FULL_COMMAND,
				 (struct subject[]){ { SUBJECT_GROUP, ID(0x32) },
						     { SUBJECT_USER, ID(0x33) } },
				 2, REASON_GROUP_DELETED } },
	{ RECORD_WORKSPACE_CHANGED,
	  .as.workspace_changed = { ID(0x34), ID(0x35), ID(0x36), T("dev"), WORKSPACE_DORMANT,
				    1795512600004 } },
	{ RECORD_WORKSPACE_DELETED, .as.workspace_deleted = { ID(0x37), 1795512600005 } },
	{ RECORD_USER_CHANGED,
	  .as.user_changed = { ID(0x38), T("alice"), T("Alice A."), T("alice@example.com"),
			       USER_SUSPENDED, USER_AGENT, SITE_OWNER,
			       (struct membership[]){ { ID(0x39), ORGANIZATION_ADMIN },
						      { ID(0x3a), ORGANIZATION_MEMBER } },
			       2 } },
	{ RECORD_GROUP_CHANGED,
	  .as.group_changed = { ID(0x3b), T("contractor"), ID(0x3c),
				(struct uuid[]){ ID(0x3d), ID(0x3e), ID(0x3f) }, 3 } },
	{ RECORD_ORGANIZATION_CHANGED,
	  .as.organization_changed = { ID(0x40), T("acme"), SHARING_SERVICE_ACCOUNTS } },
	{ RECORD_DEPLOYMENT_CHANGED, .as.deployment_changed = { true } },
	{ RECORD_SHARING_CHANGED,
	  .as.sharing_changed = { WORKSPACE_REF,
				  43,
				  { ID(0x41), ACTOR_AGENT },
				  ID(0x42),
				  REASON_HANDOFF,
				  (struct change[]){
					  { { SUBJECT_USER, ID(0x43) }, ROLE_USE, ROLE_ADMIN, 44 },
					  { { SUBJECT_GROUP, ID(0x44) },
					    ROLE_ADMIN,
					    ROLE_NONE,
					    ABSENT } },
				  2,
				  1795512600006 } },
	{ RECORD_COMMAND_REJECTED,
	  .as.command_rejected = { ID(0x45),
				   { ID(0x46), ACTOR_SYSTEM },
				   ID(0x47),
				   T("forbidden"),
				   T("bob may not"),
				   (struct bytes[]){ T("bob may not"), T("") },
				   2,
				   1795512600007 } },
	{ RECORD_NOTIFICATION,
	  .as.notification = { ID(0x48),
			       NOTIFY_OWNER_NOTICE,
			       T("title"),
			       T("body"),
			       (struct notification_action[]){ { T("View"), T("https://x") },
							       { T("Go"), T("https://y") } },
			       2,
			       { ID(0x49), ACTOR_USER },
			       WORKSPACE_REF,
			       ID(0x4a),
			       ROLE_ADMIN,
			       T("message"),
			       T("3-17-0"),
			       1795512600008 } },
	{ RECORD_WORKSPACE_GRANTS,
	  .as.workspace_grants = { WORKSPACE_REF, WORKSPACE_DORMANT, 45,
				   (struct grant[]){ { { SUBJECT_USER, ID(0x4b) },
						       ROLE_USE,
						       ID(0x4c),
						       46,
						       47 },
						     { { SUBJECT_GROUP, ID(0x4d) },
						       ROLE_ADMIN,
						       ID(0x4e),
						       48,
						       ABSENT } },
				   2,
				   (struct recent_command[]){ { ID(0x4f), 51 }, { ID(0x50), 52 } },
				   2, 1795512600009, 49 } },
	{ RECORD_PROGRESS, .as.progress = { 9007199254740993, 1, 2, 1795512600009, -3 } },
};

static const struct record BARE_RECORDS[] = {
	{ RECORD_SHARE_WORKSPACE, .as.share_workspace = { BARE_COMMAND, NULL, 0, { 0 } } },
	{ RECORD_REMOVE_SHARING, .as.remove_sharing = { BARE_COMMAND, NULL, 0, REASON_COMMAND } },
	{ RECORD_WORKSPACE_CHANGED,
	  .as.workspace_changed = { ID(0x34), ID(0x35), ID(0x36), T(""), WORKSPACE_ACTIVE, 0 } },
	{ RECORD_WORKSPACE_DELETED, .as.workspace_deleted = { ID(0x37), -1 } },
	{ RECORD_USER_CHANGED, .as.user_changed = { ID(0x38), T("a"), T(""), T(""), USER_ACTIVE,
						    USER_PERSON, SITE_MEMBER, NULL, 0 } },
	{ RECORD_GROUP_CHANGED, .as.group_changed = { ID(0x3b), T("g"), ID(0x3c), NULL, 0 } },
	{ RECORD_ORGANIZATION_CHANGED,
	  .as.organization_changed = { ID(0x40), T("o"), SHARING_EVERYONE } },
	{ RECORD_DEPLOYMENT_CHANGED, .as.deployment_changed = { false } },
	{ RECORD_SHARING_CHANGED,
	  .as.sharing_changed = { WORKSPACE_REF,
				  1,
				  { { { 0 } }, ACTOR_SYSTEM },
				  { { 0 } },
				  REASON_COMMAND,
				  (struct change[]){ { { SUBJECT_USER, ID(0x43) },
						       ROLE_NONE,
						       ROLE_NONE,
						       ABSENT } },
				  1,
				  0 } },
	{ RECORD_COMMAND_REJECTED, .as.command_rejected = { ID(0x45),
							    { ID(0x46), ACTOR_USER },
							    ID(0x47),
							    T(""),
							    T(""),
							    NULL,
							    0,
							    0 } },
	{ RECORD_NOTIFICATION, .as.notification = { ID(0x48),
						    NOTIFY_ACCESS_REMOVED,
						    T(""),
						    T(""),
						    NULL,
						    0,
						    { ID(0x49), ACTOR_USER },
						    WORKSPACE_REF,
						    { { 0 } },
						    ROLE_NONE,
						    { 0 },
						    T(""),
						    0 } },
	{ RECORD_WORKSPACE_GRANTS,
	  .as.workspace_grants = { WORKSPACE_REF, WORKSPACE_ACTIVE, 0,
				   (struct grant[]){ { { SUBJECT_USER, ID(0x4b) },
						       ROLE_USE,
						       ID(0x4c),
						       46,
						       ABSENT } },
				   1, NULL, 0, 0, 0 } },
	{ RECORD_PROGRESS, .as.progress = { 0 } },
};

#endif
