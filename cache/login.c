#include "cache/login.h"

#include "cache/replies.h"
#include "ops/support/file.h"
#include "ops/support/number.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PASSWORD_SIZE = 4097, PORT_MAX = 65535 };

/* Copies a text to *at, and moves *at after it. */
static const char *keep_text(char **at, const char *text)
{
	char *copy = *at;

	if (!text)
		return NULL;
	*at = stpcpy(copy, text) + 1;
	return copy;
}

int login_init(struct login *l, const struct redis_target *t, struct error *err)
{
	const char *const texts[] = { t->password, t->password_file, t->ca, t->cert, t->key };
	size_t size = 1;
	char *at;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		size += texts[i] ? strlen(texts[i]) + 1 : 0;
	*l = (struct login){ .memory = malloc(size) };
	if (!l->memory)
		return error_set(err, ERROR_NOMEM, "out of memory");
	at = l->memory;
	l->password = keep_text(&at, t->password);
	l->password_file = keep_text(&at, t->password_file);
	l->tls.ca = keep_text(&at, t->ca);
	l->tls.cert = keep_text(&at, t->cert);
	l->tls.key = keep_text(&at, t->key);
	return 0;
}

void login_done(struct login *l)
{
	free(l->memory);
	*l = (struct login){ 0 };
}

/* ---- what we say ---- */

/* The file's first line. */
static int read_password(const char *path, char out[PASSWORD_SIZE], struct error *err)
{
	struct file_content file;
	struct error why = { 0 };

	if (file_read(&file, path, PASSWORD_SIZE - 1, &why))
		return error_set(err, ERROR_REFUSED, "the password of Redis cannot be read from %s",
				 why.text);
	(void)snprintf(out, PASSWORD_SIZE, "%.*s", BYTES_ARG(file.bytes));
	file_content_done(&file);
	out[strcspn(out, "\r\n")] = '\0';
	return *out ? 0
		    : error_set(err, ERROR_REFUSED,
				"the password of Redis cannot be read from %s: its first line is "
				"empty",
				path);
}

static void append_auth(struct pipeline *p, const char *user, const char *password)
{
	pipeline_command(p, user ? 3 : 2);
	pipeline_text(p, "AUTH");
	if (user)
		pipeline_text(p, user);
	pipeline_text(p, password);
}

static void append_database(struct pipeline *p, int db)
{
	pipeline_command(p, 2);
	pipeline_text(p, "SELECT");
	pipeline_number(p, db);
}

int login_append(const struct login *l, const struct address *a, struct pipeline *p,
		 struct error *err)
{
	char from_file[PASSWORD_SIZE];
	const char *password = l->password ? l->password : a->password;

	if (l->password_file) {
		int rc = read_password(l->password_file, from_file, err);

		if (rc)
			return rc;
		password = from_file;
	}
	if (password)
		append_auth(p, a->user, password);
	if (a->db)
		append_database(p, a->db);
	if (a->kind == ADDRESS_SENTINEL)
		pipeline_texts(p, (const char *const[]){ "ROLE", NULL });
	return 0;
}

/* ---- what Redis says ---- */

/* A server that has only just started, or has lost its master, will accept us later. */
static bool is_passing(const redisReply *r)
{
	static const char *const words[] = {
		"LOADING",  "MASTERDOWN",  "BUSY",
		"TRYAGAIN", "CLUSTERDOWN", "ERR max number of clients"
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strncmp(r->str, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

static int check_reply(const redisReply *r, const char *name, struct error *err)
{
	if (r->type == REDIS_REPLY_ERROR)
		return is_passing(r) ? error_set(err, ERROR_UNAVAILABLE,
						 "Redis at %s cannot serve now: %s", name, r->str)
				     : reply_refuse(r, name, err);
	if (r->type == REDIS_REPLY_ARRAY && strcmp(r->element[0]->str, "master") != 0)
		return error_set(err, ERROR_UNAVAILABLE,
				 "the server that the Sentinels of %s name is not the master yet",
				 name);
	return 0;
}

int login_check(redisReply *const *replies, size_t count, const char *name, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < count; i++)
		rc = check_reply(replies[i], name, err);
	return rc;
}

void login_append_hello(struct pipeline *p)
{
	pipeline_texts(p, (const char *const[]){ "HELLO", NULL });
}

bool login_is_alone(const redisReply *hello)
{
	if (hello->type != REDIS_REPLY_ARRAY)
		return false;
	for (size_t i = 0; i + 1 < hello->elements; i += 2)
		if (bytes_equal_text(reply_bytes(hello->element[i]), "mode"))
			return !bytes_equal_text(reply_bytes(hello->element[i + 1]), "cluster");
	return false;
}

void login_append_slots(struct pipeline *p)
{
	pipeline_texts(p, (const char *const[]){ "CLUSTER", "SLOTS", NULL });
}

/* Servers and proxies that are alone say that in many ways. */
int login_take_slots(const redisReply *r, const char *name, enum login_cluster *out,
		     struct error *err)
{
	if (login_is_alone(r)) {
		*out = LOGIN_ALONE;
		return 0;
	}
	if (r->type != REDIS_REPLY_ERROR) {
		*out = LOGIN_CLUSTER;
		return 0;
	}
	if (is_passing(r) || (!reply_is_error(r, "ERR") && !reply_is_error(r, "NOPERM")))
		return check_reply(r, name, err);
	*out = reply_is_error(r, "NOPERM") ? LOGIN_DENIED : LOGIN_ALONE;
	return 0;
}

void login_append_master(struct pipeline *p, const char *name)
{
	pipeline_texts(p,
		       (const char *const[]){ "SENTINEL", "GET-MASTER-ADDR-BY-NAME", name, NULL });
}

int login_take_master(const redisReply *r, const char *name, const char *sentinel,
		      struct master *out, struct error *err)
{
	int64_t port;

	if (r->type == REDIS_REPLY_ERROR)
		return error_set(err, ERROR_REFUSED, "the Sentinel at %s refuses: %s", sentinel,
				 r->str);
	if (r->type == REDIS_REPLY_NIL)
		return error_set(err, ERROR_REFUSED, "the Sentinel at %s knows no master \"%s\"",
				 sentinel, name);
	if (r->element[0]->len >= sizeof(out->host) ||
	    !number_parse(bytes_of(r->element[1]->str), 1, PORT_MAX, &port))
		return error_set(err, ERROR_UNAVAILABLE,
				 "the Sentinel at %s says no address of \"%s\"", sentinel, name);
	memcpy(out->host, r->element[0]->str, r->element[0]->len + 1);
	out->port = (int)port;
	return 0;
}
