"""Handoffs through a real Kafka and Redis: each step is published once and kept in the index, an offer ends when
its time is over, and a rebuild brings back what there was."""

import collections
import time
import uuid

import bus
import load
import pytest

SHAPE = {"users": 60, "groups": 4, "workspaces": 24}
SOON_MS = 8000  # until an offer ends
LEADING = ("handoff:*", "hu:*", "hg:*")


def _raw(id):
    return uuid.UUID(id).bytes


class Scene:
    """A deployment, and handoffs in it."""

    def __init__(self, world):
        self.world = world
        self.made = world.populate(load.Shape(seed=7, **SHAPE))
        self.users = self.made.directory.users
        self.client = world.redis()
        self.records = []  # that are yet to be sent

    def send(self):
        bus.send_all(self.world.brokers, bus.COMMANDS, self.records)
        self.world.forget_ends()
        self.records = []

    def people_of(self, w):
        """Users that do not own the workspace."""
        return [u for u in self.users if u != self.made.owner[w]]

    def offer(self, w, subject, kind="user", expires_at=None, handoff_id=None):
        """The owner offers; the handoff's id."""
        handoff_id = handoff_id or str(uuid.uuid4())
        self.records.append(
            self.made._share(
                w,
                [(kind, subject, "use", None)],
                handoff={
                    "handoff_id": handoff_id,
                    "kind": "review",
                    "summary": "the migration is written",
                    "question": "may it run?",
                    "task": {"system": "a2a", "id": "t-1", "url": None},
                    "artifacts": [{"name": "the change", "url": "https://example.com/1"}],
                    "answer_schema": "{}",
                    "expires_at": expires_at,
                },
            )
        )
        return handoff_id

    def answer(self, w, handoff_id, actor, answer, **fields):
        self.records.append(
            self.made._command(
                "AnswerHandoff", w, actor, handoff_id=handoff_id, answer=answer, **{"artifacts": [], **fields}
            )
        )

    def wait_quiet(self, consumer):
        """Sends what was written down, and waits."""
        self.send()
        self.world.wait(
            "all applied and committed",
            lambda: self.world.applied() == self.world.ends() == self.world.committed(),
            alive=[consumer],
            every_s=0.05,
        )

    def steps(self):
        """{handoff: [HandoffChanged]}, as read_committed readers see them"""
        out = collections.defaultdict(list)
        for messages in bus.read_topic(self.world.brokers, bus.HANDOFFS).values():
            for m in messages:
                name, record = bus.decode(m.value())
                assert name == "HandoffChanged" and m.key().decode() == record["workspace"]["id"]
                assert bus.headers_of(m).keys() == bus.EVENT_HEADERS
                out[record["handoff_id"]].append(record)
        return out

    def states(self, handoff_id):
        """[(step, state)] of a handoff"""
        return [(r["step"], r["state"]) for r in self.steps()[handoff_id]]

    def revocations(self, w):
        """[(reason, subject)] of the grants that the workspace's events revoke"""
        out = []
        for messages in bus.read_topic(self.world.brokers, bus.EVENTS).values():
            for m in messages:
                name, record = bus.decode(m.value())
                assert name == "SharingChanged", record
                if record["workspace"]["id"] == w:
                    out += [(record["reason"], c["subject"]["id"]) for c in record["changes"] if c["after"] is None]
        return out

    def index(self):
        """{key: content} of all keys with handoffs, and of what is due"""
        out = {}
        for kind in LEADING:
            for key in self.client.scan_iter(match="sb:{*}:" + kind, count=5000):
                out[key] = self.client.hgetall(key)
        for p in self.world.ends():
            due = b"sb:{%d}:due" % p
            out[due] = self.client.zrange(due, 0, -1, withscores=True)
        for key in self.client.scan_iter(match="sb:{*}:ws:*", count=5000):
            out[key] = {k: v for k, v in self.client.hgetall(key).items() if k[:1] == b"o" and len(k) == 17}
        return {k: v for k, v in out.items() if v}

    def partition_of(self, w):
        return next(p for p in self.world.ends() if self.client.exists(b"sb:{%d}:ws:" % p + _raw(w)))

    def grants(self, w):
        key = b"sb:{%d}:ws:" % self.partition_of(w) + _raw(w)
        return sorted(str(uuid.UUID(bytes=k[1:])) for k in self.client.hkeys(key) if k[:1] in b"ug" and len(k) == 17)


@pytest.fixture
def scene(world):
    return Scene(world)


def test_a_handoff_goes_its_way_and_leaves_the_index(scene):
    w = scene.made.workspaces[0]
    bob, carol = scene.people_of(w)[:2]
    one = scene.offer(w, bob)
    scene.answer(w, one, bob, "accept", note="mine")
    scene.answer(w, one, bob, "reassign", to={"kind": "user", "id": carol})
    scene.answer(w, one, carol, "accept")
    consumer = scene.world.start_consumer()
    scene.wait_quiet(consumer)
    assert scene.grants(w) == [carol]
    base = b"sb:{%d}:" % scene.partition_of(w)
    found = scene.index()
    assert found[base + b"handoff:" + _raw(one)] == {_raw(w): b"2"}
    assert found[base + b"hu:" + _raw(carol)] == {_raw(w) + _raw(one): b"2"}
    assert base + b"hu:" + _raw(bob) not in found
    scene.answer(w, one, carol, "complete", artifacts=[{"name": "log", "url": "https://example.com/2"}])
    scene.wait_quiet(consumer)
    assert scene.index() == {}
    assert scene.states(one) == [
        (1, "offered"),
        (2, "accepted"),
        (3, "offered"),
        (4, "accepted"),
        (5, "completed"),
    ]
    steps = scene.steps()[one]
    assert [s["previous"] for s in steps] == [None, "offered", "accepted", "offered", "accepted"]
    assert steps[1]["note"] == "mine" and steps[1]["accepted_by"] == bob
    assert [a["name"] for a in steps[4]["artifacts"]] == ["the change", "log"]
    assert steps[0]["task"]["id"] == "t-1" and steps[0]["question"] == "may it run?"
    assert scene.grants(w) == [carol]
    assert scene.revocations(w) == [("handoff", bob)]


