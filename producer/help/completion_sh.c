/* For bash and zsh, whose languages are alike where it matters. */

#include "producer/help/completion.h"

#include "producer/help/offers.h"

#include <stdio.h>
#include <string.h>

/* ---- cases of bash and zsh: "--user|--group|" ---- */

static void print_case_of(const struct flag *f, enum wanted wanted)
{
	if (offers_wanted(f->value) != wanted)
		return;
	(void)printf("--%s|", f->name);
	if (f->id >= 'a' && f->id <= 'z')
		(void)printf("-%c|", f->id);
}

static void print_text_case(const struct offers *o, const struct flag *f)
{
	(void)o;
	print_case_of(f, WANTED_TEXT);
}

static void print_file_case(const struct offers *o, const struct flag *f)
{
	(void)o;
	print_case_of(f, WANTED_FILE);
}

static void print_value_case(const struct offers *o, const struct flag *f)
{
	if (offers_wanted(f->value) != WANTED_NOTHING)
		print_case_of(f, offers_wanted(f->value));
	(void)o;
}

/* The case of a flag that takes one of some words. */
static void print_words_case(const struct offers *o, const struct flag *f)
{
	if (offers_wanted(f->value) != WANTED_WORDS)
		return;
	(void)printf("\t(");
	print_case_of(f, WANTED_WORDS);
	(void)printf("=) list=(");
	offers_words(f->value);
	(void)printf(") ;;\n");
	(void)o;
}

/* The flags and the words before the cursor, which both shells find alike. `=` ends each case, and is no word. */
static void print_finding(const struct offers *o, const char *from, const char *until)
{
	(void)printf("\tfor ((i = %s; i < %s; i++)); do\n"
		     "\t\tword=${all[i]}\n"
		     "\t\t[[ $word != '=' ]] || continue\n"
		     "\t\tcase $prev in\n\t\t(",
		     from, until);
	offers_all(o, print_value_case);
	(void)printf("=) prev=\"\"; continue ;;\n"
		     "\t\tesac\n"
		     "\t\tprev=$word\n"
		     "\t\t[[ $word != -* ]] || continue\n"
		     "\t\tif [[ -z $first ]]; then first=$word\n"
		     "\t\telif [[ -z $second ]]; then second=$word; fi\n"
		     "\tdone\n");
}

/* "(sharing\ share|sharing\ add" or "(list\ *" */
static void print_command_case(const struct command_def *c)
{
	if (!c->group) {
		(void)printf("\t\t(%s\\ *)", c->name);
		return;
	}
	(void)printf("\t\t(%s\\ %s", c->group, c->name);
	if (c->alias)
		(void)printf("|%s\\ %s", c->group, c->alias);
	(void)putchar(')');
}

/* The flags of all commands, and those of the command that stands there. */
static void print_flags(const struct offers *o, offers_fn *print)
{
	const struct command_def *c;

	(void)printf("\t\tlist=(");
	offers_common(o, print);
	(void)puts(")\n\t\tcase \"$first $second\" in");
	for (size_t i = 0; (c = offers_at(o, i)); i++) {
		if (!c->flags)
			continue;
		print_command_case(c);
		(void)printf(" list+=(");
		offers_of(o, c->flags, print);
		(void)puts(") ;;");
	}
	(void)puts("\t\tesac");
}

/* ---- bash ---- */

static void print_flag_word(const struct offers *o, const struct flag *f)
{
	(void)o;
	(void)printf(" --%s", f->name);
}

static void print_bash_names(const struct offers *o)
{
	const struct command_def *c;

	(void)printf("\t\t(\\ ) list=(help");
	for (size_t i = 0; (c = offers_at(o, i)); i++)
		if (!c->group || offers_begin_group(o, i))
			(void)printf(" %s", c->group ? c->group : c->name);
	(void)puts(") ;;");
	for (size_t g = 0; offers_at(o, g); g++) {
		if (!offers_begin_group(o, g))
			continue;
		(void)printf("\t\t(%s\\ ) list=(", offers_at(o, g)->group);
		for (size_t i = g; (c = offers_at(o, i)); i++)
			if (c->group && strcmp(c->group, offers_at(o, g)->group) == 0)
				(void)printf(" %s %s", c->name, c->alias ? c->alias : "");
		(void)puts(") ;;");
	}
}

