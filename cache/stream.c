#include "cache/stream.h"

#include "cache/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PUMP_BYTES = 16 * 1024 };

void stream_init(struct stream *s)
{
	*s = (struct stream){ .fd = -1 };
}

const char *stream_trouble(const struct stream *s)
{
	return s->trouble;
}

static int fail_saying(struct stream *s, const char *what, const char *why)
{
	(void)snprintf(s->trouble, sizeof(s->trouble), "%s%s", what, why);
	return -1;
}

/* As errno says. */
static int fail_system(struct stream *s)
{
	s->timed_out = errno == ETIMEDOUT;
	return fail_saying(s, "", s->timed_out ? "no answer in time" : strerror(errno));
}

/* As OpenSSL's queue of errors says. */
static int fail_tls(struct stream *s, const char *what)
{
	unsigned long code = ERR_peek_last_error();
	const char *why = code ? ERR_reason_error_string(code) : NULL;

	ERR_clear_error();
	return fail_saying(s, what, why ? why : "the other side has closed the connection");
}

/* ---- TLS ---- */

static bool is_ip_address(const char *host)
{
	unsigned char out[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, host, out) == 1 || inet_pton(AF_INET6, host, out) == 1;
}

static int fail_file(struct stream *s, const char *file)
{
	char what[STREAM_TROUBLE_SIZE];

	(void)snprintf(what, sizeof(what), "TLS cannot use %.150s: ", file);
	return fail_tls(s, what);
}

static int load_files(struct stream *s, SSL_CTX *context, const struct stream_tls *tls)
{
	const char *key = tls->key ? tls->key : tls->cert;

	if (!tls->ca && !SSL_CTX_set_default_verify_paths(context))
		return fail_file(s, "the system's certificates");
	if (tls->ca && !SSL_CTX_load_verify_locations(context, tls->ca, NULL))
		return fail_file(s, tls->ca);
	if (!tls->cert)
		return 0;
	if (SSL_CTX_use_certificate_chain_file(context, tls->cert) != 1)
		return fail_file(s, tls->cert);
	if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
		return fail_file(s, key);
	return 0;
}

/* For servers with several certificates (SNI). The macro for it takes no const text. */
static bool announce_host(SSL *tls, const char *host)
{
	return SSL_ctrl(tls, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
			(void *)(uintptr_t)host) == 1;
}

static bool expect_host(SSL *tls, const char *host)
{
	if (is_ip_address(host))
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), host) == 1;
	SSL_set_hostflags(tls, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set1_host(tls, host) == 1 && announce_host(tls, host);
}

/* Between OpenSSL and the socket, which only socket.h touches. */
static bool give_buffers(SSL *tls)
{
	BIO *in = BIO_new(BIO_s_mem());
	BIO *out = BIO_new(BIO_s_mem());

	if (!in || !out) {
		BIO_free(in);
		BIO_free(out);
		return false;
	}
	SSL_set_bio(tls, in, out);
	return true;
}

static int make_tls(struct stream *s, const char *host, const struct stream_tls *tls)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	int rc;

	if (!context)
		return fail_tls(s, "TLS: ");
	(void)SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	rc = load_files(s, context, tls);
	if (!rc) {
		s->tls = SSL_new(context);
		if (!s->tls || !expect_host(s->tls, host) || !give_buffers(s->tls))
			rc = fail_tls(s, "TLS: ");
	}
	SSL_CTX_free(context);
	return rc;
}

/* Sends what OpenSSL has to say. */
static int pump_out(struct stream *s, int64_t deadline_ms)
{
	uint8_t some[PUMP_BYTES];
	int n;

	while ((n = BIO_read(SSL_get_wbio(s->tls), some, sizeof(some))) > 0)
		if (socket_send(s->fd, (struct bytes){ some, (size_t)n }, deadline_ms))
			return fail_system(s);
	return 0;
}

