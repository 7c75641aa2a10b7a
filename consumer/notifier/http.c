#include "consumer/notifier/http.h"

#include "consumer/notifier/guard.h"
#include "ops/support/buffer.h"
#include "ops/support/clock.h"
#include "ops/support/memory.h"
#include "ops/support/version.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	IDLE_MAX = 64, /* handles that are kept for the next request */
	RETRY_AFTER_SIZE = 64,
	CONNECTIONS_KEPT = 256,
	WAIT_MAX_MS = 1000,
};

/* A request on its way. */
struct transfer {
	struct http *http;
	CURL *easy;
	void *opaque;
	struct curl_slist *headers;
	struct curl_slist *addresses;
	struct curl_slist *recipients;
	struct buffer body;
	size_t body_sent; /* of a mail */
	bool allow_private;
	bool forbidden;
	bool full; /* the answer was longer than what is read of one */
	size_t header_bytes;
	size_t answer_bytes;
	size_t kept;
	char answer[HTTP_ANSWER_KEPT_BYTES];
	char retry_after[RETRY_AFTER_SIZE];
	char why[CURL_ERROR_SIZE];
	struct transfer *next;
	struct transfer **back; /* what points to it */
	int64_t timeout_ms;     /* of the whole attempt */
};

struct http {
	CURLM *multi;
	const struct waker *waker;
	http_done_fn *done;
	void *context;
	const char *ca_file; /* NULL: the system's */
	struct transfer *moving;
	CURL *idle[IDLE_MAX];
	size_t idle_count;
	char agent[64];
};

/* ---- opening and closing ---- */

int http_open(struct http **out, const struct config *config, const struct waker *waker,
	      http_done_fn *done, void *context, struct error *err)
{
	const char *ca_file = config_get(config, "ca-file");
	struct http *h;

	if (ca_file && access(ca_file, R_OK)) {
		(void)error_set(err, ERROR_USAGE, "ca-file %s cannot be read", ca_file);
		return config_blame(config, "ca-file", err);
	}
	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		return error_set(err, ERROR_NOMEM, "libcurl cannot be used");
	h = memory_zalloc(1, sizeof(*h));
	h->multi = memory_must(curl_multi_init());
	h->waker = waker;
	h->done = done;
	h->context = context;
	h->ca_file = ca_file;
	(void)snprintf(h->agent, sizeof(h->agent), "sharebus-notifier/%s", version_text());
	(void)curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT);
	*out = h;
	return 0;
}

/* The handle keeps nothing of the request; its connection stays with the others. */
static void end_transfer(struct transfer *t)
{
	struct http *h = t->http;

	(void)curl_multi_remove_handle(h->multi, t->easy);
	if (h->idle_count < IDLE_MAX) {
		curl_easy_reset(t->easy);
		h->idle[h->idle_count++] = t->easy;
	} else {
		curl_easy_cleanup(t->easy);
	}
	*t->back = t->next;
	if (t->next)
		t->next->back = t->back;
	curl_slist_free_all(t->headers);
	curl_slist_free_all(t->addresses);
	curl_slist_free_all(t->recipients);
	buffer_done(&t->body);
	free(t);
}

void http_abort(struct http *h)
{
	while (h->moving)
		end_transfer(h->moving); /* NOLINT(clang-analyzer-unix.Malloc): which unlinks it */
}

void http_close(struct http **hp)
{
	struct http *h = *hp;

	if (!h)
		return;
	http_abort(h);
	while (h->idle_count)
		curl_easy_cleanup(h->idle[--h->idle_count]);
	(void)curl_multi_cleanup(h->multi);
	curl_global_cleanup();
	free(h);
	*hp = NULL;
}

/* ---- what libcurl calls ---- */

