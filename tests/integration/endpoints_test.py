"""Whom the notifier tells, as an operator sees it: endpoints are listed, tried and opened again."""

import http.server
import json
import re
import subprocess
import sys
import threading
import uuid
from pathlib import Path

import bus
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from stack import stack, until  # noqa: E402, F401

DONE, NO, USAGE, UNAVAILABLE, UNKNOWN = range(5)


class Receiver(http.server.ThreadingHTTPServer):
    """Answers every request with `status` and, if it is set, asks for a pause; keeps what came."""

    def __init__(self):
        receiver = self
        self.status, self.pause_s, self.got = 204, 0, []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.got.append((dict(self.headers), json.loads(body)))
                self.send_response(receiver.status)
                if receiver.pause_s:
                    self.send_header("retry-after", str(receiver.pause_s))
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Notified:
    """A configuration with three endpoints, and a notifier that goes by it."""

    def __init__(self, stack, folder, group=None, redis=None, prefix=None, hook=None):  # noqa: F811
        self.stack = stack
        self.receiver = Receiver()
        self.hook, self.agent, self.idle = (f"{n}-{uuid.uuid4().hex[:6]}" for n in ("hook", "agent", "idle"))
        self.hook = hook or self.hook
        url = f"http://127.0.0.1:{self.receiver.server_address[1]}/told"
        self.config = stack.configure(
            folder / "sharebus.conf",
            (f"consumer-group = {group}\nprefix = {prefix or group}\n" if group else "")
            + f"[endpoint {self.hook}]\ntype = webhook\nprofile = standard\nurl = {url}\nallow-private = yes\n"
            f"secret = whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n"
            f"[endpoint {self.agent}]\ntype = webhook\nprofile = a2a-push\nurl = {url}\nallow-private = yes\n"
            f"secret = token\n"
            f"[endpoint {self.idle}]\ntype = exec\ncommand = /bin/false\n",
            "all",
        )
        self.log = folder / "notifier.log"
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [stack.bin / "sharebus-notifier", "--config", self.config],
                env=stack.env("all") | ({"SHAREBUS_REDIS": redis} if redis else {}), stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            )  # fmt: skip

    def run(self, *args, **more):
        return self.stack.sharebus("endpoints", *args, "--config", self.config, as_user="ola", **more)

    def row(self, name):
        listed = self.run("list", "-o", "json").done().json
        return next(r for r in listed if r["endpoint"] == name)

    def close(self):
        self.process.terminate()
        self.process.wait(30)
        self.receiver.shutdown()


@pytest.fixture(scope="module")
def notified(stack, tmp_path_factory):  # noqa: F811
    folder = tmp_path_factory.mktemp("notified")
    stack.apply({"users": [{"username": "ola", "email": "ola@x.example"}]}, folder)
    one = Notified(stack, folder)
    yield one
    one.close()


@pytest.fixture(autouse=True)
def well(notified):
    notified.receiver.status, notified.receiver.pause_s = 204, 0
    notified.receiver.got.clear()
    assert notified.process.poll() is None, notified.log.read_text()


def owed(stack, endpoint):  # noqa: F811
    """What the ledger has for the endpoint now, without what was taken off."""
    topic = bus.read_topic(stack.brokers, "sharing.deliveries")
    last = {m.key().decode(): m.value() for p in topic for m in topic[p]}
    return [key for key, value in last.items() if value and key.startswith(f"{endpoint}/")]


def test_a_test_that_arrives_is_done(stack, notified):  # noqa: F811
    ran = notified.run("test", notified.hook).done()
    assert ran.out == f"{notified.hook} has taken it\n"
    (headers, body) = notified.receiver.got[-1]
    assert re.fullmatch(r"test-[0-9a-f-]{36}", headers["webhook-id"])
    assert f"a test of the endpoint {notified.hook}" in json.dumps(body)
    assert owed(stack, notified.hook) == []


def test_an_endpoint_that_takes_handoffs_alone_is_tested_with_one(notified):
    assert notified.run("test", notified.agent, "-o", "json").done().json == {
        "endpoint": notified.agent, "arrived": True, "last_error": None}  # fmt: skip
    assert f"a test of the endpoint {notified.agent}" in json.dumps(notified.receiver.got[-1][1])


