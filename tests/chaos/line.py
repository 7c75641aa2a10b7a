"""A line to Redis that can be made to trickle: then answers come one byte at a time, so slowly that none is
ever complete."""

import socket
import threading
import time

TRICKLE_S = 0.5  # between two bytes
CHUNK_BYTES = 65536


class Line:
    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self._there = (host, int(port))
        self._trickles = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def trickle(self, on):
        (self._trickles.set if on else self._trickles.clear)()

    def close(self):
        self._server.close()

    def _accept(self):
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._connect, args=(near,), daemon=True).start()

    def _connect(self, near):
        try:
            far = socket.create_connection(self._there)
        except OSError:  # Redis is down
            near.close()
            return
        for one in (near, far):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=self._carry, args=(far, near), daemon=True).start()
        self._carry(near, far, whole=True)

    def _carry(self, of, to, whole=False):
        try:
            while data := of.recv(CHUNK_BYTES):
                while data and not whole and self._trickles.is_set():
                    to.sendall(data[:1])
                    data = data[1:]
                    time.sleep(TRICKLE_S)
                to.sendall(data)
        except OSError:
            pass  # one of the two sides is gone
        for one in (of, to):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()
