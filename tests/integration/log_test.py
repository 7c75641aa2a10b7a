"""Kafka's log comes back shorter, or as another one: the topic was made anew, or a broker's disk was
restored from a snapshot. And somebody moves the group's offsets. Nothing is acknowledged that was not
done, no good index is cleared, and a person is asked."""

import collections
import json
import re
import shutil
import subprocess

import bus
import confluent_kafka
import load
from confluent_kafka import admin
from stack import role_of

SHAPE = {"users": 200, "workspaces": 500}
UNAVAILABLE = 3
SET_ASIDE = r"partition (\d+): set aside: "
PATIENCE_S = 60


def _fill(world, seed, commands):
    made = world.populate(load.Shape(seed=seed, **SHAPE))
    world.send(made, commands, load.MIX)
    return made


def _kafka(world):
    return admin.AdminClient({"bootstrap.servers": world.brokers})


def _wait_said(world, consumer, pattern, times=1):
    """Waits until the consumer has logged that about so many partitions."""

    def said():
        text = consumer.log.read_text(errors="replace")
        return len(set(re.findall(pattern, text))) >= times and text

    return world.wait(f"the consumer to say {pattern!r}", said, PATIENCE_S, [consumer], every_s=0.1)


def _make_topic_anew(world):
    kafka = _kafka(world)
    for future in kafka.delete_topics([bus.COMMANDS]).values():
        future.result()

    def made():
        try:
            bus.create_topics(world.brokers, load.sharebus_program())
        except subprocess.CalledProcessError:
            return False
        return len(bus.partitions_of(world.brokers, bus.COMMANDS)) == 12

    world.wait("the topic to be made anew", made, PATIENCE_S, every_s=0.2)
    world.forget_ends()


def _index(world):
    """{key: {field: value}} of all workspaces in the index."""
    client = world.redis()
    found = {k: client.hgetall(k) for k in client.scan_iter(match="sb:{*}:ws:*", count=5000)}
    client.close()
    return found


def _flush(world):
    client = world.redis()
    client.flushall()
    client.close()


def _marks(world, field):
    client = world.redis()
    found = {p: client.hget(f"sb:{{{p}}}:mark", field) for p in world.ends()}
    client.close()
    return found


def _event_ids(world):
    events = bus.read_topic(world.brokers, bus.EVENTS)
    return [bus.headers_of(m)["ce_id"] for messages in events.values() for m in messages]


def _check_ids(world, logs):
    """Every event has an id of its own, and there are some of each of these logs."""
    ids = _event_ids(world)
    repeated = [i for i, times in collections.Counter(ids).items() if times > 1]
    assert not repeated, f"{len(repeated)} ids stand for more than one event: {repeated[:5]}"
    found = {(i.split("-") + ["0"])[3] for i in ids}
    assert found == logs, found


def test_a_topic_made_anew_while_no_consumer_runs_needs_a_decision_by_a_person(world):
    """The new log is longer than the old one was, so that only its records show that it is another."""
    made = _fill(world, 51, 2_000)
    world.finish(world.start_consumer())
    before = _index(world)
    _make_topic_anew(world)
    world.send(made, 6_000, load.PLAIN)
    assert all(end > world.applied()[p] for p, end in world.ends().items())
    consumer = world.start_consumer()
    _wait_said(world, consumer, SET_ASIDE, times=12)
    text = _wait_said(world, consumer, r"partition (\d+): set aside: it was applied up to \d+, but its log has another record")
    assert "--accept-other-log" in text, text
    assert _index(world) == before
    assert set(_marks(world, "suspect").values()) == {b"1"}
    consumer.terminate()
    consumer = world.start_consumer(arguments=["--accept-other-log"])
    world.finish(consumer)
    assert set(_marks(world, "log").values()) == {b"1"}
    assert set(_marks(world, "suspect").values()) == {b"0"}
    assert _index(world) != before
    _check_ids(world, {"0", "1"})
    world.send(made, 500, load.PLAIN)
    consumer = world.start_consumer()
    world.finish(consumer)
    assert ": set aside: " not in consumer.log.read_text(errors="replace")