def test_a_test_that_fails_says_why_and_is_not_owed(stack, notified):  # noqa: F811
    notified.receiver.status = 500
    ran = notified.run("test", notified.hook)
    assert (ran.code, ran.out) == (NO, "") and "500" in ran.err
    until("nothing is owed", lambda: owed(stack, notified.hook) == [])
    ran = notified.run("test", notified.idle, "-o", "json")
    assert (ran.code, ran.json["arrived"]) == (NO, False) and ran.json["last_error"]


def test_an_endpoint_that_the_configuration_lacks_is_unknown(notified):
    for verb in ("test", "enable"):
        notified.run(verb, "no-such").failed(UNKNOWN, "the configuration has no endpoint no-such")


def test_endpoints_are_listed_and_one_that_is_gone_is_enabled_again(stack, notified):  # noqa: F811
    row = notified.row(notified.hook)
    assert (row["type"], row["profile"], row["state"]) == ("webhook", "standard", "open")
    notified.receiver.status = 410
    assert notified.run("test", notified.hook).code == NO
    until("it is disabled", lambda: notified.row(notified.hook)["state"] == "disabled")
    row = notified.row(notified.hook)
    assert "410" in row["reason"] and row["since"] and not row["by_operator"]
    notified.run("test", notified.hook).failed(
        NO, f"it is disabled ({row['reason']}); open it with `sharebus endpoints enable {notified.hook}`"
    )
    table = notified.run("list").done().out.splitlines()
    assert table[0].split() == ["ENDPOINT", "TYPE", "STATE", "WAITING", "DEAD", "SINCE", "UNTIL", "REASON"]
    assert any(line.startswith(notified.hook) and "disabled" in line for line in table)
    notified.receiver.status = 204
    assert notified.run("enable", notified.hook).done().out == f"{notified.hook} is open\n"
    # The notifier hears of it, and says so in its next report.
    until("it is open", lambda: notified.row(notified.hook)["state"] == "open")
    row = notified.row(notified.hook)
    assert (row["reason"], row["by_operator"]) == (None, True)
    until("the notifier tells it", lambda: notified.run("test", notified.hook).code == DONE)


def test_an_endpoint_that_wants_a_pause_is_tried_at_once_if_a_person_says_so(notified):
    notified.receiver.status, notified.receiver.pause_s = 503, 3600
    assert notified.run("test", notified.hook).code == NO
    ran = notified.run("test", notified.hook, "--wait", "3s")
    assert ran.code == UNAVAILABLE and len(notified.receiver.got) == 1
    assert re.search(r"it is left alone until 20\S+ \(it answered 503\); `sharebus endpoints enable", ran.err)
    notified.receiver.status, notified.receiver.pause_s = 204, 0
    notified.run("enable", notified.hook).done()
    notified.run("test", notified.hook).done()


def test_what_cannot_be_read_in_the_ledger_hides_nothing_else(stack, notified):  # noqa: F811
    def write(value):
        target = bus.producer(stack.brokers)
        target.produce("sharing.deliveries", value, "junk/\x1b[31m", partition=0)
        assert target.flush(30) == 0

    write(b"no record")
    for ran in (notified.run("list"), stack.sharebus("deliveries", "list", as_user="ola")):
        assert ran.code == 0, ran.err
        assert re.search(r"sharing.deliveries at 0:\d+ cannot be read", ran.err) and "\x1b" not in ran.err
    write(None)


def test_without_a_notifier_a_test_ends_in_time_and_is_not_owed(stack, notified, tmp_path):  # noqa: F811
    alone = f"alone-{uuid.uuid4().hex[:6]}"
    config = stack.configure(tmp_path / "sharebus.conf", f"[endpoint {alone}]\ntype = exec\ncommand = /bin/true\n")
    args = ("endpoints", "test", alone, "--config", config, "--wait", "1s", "-o", "json")
    ran = stack.sharebus(*args, as_user="ola")
    assert (ran.code, ran.json["error"]["code"]) == (UNAVAILABLE, "unavailable")
    assert "no notifier has tried it in time" in ran.err and owed(stack, alone) == []
