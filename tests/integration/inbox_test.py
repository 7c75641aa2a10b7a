"""Inboxes, and what people want to be told: through the command line, in a real Redis and on a real bus.

`putter` is the notifier's part: it puts a notification into somebody's inbox."""

import signal
import subprocess
import sys
import uuid
from pathlib import Path

import bus
import pytest

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / folder) for folder in ("", "interop")]

from reader import partition_of  # noqa: E402
from stack import bare_stack, run, stack, until  # noqa: E402, F401

DONE, NO, USAGE, UNAVAILABLE, UNKNOWN = range(5)
PARTITIONS = 12
KEPT = 1000


class Person:
    """Somebody in an organization of this test's own, with a workspace."""

    def __init__(self, stack, folder):
        self.stack = stack
        self.tag = uuid.uuid4().hex[:8]
        self.name = f"alice-{self.tag}"
        self.id = str(uuid.uuid4())
        acme = f"acme-{self.tag}"
        stack.apply({
            "organizations": [{"name": acme, "sharing": "everyone"}],
            "users": [{"username": self.name, "id": self.id, "organizations": [acme]}],
            "workspaces": [{"name": "dev", "owner": self.name, "organization": acme}],
        }, folder)

    def run(self, *args, **more):
        return self.stack.sharebus(*args, as_user=self.name, **more)

    def put(self, pattern, count=1, user=None):
        redis, env = self.stack.redis_alone("notifier")
        done = run([self.stack.bin / "putter", redis, PARTITIONS, user or self.id, pattern, count], env)
        return done.done().out.split()

    def inbox(self, *flags):
        return self.run("inbox", "list", "-o", "json", *flags).done().json

    def ids(self, *flags):
        return [n["id"] for n in self.inbox(*flags)["notifications"]]

    def preferences(self, *flags):
        return self.run("notifications", "preferences", *flags, "-o", "json")


@pytest.fixture
def alice(stack, tmp_path):  # noqa: F811
    return Person(stack, tmp_path)


# ---- the inbox ----


def test_an_inbox_is_empty_at_first(alice):
    assert alice.inbox() == {"unread": 0, "notifications": []}
    nothing = alice.run("inbox", "list")
    assert (nothing.code, nothing.out, nothing.err) == (DONE, "", "No notifications.\n")
    assert alice.run("inbox", "read", "--all").done().out == "0 marked as read.\n"


def test_the_same_notification_twice_is_there_once(alice):
    assert alice.put("3-17-1") == ["put"]
    assert alice.put("3-17-1") == ["had"]
    assert alice.put("3-18-1") == ["put"]
    found = alice.inbox()
    assert found["unread"] == 2
    assert [n["id"] for n in found["notifications"]] == ["3-18-1", "3-17-1"]
    told = found["notifications"][0]
    assert told["unread"] is True
    assert told["told"]["data"]["title"] == "Title of 3-18-1"


def test_what_was_read_stays_and_counts_no_more(alice):
    alice.put("n-%d", 5)
    shown = [f"Title of {n}\n2026-01-01T00:00:00.000Z  {n}\n\nOne.\n\nTwo?.\n\n" for n in ("n-1", "n-3")]
    assert alice.run("inbox", "read", "n-1", "n-3").done().out == "".join(shown) + "2 marked as read.\n"
    assert alice.inbox()["unread"] == 3
    assert alice.ids("--unread") == ["n-4", "n-2", "n-0"]
    assert alice.ids("--limit", "2") == ["n-4", "n-3"]
    assert alice.put("n-1") == ["had"], "it is known although it was read"
    assert alice.inbox()["unread"] == 3
    assert alice.run("inbox", "read", "--all", "-o", "json").done().json == {"read": 3}
    assert alice.inbox()["unread"] == 0 and len(alice.ids()) == 5
    ran = alice.run("inbox", "list", "--unread")
    assert (ran.code, ran.out) == (0, "") and ran.err == "No unread ones among the newest 5.\n"


def test_an_unknown_id_is_not_marked(alice):
    alice.put("n-%d", 2)
    ran = alice.run("inbox", "read", "n-0", "n-7")
    assert ran.code == UNKNOWN and "1 of 2 notifications are not in the inbox; the others" in ran.err
    assert alice.inbox()["unread"] == 1
    alice.put("n-%d", 2, user=str(uuid.uuid4()))
    assert len(alice.ids()) == 2, "nobody else's"
    alice.run("inbox", "read").failed(USAGE, "--all")
    alice.run("inbox", "read", "n-1", "--all").failed(USAGE, "--all")


def test_an_inbox_keeps_the_newest_thousand(alice):
    assert alice.put("n-%d", KEPT + 7) == ["put"] * (KEPT + 7)
    found = alice.inbox("--limit", str(KEPT))
    assert found["unread"] == len(found["notifications"]) == KEPT
    assert found["notifications"][-1]["id"] == "n-7"
    redis = alice.stack.redis_client()
    keys = [k for k in redis.scan_iter(match=b"sb:{*}:inbox*", count=1000) if k.endswith(uuid.UUID(alice.id).bytes)]
    assert sorted(redis.type(k) for k in keys) == [b"stream", b"zset"]
    assert {redis.xlen(k) if redis.type(k) == b"stream" else redis.zcard(k) for k in keys} == {KEPT}


