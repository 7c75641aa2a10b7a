"""Stale grants are revoked automatically, exactly once: those that have expired, and those of deleted
users and groups; also those from a time without a consumer, and whatever happens to consumers."""

import collections
import signal
import subprocess
import time

import bus
import load
import pytest
from confluent_kafka import admin
from environment import environment

SOON_MS = 5000  # until a grant expires
SHAPE = {"users": 60, "groups": 4, "workspaces": 40}
ALREADY_GONE = -signal.SIGKILL


def _now_ms():
    return int(time.time() * 1000)


class Scene:
    """A deployment, and what is shared in it."""

    def __init__(self, world, seed):
        self.world = world
        self.made = world.populate(load.Shape(seed=seed, **SHAPE))
        self.fresh = {}  # workspace -> the users that user() has yet to return

    def start(self, *args, **kwargs):
        return self.world.start_consumer(*args, **kwargs)

    def write(self, *records):
        bus.send_all(self.world.brokers, bus.COMMANDS, records)
        self.world.forget_ends()

    def write_directory(self, *records):
        bus.send_all(self.world.brokers, bus.DIRECTORY, records)
        self.made.directory_end = bus.log_ends(self.world.brokers, bus.DIRECTORY)[0]

    def user(self, w):
        """A user that the workspace was never shared with."""
        users = self.made.directory.users
        if w not in self.fresh:
            self.fresh[w] = iter([u for u in reversed(users) if u != self.made.owner[w]])
        return next(self.fresh[w])

    def share(self, w, *subjects, ends=None):
        self.write(self.made.share_until(w, subjects, ends))

    def _came_too_late(self, shares, ends):
        """Sends the shares; returns those that reached the log only after the grants had expired."""
        target, late = bus.producer(self.world.brokers), []
        for w, subjects in shares:
            key, value, headers = self.made.share_until(w, subjects, ends)

            def on_delivery(error, m, share=(w, subjects)):
                assert error is None, error
                if m.timestamp()[1] >= ends:
                    late.append(share)

            target.produce(bus.COMMANDS, value, key, headers=headers, on_delivery=on_delivery)
        assert target.flush(120) == 0
        self.world.forget_ends()
        return late

    def share_for_a_while(self, shares, while_ms=SOON_MS):
        """Shares [(workspace, subjects)] for a short time, on however slow a machine; returns until when."""
        while shares:
            ends = _now_ms() + while_ms
            shares = self._came_too_late(shares, ends)
            while_ms *= 2
        return ends

    def is_quiet(self):
        self.world.forget_ends()
        ends = self.world.ends()
        return self.world.applied() == ends and self.world.committed() == ends

    def wait_quiet(self, *alive):
        self.world.wait("all applied and committed", self.is_quiet, alive=alive, every_s=0.1)

    def removals(self):
        """{(workspace, kind, subject): [reason of each RemoveSharing by the system]}"""
        out = collections.defaultdict(list)
        for messages in bus.read_topic(self.world.brokers, bus.COMMANDS).values():
            for m in messages:
                name, record = bus.decode(m.value())
                if name != "RemoveSharing" or record["actor"]["kind"] != "system":
                    continue
                assert record["actor"]["id"] == bus.NIL_ID
                assert m.key().decode() == record["workspace_id"]
                headers = bus.headers_of(m)
                assert headers.keys() == bus.EVENT_HEADERS
                assert headers["ce_id"] == record["command_id"]
                assert headers["ce_type"] == bus.CODECS[name].event_type
                for s in record["subjects"]:
                    out[record["workspace_id"], s["kind"], s["id"]].append(record["reason"])
        return dict(out)

    def events(self):
        """{(workspace, kind, subject): [reason of each event that revoked the grant]}"""
        out = collections.defaultdict(list)
        for messages in bus.read_topic(self.world.brokers, bus.EVENTS).values():
            for m in messages:
                name, record = bus.decode(m.value())
                for c in record["changes"] if name == "SharingChanged" else ():
                    if c["after"] is None:
                        where = (record["workspace"]["id"], c["subject"]["kind"], c["subject"]["id"])
                        out[where].append(record["reason"])
        return dict(out)

    def told(self, kind):
        """[(workspace, recipient)] of the notifications of that kind"""
        out = []
        for messages in bus.read_topic(self.world.brokers, bus.NOTIFICATIONS).values():
            for m in messages:
                _, record = bus.decode(m.value())
                if record["kind"] == kind:
                    out.append((record["workspace"]["id"], record["recipient_id"]))
        return sorted(out)

    def wait_removed(self, wanted, *alive):
        """Waits until each of these has lost its grant."""
        self.world.wait(
            f"{len(wanted)} grants removed",
            lambda: set(wanted) <= set(self.events()),
            alive=alive,
            every_s=0.2,
        )

    def let_pass(self, workspaces, *alive):
        """Waits until the owners of these partitions have looked for stale grants again: makes a new
        short grant in each, and waits until it is revoked."""
        later = [(w, "user", self.user(w)) for w in workspaces]
        self.share_for_a_while([(w, [(k, s)]) for w, k, s in later])
        self.wait_removed(later, *alive)
        return later

    def verify_once(self, wanted, *alive):
        """Of {(workspace, kind, subject): reason}, each has one removal and one event; no other has any."""
        later = self.let_pass(sorted({w for w, _, _ in wanted}), *alive)
        wanted = {**wanted, **{one: "expired" for one in later}}
        self.wait_quiet(*alive)
        once = {one: [reason] for one, reason in wanted.items()}
        assert self.removals() == once
        assert self.events() == once

    def share_and_stop(self, w):
        """Shares the workspace with a user for a short time, and stops the consumer before that is over;
        returns the user, until when, and the grants of earlier tries that took too long."""
        while_ms, earlier = SOON_MS, []
        while True:
            user, consumer = self.user(w), self.start()
            ends = self.share_for_a_while([(w, [("user", user)])], while_ms)
            self.wait_quiet(consumer)
            consumer.terminate()
            if _now_ms() < ends:
                return user, ends, earlier
            earlier.append((w, "user", user))
            while_ms *= 3

    def wait_time(self, until_ms):
        self.world.wait("time", lambda: _now_ms() > until_ms, every_s=0.05)


