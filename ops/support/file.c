#include "ops/support/file.h"

#include "ops/support/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOCK_WAIT_MS = 5000, LOCK_PAUSE_MS = 10 };

/* ---- reading ---- */

/* Reads to the end or until the buffer is full; -1: errno. */
static ssize_t read_all(int fd, char *buffer, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t n = read(fd, buffer + len, size - len);

		if (n == 0)
			break;
		if (n < 0 && errno != EINTR)
			return -1;
		len += n > 0 ? (size_t)n : 0;
	}
	return (ssize_t)len;
}

/* A buffer of max + 1 bytes shows whether there are more than max. */
static int read_open(struct file_content *out, int fd, size_t max, struct error *err)
{
	struct stat status;
	char *memory = malloc(max + 1);
	ssize_t len = memory ? read_all(fd, memory, max + 1) : 0;

	if (!memory)
		return error_set(err, ERROR_NOMEM, "out of memory");
	if (len < 0 || fstat(fd, &status)) {
		free(memory);
		return error_set(err, ERROR_INPUT, "%s", strerror(errno));
	}
	if ((size_t)len > max) {
		free(memory);
		return error_set(err, ERROR_INPUT, "it has more than %zu bytes", max);
	}
	*out = (struct file_content){ { (uint8_t *)memory, (size_t)len },
				      (status.st_mode & (S_IROTH | S_IWOTH)) != 0,
				      memory };
	return 0;
}

int file_read(struct file_content *out, const char *path, size_t max, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc;

	if (fd < 0)
		return error_set(err, ERROR_INPUT, "%s: %s", path, strerror(errno));
	rc = read_open(out, fd, max, err);
	(void)close(fd);
	return rc ? error_prefix(err, "%s", path) : 0;
}

void file_content_done(struct file_content *c)
{
	free(c->memory);
	*c = (struct file_content){ 0 };
}

/* ---- writing ---- */

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

/* Is the end of the file the end of a line? */
static bool ends_line(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char last = '\n';

	return size <= 0 || (pread(fd, &last, 1, size - 1) == 1 && last == '\n');
}

/* Waits until nobody else appends; -1: errno, EWOULDBLOCK when somebody still does. */
static int lock_file(int fd)
{
	int64_t deadline_ms = clock_monotonic_ms() + LOCK_WAIT_MS;
	int rc = flock(fd, LOCK_EX | LOCK_NB);

	while (rc && (errno == EWOULDBLOCK || errno == EINTR) &&
	       clock_monotonic_ms() < deadline_ms) {
		clock_pause_ms(LOCK_PAUSE_MS);
		rc = flock(fd, LOCK_EX | LOCK_NB);
	}
	return rc;
}

static int fail_open(const char *path, struct error *err)
{
	if (errno == ELOOP)
		return error_set(err, ERROR_INPUT,
				 "%s is a symbolic link; name the file that it leads to", path);
	if (errno == EWOULDBLOCK)
		return error_set(err, ERROR_INPUT,
				 "%s cannot be written: another program keeps it locked; try again",
				 path);
	return error_set(err, ERROR_INPUT, "%s cannot be written: %s", path, strerror(errno));
}

int file_append_begin(struct file_appending *out, const char *path, struct error *err)
{
	/* O_NONBLOCK: a pipe without a reader would be waited for. */
	int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
		      S_IRUSR | S_IWUSR);
	struct stat status = { 0 };
	int rc;

	if (fd < 0)
		return fail_open(path, err);
	rc = lock_file(fd) || fstat(fd, &status) ? fail_open(path, err) : 0;
	if (!rc && !S_ISREG(status.st_mode))
		rc = error_set(err, ERROR_INPUT, "%s is no regular file", path);
	if (rc) {
		(void)close(fd);
		return rc;
	}
	*out = (struct file_appending){ path, fd, status.st_size == 0 };
	return 0;
}

int file_append_line(const struct file_appending *f, struct bytes line, struct error *err)
{
	int rc = ends_line(f->fd) ? 0 : write_all(f->fd, bytes_of("\n"));

	if (!rc)
		rc = write_all(f->fd, line);
	return rc ? error_set(err, ERROR_INPUT, "%s cannot be written: %s", f->path,
			      strerror(errno))
		  : 0;
}

void file_append_end(struct file_appending *f)
{
	(void)close(f->fd); /* and with it the lock */
	f->fd = -1;
}
