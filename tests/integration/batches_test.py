"""Batches that a few kilobytes hold and that the client cannot unpack: in sharing.commands they are stepped
over and told by a dead letter, in sharing.directory nobody is answered, in sharing.grants one partition waits."""

import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

import bus
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from stack import PATIENCE_SECONDS, Stack, kafka_or_skip, programs, until  # noqa: E402

DONE, NO, UNAVAILABLE = 0, 1, 3
ZEROS = bytes(150 << 20)
STEPS = ["before-hole", "after-read", "after-apply", "after-produce", "before-commit", "after-commit"]
PEOPLE = [{"username": n, "organizations": ["acme"]} for n in ("erin", "alice", "bob")]
CONTENT = {
    "organizations": [{"name": "acme"}],
    "users": PEOPLE,
    "workspaces": [{"name": "box", "owner": "erin", "organization": "acme"}],
}


class Deployment(Stack):
    """A stack whose one consumer the test starts and ends."""

    consumer = None

    def start(self, *args, **env):
        log = self.dir.parent / f"consumer-{uuid.uuid4()}.log"
        with log.open("wb") as out:
            self.consumer = subprocess.Popen(
                [self.bin / "sharebus-consumer", "--instance", "one", *args],
                env=self.env("consumer", args, **env),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )
        self.log = log

    def end(self):
        if self.consumer is None:
            return None
        if self.consumer.poll() is None:
            self.consumer.terminate()
        return self.consumer.wait(PATIENCE_SECONDS)

    def said(self):
        return self.log.read_text(errors="replace")

    def share(self, role="use"):
        args = ("sharing", "share", "erin/box", "--user", f"bob:{role}", "--wait", "30s")
        return self.sharebus(*args, as_user="erin")

    def may(self, user):
        """What check says: DONE is yes."""
        return self.sharebus("check", user, "ssh", "erin/box", "--wait", "200ms").code

    def box(self):
        """The id of erin/box, as a key."""
        shown = self.sharebus("sharing", "show", "erin/box", "-o", "json", "--wait", "60s", as_user="erin").done()
        return shown.json["workspace"]["id"]

    def applied(self, name):
        return int(self.redis_client().hget(f"sb:{{{name}}}:mark", "applied") or 0)

    def letters(self):
        """{(partition, offset): headers} of the dead letters of batches; none comes twice."""
        found = {}
        for m in sum(bus.read_topic(self.brokers, bus.DEADLETTER).values(), []):
            headers = {name: value.decode() for name, value in m.headers()}
            if "sharebus_count" not in headers:
                continue
            origin = int(headers["sharebus_partition"]), int(headers["sharebus_offset"])
            assert origin not in found, headers
            assert m.key() is None and m.value() is None, headers
            found[origin] = headers
        return found


def deployments():
    """One with a consumer, people and a workspace."""
    kafka_or_skip()
    with tempfile.TemporaryDirectory(prefix="sharebus-batches.") as home:
        one = Deployment(Path(home) / "stack", programs(), "kafka,redis,topics")
        try:
            one.up()
            one.start()
            until("readers are answered", lambda: one.sharebus("directory", "show").code == DONE)
            one.apply(CONTENT, Path(home))
            yield one
        finally:
            one.end()
            one.wipe()


@pytest.fixture(scope="module")
def deployment():
    yield from deployments()


@pytest.fixture
def fresh():
    """One that the test may break."""
    yield from deployments()


def send_batch(stack, topic, key, codec, values):
    """Writes these values as one batch; returns the positions."""
    where = []
    target = bus.producer(
        stack.brokers,
        **{
            "compression.type": codec,
            "message.max.bytes": 1_000_000_000,
            "batch.size": 2_147_483_647,
            "linger.ms": 10_000,
        },
    )
    for value in values:
        target.produce(topic, value, key, on_delivery=lambda e, m: where.append((m.partition(), m.offset())))
    assert target.flush(60) == 0
    assert [offset for _, offset in where] == list(range(where[0][1], where[0][1] + len(values)))
    return where


@pytest.mark.parametrize("others", [0, 1, 5])
def test_a_batch_is_stepped_over_with_one_dead_letter_for_all_its_records(deployment, others):
    box = deployment.box()
    values = [b"not read"] * others + [ZEROS] + [b"not read"] * others
    before = deployment.letters()
    deployment.share("use").done()
    where = send_batch(deployment, bus.COMMANDS, box, "zstd", values)
    deployment.share("admin").done()
    after = deployment.letters()
    assert set(after) - set(before) == {where[0]}
    headers = after[where[0]]
    assert headers["sharebus_topic"] == bus.COMMANDS
    assert headers["sharebus_count"] == str(len(values))
    assert "Invalid compressed data" in headers["sharebus_reason"]
    assert "sharebus_timestamp" not in headers


def test_a_batch_at_the_end_of_the_log_is_not_waited_for(deployment):
    partition, offset = send_batch(deployment, bus.COMMANDS, deployment.box(), "zstd", [ZEROS])[0]
    until("the batch is stepped over", lambda: deployment.applied(partition) == offset + 1)


def test_each_record_of_the_batch_is_told_to_be_unreadable(deployment):
    where = send_batch(deployment, bus.COMMANDS, deployment.box(), "zstd", [b"x", ZEROS, b"y"])
    partition, last = where[-1]
    until("the batch is stepped over", lambda: deployment.applied(partition) == last + 1)
    (entry,) = deployment.redis_client().xrange(f"sb:{{{partition}}}:outcomes", f"{last}-1", f"{last}-1")
    one = 1 + 2 + 1 + 16 + 1  # offset and version below 128, no message
    told = entry[1][b"o"]
    told = [(told[at], told[at + 1]) for at in range(0, len(told), one)]
    assert told == [(offset, 5) for _, offset in where]


