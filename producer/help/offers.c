#include "producer/help/offers.h"

#include "ops/support/settings.h"
#include "producer/cli/text.h"

#include <stdio.h>
#include <string.h>

const struct command_def *offers_at(const struct offers *o, size_t i)
{
	return o->commands[i].name ? &o->commands[i] : NULL;
}

/* Is it "table|json"? In "8h|TIME" the capitals stand for anything. */
static bool is_choice(const char *value)
{
	for (const char *p = value; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			return false;
	return strchr(value, '|') != NULL;
}

enum wanted offers_wanted(const char *value)
{
	if (!value || !value[0])
		return WANTED_NOTHING;
	if (strcmp(value, "FILE") == 0 || strcmp(value, "<file>") == 0)
		return WANTED_FILE;
	return is_choice(value) ? WANTED_WORDS : WANTED_TEXT;
}

void offers_of(const struct offers *o, const struct flag *table, offers_fn *visit)
{
	for (const struct flag *f = table; f && f->name; f++)
		visit(o, f);
}

static void visit_settings(const struct offers *o, const struct config_setting *table,
			   offers_fn *visit)
{
	for (const struct config_setting *s = table; s->key; s++) {
		const struct flag f = { s->key, 0, s->value, s->help };

		if (!config_is_secret(s))
			visit(o, &f);
	}
}

void offers_common(const struct offers *o, offers_fn *visit)
{
	static const struct flag others[] = {
		{ "config", 0, "FILE", "configuration file" },
		{ "help", 'h', NULL, "what it does, and its flags" },
		{ NULL, 0, NULL, NULL },
	};

	offers_of(o, common_flags, visit);
	offers_of(o, others, visit);
	visit_settings(o, settings_sharebus, visit);
	visit_settings(o, settings_shared, visit);
}

/* Has a command before that one a flag of this name? */
static bool is_repeated(const struct offers *o, size_t at, const char *name)
{
	for (size_t i = 0; i < at; i++)
		for (const struct flag *f = offers_at(o, i)->flags; f && f->name; f++)
			if (strcmp(f->name, name) == 0)
				return true;
	return false;
}

void offers_all(const struct offers *o, offers_fn *visit)
{
	const struct command_def *c;

	offers_common(o, visit);
	for (size_t i = 0; (c = offers_at(o, i)); i++)
		for (const struct flag *f = c->flags; f && f->name; f++)
			if (!is_repeated(o, i, f->name))
				visit(o, f);
}

bool offers_begin_group(const struct offers *o, size_t at)
{
	const struct command_def *c = offers_at(o, at);

	for (size_t i = 0; c->group && i < at; i++)
		if (offers_at(o, i)->group && strcmp(offers_at(o, i)->group, c->group) == 0)
			return false;
	return c->group != NULL;
}

void offers_quote(const struct offers *o, const char *text)
{
	(void)printf("%.*s", BYTES_ARG(shell_word(bytes_of(text), o->arena)));
}

void offers_words(const char *value)
{
	for (const char *p = value; *p; p++)
		(void)putchar(*p == '|' ? ' ' : *p);
}