def test_watch_shows_what_comes_and_nothing_before(alice):
    alice.put("old")
    process = subprocess.Popen(
        [alice.stack.bin / "sharebus", "inbox", "watch", "--limit", "3", "--as", alice.name],
        env=alice.stack.env("reader"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr.readline() == "Watching; 1 unread.\n"
    alice.put("new-%d", 3)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert out.splitlines() == [f"2026-01-01T00:00:00.000Z  Title of new-{n}" for n in range(3)]


def test_watch_ends_with_a_signal(alice):
    process = subprocess.Popen(
        [alice.stack.bin / "sharebus", "inbox", "watch", "--as", alice.name, "-o", "json"],
        env=alice.stack.env("reader"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr.readline() == "Watching; 0 unread.\n"
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60) == ("", "") and process.returncode == 0


# ---- preferences ----


def rules(ran):
    return {(r["channel"], r["kind"], r["category"]) for r in ran.done().json["rules"] if not r["on"]}


def test_nothing_is_switched_off_at_first(alice):
    assert alice.preferences("show").done().json == {"user_id": alice.id, "rules": [], "muted_workspaces": []}
    assert alice.run("notifications", "preferences", "show").done().out == "Nothing is switched off.\n"


def test_what_is_set_is_shown_and_is_on_the_bus(alice):
    flags = ["--off", "mail:role_changed", "--off", "webhook", "--off", "handoff", "--mute", "dev"]
    ran = alice.preferences("set", *flags)
    assert rules(ran) == {("mail", "role_changed", None), ("webhook", None, None), (None, None, "handoff")}
    assert alice.preferences("show").done().json == ran.json
    workspace = alice.run("sharing", "show", "dev", "-o", "json").done().json["workspace"]["id"]
    assert ran.json["muted_workspaces"] == [workspace]
    text = alice.run("notifications", "preferences", "show").done().out
    assert text == f"off  mail:role_changed\noff  webhook:all\noff  handoff\nmuted  {alice.name}/dev\n"
    assert alice.run("check", alice.name, "read", "dev").code == DONE, "the user's record is another one"


def test_on_takes_back_what_is_within_it(alice):
    alice.preferences("set", "--off", "mail:role_changed", "--off", "mail", "--off", "inbox:handoff_expired").done()
    assert rules(alice.preferences("set", "--on", "mail")) == {("inbox", "handoff_expired", None)}
    assert rules(alice.preferences("set", "--on", "role_changed")) == {("inbox", "handoff_expired", None)}
    assert rules(alice.preferences("set", "--on", "handoff")) == set()
    alice.preferences("set", "--mute", "dev").done()
    assert alice.preferences("set", "--unmute", "dev").done().json["muted_workspaces"] == []
    redis = alice.stack.redis_client()
    assert not redis.exists(b"sb:{dir}:prefs:" + uuid.UUID(alice.id).bytes), "a tombstone"


def test_what_must_be_known_cannot_be_switched_off(alice):
    for kind in ("access_removed", "handoff_offered"):
        alice.run("notifications", "preferences", "set", "--off", f"inbox:{kind}").failed(USAGE, kind, "in the inbox")
        assert ("mail", kind, None) in rules(alice.preferences("set", "--off", f"mail:{kind}"))


@pytest.mark.parametrize("wrong", ["post", "mail:post", "post:handoff", ":", "mail:", "", "x" * 500, "inbox:mail"])
def test_what_names_nothing_is_refused(alice, wrong):
    alice.run("notifications", "preferences", "set", "--off", wrong).failed(USAGE, "names nothing that is told")
    alice.run("notifications", "preferences", "set").failed(USAGE, "--mute")
    alice.run("notifications", "preferences", "show", "--off", "mail").failed(USAGE, "no flags")
    alice.run("notifications", "preferences", "drop").failed(USAGE, "show or set")


def test_garbage_in_the_place_of_preferences_is_passed_over(alice):
    alice.preferences("set", "--off", "mail").done()
    key = f"preferences:{alice.id}".encode()
    wrong = [(key, b"garbage", []), (b"preferences:alice", b"", []), (b"preferences:", b"garbage", [])]
    bus.send_all(alice.stack.brokers, bus.DIRECTORY, wrong)
    assert rules(alice.preferences("set", "--off", "exec")) == {("mail", None, None), ("exec", None, None)}
    log = (alice.stack.dir / "consumer.log").read_text()
    assert log.count(" is passed over: ") >= len(wrong)
    assert 'neither an id nor "deployment" nor "preferences:" and an id' in log


def test_a_rebuilt_index_has_preferences_and_inboxes(alice):
    """Seen where the workspace is: a partition that has nothing on the log needs no clearing."""
    alice.preferences("set", "--off", "mail").done()
    workspace = alice.run("sharing", "show", "dev", "-o", "json").done().json["workspace"]["id"]
    partition = partition_of(workspace.encode(), PARTITIONS)
    somebody = next(u for u in iter(uuid.uuid4, None) if partition_of(str(u).encode(), PARTITIONS) == partition)
    alice.put("kept", user=str(somebody))
    redis = alice.stack.redis_client()
    stray = [f"sb:{{{p}}}:stray" for p in (partition, "dir")]
    for key in stray:
        redis.set(key, "cleared")
        redis.delete(key.replace("stray", "mark"))
    until("both are cleared", lambda: not redis.exists(*stray), 60)
    until("the index is back", lambda: alice.run("sharing", "show", "dev").code == DONE, 60)
    assert rules(alice.preferences("show")) == {("mail", None, None)}
    base = f"sb:{{{partition}}}:".encode()
    assert redis.xlen(base + b"inbox:" + somebody.bytes) == redis.zcard(base + b"inboxed:" + somebody.bytes) == 1