def test_an_offer_ends_exactly_once_when_its_time_is_over(scene):
    consumer = scene.world.start_consumer()
    ends = int(time.time() * 1000) + SOON_MS
    offered = {}
    for w in scene.made.workspaces[:12]:
        offered[w] = scene.offer(w, scene.people_of(w)[0], expires_at=ends)
    kept = scene.offer(scene.made.workspaces[0], scene.people_of(scene.made.workspaces[0])[1])
    scene.send()
    scene.world.wait(
        "all offers ended",
        lambda: all(scene.states(h)[-1:] == [(2, "expired")] for h in offered.values()),
        deadline_s=60,
        alive=[consumer],
        every_s=0.5,
    )
    scene.wait_quiet(consumer)
    for w, handoff in offered.items():
        assert scene.states(handoff) == [(1, "offered"), (2, "expired")]
        assert scene.revocations(w) == [("handoff", scene.people_of(w)[0])]
    assert scene.states(kept) == [(1, "offered")]
    commands = collections.Counter()
    for messages in bus.read_topic(scene.world.brokers, bus.COMMANDS).values():
        for m in messages:
            name, record = bus.decode(m.value())
            if name == "AnswerHandoff":
                assert (record["answer"], record["actor"]["kind"]) == ("expire", "system")
                commands[record["handoff_id"]] += 1
    assert commands == collections.Counter(offered.values())


def test_a_rebuild_brings_back_what_there_was(scene):
    consumer = scene.world.start_consumer()
    for i, w in enumerate(scene.made.workspaces):
        bob, carol = scene.people_of(w)[:2]
        one = scene.offer(w, bob, expires_at=int(time.time() * 1000) + 3_600_000)
        if i % 3:
            scene.answer(w, one, bob, "accept")
        if i % 3 == 2:
            scene.answer(w, one, bob, "return")
        scene.offer(w, scene.made.directory.groups[0], kind="group")
        scene.answer(w, scene.offer(w, carol), carol, "decline")
    scene.wait_quiet(consumer)
    before, steps = scene.index(), scene.steps()
    assert sum(len(v) for k, v in before.items() if b"}:ws:" in k) == 2 * len(scene.made.workspaces)
    scene.client.flushall()
    scene.world.wait(
        "the index rebuilt", lambda: set(scene.world.states()) == {b"ready"}, alive=[consumer], every_s=0.05
    )
    assert scene.index() == before
    assert scene.steps() == steps


DAMAGE = (
    ("its key is gone", lambda c, base, w, h, user: c.delete(base + b"handoff:" + h)),
    ("whom it waits for is not known", lambda c, base, w, h, user: c.delete(base + b"hu:" + user)),
    ("it is not due", lambda c, base, w, h, user: c.zrem(base + b"due", w + b"o" + h)),
    ("its field is gone", lambda c, base, w, h, user: c.hdel(base + b"ws:" + w, b"o" + h)),
    ("it cannot be read", lambda c, base, w, h, user: c.hset(base + b"ws:" + w, b"o" + h, b"x")),
    ("it has another state", lambda c, base, w, h, user: c.hset(base + b"hu:" + user, w + h, b"2")),
)


def test_damage_to_a_handoff_is_found_and_mended(scene):
    consumer = scene.world.start_consumer()
    targets = {}
    scene.wait_quiet(consumer)
    for w in scene.made.workspaces:
        if len(targets) < len(DAMAGE) and scene.partition_of(w) not in targets:
            user = scene.people_of(w)[0]
            handoff = scene.offer(w, user, expires_at=int(time.time() * 1000) + 3_600_000)
            targets[scene.partition_of(w)] = (w, handoff, user)
    scene.wait_quiet(consumer)
    assert len(targets) == len(DAMAGE)
    before = scene.index()
    epochs = {p: int(scene.client.hget(b"sb:{%d}:mark" % p, "epoch")) for p in targets}
    for (p, ids), (_, damage) in zip(targets.items(), DAMAGE):
        damage(scene.client, b"sb:{%d}:" % p, *map(_raw, ids))

    def is_rebuilt(p):
        epoch, state = scene.client.hmget(b"sb:{%d}:mark" % p, "epoch", "state")
        return int(epoch) > epochs[p] and state == b"ready"

    for p, (what, _) in zip(targets, DAMAGE):
        scene.world.wait(
            f"partition {p} rebuilt, where {what}", lambda p=p: is_rebuilt(p), deadline_s=120, alive=[consumer], every_s=0.05
        )
    assert scene.index() == before