static void print_bash_operands(const struct offers *o)
{
	const struct command_def *c;

	for (size_t i = 0; (c = offers_at(o, i)); i++) {
		enum wanted wanted = offers_wanted(c->operands);

		if (wanted != WANTED_WORDS && wanted != WANTED_FILE)
			continue;
		print_command_case(c);
		if (wanted == WANTED_WORDS) {
			(void)printf(" list=(");
			offers_words(c->operands);
			(void)puts(") ;;");
		} else {
			(void)puts(" files=yes ;;");
		}
	}
}

static void print_bash_values(const struct offers *o)
{
	(void)puts("\tcase $prev in");
	offers_all(o, print_words_case);
	(void)printf("\t(");
	offers_all(o, print_file_case);
	(void)printf("=) files=yes ;;\n\t(");
	offers_all(o, print_text_case);
	(void)puts("=) return ;;\n\t(*) value=\"\" ;;\n\tesac");
}

void completion_bash(const struct offers *o)
{
	(void)puts("# Completes sharebus in bash: made by `sharebus completion bash`.\n"
		   "_sharebus()\n{\n"
		   "\tlocal all=(\"${COMP_WORDS[@]}\") cur=${COMP_WORDS[COMP_CWORD]}\n"
		   "\tlocal i word prev=\"\" first=\"\" second=\"\" value=yes files=\"\" list=()");
	print_finding(o, "1", "COMP_CWORD");
	(void)puts("\t[[ $cur != '=' ]] || cur=\"\"\n\tCOMPREPLY=()");
	print_bash_values(o);
	(void)puts("\tif [[ -n $value ]]; then\n\t\t:\n\telif [[ $cur == -* ]]; then");
	print_flags(o, print_flag_word);
	(void)puts("\telse\n\t\tcase \"$first $second\" in");
	print_bash_names(o);
	print_bash_operands(o);
	(void)puts("\t\tesac\n\tfi\n"
		   "\tif [[ -n $files ]]; then\n"
		   "\t\tcompopt -o filenames 2>/dev/null\n"
		   "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
		   "\telse\n"
		   "\t\tmapfile -t COMPREPLY < <(compgen -W \"${list[*]}\" -- \"$cur\")\n"
		   "\tfi\n}\ncomplete -F _sharebus sharebus");
}

/* ---- zsh ---- */

/* 'name:help', as _describe wants it. */
static void print_described(const struct offers *o, const char *dashes, const char *name,
			    const char *help)
{
	(void)putchar(' ');
	offers_quote(o, text_of(arena_printf(o->arena, "%s%s:%s", dashes, name, help)));
}

static void print_described_flag(const struct offers *o, const struct flag *f)
{
	print_described(o, "--", f->name, f->help);
}

static void print_zsh_names(const struct offers *o)
{
	const struct command_def *c;

	(void)printf("\t\t(\\ ) list=(");
	for (size_t i = 0; (c = offers_at(o, i)); i++)
		if (!c->group || offers_begin_group(o, i))
			print_described(o, "", c->group ? c->group : c->name,
					c->group ? "…" : c->summary);
	(void)puts(") ;;");
	for (size_t g = 0; offers_at(o, g); g++) {
		if (!offers_begin_group(o, g))
			continue;
		(void)printf("\t\t(%s\\ ) list=(", offers_at(o, g)->group);
		for (size_t i = g; (c = offers_at(o, i)); i++)
			if (c->group && strcmp(c->group, offers_at(o, g)->group) == 0)
				print_described(o, "", c->name, c->summary);
		(void)puts(") ;;");
	}
}

void completion_zsh(const struct offers *o)
{
	(void)puts("#compdef sharebus\n# Completes sharebus in zsh: made by `sharebus completion "
		   "zsh`.\n"
		   "_sharebus()\n{\n"
		   "\tlocal all cur=$words[CURRENT] i word prev= first= second= value=yes files= "
		   "list\n"
		   "\tall=(\"${words[@]}\")\n\tlist=()");
	print_finding(o, "2", "CURRENT");
	print_bash_values(o);
	(void)puts("\tif [[ -n $value ]]; then\n\t\t:\n\telif [[ $cur == -* ]]; then");
	print_flags(o, print_described_flag);
	(void)puts("\telse\n\t\tcase \"$first $second\" in");
	print_zsh_names(o);
	print_bash_operands(o);
	(void)puts("\t\tesac\n\tfi\n"
		   "\tif [[ -n $files ]]; then\n\t\t_files\n"
		   "\telse\n\t\t_describe sharebus list\n\tfi\n}\n"
		   "if [[ $funcstack[1] == _sharebus ]]; then\n\t_sharebus \"$@\"\n"
		   "else\n\tcompdef _sharebus sharebus\nfi");
}