def test_a_dead_letter_without_its_records_is_not_sent_again(deployment):
    row = deployment.sharebus("deadletter", "list", "-o", "json").done().json[-1]
    assert row["at"] is None and row["size"] is None
    ran = deployment.sharebus("deadletter", "replay", row["position"])
    assert ran.code == NO and "their authors must send them again" in ran.out, ran


@pytest.mark.parametrize("codec", ["gzip", "lz4", "snappy"])
def test_what_another_codec_packs_is_a_dead_letter_or_stepped_over(deployment, codec):
    """The client unpacks these; then the record is one that cannot be read."""
    value = bytes(15 << 20)
    partition, offset = send_batch(deployment, bus.COMMANDS, deployment.box(), codec, [value])[0]
    until("the batch is stepped over", lambda: deployment.applied(partition) > offset)
    deployment.share("use").done()


@pytest.mark.parametrize("step", STEPS)
def test_a_consumer_that_dies_while_it_steps_over_tells_it_once(deployment, step):
    box = deployment.box()
    before = deployment.letters()
    deployment.end()
    where = send_batch(deployment, bus.COMMANDS, box, "zstd", [b"x", ZEROS])
    deployment.start(SHAREBUS_CRASH_AT=step)
    assert deployment.consumer.wait(PATIENCE_SECONDS) == -9
    deployment.start()
    deployment.share("use").done()
    deployment.share("admin").done()
    assert set(deployment.letters()) - set(before) == {where[0]}


def test_a_changelog_that_cannot_be_unpacked_sets_its_partition_aside(deployment):
    """The others are rebuilt; this one is not believed without what the batch held."""
    deployment.share("use").done()
    deployment.end()
    partition = send_batch(deployment, bus.GRANTS, deployment.box(), "zstd", [ZEROS])[0][0]
    deployment.redis_client().flushall()
    deployment.start()

    def states():
        rows = deployment.sharebus("status", "-o", "json").json["partitions"]
        return {row["partition"]: (row["state"], row["trouble"]) for row in rows}

    def others_are_ready():
        found = states()
        return all(s == "ready" for p, (s, _) in found.items() if p != partition) and found[partition][1]

    trouble = until("the others are ready", others_are_ready)
    assert states()[partition][0] == "rebuilding"
    assert f"sharing.grants partition {partition}" in str(trouble) and "cannot be unpacked" in str(trouble)
    assert deployment.may("bob") == UNAVAILABLE
    assert f"partition {partition}: set aside" in deployment.said()


def test_a_batch_right_after_an_aborted_transaction_holds_up_no_start(fresh):
    """The next start looks whether readers see the transaction's first record there, and what they see is the batch."""
    box = fresh.box()
    fresh.share("use").done()
    fresh.end()
    fresh.start(SHAREBUS_CRASH_AT="before-commit")
    fresh.share("admin")
    assert fresh.consumer.wait(PATIENCE_SECONDS) == -9
    partition = send_batch(fresh, bus.EVENTS, box, "zstd", [ZEROS])[0][0]
    fresh.start()

    def is_published():
        rows = fresh.sharebus("status", "-o", "json").json["partitions"]
        return rows[partition]["state"] == "ready" and rows[partition]["lag"] == 0

    until("all is published", is_published)


def suspended(who):
    return {"users": [p | ({"status": "suspended"} if p["username"] == who else {}) for p in PEOPLE]}


def test_nobody_is_answered_from_a_directory_with_a_batch_that_cannot_be_unpacked(fresh):
    """What it holds may be a suspension. Going on without it is a person's decision."""
    fresh.share("use").done()
    assert fresh.may("bob") == DONE
    offset = send_batch(fresh, bus.DIRECTORY, "deployment", "zstd", [b"x", ZEROS, b"y"])[0][1]
    until("the directory is not ready", lambda: fresh.may("bob") == UNAVAILABLE)
    sentence = f"sharing.directory: the batch at offset {offset} cannot be unpacked"
    until("status says so", lambda: sentence in fresh.sharebus("status").err)
    assert fresh.sharebus("status").code == NO
    share = ("sharing", "share", "erin/box", "--user", "alice", "--wait", "2s")
    assert fresh.sharebus(*share, as_user="erin").code == UNAVAILABLE  # not decided meanwhile

    assert fresh.end() == 0
    fresh.start()
    until("the new process stops there, too", lambda: sentence in fresh.said())
    assert fresh.may("bob") == UNAVAILABLE
    assert f"--accept-lost-directory {offset}" in fresh.said()

    assert fresh.end() == 0
    fresh.start("--accept-lost-directory", str(offset))
    until("bob may again", lambda: fresh.may("bob") == DONE)
    said = fresh.said()
    assert f"the offsets from {offset} to {offset + 2} cannot be unpacked and are passed over" in said
    fresh.apply(suspended("bob"), fresh.dir.parent)
    until("bob is suspended", lambda: fresh.may("bob") == NO)

    offset = send_batch(fresh, bus.DIRECTORY, "deployment", "zstd", [ZEROS])[0][1]
    until("a later batch is not accepted", lambda: fresh.may("alice") == UNAVAILABLE)
    fresh.end()
    fresh.start("--accept-lost-directory", str(offset))
    until("both are passed over", lambda: fresh.may("bob") == NO)
