"""What Redis answers, asked through the command line: how old it may be, how long it may take, and
that nothing which cannot be an answer is believed."""

import re
import socket
import sys
import threading
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from stack import REPO, stack, until  # noqa: E402, F401

DONE, NO, UNAVAILABLE = 0, 1, 3
MINE = {
    "organizations": [{"name": "acme"}],
    "users": [{"username": n, "organizations": ["acme"]} for n in ("erin", "alice", "bob")],
    "workspaces": [{"name": "dev", "owner": "erin", "organization": "acme"}],
}


def connect(stack):  # noqa: F811
    return stack.redis_client()


@pytest.fixture
def shared(stack, tmp_path):  # noqa: F811
    """erin has shared dev with alice, and the consumer runs."""
    stack.apply(MINE, tmp_path)
    stack.sharebus("sharing", "share", "dev", "--user", "alice", as_user="erin").done()
    yield stack
    stack.ops("thaw", "consumer")
    until("the consumer has looked again", lambda: check(stack).code == DONE)


@pytest.fixture
def frozen(shared):
    """The same, but nobody looks at the index, nor writes it."""
    assert shared.ops("freeze", "consumer").returncode == 0
    return shared


def check(stack, *flags, user="alice", **settings):  # noqa: F811
    return stack.sharebus("check", user, "ssh", "erin/dev", *flags, **settings)


# ---- age ----


def test_nobody_who_looks_makes_answers_unavailable(frozen):
    ran = until(
        "an answer is too old",
        lambda: (r := check(frozen, "--max-age", "1s")).code == UNAVAILABLE and r,
    )
    ran.failed(UNAVAILABLE, "no sharebus-consumer has looked at ", "(max-age)", "start sharebus-consumer")
    assert check(frozen, "--max-age", "24h").code == DONE
    assert check(frozen, "--max-age", "24h", user="bob").code == NO
    for command in (["explain", "alice", "erin/dev"], ["sharing", "show", "erin/dev"], ["list", "--shared"]):
        frozen.sharebus(*command, "--max-age", "1s", as_user="erin").failed(UNAVAILABLE, "(max-age)")
    assert check(frozen, SHAREBUS_MAX_AGE="1s").code == UNAVAILABLE
    frozen.ops("thaw", "consumer")
    until("answers are good again", lambda: check(frozen, "--max-age", "5s").code == DONE)


def test_marks_of_an_old_snapshot_are_not_believed(frozen):
    client = connect(frozen)
    hour_ago = int(client.time()[0] - 3600) * 1000
    for key in client.keys("sb:{*}:mark"):
        client.hset(key, "looked", hour_ago)
    check(frozen).failed(UNAVAILABLE, " s, and an answer may be 60.0 s old at most (max-age)")
    for key in client.keys("sb:{*}:mark"):
        client.hdel(key, "looked")
    check(frozen).failed(UNAVAILABLE, "no sharebus-consumer has looked at ", " yet; ")


def test_stamps_follow_the_clock_of_redis_back(shared):
    client = connect(shared)
    client.hset("sb:{dir}:mark", "looked", int(client.time()[0] + 3600) * 1000)
    until("the consumer stamps it anew", lambda: check(shared).code == DONE)


def test_only_a_mark_that_is_as_it_was_is_stamped(shared):
    source = (REPO / "cache/mark.h").read_text()
    text = re.search(r"#define MARK_STAMP_SCRIPT(.*?)\n\n", source, re.S)[1]
    script = "".join(re.findall(r'"(.*)"', text))
    client = connect(shared)
    client.hset("scratch", mapping={"epoch": 7, "applied": 42, "state": "ready"})
    for other in ((8, 42, "ready"), (7, 43, "ready"), (7, 42, "rebuilding"), ("", "", "")):
        assert client.eval(script, 1, "scratch", *other) == 0
    assert client.hget("scratch", "looked") is None
    before = client.time()
    assert client.eval(script, 1, "scratch", 7, 42, "ready") == 1
    looked = client.hget("scratch", "looked")
    assert looked.isdigit() and int(looked) >= before[0] * 1000 + before[1] // 1000
    assert client.eval(script, 1, "nothing", 7, 42, "ready") == 0
    assert not client.exists("nothing")
    client.delete("scratch")