@pytest.fixture
def scene(world, request):
    return Scene(world, 50 + sum(request.node.name.encode()) % 50)


# ---- expiry ----


def test_an_expired_grant_is_revoked_once(scene):
    """One command, one event, and one notification for each person; a group's members are told."""
    w, team = scene.made.workspaces[0], scene.made.directory.groups[0]
    alone, owner = scene.user(w), scene.made.owner[w]
    consumer = scene.start()
    scene.share_for_a_while([(w, [("user", alone), ("group", team)])])
    wanted = {(w, "user", alone): "expired", (w, "group", team): "expired"}
    scene.wait_removed(wanted, consumer)
    scene.verify_once(wanted, consumer)
    members = next(f["members"] for k, _, f in scene.made.directory.records if k == team)
    people = {alone, *members} - {owner}
    assert {(w, p) for p in people} <= set(scene.told("access_expired"))
    consumer.terminate()
    scene.world.verify()


def test_a_grant_that_expired_without_a_consumer_is_revoked_by_the_next(scene):
    w = scene.made.workspaces[0]
    user, ends, earlier = scene.share_and_stop(w)
    scene.wait_time(ends)
    consumer = scene.start()
    wanted = {one: "expired" for one in [(w, "user", user), *earlier]}
    scene.wait_removed(wanted, consumer)
    scene.verify_once(wanted, consumer)
    consumer.terminate()
    scene.world.verify()


def test_a_renewed_grant_stays(scene):
    """The renewal is on the log before a consumer looks for stale grants."""
    w = scene.made.workspaces[0]
    user, ends, earlier = scene.share_and_stop(w)
    scene.wait_time(ends)
    scene.share(w, ("user", user), ends=_now_ms() + load.FAR_AHEAD_MS)
    consumer = scene.start()
    later = scene.let_pass([w], consumer)
    scene.wait_quiet(consumer)
    assert scene.removals() == {one: ["expired"] for one in [*later, *earlier]}
    consumer.terminate()
    scene.world.verify()


CLOCK = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>

