"""Topics that exist already, or are changed while the consumer runs: what guarantees rest on is compared with what
it must be, and named with the remedy."""

import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

import bus
import confluent_kafka
import pytest
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
)

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from stack import Stack, kafka_or_skip, programs, until  # noqa: E402

DONE, NO, UNAVAILABLE = 0, 1, 3
NAMES = ["commands", "directory", "events", "notifications", "handoffs", "grants", "deadletter"]
NAMES = [f"sharing.{name}" for name in NAMES]
PARTITIONS = 3
OWNS_ALL = "partitions 0-2 and the directory are ours and ready"
GRAVE = {  # by the broker's defaults
    "sharing.commands": "message.timestamp.type=CreateTime",
    "sharing.directory": "cleanup.policy=delete",
    "sharing.grants": "cleanup.policy=delete",
}


class Deployment(Stack):
    """A stack without topics and consumer; the test makes both."""

    def admin(self):
        return AdminClient({"bootstrap.servers": self.brokers})

    def set(self, topic, name, value):
        entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
        place = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=[entry])
        admin = self.admin()
        for answer in admin.incremental_alter_configs([place]).values():
            answer.result(30)

        def told():
            place = ConfigResource(ConfigResource.Type.TOPIC, topic)
            (answer,) = admin.describe_configs([place]).values()
            return answer.result(30)[name].value == value

        until(f"{topic} has {name}={value}", told)

    def create(self):
        return self.sharebus("topics", "create", "--partitions", str(PARTITIONS))

    def make_by_defaults(self):
        """As brokers do that make topics when somebody writes to them."""
        topics = [NewTopic(n, 1 if n == "sharing.directory" else PARTITIONS, 1) for n in NAMES]
        admin = self.admin()
        for answer in admin.create_topics(topics).values():
            answer.result(30)

    def consume(self, *args):
        log = self.dir.parent / f"consumer-{uuid.uuid4()}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [self.bin / "sharebus-consumer", "--instance", "one", *args],
                env=self.env("consumer", args),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )
        return process, log

    def forget_begin(self, topic, partition):
        """Deletes the partition's records as deletion by age would, and compacts it again."""
        self.set(topic, "cleanup.policy", "delete")
        end = bus.log_ends(self.brokers, topic)[partition]
        gone = [confluent_kafka.TopicPartition(topic, partition, end)]
        admin = self.admin()
        for answer in admin.delete_records(gone).values():
            answer.result(30)
        self.set(topic, "cleanup.policy", "compact")


@pytest.fixture
def bare():
    kafka_or_skip()
    with tempfile.TemporaryDirectory(prefix="sharebus-topics.") as home:
        one = Deployment(Path(home) / "stack", programs(), "kafka,redis")
        try:
            one.up()
            yield one
        finally:
            one.wipe()


def no_answer_is_nothing(ran):
    return ran if ran.code != UNAVAILABLE else None


def stopped(process):
    process.terminate()
    return process.wait(60)


def test_topics_made_by_a_brokers_defaults_are_refused_by_name(bare):
    bare.make_by_defaults()
    ran = bare.create()
    assert ran.code == UNAVAILABLE, ran
    for topic, fault in GRAVE.items():
        assert f"topic {topic} has {fault}, but must have" in ran.err, ran
    assert ran.err.count("but must have") == len(GRAVE), ran
    assert "topic sharing.directory has max.message.bytes=1048588, but should have at least" in ran.err

    process, log = bare.consume()
    assert process.wait(60) == UNAVAILABLE
    said = log.read_text()
    for topic, fault in GRAVE.items():
        assert f"topic {topic} has {fault}, but must have" in said, said
    status = until("status answers", lambda: no_answer_is_nothing(bare.sharebus("status")))
    assert status.code == NO and status.err.count("but must have") == len(GRAVE), status

    for topic, fault in GRAVE.items():  # the remedy that the sentences name
        name = fault.split("=")[0]
        bare.set(topic, name, "LogAppendTime" if "time" in name else "compact")
    again = bare.create()
    assert again.code == DONE and "but must have" not in again.err, again
    process, log = bare.consume()
    until("the consumer owns all", lambda: OWNS_ALL in log.read_text())
    assert stopped(process) == 0


