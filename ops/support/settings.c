#include "ops/support/settings.h"

#include "ops/support/nearest.h"

#include <string.h>

const struct config_setting settings_shared[] = {
	{ "brokers", "LIST", "SHAREBUS_BROKERS", "127.0.0.1:9092",
	  "Kafka brokers, host:port, comma separated" },
	{ "redis", "ADDRESS", "SHAREBUS_REDIS", "127.0.0.1:6379",
	  "Redis: host:port, the path of a socket, or a URL" },
	{ "redis-password", "PASSWORD", "SHAREBUS_REDIS_PASSWORD", NULL,
	  "password in Redis, if the address has none" },
	{ "redis-password-file", "FILE", "SHAREBUS_REDIS_PASSWORD_FILE", NULL,
	  "file with it, read at each connecting" },
	{ "redis-ca", "FILE", "SHAREBUS_REDIS_CA", NULL,
	  "certificates that Redis is trusted by (default: the system's)" },
	{ "redis-cert", "FILE", "SHAREBUS_REDIS_CERT", NULL, "our certificate for Redis" },
	{ "redis-key", "FILE", "SHAREBUS_REDIS_KEY", NULL, "its key, if in a file of its own" },
	{ "prefix", "PREFIX", "SHAREBUS_PREFIX", "sb", "what all keys in Redis begin with" },
	{ "consumer-group", "GROUP", "SHAREBUS_CONSUMER_GROUP", "sharebus",
	  "consumer group of sharebus-consumer; that of the notifier has .notifier after it" },
	{ "keys-file", "FILE", "SHAREBUS_KEYS_FILE", NULL,
	  "keys that records are signed with; without it nothing is signed" },
	{ "signing-key", "ID", "SHAREBUS_SIGNING_KEY", NULL,
	  "which of them signs; default: the only one in the file" },
	{ NULL, NULL, NULL, NULL, NULL },
};

const struct config_setting settings_consumer[] = {
	{ "max-grants", "N", NULL, "1000", "grants that a workspace may have" },
	{ "accept-lost-commands", NULL, NULL, NULL,
	  "once, after commands were lost: go on without them" },
	{ "accept-other-log", NULL, NULL, NULL,
	  "once, after Kafka lost its log: go on with the one it has" },
	{ "accept-lost-grants", NULL, NULL, NULL,
	  "once, after sharing.grants has lost its beginning: rebuild from the rest" },
	{ NULL, NULL, NULL, NULL, NULL },
};

const struct config_setting settings_daemon[] = {
	{ "instance", "NAME", "SHAREBUS_INSTANCE", NULL,
	  "name of this process in its group; default: host name and a number" },
	{ "access-url", "URL", "SHAREBUS_ACCESS_URL", "",
	  "address of the deployment, for links in notifications" },
	{ "require-signatures", "yes|no", "SHAREBUS_REQUIRE_SIGNATURES", "no",
	  "take only what is signed with a key that may; needs keys-file" },
	{ "accept-lost-directory", "OFFSET", NULL, NULL,
	  "pass over batches of sharing.directory up to this one that cannot be unpacked" },
	{ "log-level", "LEVEL", "SHAREBUS_LOG_LEVEL", "info", "error, warn, info or debug" },
	{ "log-format", "FORMAT", "SHAREBUS_LOG_FORMAT", "text",
	  "text, or json: an object a line" },
	{ NULL, NULL, NULL, NULL, NULL },
};

const struct config_setting settings_notifier[] = {
	{ "ca-file", "FILE", "SHAREBUS_CA_FILE", NULL,
	  "certificates that endpoints are trusted by (default: the system's)" },
	{ NULL, NULL, NULL, NULL, NULL },
};

const struct endpoint_setting settings_endpoint[] = {
	{ "type", "webhook|smtp|inbox|exec", "what it is" },
	{ "profile", "PROFILE", "of a webhook: what it gets" },
	{ "url", "URL", "of a webhook or a mail server" },
	{ "secret", "SECRET", "of a webhook; two, separated by a blank, while one is replaced" },
	{ "secret-file", "FILE", "file of it, one a line" },
	{ "user", "NAME", "of a mail server" },
	{ "password-file", "FILE", "file whose first line is the password of that user" },
	{ "starttls", "yes|no", "of smtp://: go on only encrypted" },
	{ "from", "ADDRESS", "of mails: who sends them" },
	{ "command", "PROGRAM ARGUMENTS", "of exec: separated by blanks, without a shell" },
	{ "topics", "notifications|handoffs|both", "what it is told of" },
	{ "kinds", "LIST", "tell it only these kinds" },
	{ "organizations", "LIST", "tell it only of workspaces of these" },
	{ "recipients", "LIST", "tell it only what is for user:NAME or group:NAME" },
	{ "ordered", "yes|no", "one after another for each recipient" },
	{ "allow-private", "yes|no",
	  "of a webhook: its host may have addresses that are not public" },
	{ "timeout", "TIME", "for one attempt" },
	{ "max-attempts", "N", "after that it is dead" },
	{ "give-up-after", "TIME", "after that it is dead, too" },
	{ NULL, NULL, NULL },
};

const struct config_setting settings_sharebus[] = {
	{ "as", "USER", "SHAREBUS_USER", NULL, "user who asks; default: the login name" },
	{ "max-age", "TIME", "SHAREBUS_MAX_AGE", "60s", "how old an answer of the index may be" },
	{ NULL, NULL, NULL, NULL, NULL },
};

const struct config_setting *const settings_all[] = { settings_shared,   settings_daemon,
						      settings_consumer, settings_notifier,
						      settings_sharebus, NULL };

bool settings_have(const char *key)
{
	for (size_t t = 0; settings_all[t]; t++)
		for (const struct config_setting *s = settings_all[t]; s->key; s++)
			if (strcmp(s->key, key) == 0)
				return true;
	return false;
}

const char *settings_nearest(const char *word)
{
	struct nearest best = { word, NULL, NEAREST_FAR };

	for (size_t t = 0; settings_all[t]; t++)
		for (const struct config_setting *s = settings_all[t]; s->key; s++)
			nearest_offer(&best, s->key);
	return best.name;
}

bool settings_endpoint_has(const char *key)
{
	for (const struct endpoint_setting *s = settings_endpoint; s->key; s++)
		if (strcmp(s->key, key) == 0)
			return true;
	return false;
}

const char *settings_endpoint_nearest(const char *word)
{
	struct nearest best = { word, NULL, NEAREST_FAR };

	for (const struct endpoint_setting *s = settings_endpoint; s->key; s++)
		nearest_offer(&best, s->key);
	return best.name;
}