static size_t take_answer(char *data, size_t size, size_t count, void *context)
{
	struct transfer *t = context;
	size_t len = size * count;
	size_t room = sizeof(t->answer) - t->kept;
	size_t keep = len < room ? len : room;

	memcpy(t->answer + t->kept, data, keep);
	t->kept += keep;
	t->answer_bytes += len;
	t->full = t->answer_bytes > HTTP_ANSWER_MAX_BYTES;
	return t->full ? 0 : len;
}

static size_t take_header(char *data, size_t size, size_t count, void *context)
{
	static const char name[] = "retry-after:";
	struct transfer *t = context;
	size_t len = size * count;
	size_t skip = sizeof(name) - 1;

	t->header_bytes += len;
	if (t->header_bytes > HTTP_HEADERS_MAX_BYTES)
		return 0;
	if (len <= skip || strncasecmp(data, name, skip) != 0)
		return len;
	while (skip < len && (data[skip] == ' ' || data[skip] == '\t'))
		skip++;
	(void)snprintf(t->retry_after, sizeof(t->retry_after), "%.*s", (int)(len - skip),
		       data + skip);
	t->retry_after[strcspn(t->retry_after, "\r\n")] = 0;
	return len;
}

static size_t give_mail(char *out, size_t size, size_t count, void *context)
{
	struct transfer *t = context;
	size_t left = t->body.len - t->body_sent;
	size_t n = size * count < left ? size * count : left;

	if (n)
		memcpy(out, t->body.data + t->body_sent, n);
	t->body_sent += n;
	return n;
}

/* The last gate: whatever was resolved before, this is what is connected to. */
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct transfer *t = context;
	int fd;

	(void)purpose;
	if (!t->allow_private && guard_reason(&a->addr)) {
		t->forbidden = true;
		return CURL_SOCKET_BAD;
	}
	fd = socket(a->family, a->socktype, a->protocol);
	if (fd >= 0)
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	return fd;
}

/* ---- beginning ---- */

static struct transfer *make_transfer(struct http *h, void *opaque)
{
	struct transfer *t = memory_zalloc(1, sizeof(*t));

	t->http = h;
	t->opaque = opaque;
	t->easy = h->idle_count ? h->idle[--h->idle_count] : memory_must(curl_easy_init());
	buffer_init(&t->body);
	t->next = h->moving;
	t->back = &h->moving;
	if (t->next)
		t->next->back = &t->next;
	h->moving = t;
	return t;
}

/* libcurl aborts on none of these values; what it cannot do, the request fails with. */
static void set_common(struct transfer *t, const char *url, int64_t timeout_ms)
{
	const struct http *h = t->http;
	int64_t connect_ms = timeout_ms < HTTP_CONNECT_MAX_MS ? timeout_ms : HTTP_CONNECT_MAX_MS;

	t->timeout_ms = timeout_ms;
	(void)curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
	(void)curl_easy_setopt(t->easy, CURLOPT_URL, url);
	(void)curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->why);
	(void)curl_easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(t->easy, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(t->easy, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	(void)curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
	(void)curl_easy_setopt(t->easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	(void)curl_easy_setopt(t->easy, CURLOPT_OPENSOCKETDATA, t);
	(void)curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, take_answer);
	(void)curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
	(void)curl_easy_setopt(t->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	(void)curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYPEER, 1L);
	(void)curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYHOST, 2L);
	if (h->ca_file)
		(void)curl_easy_setopt(t->easy, CURLOPT_CAINFO, h->ca_file);
}

static void add_item(struct curl_slist **list, const char *text)
{
	*list = memory_must(curl_slist_append(*list, text));
}

static void format_address(char *out, size_t size, const struct sockaddr_storage *a)
{
	const void *bytes = a->ss_family == AF_INET6
				    ? (const void *)&((const struct sockaddr_in6 *)a)->sin6_addr
				    : (const void *)&((const struct sockaddr_in *)a)->sin_addr;
	char text[INET6_ADDRSTRLEN] = "";

	(void)inet_ntop(a->ss_family, bytes, text, sizeof(text));
	(void)snprintf(out, size, a->ss_family == AF_INET6 ? "[%s]" : "%s", text);
}