/* Gives OpenSSL what the other side says. Positive: there was something; 0: the stream has ended. */
static int pump_in(struct stream *s, int64_t deadline_ms)
{
	uint8_t some[PUMP_BYTES];
	ssize_t n = socket_receive(s->fd, some, sizeof(some), deadline_ms);

	if (n < 0)
		return fail_system(s);
	return n && BIO_write(SSL_get_rbio(s->tls), some, (int)n) == n ? 1 : 0;
}

/*
 * After a call of OpenSSL that returned `result`. Positive: call it again; 0: the
 * stream has ended; -1: it has failed.
 */
static int go_on(struct stream *s, int result, int64_t deadline_ms)
{
	int error = SSL_get_error(s->tls, result);

	if (error == SSL_ERROR_ZERO_RETURN)
		return 0;
	if (error == SSL_ERROR_WANT_READ)
		return pump_out(s, deadline_ms) ? -1 : pump_in(s, deadline_ms);
	return fail_tls(s, "TLS: ");
}

/* A certificate that is not accepted has a sentence of its own. */
static int fail_handshake(struct stream *s)
{
	long verdict = SSL_get_verify_result(s->tls);

	if (verdict != X509_V_OK)
		(void)fail_saying(s, "its certificate is not accepted: ",
				  X509_verify_cert_error_string(verdict));
	return -1;
}

static int shake_hands(struct stream *s, int64_t deadline_ms)
{
	int result;

	ERR_clear_error();
	while ((result = SSL_connect(s->tls)) != 1) {
		result = go_on(s, result, deadline_ms);
		if (result == 0)
			return fail_saying(s, "TLS: ", "the other side has closed the connection");
		if (result < 0)
			return fail_handshake(s);
		ERR_clear_error();
	}
	return pump_out(s, deadline_ms);
}

static int send_tls(struct stream *s, struct bytes rest, int64_t deadline_ms)
{
	while (rest.len) {
		int n;

		ERR_clear_error();
		n = SSL_write(s->tls, rest.data,
			      rest.len > PUMP_BYTES ? PUMP_BYTES : (int)rest.len);
		if (n <= 0) {
			n = go_on(s, n, deadline_ms);
			if (n <= 0)
				return n ? n : fail_saying(s, "", "the server closed it");
			continue;
		}
		rest = (struct bytes){ rest.data + n, rest.len - (size_t)n };
		if (pump_out(s, deadline_ms))
			return -1;
	}
	return 0;
}

static ssize_t receive_tls(struct stream *s, void *out, size_t size, int64_t deadline_ms)
{
	for (;;) {
		int n;

		ERR_clear_error();
		n = SSL_read(s->tls, out, size > INT_MAX ? INT_MAX : (int)size);
		if (n > 0)
			return n;
		n = go_on(s, n, deadline_ms);
		if (n <= 0)
			return n;
	}
}

/* ---- the stream ---- */

int stream_open(struct stream *s, const char *host, int port, const struct stream_tls *tls,
		int64_t deadline_ms)
{
	const char *unresolved;
	int rc;

	s->timed_out = false;
	s->fd = socket_connect(host, port, deadline_ms, &unresolved);
	if (s->fd < 0)
		return unresolved ? fail_saying(s, "the host has no address: ", unresolved)
				  : fail_system(s);
	if (!tls)
		return 0;
	rc = make_tls(s, host, tls);
	if (!rc)
		rc = shake_hands(s, deadline_ms);
	if (rc)
		stream_close(s);
	return rc;
}

void stream_close(struct stream *s)
{
	SSL_free(s->tls);
	s->tls = NULL;
	if (s->fd >= 0)
		(void)close(s->fd);
	s->fd = -1;
}

int stream_send(struct stream *s, struct bytes bytes, int64_t deadline_ms)
{
	if (s->tls)
		return send_tls(s, bytes, deadline_ms);
	return socket_send(s->fd, bytes, deadline_ms) ? fail_system(s) : 0;
}

ssize_t stream_receive(struct stream *s, void *out, size_t size, int64_t deadline_ms)
{
	ssize_t n;

	if (s->tls)
		return receive_tls(s, out, size, deadline_ms);
	n = socket_receive(s->fd, out, size, deadline_ms);
	return n < 0 ? fail_system(s) : n;
}