int clock_gettime(clockid_t id, struct timespec *out)
{
	static int (*real)(clockid_t, struct timespec *);
	int rc;

	if (!real)
		real = dlsym(RTLD_NEXT, "clock_gettime");
	rc = real(id, out);
	if (id == CLOCK_REALTIME)
		out->tv_sec += 20;
	return rc;
}
"""


@pytest.fixture
def clock_ahead(tmp_path):
    """The environment that sets the clock of a process 20 s fast."""
    source, library = tmp_path / "clock.c", tmp_path / "clock.so"
    source.write_text(CLOCK)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return {"LD_PRELOAD": str(library)}


def test_a_fast_clock_does_not_prevent_revoking(scene, clock_ahead):
    """By the broker's time the first removal is too early and changes nothing; a later one revokes."""
    w, user = scene.made.workspaces[0], scene.user(scene.made.workspaces[0])
    consumer = scene.start(settings=clock_ahead)
    scene.wait_quiet(consumer)
    scene.share_for_a_while([(w, [("user", user)])], 3 * SOON_MS)
    wanted = (w, "user", user)
    scene.wait_removed([wanted], consumer)
    scene.wait_quiet(consumer)
    assert scene.events() == {wanted: ["expired"]}
    # The first removal shows how fast the clock is; the second may be a few milliseconds early.
    assert 2 <= len(scene.removals()[wanted]) <= 3
    consumer.terminate()
    scene.world.verify()


# ---- deleted users and groups ----


def _shared_with_the_deleted(scene):
    """Shares workspaces with users and a group; returns {(workspace, kind, subject): reason} of the grants
    to be revoked, and the records that delete these users, in both ways there are, and the group."""
    one, two, three = scene.made.workspaces[:3]
    owners = {scene.made.owner[w] for w in (one, two, three)}
    first, second, other = [u for u in scene.made.directory.users if u not in owners][:3]
    team, everyone = scene.made.directory.groups[0], scene.made.directory.organization
    for w in (one, two):
        scene.share(w, ("user", first), ("user", other), ("group", everyone))
    scene.share(three, ("user", second), ("group", team))
    wanted = {(w, "user", first): "user_deleted" for w in (one, two)}
    wanted[three, "user", second] = "user_deleted"
    wanted[three, "group", team] = "group_deleted"
    gone = [
        scene.made.status_of_user(first, "deleted"),
        scene.made.deletion(second),
        scene.made.deletion(team),
    ]
    return wanted, gone


def test_deleted_users_and_groups_lose_all_grants(scene):
    """Others keep their grants, and the Everyone group does not count as deleted."""
    consumer = scene.start()
    wanted, gone = _shared_with_the_deleted(scene)
    scene.wait_quiet(consumer)
    scene.write_directory(*gone)
    scene.wait_removed(wanted, consumer)
    scene.verify_once(wanted, consumer)
    consumer.terminate()


def test_users_deleted_without_a_consumer_lose_all_grants(scene):
    consumer = scene.start()
    wanted, gone = _shared_with_the_deleted(scene)
    scene.wait_quiet(consumer)
    consumer.terminate()
    scene.write_directory(*gone)
    consumer = scene.start()
    scene.wait_removed(wanted, consumer)
    scene.verify_once(wanted, consumer)
    consumer.terminate()


def test_a_user_deleted_again_loses_grants_again(scene):
    """Deleted, restored, shared with, deleted again: the second removal is not a duplicate of the first."""
    w = scene.made.workspaces[0]
    user = scene.user(w)
    where = (w, "user", user)
    consumer = scene.start()
    for times in (1, 2):
        scene.share(w, ("user", user))
        scene.wait_quiet(consumer)
        scene.write_directory(scene.made.status_of_user(user, "deleted"))
        scene.world.wait(
            "removed again",
            lambda times=times: len(scene.events().get(where, ())) == times,
            alive=[consumer],
            every_s=0.2,
        )
        scene.write_directory(scene.made.status_of_user(user, "active"))
    scene.wait_quiet(consumer)
    assert scene.removals() == scene.events() == {where: ["user_deleted"] * 2}
    consumer.terminate()


