"""What a notifier may meet: receivers of webhooks that answer well, badly or not at all, and a mail server."""

import http.server
import socket
import ssl
import threading
import time


class Request:
    """One request as it came, perhaps cut short."""

    def __init__(self, headers, body):
        self.headers = headers
        self.body = body
        self.at = time.monotonic()

    @property
    def id(self):
        return self.headers.get("webhook-id")

    @property
    def whole(self):
        return len(self.body) == int(self.headers.get("content-length", 0))


class Answer:
    """A whole answer."""

    def __init__(self, status=204, headers=(), body=b""):
        self.status, self.headers, self.body = status, dict(headers), body


class Raw:
    """Instead of an answer: what `play` does with the connection, which is closed after."""

    def __init__(self, play):
        self.play = play


def reset(connection):
    """Resets the connection in the middle of an answer."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of ")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")


def large(connection, size=100_000_000):
    """An answer that is far longer than anybody reads."""
    connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode())
    _flood(connection, b"x" * 65536, size)


def headers(connection, size=1_000_000):
    """Headers that are far longer than anybody reads."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    _flood(connection, b"X-Long: " + b"x" * 990 + b"\r\n", size)


def _flood(connection, piece, size):
    for _ in range(size // len(piece)):
        try:
            connection.sendall(piece)
        except OSError:
            return


def slowly(connection):
    """An answer that comes byte by byte, but comes."""
    for byte in b"HTTP/1.1 204 No Content\r\n\r\n":
        connection.sendall(bytes([byte]))
        time.sleep(0.01)


def early(connection):
    """An interim answer, which is none."""
    connection.sendall(b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")


class Receiver:
    """A server on the loopback. `answer` is called with each request, and returns an Answer or a Raw."""

    def __init__(self, answer=lambda request: Answer(), tls=None, host="127.0.0.1", port=0):
        self.answer = answer
        self.requests = []
        self.connections = 0
        self.open = set()  # the connections of requests that wait for their answer
        self.open_max = 0  # of those, whose client was still there, at once
        self.lock = threading.Lock()
        self.ended = threading.Event()
        self.server = _Server((host, port), _Handler)
        self.server.receiver = self
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.scheme = "https" if tls else "http"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def port(self):
        return self.server.server_address[1]

    @property
    def url(self):
        return f"{self.scheme}://127.0.0.1:{self.port}/hook"

    def ids(self):
        with self.lock:
            return [r.id for r in self.requests]

    def hang(self, connection):
        """No answer, until the receiver is closed."""
        self.ended.wait(120)

    def close(self):
        self.ended.set()
        self.server.shutdown()
        self.server.server_close()


def _is_there(connection):
    """Is the client still there? One that has given up has closed its end before it comes again."""
    if isinstance(connection, ssl.SSLSocket):
        return True
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def get_request(self):
        got = super().get_request()
        self.receiver.connections += 1
        return got

    def handle_error(self, request, client_address):
        """A client that goes away is no error of ours."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        receiver = self.server.receiver
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        request = Request(self.headers, body)
        with receiver.lock:
            receiver.requests.append(request)
            receiver.open.add(self.connection)
            receiver.open_max = max(receiver.open_max, sum(map(_is_there, receiver.open)))
        try:
            self._give(receiver.answer(request))
        finally:
            with receiver.lock:
                receiver.open.discard(self.connection)

    def _give(self, answer):
        if isinstance(answer, Raw):
            self.close_connection = True
            answer.play(self.connection)
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, *_):
        """The tests look at requests themselves."""