def test_what_guarantees_do_not_rest_on_is_the_operators(bare):
    assert bare.create().code == DONE
    bare.set("sharing.events", "retention.ms", "1000")
    bare.set("sharing.deadletter", "max.message.bytes", "1000000")
    ran = bare.create()
    assert ran.code == DONE and "should have at least 67108864" in ran.err, ran
    process, log = bare.consume()
    until("all is ready", lambda: bare.sharebus("status").code == DONE)
    assert "should have at least 67108864" in log.read_text()
    assert stopped(process) == 0


def test_a_setting_that_is_changed_while_the_consumer_runs_is_named(bare):
    assert bare.create().code == DONE
    process, log = bare.consume()
    until("all is ready", lambda: bare.sharebus("status").code == DONE)
    bare.set("sharing.grants", "cleanup.policy", "delete")
    status = bare.sharebus("status", "-o", "json")
    assert status.code == NO, status
    assert any("topic sharing.grants has cleanup.policy=delete" in p for p in status.json["problems"])
    fault = "error topic sharing.grants has cleanup.policy=delete, but must have compact"
    until("the consumer says it", lambda: fault in log.read_text(), seconds=120)
    assert process.poll() is None
    assert stopped(process) == 0


def test_outputs_stay_where_readers_look_when_a_topic_grows(bare, tmp_path):
    assert bare.create().code == DONE
    text = "[kafka]\ntopic.metadata.refresh.interval.ms = 200\n"
    config = bare.configure(tmp_path / "often.conf", text, "consumer")
    process, log = bare.consume("--config", str(config))
    until("all is ready", lambda: bare.sharebus("status").code == DONE)
    grown = NewPartitions(bus.DEADLETTER, 4 * PARTITIONS)
    admin = bare.admin()
    for answer in admin.create_partitions([grown]).values():
        answer.result(30)
    until("its producers know it", lambda: log.read_text().count("partition count changed") >= 2)
    keys = [str(n).encode() for n in range(40)]
    bus.send_all(bare.brokers, bus.COMMANDS, [(key, b"not read", []) for key in keys])
    ends = lambda: bus.log_ends(bare.brokers, bus.DEADLETTER, "read_committed")  # noqa: E731
    until("all are dead letters", lambda: sum(ends().values()) >= len(keys))
    assert all(end == 0 for p, end in ends().items() if p >= PARTITIONS)
    assert process.poll() is None
    assert stopped(process) == 0


def test_a_changelog_without_its_beginning_is_not_rebuilt_from_without_a_decision(bare):
    assert bare.create().code == DONE
    process, log = bare.consume()
    until("all is ready", lambda: bare.sharebus("status").code == DONE)
    bus.send_all(bare.brokers, bus.COMMANDS, [(b"x", b"not read", [])] * 2)
    ends = bus.log_ends(bare.brokers, bus.COMMANDS)
    partition = next(p for p, end in ends.items() if end)
    with_progress = lambda: bus.log_ends(bare.brokers, bus.GRANTS)[partition] > 0  # noqa: E731
    until("the changelog has its progress", with_progress)
    assert stopped(process) == 0
    bare.forget_begin(bus.GRANTS, partition)

    lost = f"sharing.grants partition {partition} begins at offset"
    assert lost in bare.sharebus("status").err
    process, log = bare.consume()  # Redis has all: the changelog is not needed
    until("all is owned", lambda: OWNS_ALL in log.read_text())
    until("it is said", lambda: lost in log.read_text())
    server = bare.redis_client()
    applied = lambda: server.hget(f"sb:{{{partition}}}:mark", "applied")  # noqa: E731
    before = int(applied())
    bus.send_all(bare.brokers, bus.COMMANDS, [(b"x", b"not read", [])])
    until("the partition goes on", lambda: int(applied()) > before)
    assert stopped(process) == 0
    bare.forget_begin(bus.GRANTS, partition)

    server.flushall()
    process, log = bare.consume()
    refusal = "a rebuild from it would lose grants"
    until("the rebuild is refused", lambda: refusal in log.read_text())
    assert "--accept-lost-grants" in log.read_text()
    if process.poll() is None:
        process.terminate()
    process.wait(60)
    process, log = bare.consume("--accept-lost-grants")
    ready = lambda: server.hget(f"sb:{{{partition}}}:mark", "state") == b"ready"  # noqa: E731
    until("the partition is rebuilt from the rest", ready)
    assert stopped(process) == 0
