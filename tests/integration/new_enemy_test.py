"""The new enemy: a group's grant is removed, and then somebody is added to the group. She was never
in it while it had the grant, so no check, however they interleave, may ever say yes.

An asker (asker.c) asks through libsharebus as fast as it can, while the order is kept a thousand
times: share with the group, take it back, add her, remove her. Each step waits until the index has it.
"""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import bus
import load

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from stack import programs  # noqa: E402

ROUNDS = 1000
STEP_SECONDS = 60
POLL_SECONDS = 0.0005


class Enemy:
    """One group, two workspaces of one owner, a member for ever and one who comes and goes."""

    def __init__(self, world):
        self.made = world.populate(load.Shape(users=6, groups=1, workspaces=2))
        self.consumer = world.start_consumer()
        self.redis = world.redis()
        self.producer = bus.producer(world.brokers, **{"linger.ms": 0})
        self.group = self.made.directory.groups[0]
        self.workspace, self.control = self.made.workspaces
        owners = set(self.made.owner.values())
        self.suspect, self.member = [u for u in self.made.directory.users if u not in owners][:2]

    def send(self, topic, record):
        """Returns when the index has it."""
        key, value, headers = record
        sent = []
        self.producer.produce(
            topic, value, key, headers=headers, on_delivery=lambda *told: sent.append(told)
        )
        self.producer.flush(STEP_SECONDS)
        ((error, message),) = sent
        assert error is None, error
        where = "dir" if topic == bus.DIRECTORY else message.partition()
        end = time.monotonic() + STEP_SECONDS
        while int(self.redis.hget(f"sb:{{{where}}}:mark", "applied") or 0) <= message.offset():
            self.consumer.check_alive()
            assert time.monotonic() < end, f"{topic} {where}:{message.offset()} is not applied"
            time.sleep(POLL_SECONDS)

    def share(self, workspace):
        wishes = [("group", self.group, "use", None)]
        self.send(bus.COMMANDS, self.made._share(workspace, wishes))

    def take_back(self):
        self.send(bus.COMMANDS, self.made._remove(self.workspace, [("group", self.group)]))

    def set_members(self, *members):
        fields = {
            "id": self.group,
            "name": "group0",
            "organization_id": self.made.directory.organization,
            "members": list(members),
        }
        event = self.made.ids.any()
        self.send(bus.DIRECTORY, self.made._record("GroupChanged", self.group, fields, event))

    def close(self):
        self.redis.close()


def start_asker(world, enemy):
    who = (enemy.suspect, enemy.member, enemy.workspace, enemy.control)
    return subprocess.Popen(
        [programs() / "asker", world.redis_address, *who],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def told(asker):
    asker.send_signal(signal.SIGTERM)
    out, err = asker.communicate(timeout=60)
    assert asker.returncode == 0, err
    return json.loads(out)


def test_a_check_never_sees_the_old_grant_with_the_new_member(world):
    enemy = Enemy(world)
    enemy.set_members(enemy.member)
    enemy.share(enemy.control)
    asker = start_asker(world, enemy)
    try:
        for _ in range(ROUNDS):
            enemy.share(enemy.workspace)
            enemy.take_back()
            enemy.set_members(enemy.member, enemy.suspect)
            enemy.set_members(enemy.member)
            assert asker.poll() is None, asker.communicate()
        counts = told(asker)
    finally:
        asker.kill()
        asker.wait()
        enemy.close()
    print(counts)
    assert (counts["forbidden"], counts["both"]) == (0, 0), counts
    # It has looked into every part of the round, often.
    assert counts["shared"] > ROUNDS / 4 and counts["member"] > ROUNDS / 4, counts
    assert counts["rounds"] > 4 * ROUNDS and counts["clients"] > 1, counts
    assert counts["unavailable"] < counts["rounds"] / 100, counts


def test_the_asker_can_say_yes(world):
    """Else what it never said would prove nothing."""
    enemy = Enemy(world)
    enemy.set_members(enemy.member, enemy.suspect)
    enemy.share(enemy.control)
    enemy.share(enemy.workspace)
    asker = start_asker(world, enemy)
    try:
        time.sleep(1)
        counts = told(asker)
    finally:
        asker.kill()
        asker.wait()
        enemy.close()
    assert counts["rounds"] > 0
    for what in ("forbidden", "shared", "member", "both"):
        assert counts[what] == counts["rounds"], counts
