/*
 * A slot is an abstract socket (unix(7)) that its holder is bound to: the kernel gives
 * it to one process, needs no folder for it, and takes it back from the dead.
 */

#include "consumer/slot.h"

#include "schemas/digest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { HOST_SIZE = 256, KEY_SIZE = 1024 };

/* The address of a slot: any text fits when it is hashed. */
static int make_address(struct sockaddr_un *out, socklen_t *len, const char *group,
			const char *name)
{
	char key[KEY_SIZE];
	char *path = out->sun_path + 1;
	int rc;

	*out = (struct sockaddr_un){ .sun_family = AF_UNIX };
	(void)snprintf(key, sizeof(key), "sharebus-consumer %s %s", group, name);
	rc = sha256_text(path, bytes_of(key));
	*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + SHA256_TEXT_SIZE);
	return rc;
}

/* 0: it is ours from now on, by a descriptor that stays open. Else errno. */
static int try_slot(const char *group, const char *name)
{
	struct sockaddr_un address;
	socklen_t len;
	int fd;

	if (make_address(&address, &len, group, name))
		return EPERM;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno;
	if (bind(fd, (const struct sockaddr *)&address, len)) {
		int error = errno;

		(void)close(fd);
		return error;
	}
	return 0;
}

int slot_take(const char *group, char *out, size_t size, struct error *err)
{
	char host[HOST_SIZE] = "consumer";
	int error = EADDRINUSE;

	(void)gethostname(host, sizeof(host) - 1);
	for (int n = 1; n <= SLOTS_MAX && error == EADDRINUSE; n++) {
		(void)snprintf(out, size, "%.*s.%d", (int)size - 8, host, n);
		error = try_slot(group, out);
	}
	if (error == EADDRINUSE)
		return error_set(err, ERROR_REFUSED,
				 "%d consumers of the group %s run on this host; give --instance",
				 SLOTS_MAX, group);
	return error ? error_set(err, ERROR_REFUSED,
				 "a name for this consumer cannot be taken: %s; give --instance",
				 strerror(error))
		     : 0;
}
