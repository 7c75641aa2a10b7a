"""The new enemy: a group's grant is removed, and then a user, the suspect, is added to the group. The
suspect is never in it while it has the grant, so no check may ever allow access, however the steps
interleave.

Askers (asker.c) ask through libsharebus while the steps are repeated in this order: share with the
group, remove the share, add the suspect, remove the suspect. Each step waits until the index has it. One
asker is as fast as it can be; the others use a slow line, which delays parts of what they send, so that
one pipeline reads partly before and partly after a change.
"""

import contextlib
import json
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path

import bus
import load
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from environment import environment, redis_alone  # noqa: E402
from stack import programs  # noqa: E402

ROUNDS = 600
TAKEN_OUT_ROUNDS = 200
SLOW_ASKERS = 6
LOSSES = 40
HELD_BACK_SECONDS = 0.03  # about as long as a rebuild of so small an index takes
MEASURED_ROUNDS = 10
CHANGES_A_ROUND = 5
STEP_SECONDS = 60
POLL_SECONDS = 0.0005
TELLING = ("--log-level", "debug")  # which says what a consumer takes over


def _claimed(consumer):
    """The partitions that the consumer has taken over."""
    return set(re.findall(r"partition (\d+): epoch", consumer.log.read_text(errors="replace")))


class Enemy:
    """A group with a permanent member and the suspect, who comes and goes; and two workspaces: one is
    shared with the group at times, the other, the control, always."""

    def __init__(self, world, apart=False):
        """apart: with two consumers, one of which owns the directory, and the other the workspace."""
        self.world = world
        self.made = world.populate(load.Shape(users=6, groups=1, workspaces=24))
        self.consumer = world.start_consumer(arguments=TELLING)
        if apart:
            # Whoever joins first has all of them; what the other takes over is then its half.
            world.wait("one owner", lambda: len(_claimed(self.consumer)) == 12, alive=[self.consumer])
            second = world.start_consumer("two", arguments=TELLING)
            world.wait(
                "two owners", lambda: len(_claimed(second)) == 6, alive=(self.consumer, second)
            )
        self.redis = world.redis()
        self.producer = bus.producer(world.brokers, **{"linger.ms": 0})
        self.group = self.made.directory.groups[0]
        world.wait("all applied", lambda: world.applied() == world.ends(), alive=[self.consumer])
        # The owner of the first half of the partitions also owns the directory.
        self.control, *rest = self.made.workspaces
        self.workspace = next(w for w in rest if self._partition(w) >= 6)
        owners = {self.made.owner[w] for w in (self.workspace, self.control)}
        self.suspect, self.member = [u for u in self.made.directory.users if u not in owners][:2]

    def _partition(self, workspace):
        key = b":ws:" + uuid.UUID(workspace).bytes
        return next(p for p in range(12) if self.redis.exists(b"sb:{%d}" % p + key))

    def put(self, topic, record):
        """Writes a record; returns its message once it is on the log."""
        key, value, headers = record
        sent = []
        self.producer.produce(
            topic, value, key, headers=headers, on_delivery=lambda *told: sent.append(told)
        )
        self.producer.flush(STEP_SECONDS)
        ((error, message),) = sent
        assert error is None, error
        return message

    def send(self, topic, record):
        """Writes a record; returns once it is in the index."""
        message = self.put(topic, record)
        where = "dir" if topic == bus.DIRECTORY else message.partition()
        end = time.monotonic() + STEP_SECONDS
        while int(self.redis.hget(f"sb:{{{where}}}:mark", "applied") or 0) <= message.offset():
            self.consumer.check_alive()
            assert time.monotonic() < end, f"{topic} {where}:{message.offset()} is not applied"
            time.sleep(POLL_SECONDS)

    def share(self, workspace, **more):
        wishes = [("group", self.group, "use", None)]
        self.send(bus.COMMANDS, self.made._share(workspace, wishes, **more))

    def take_back(self):
        self.send(bus.COMMANDS, self.made._remove(self.workspace, [("group", self.group)]))

    def group_of(self, *members):
        fields = {
            "id": self.group,
            "name": "group0",
            "organization_id": self.made.directory.organization,
            "members": list(members),
        }
        return self.made._record("GroupChanged", self.group, fields, self.made.ids.any())

    def set_members(self, *members):
        self.send(bus.DIRECTORY, self.group_of(*members))

    def round(self):
        self.share(self.workspace)
        self.set_members(self.member)  # nothing new, but the directory's offset has moved
        self.take_back()
        self.set_members(self.member, self.suspect)
        self.set_members(self.member)

    def change_seconds(self):
        """How long it takes until a change is in the index."""
        began = time.monotonic()
        for _ in range(MEASURED_ROUNDS):
            self.round()
        return (time.monotonic() - began) / (MEASURED_ROUNDS * CHANGES_A_ROUND)

    def is_ready(self):
        marks = [f"sb:{{{p}}}:mark" for p in (*range(12), "dir")]
        return all(self.redis.hget(mark, "state") == b"ready" for mark in marks)

    def close(self):
        self.redis.close()


