#ifndef SB_HELP_ROFF_H
#define SB_HELP_ROFF_H

/* Pages of the manual, on standard output: the few macros of man(7) that we need. */

/* Begins the page: `section` as in "1", `kind` as in "User Commands". */
void roff_begin(const char *name, const char *section, const char *kind);

/* A heading, a heading below it, a paragraph of text. */
void roff_section(const char *title);
void roff_subsection(const char *title);
void roff_paragraph(const char *text);

/* A term, in bold, with what it takes, in italics, or NULL; a text below it follows. */
void roff_term(const char *name, const char *value);

/* Text as it is, whatever it has in it. */
void roff_text(const char *text);

/* Lines that stay as they are. */
void roff_example(const char *lines);

#endif