def _empty_directory(world):
    """Makes the topic anew, as after it was lost."""
    client = admin.AdminClient({"bootstrap.servers": world.brokers})
    new = admin.NewTopic(bus.DIRECTORY, 1, 1, config={"cleanup.policy": "compact"})

    def exists():
        return bus.DIRECTORY in client.list_topics(timeout=30).topics

    client.delete_topics([bus.DIRECTORY])[bus.DIRECTORY].result()
    world.wait("the topic to be deleted", lambda: not exists(), every_s=0.1)
    client.create_topics([new])[bus.DIRECTORY].result()
    world.wait("the topic to be created", exists, every_s=0.1)


def _check(scene, user, w):
    """What `sharebus check` exits with: 0 is yes, 1 is no."""
    where = scene.world.reach("operator")
    command = [load.sharebus_program(), "check", user, "read", w, *where, "--wait", "10s"]
    return subprocess.run(command, env=environment(), capture_output=True, timeout=60, check=False).returncode


def test_a_directory_that_is_being_refilled_revokes_nothing(scene):
    """Whoever is not in the directory yet keeps their grants, loses access, and has it again when back.
    The consumer says that somebody is missing."""
    w, user = scene.made.workspaces[0], scene.user(scene.made.workspaces[0])
    team = scene.made.directory.groups[0]
    consumer = scene.start()
    scene.share(w, ("user", user), ("group", team))
    scene.wait_quiet(consumer)
    consumer.terminate()
    _empty_directory(scene.world)
    missing = {user, team}
    scene.write_directory(*(r for r in scene.made.directory_records() if r[0].decode() not in missing))
    consumer = scene.start()
    said = "2 users and groups that have grants are missing from sharing.directory"
    scene.world.wait("the sentence", lambda: said in consumer.log.read_text(), alive=[consumer])
    scene.wait_quiet(consumer)
    assert scene.removals() == scene.events() == {}
    assert _check(scene, user, w) == 1
    scene.write_directory(*scene.made.directory_records())
    scene.world.wait("access", lambda: _check(scene, user, w) == 0, alive=[consumer], every_s=0.2)
    later = scene.let_pass([w], consumer)
    assert scene.removals() == {one: ["expired"] for one in later}
    consumer.terminate()


# ---- whatever happens to consumers ----


@pytest.mark.parametrize("step", ["before-reap", "after-reap", "after-read"])
def test_a_kill_between_sending_and_applying_does_not_revoke_twice(scene, step):
    """At the crash point after-read the removal is on the log and was fetched, but is not applied."""
    w = scene.made.workspaces[0]
    user, _, earlier = scene.share_and_stop(w)
    dying = scene.start(settings={"SHAREBUS_CRASH_AT": step})
    assert dying.process.wait(300) == ALREADY_GONE, dying.tail()
    consumer = scene.start()
    wanted = {one: "expired" for one in [(w, "user", user), *earlier]}
    scene.wait_removed(wanted, consumer)
    scene.verify_once(wanted, consumer)
    consumer.terminate()
    scene.world.verify()


def test_consumers_that_come_and_go_revoke_nothing_twice(scene):
    """Grants of every partition expire while the partitions change hands."""
    one = scene.start("one")
    wanted = {(w, "user", scene.user(w)): "expired" for w in scene.made.workspaces}
    ends = scene.share_for_a_while([(w, [(k, s)]) for w, k, s in wanted])
    scene.wait_quiet(one)
    two = scene.start("two")
    scene.wait_time(ends)
    scene.world.wait("some removals", lambda: scene.removals(), alive=[one, two], every_s=0.05)
    three = scene.start("three")
    one.terminate()
    two.terminate()
    scene.wait_removed(wanted, three)
    scene.verify_once(wanted, three)
    three.terminate()
    scene.world.verify()


def test_a_rebuilt_index_still_revokes_what_expires(scene):
    w, user = scene.made.workspaces[0], scene.user(scene.made.workspaces[0])
    consumer = scene.start()
    scene.share_for_a_while([(w, [("user", user)])], 2 * SOON_MS)
    scene.wait_quiet(consumer)
    client = scene.world.redis()
    client.flushall()
    client.close()
    wanted = {(w, "user", user): "expired"}
    scene.wait_removed(wanted, consumer)
    scene.verify_once(wanted, consumer)
    consumer.terminate()
    scene.world.count(all_outcomes=False).verify()