def _sharebus(world, *args, code=0):
    done = subprocess.run(
        [load.sharebus_program(), *args],
        env=world.env(role_of(args)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == code, (args, done.returncode, done.stdout, done.stderr)
    return done


def test_no_removal_is_acknowledged_after_the_topic_was_made_anew(world):
    """It happens under the running consumer, and the old log has outcomes at the new log's offsets."""
    people = ["alice", "bob", "carol"]
    directory = world.folder / "directory.json"
    directory.write_text(
        json.dumps(
            {
                "organizations": [{"name": "acme"}],
                "users": [{"username": u, "organizations": ["acme"]} for u in ("erin", *people)],
                "workspaces": [{"name": "dev", "owner": "erin", "organization": "acme"}],
            }
        )
    )
    bus.create_topics(world.brokers, load.sharebus_program())
    consumer = world.start_consumer()
    world.wait("an index", lambda: set(world.states()) == {b"ready"}, alive=[consumer])
    _sharebus(world, "directory", "apply", str(directory), "--wait", "30s")
    for who in people:
        _sharebus(world, "sharing", "share", "erin/dev", "--as", "erin", "--user", who)
    world.forget_ends()
    world.wait_published(consumer)
    _make_topic_anew(world)
    for who in people:
        remove = ("sharing", "remove", "erin/dev", "--as", "erin", "--user", who, "--wait", "3s")
        _sharebus(world, *remove, code=UNAVAILABLE)
        _sharebus(world, "check", who, "ssh", "erin/dev")
    text = _wait_said(world, consumer, SET_ASIDE)
    partition = int(re.search(SET_ASIDE, text)[1])
    late = _sharebus(
        world, "check", "bob", "ssh", "erin/dev", "--at-least", f"{partition}:0", code=UNAVAILABLE
    )
    assert "does not seem to be the one" in late.stderr
    consumer.terminate()
    consumer = world.start_consumer(arguments=["--accept-other-log"])
    world.forget_ends()
    world.finish(consumer)
    _check_ids(world, {"0", "1"})
    for empty in (False, True):  # the changelog has higher offsets of the old log
        if empty:
            _flush(world)
            world.finish(world.start_consumer())
        for who in people:
            _sharebus(world, "check", who, "ssh", "erin/dev", code=1)


def _kill_kafka(world):
    subprocess.run(world.stack_command("kill", "kafka"), capture_output=True, timeout=60, check=True)


def _snapshot_of_disk(world):
    """Stops Kafka and copies its disk; returns a function that brings Kafka back with that copy."""
    data, kept = world.stack / "kafka" / "data", world.folder / "kept"
    _kill_kafka(world)
    shutil.copytree(data, kept)
    _start(world)

    def restore():
        _kill_kafka(world)
        shutil.rmtree(data)
        shutil.copytree(kept, data)
        _start(world)

    return restore


def _start(world):
    done = world._stack("up")
    assert done.returncode == 0, done.stderr


def test_a_restored_disk_needs_a_decision_by_a_person(world):
    """Also after the log has grown again; then what comes after the restored part is decided."""
    made = _fill(world, 53, 2_000)
    world.finish(world.start_consumer())
    restore = _snapshot_of_disk(world)
    world.send(made, 2_000, load.PLAIN)
    world.finish(world.start_consumer())
    before = _index(world)
    restore()
    world.forget_ends()
    consumer = world.start_consumer()
    text = _wait_said(world, consumer, SET_ASIDE, times=12)
    assert re.search(r"partition \d+: set aside: it was applied up to \d+, but its log ends at \d+", text), text
    assert _index(world) == before
    consumer.terminate()
    world.send(made, 4_000, load.PLAIN)
    consumer = world.start_consumer()
    _wait_said(world, consumer, r"partition (\d+): set aside: it was applied up to \d+, but its log has another record")
    consumer.terminate()
    assert _index(world) == before
    consumer = world.start_consumer(arguments=["--accept-other-log"])
    world.finish(consumer)
    _check_ids(world, {"0", "1"})


def test_a_disk_restored_under_the_consumer_is_noticed_before_anything_is_applied(world):
    made = _fill(world, 54, 2_000)
    consumer = world.start_consumer()
    world.wait_published(consumer)
    restore = _snapshot_of_disk(world)
    world.send(made, 500, load.PLAIN)
    world.wait_published(consumer)
    before = _index(world)
    restore()
    world.forget_ends()
    world.send(made, 4_000, load.PLAIN)
    _wait_said(world, consumer, SET_ASIDE, times=12)
    assert _index(world) == before
    consumer.terminate()


def _move_offsets(world, offsets):
    moved = [confluent_kafka.TopicPartition(bus.COMMANDS, p, o) for p, o in offsets.items()]
    wish = confluent_kafka.ConsumerGroupTopicPartitions(bus.GROUP, moved)
    kafka = _kafka(world)
    for future in kafka.alter_consumer_group_offsets([wish]).values():
        future.result()


def test_group_offsets_that_were_moved_do_not_count(world):
    """Before anything was committed, when it could be the changelog that is lost, a person is asked. Then
    forwards, and Redis keeps its index; forwards, and Redis is emptied; backwards."""
    made = _fill(world, 55, 2_000)
    _move_offsets(world, world.ends())
    consumer = world.start_consumer()
    text = _wait_said(world, consumer, SET_ASIDE, times=12)
    assert "tells of nothing: if the group's offset was set by hand, delete it" in text, text
    consumer.terminate()
    kafka = _kafka(world)
    for future in kafka.delete_consumer_groups([bus.GROUP]).values():
        future.result()
    world.finish(world.start_consumer())
    for move, empty in ((1.0, False), (1.0, True), (0.0, False)):
        world.send(made, 1_000, load.MIX)
        _move_offsets(world, {p: int(end * move) for p, end in world.ends().items()})
        if empty:
            _flush(world)
        consumer = world.start_consumer()
        world.wait("all applied", lambda: world.applied() == world.ends(), alive=[consumer])
        text = consumer.log.read_text(errors="replace")
        assert ("somebody has moved the group's offsets" in text) == (move == 1.0), text
        assert ("rebuilding it" in text) == empty, text
        world.finish(consumer)
    world.count(all_outcomes=False).verify()


def test_one_partition_whose_commands_are_lost_stops_no_other(world):
    made = _fill(world, 57, 1_000)
    world.finish(world.start_consumer())
    world.send(made, 2_000, load.PLAIN)
    gone = [confluent_kafka.TopicPartition(bus.COMMANDS, 4, world.ends()[4])]
    kafka = _kafka(world)
    for future in kafka.delete_records(gone).values():
        future.result()
    consumer = world.start_consumer()
    others = {p: end for p, end in world.ends().items() if p != 4}
    world.wait(
        "the others to be applied",
        lambda: {p: a for p, a in world.applied().items() if p != 4} == others,
        alive=[consumer],
    )
    _wait_said(world, consumer, r"partition (4): set aside: it was applied up to \d+, but its log begins at \d+")
    consumer.terminate()
