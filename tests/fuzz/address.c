/*
 * Text typed for the address of Redis. What is accepted has a place to connect to,
 * and its text for messages is an address of the same place; what is not accepted
 * leaves nothing behind. Where the text is a URL, no message has its password.
 */

#include "cache/address.h"

#include "tests/fuzz/target.h"

static void check_place(const struct address *a)
{
	assert(a->text && a->text[0] && a->db >= 0 && a->db <= ADDRESS_DB_MAX);
	if (a->kind == ADDRESS_SOCKET) {
		assert(a->path && a->path[0] == '/' && !a->host_count);
		return;
	}
	assert(a->host_count >= 1 && a->host_count <= ADDRESS_HOSTS_MAX);
	assert((a->kind == ADDRESS_SENTINEL) == (a->master != NULL));
	for (size_t i = 0; i < a->host_count; i++)
		assert(a->hosts[i].name[0] && a->hosts[i].port >= 1 && a->hosts[i].port <= 65535);
}

/* A master's name is shown as it is, so one with a slash or a percent is not read again. */
static bool can_be_read_again(const struct address *a)
{
	return a->kind != ADDRESS_HOST ? !a->master || !strpbrk(a->master, "/%?#")
				       : a->tls || !a->db;
}

static void check_shown(const struct address *a)
{
	struct error err = { 0 };
	struct address again;

	if (!can_be_read_again(a))
		return;
	assert(!address_parse(&again, a->text, &err));
	assert(again.kind == a->kind && again.host_count == a->host_count && again.db == a->db);
	assert(!again.user && !again.password);
	for (size_t i = 0; i < a->host_count; i++)
		assert(strcmp(again.hosts[i].name, a->hosts[i].name) == 0 &&
		       again.hosts[i].port == a->hosts[i].port);
	address_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = malloc(len + 1);
	struct error err = { 0 };
	struct address a;

	assert(text);
	memcpy(text, data, len);
	text[len] = '\0';
	if (address_parse(&a, text, &err)) {
		assert(err.code == ERROR_USAGE && err.text[0] && !a.memory);
	} else {
		check_place(&a);
		check_shown(&a);
		address_done(&a);
	}
	free(text);
	return 0;
}