def test_grants_expire_while_nothing_else_happens(shared):
    shared.sharebus("sharing", "share", "dev", "--user", "bob", "--expires", "2s", as_user="erin").done()
    assert check(shared, user="bob").code == DONE
    until("it has expired", lambda: check(shared, user="bob").code == NO)


# ---- damage ----


@pytest.mark.parametrize("key", ["sb:{0}:mark", "sb:{dir}:mark"])
def test_a_damaged_mark_is_unavailable_by_name(frozen, key):
    client = connect(frozen)
    before = client.hget(key, "partitions")
    client.hset(key, "partitions", -1)
    try:
        check(frozen).failed(UNAVAILABLE, f"the mark {key} in Redis at ", "partitions is -1")
    finally:
        client.hset(key, "partitions", before)


# ---- servers that are no Redis ----


class Server:
    """Listens, and gives each connection to talk(connection)."""

    def __init__(self, talk):
        self.talk = talk
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.stopped = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while not self.stopped.is_set():
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection):
        try:
            with connection:
                self.talk(connection)
        except OSError:
            pass

    def stop(self):
        self.stopped.set()
        self.listener.close()


@pytest.fixture
def serve():
    """serve(talk) returns the address of a server that talks so."""
    servers = []

    def start(talk):
        servers.append(Server(talk))
        return servers[-1].address

    yield start
    for one in servers:
        one.stop()


def test_a_redis_that_trickles_misses_the_deadline(shared, serve):
    """Before, each byte gave it the whole timeout anew, and check had no end."""
    who, at, address = shared.redis.rpartition("@")
    host, port = address.split(":")

    def trickle(client):
        with socket.create_connection((host, int(port))) as server:
            while asked := client.recv(65536):
                server.sendall(asked)
                for byte in server.recv(65536):
                    client.sendall(bytes([byte]))
                    time.sleep(0.2)

    ran = check(shared, "--wait", "1s", "--redis", who + at + serve(trickle))
    ran.failed(UNAVAILABLE, "no answer in time")


def test_a_redis_that_is_silent_misses_the_deadline(shared, serve):
    def listen(client):
        while client.recv(65536):
            pass

    check(shared, "--wait", "1s", "--redis", serve(listen)).failed(UNAVAILABLE, "no answer in time")


def test_a_redis_that_floods_is_left(shared, serve):
    def flood(client):
        client.recv(65536)
        client.sendall(b"$536870911\r\n")
        while True:
            client.sendall(b"x" * 1048576)

    ran = check(shared, "--redis", serve(flood))
    assert ran.code == UNAVAILABLE, ran


NO_ANSWERS = {
    "an array of two thousand million": b"*2147483647\r\n",
    "arrays in arrays": b"*1\r\n" * 1000,
    "large arrays in arrays": b"*4000000\r\n" * 1000,
    "a length below none": b"$-2\r\n",
    "a number": b":1\r\n",
    "a text": b"$5\r\nready\r\n",
    "nothing": b"$-1\r\n",
    "no list": b"*-1\r\n",
    "an empty list": b"*0\r\n",
    "a short list": b"*3\r\n" + b"$1\r\n1\r\n" * 3,
    "numbers": b"*8\r\n" + b":1\r\n" * 8,
    "lists": b"*8\r\n" + b"*1\r\n:1\r\n" * 8,
    "a map of another protocol": b"%1\r\n+a\r\n+b\r\n",
    "two answers": b"*8\r\n" + b"$-1\r\n" * 8 + b"+OK\r\n",
    "another language": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "an end": b"",
}


@pytest.mark.parametrize("what", NO_ANSWERS)
def test_what_cannot_be_an_answer_is_unavailable(shared, serve, what):
    def answer(client):
        client.recv(65536)
        client.sendall(NO_ANSWERS[what])

    check(shared, "--redis", serve(answer)).failed(UNAVAILABLE, "Redis at ")