/*
 * libcurl resolves nothing by itself: it is told the addresses of the host. An address
 * of IPv6 in the place of the host says it all, and could not be told.
 */
static void set_addresses(struct transfer *t, const struct http_post *p)
{
	struct buffer line;
	char text[INET6_ADDRSTRLEN + 2];

	if (strchr(p->host, ':'))
		return;
	buffer_init(&line);
	(void)snprintf(text, sizeof(text), ":%d:", p->port);
	buffer_append_text(&line, "+");
	buffer_append_text(&line, p->host);
	buffer_append_text(&line, text);
	for (size_t i = 0; i < p->address_count; i++) {
		format_address(text, sizeof(text), &p->addresses[i]);
		if (i)
			buffer_append_u8(&line, ',');
		buffer_append_text(&line, text);
	}
	buffer_append_u8(&line, 0);
	add_item(&t->addresses, (const char *)line.data);
	buffer_done(&line);
	(void)curl_easy_setopt(t->easy, CURLOPT_RESOLVE, t->addresses);
}

static void set_headers(struct transfer *t, const struct http_post *p)
{
	struct buffer line;

	buffer_init(&line);
	for (size_t i = 0; i < p->header_count; i++) {
		buffer_clear(&line);
		buffer_append_text(&line, p->headers[i].name);
		buffer_append_text(&line, ": ");
		buffer_append_text(&line, p->headers[i].value);
		buffer_append_u8(&line, 0);
		add_item(&t->headers, (const char *)line.data);
	}
	buffer_done(&line);
	add_item(&t->headers, "Accept: */*");
	add_item(&t->headers, "Expect:"); /* no round trip before the body */
	(void)curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
}

static int begin_transfer(struct transfer *t, struct error *err)
{
	if (!curl_multi_add_handle(t->http->multi, t->easy))
		return 0;
	end_transfer(t);
	return error_set(err, ERROR_NOMEM, "libcurl cannot begin a request");
}

int http_post(struct http *h, const struct http_post *p, void *opaque, struct error *err)
{
	struct transfer *t = make_transfer(h, opaque);

	t->allow_private = p->allow_private;
	buffer_append(&t->body, p->body.data, p->body.len);
	set_common(t, p->url, p->timeout_ms);
	set_addresses(t, p);
	set_headers(t, p);
	(void)curl_easy_setopt(t->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl_easy_setopt(t->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	(void)curl_easy_setopt(t->easy, CURLOPT_USERAGENT, h->agent);
	(void)curl_easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, take_header);
	(void)curl_easy_setopt(t->easy, CURLOPT_HEADERDATA, t);
	(void)curl_easy_setopt(t->easy, CURLOPT_POST, 1L);
	(void)curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->body.len);
	(void)curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, (const char *)t->body.data);
	return begin_transfer(t, err);
}

/* In angle brackets, as libcurl wants it. */
static void format_mailbox(struct buffer *out, struct bytes address)
{
	buffer_clear(out);
	buffer_append_u8(out, '<');
	buffer_append(out, address.data, address.len);
	buffer_append_text(out, ">");
	buffer_append_u8(out, 0);
}

static void set_login(struct transfer *t, const struct endpoint *e)
{
	if (!e->user)
		return;
	(void)curl_easy_setopt(t->easy, CURLOPT_USERNAME, e->user);
	(void)curl_easy_setopt(t->easy, CURLOPT_PASSWORD, e->password);
}

