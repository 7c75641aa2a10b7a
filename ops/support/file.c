#include "ops/support/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int write_all(int fd, struct bytes rest)
{
	while (rest.len) {
		ssize_t n = write(fd, rest.data, rest.len);

		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0)
			rest = (struct bytes){ rest.data + n, rest.len - (size_t)n };
	}
	return fsync(fd);
}

/* Makes a rename in the folder of that path last. Some file systems cannot, and need not. */
static void sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX] = ".";
	int fd;

	if (slash)
		(void)snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path + 1), path);
	fd = open(folder, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return;
	(void)fsync(fd);
	(void)close(fd);
}

static int fill_and_rename(int fd, const char *temporary, const char *path, struct bytes content)
{
	int rc = write_all(fd, content);

	if (close(fd) || rc)
		return -1;
	return rename(temporary, path);
}

int file_replace(const char *path, struct bytes content, struct error *err)
{
	char temporary[PATH_MAX];
	int len = snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path);
	int fd = -1;

	errno = ENAMETOOLONG;
	if (len > 0 && (size_t)len < sizeof(temporary))
		fd = mkstemp(temporary); /* mode 0600 */
	if (fd < 0)
		return error_set(err, ERROR_INPUT, "%s cannot be written: %s", path,
				 strerror(errno));
	if (fill_and_rename(fd, temporary, path, content)) {
		(void)error_set(err, ERROR_INPUT, "%s cannot be written: %s", path,
				strerror(errno));
		(void)unlink(temporary);
		return ERROR_INPUT;
	}
	sync_folder(path);
	return 0;
}