class SlowLine:
    """A proxy to Redis that cuts what goes there into pieces and delays each of them, by at most so
    many seconds."""

    def __init__(self, address, seed, held_back):
        self.held_back = held_back
        host, port = address.rsplit(":", 1)
        self.there = (host, int(port))
        self.random = random.Random(seed)
        self.server = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.server.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self.server.accept()
            except OSError:
                return
            far = socket.create_connection(self.there)
            for one in (near, far):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._carry, args=(near, far, self._slowly), daemon=True).start()
            threading.Thread(target=self._carry, args=(far, near, None), daemon=True).start()

    def _slowly(self, to, data):
        cut = self.random.randrange(len(data) + 1)
        for piece in (data[:cut], data[cut:]):
            time.sleep(self.random.random() * self.held_back)
            to.sendall(piece)

    @staticmethod
    def _carry(of, to, how):
        with of, to:
            try:
                while data := of.recv(65536):
                    how(to, data) if how else to.sendall(data)
                to.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # one of the two sides is gone

    def close(self):
        self.server.close()


def start_asker(enemy, address):
    who = (enemy.suspect, enemy.member, enemy.workspace, enemy.control)
    env = environment()
    if enemy.world.secured:
        address, env = redis_alone(address, enemy.world.role(""), "sharebus-reader")
    return subprocess.Popen(
        [programs() / "asker", address, *who],
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextlib.contextmanager
def asking(enemy, *addresses):
    """Runs an asker for each of these addresses; they have ended afterwards."""
    askers = []
    try:
        for address in addresses:
            askers.append(start_asker(enemy, address))
        yield askers
    finally:
        for asker in askers:
            asker.kill()
            asker.wait()


def told(asker):
    asker.send_signal(signal.SIGTERM)
    out, err = asker.communicate(timeout=60)
    assert asker.returncode == 0, err
    return json.loads(out)


def never_yes(counts):
    assert (counts["forbidden"], counts["both"]) == (0, 0), counts
    assert counts["unavailable"] < counts["rounds"] / 10, counts


def test_a_check_never_sees_the_old_grant_with_the_new_member(world):
    enemy = Enemy(world)
    enemy.set_members(enemy.member)
    enemy.share(enemy.control)
    # Some questions shall see one state of the directory from start to end, others a change.
    line = SlowLine(world.redis_address, 1, enemy.change_seconds() / 4)
    addresses = [world.redis_address] + [line.address] * SLOW_ASKERS
    try:
        with asking(enemy, *addresses) as askers:
            for _ in range(ROUNDS):
                enemy.round()
                for asker in askers:
                    assert asker.poll() is None, asker.communicate()
            fast, *slow = [told(asker) for asker in askers]
    finally:
        line.close()
        enemy.close()
    print(fast, *slow, sep="\n")
    for counts in (fast, *slow):
        never_yes(counts)
    # The askers have seen every step of the rounds, often.
    assert min(fast["shared"], fast["member"]) > ROUNDS and fast["clients"] > 1, fast
    for what in ("shared", "member"):
        assert sum(counts[what] for counts in slow) > ROUNDS / 20, slow


@pytest.mark.parametrize("apart", [False, True])
def test_a_user_removed_from_the_group_before_a_share_gains_nothing_through_it(world, apart):
    """The author of the share knows of the removal from the log, not from the index, and the command says
    so. With two consumers, one decides on a directory that the other has yet to write."""
    enemy = Enemy(world, apart)
    enemy.set_members(enemy.member)
    enemy.share(enemy.control)
    try:
        with asking(enemy, *[world.redis_address] * 2) as askers:
            for _ in range(TAKEN_OUT_ROUNDS):
                enemy.set_members(enemy.member, enemy.suspect)
                out = enemy.put(bus.DIRECTORY, enemy.group_of(enemy.member))
                enemy.share(enemy.workspace, directory_offset=out.offset() + 1)
                enemy.take_back()
            counts = [told(asker) for asker in askers]
    finally:
        enemy.close()
    print(*counts, sep="\n")
    for one in counts:
        assert one["forbidden"] == 0, one
    assert sum(one["shared"] for one in counts) > TAKEN_OUT_ROUNDS, counts


def test_a_removed_user_stays_removed_when_the_directory_goes_back(world):
    """Redis is set back to before the removal, and then something else changes in the directory, mostly
    before the consumer has noticed the loss."""
    enemy = Enemy(world)
    groups = b"sb:{dir}:of:" + uuid.UUID(enemy.suspect).bytes
    else_ = enemy.made.status_of_user(enemy.made.directory.users[-1], "active")
    try:
        for _ in range(10):
            enemy.set_members(enemy.member, enemy.suspect)
            old = {key: enemy.redis.dump(key) for key in enemy.redis.scan_iter("sb:{dir}:*")}
            enemy.set_members(enemy.member)
            back = enemy.redis.pipeline()
            for key, value in old.items():
                back.restore(key, 0, value, replace=True)
            back.execute()
            enemy.send(bus.DIRECTORY, else_)
            assert not enemy.redis.smembers(groups)
    finally:
        enemy.close()


def test_a_lost_index_never_denies_while_it_is_rebuilt(world):
    """Access is always allowed here, so every answer must be yes or unavailable."""
    enemy = Enemy(world)
    enemy.set_members(enemy.member, enemy.suspect)
    enemy.share(enemy.control)
    enemy.share(enemy.workspace)
    line = SlowLine(world.redis_address, 2, HELD_BACK_SECONDS)
    try:
        with asking(enemy, *[line.address] * (2 * SLOW_ASKERS)) as askers:
            for _ in range(LOSSES):
                time.sleep(0.1)
                enemy.redis.flushall()
                world.wait("rebuilt", enemy.is_ready, alive=[enemy.consumer])
            counts = [told(asker) for asker in askers]
    finally:
        line.close()
        enemy.close()
    print(*counts, sep="\n")
    for one in counts:
        assert one["forbidden"] == one["shared"] == one["member"] == one["rounds"], one
    assert sum(one["rounds"] for one in counts) > LOSSES, counts
    assert min(one["unavailable"] for one in counts) > 0, counts


def test_the_asker_can_say_yes(world):
    """Otherwise the tests above would prove nothing."""
    enemy = Enemy(world)
    enemy.set_members(enemy.member, enemy.suspect)
    enemy.share(enemy.control)
    enemy.share(enemy.workspace)
    try:
        with asking(enemy, world.redis_address) as (asker,):
            time.sleep(1)
            counts = told(asker)
    finally:
        enemy.close()
    assert counts["rounds"] > 0
    for what in ("forbidden", "shared", "member", "both"):
        assert counts[what] == counts["rounds"], counts
