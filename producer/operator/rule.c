#include "producer/operator/rule.h"

#include "schemas/preferences.h"

static const char EVERYTHING[] = "all";

/* Takes a word as a channel, a kind, a category or all. False when it is none. */
static bool take_word(const char *word, struct preference_rule *r)
{
	int channel = symbol_parse(channel_symbols, word);
	int kind = symbol_parse(notification_kind_symbols, word);
	int category = symbol_parse(category_symbols, word);

	if (channel && !r->channel)
		r->channel = (enum channel)channel;
	else if (kind)
		r->kind = (enum notification_kind)kind;
	else if (category)
		r->category = (enum category)category;
	else
		return strcmp(word, EVERYTHING) == 0;
	return true;
}

static int refuse_rule(const char *text, struct error *err)
{
	return error_set(
		err, ERROR_USAGE,
		"\"%.64s\" names nothing that is told; give a channel (inbox, mail, webhook, "
		"exec), a kind such as role_changed, a category (sharing, handoff), or a "
		"channel and one of these, as mail:handoff; or all",
		text);
}

int rule_parse(const char *text, struct preference_rule *out, struct error *err)
{
	struct preference_rule r = { .on = false };
	const char *colon = strchr(text, ':');
	char channel[32];
	size_t len = colon ? (size_t)(colon - text) : 0;

	if (!colon && !take_word(text, &r))
		return refuse_rule(text, err);
	if (colon) {
		if (len >= sizeof(channel))
			return refuse_rule(text, err);
		memcpy(channel, text, len);
		channel[len] = 0;
		r.channel = (enum channel)symbol_parse(channel_symbols, channel);
		if (!r.channel || !take_word(colon + 1, &r))
			return refuse_rule(text, err);
	}
	*out = r;
	return 0;
}

struct bytes rule_text(const struct preference_rule *r, struct arena *arena)
{
	const char *what = EVERYTHING;

	if (r->kind)
		what = symbol_name(notification_kind_symbols, (int)r->kind);
	else if (r->category)
		what = symbol_name(category_symbols, (int)r->category);
	if (!r->channel)
		return arena_printf(arena, "%s", what);
	return arena_printf(arena, "%s:%s", symbol_name(channel_symbols, (int)r->channel), what);
}

bool rule_is_within(const struct preference_rule *r, const struct preference_rule *within)
{
	enum category category = r->kind ? notification_category(r->kind) : r->category;

	return (!within->channel || within->channel == r->channel) &&
	       (!within->kind || within->kind == r->kind) &&
	       (!within->category || within->category == category);
}