int http_mail(struct http *h, const struct http_mail *m, void *opaque, struct error *err)
{
	const struct endpoint *e = m->endpoint;
	struct transfer *t = make_transfer(h, opaque);
	struct buffer mailbox;

	t->allow_private = true; /* a mail server is the operator's, and mostly near */
	buffer_append(&t->body, m->message.data, m->message.len);
	set_common(t, e->url, e->timeout_ms);
	(void)curl_easy_setopt(t->easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	(void)curl_easy_setopt(t->easy, CURLOPT_USE_SSL,
			       (long)(e->starttls ? CURLUSESSL_ALL : CURLUSESSL_TRY));
	set_login(t, e);
	buffer_init(&mailbox);
	format_mailbox(&mailbox, m->from);
	(void)curl_easy_setopt(t->easy, CURLOPT_MAIL_FROM, (const char *)mailbox.data);
	format_mailbox(&mailbox, m->to);
	add_item(&t->recipients, (const char *)mailbox.data);
	buffer_done(&mailbox);
	(void)curl_easy_setopt(t->easy, CURLOPT_MAIL_RCPT, t->recipients);
	(void)curl_easy_setopt(t->easy, CURLOPT_UPLOAD, 1L);
	(void)curl_easy_setopt(t->easy, CURLOPT_READFUNCTION, give_mail);
	(void)curl_easy_setopt(t->easy, CURLOPT_READDATA, t);
	return begin_transfer(t, err);
}

/* ---- ending ---- */

/* Nothing of what the endpoint did is in these. */
static bool is_own_fault(CURLcode code)
{
	return code == CURLE_OUT_OF_MEMORY || code == CURLE_FAILED_INIT ||
	       code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_ENGINE_NOTFOUND ||
	       code == CURLE_SSL_ENGINE_INITFAILED || code == CURLE_BAD_FUNCTION_ARGUMENT;
}

static enum stage stage_of(const struct transfer *t, CURLcode code, long status)
{
	long sent = 0;

	if (code == CURLE_OK || (t->full && status))
		return STAGE_WHOLE;
	(void)curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &sent);
	return sent > 0 || t->body_sent ? STAGE_SENT : STAGE_NOTHING_SENT;
}

/* libcurl says how many milliseconds it waited, and for how many bytes; people want words. */
static void word_timeout(struct transfer *t)
{
	char span[SPAN_SIZE];

	clock_format_span(span, t->timeout_ms);
	(void)snprintf(t->why, sizeof(t->why), "it has not answered within %s", span);
}

static void report_end(struct transfer *t, CURLcode code)
{
	struct http_end end = { .answer = { (const uint8_t *)t->answer, t->kept } };

	(void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &end.status);
	if (code == CURLE_OPERATION_TIMEDOUT)
		word_timeout(t);
	end.stage = stage_of(t, code, end.status);
	end.own = is_own_fault(code);
	end.forbidden = t->forbidden;
	if (t->retry_after[0])
		end.retry_after = bytes_of(t->retry_after);
	if (end.stage == STAGE_WHOLE)
		end.reason = "";
	else if (t->header_bytes > HTTP_HEADERS_MAX_BYTES)
		end.reason = "its headers are too long";
	else
		end.reason = t->why[0] ? t->why : curl_easy_strerror(code);
	t->http->done(t->http->context, t->opaque, &end);
}

void http_step(struct http *h)
{
	int left = 0;
	CURLMsg *m;

	(void)curl_multi_perform(h->multi, &left);
	while ((m = curl_multi_info_read(h->multi, &left)) != NULL) {
		struct transfer *t = NULL;
		CURLcode code = m->data.result;

		if (m->msg != CURLMSG_DONE)
			continue;
		(void)curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&t);
		report_end(t, code);
		end_transfer(t);
	}
}

void http_wait(struct http *h, int64_t deadline_ms)
{
	struct curl_waitfd woken = { .fd = h->waker->read_fd, .events = CURL_WAIT_POLLIN };
	int64_t left_ms = deadline_ms - clock_monotonic_ms();
	int got = 0;

	if (left_ms < 0)
		left_ms = 0;
	(void)curl_multi_poll(h->multi, &woken, 1,
			      left_ms < WAIT_MAX_MS ? (int)left_ms : WAIT_MAX_MS, &got);
	waker_wait(h->waker, 0); /* takes what has woken us */
}
