"""What a consumer does when Redis or Kafka have lost data: it rebuilds the index from the changelog,
nothing happens twice, and it reports what cannot be recovered."""

import os
import re
import shutil
import signal
import time

import bus
import confluent_kafka
import load
from confluent_kafka import admin

SHAPE = {"users": 500, "workspaces": 2000}
REFUSED = 3
REMEMBERED_MAX = 1000  # commands of a workspace


def _fill(world, seed, commands):
    made = world.populate(load.Shape(seed=seed, **SHAPE))
    world.send(made, commands, load.MIX)
    return made, sum(world.ends().values())


def _flush(world):
    client = world.redis()
    client.flushall()
    client.close()


def _ended(consumer):
    """Its exit code and its whole log."""
    code = consumer.process.wait(60)
    return code, consumer.log.read_text(errors="replace")


def _set_aside(world, consumer):
    """Waits until the consumer has set a partition aside; returns what it has said so far."""

    def said():
        text = consumer.log.read_text(errors="replace")
        return ": set aside: " in text and text

    return world.wait("a partition to be set aside", said, alive=[consumer])


def test_an_emptied_redis_is_rebuilt_when_idle(world):
    """An idle consumer notices by itself."""
    _fill(world, 31, 5_000)
    consumer = world.start_consumer()
    world.wait_published(consumer)
    _flush(world)
    world.finish(consumer)
    world.count(all_outcomes=False).verify()


def test_an_emptied_redis_is_rebuilt_under_load(world):
    """Twice, with runs that are applied but not yet published."""
    _, total = _fill(world, 32, 60_000)
    consumer = world.start_consumer()
    for share in (3, 2):
        world.wait_applied(total // share, consumer)
        _flush(world)
        world.wait("applied anew", lambda: sum(world.applied().values()) > 0, alive=[consumer])
    world.finish(consumer)
    world.count(all_outcomes=False).verify()


def _make_layout_1(world):
    """Changes every mark and workspace to what a program of the first layout would have written."""
    client = world.redis()
    for key in client.scan_iter(match="sb:*", count=5000):
        if key.endswith(b"}:mark"):
            client.hset(key, "layout", "1")
        elif b"}:ws:" in key:
            header = client.hget(key, "h")
            client.delete(key)
            client.hset(key, mapping={"org": header[:16], "owner": header[16:32], "ver": "1"})
    client.close()


def test_an_index_of_an_older_layout_is_rebuilt(world):
    """Some of its runs are applied but not yet published."""
    _, total = _fill(world, 38, 30_000)
    consumer = world.start_consumer()
    world.wait_applied(total // 2, consumer)
    consumer.kill()
    _make_layout_1(world)
    world.finish(world.start_consumer())
    world.count(all_outcomes=False).verify()


def _send(world, commands):
    bus.send_all(world.brokers, bus.COMMANDS, commands)
    world.forget_ends()


def test_commands_are_remembered_or_too_old_also_after_a_rebuild(world):
    """A command that was revoked and forgotten does not come back, however late it is repeated."""
    made = world.populate(load.Shape(seed=40, users=50, groups=1, workspaces=1))
    (w,) = made.workspaces
    bob, alice = [u for u in made.directory.users if u != made.owner[w]][:2]
    first = made._share(w, [("user", bob, "admin", None)])
    time.sleep(0.01)  # the ids of the same millisecond would be too old together
    revoked = made._remove(w, [("user", bob)])
    others = [
        made._share(w, [("user", alice, ("use", "admin")[n % 2], None)]) for n in range(REMEMBERED_MAX)
    ]
    _send(world, [first, revoked, *others, first, others[1]])
    consumer = world.start_consumer()
    world.wait_published(consumer)
    _flush(world)
    world.wait("rebuilt", lambda: world.applied() == world.ends(), alive=[consumer])
    _send(world, [first, others[-1], made._share(w, [("user", alice, "use", None)])])
    world.finish(consumer)
    count = world.count(all_outcomes=False)
    count.verify()
    outcomes = count.model.counts()
    assert outcomes["rejected command_too_old"] == 2
    assert outcomes["duplicate"] == 2


def _snapshot(world):
    """Takes a snapshot of Redis; returns a function that kills Redis and starts it from the snapshot."""
    dump, kept = world.stack / "redis" / "dump.rdb", world.folder / "kept.rdb"
    client = world.redis()
    client.save()
    client.close()
    shutil.copy(dump, kept)

    def restore():
        pid = int((world.stack / "run" / "redis.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        shutil.copy(kept, dump)
        done = world._stack("up")
        assert done.returncode == 0, done.stderr

    return restore


def _snapshot_and_more(world, seed):
    """A consumer that has published everything, part of it after a snapshot; and the restore function."""
    made, _ = _fill(world, seed, 10_000)
    consumer = world.start_consumer()
    world.wait_published(consumer)
    restore = _snapshot(world)
    world.send(made, 10_000, load.MIX)
    world.wait_published(consumer)
    return consumer, restore


def test_an_older_snapshot_is_caught_up(world):
    consumer, restore = _snapshot_and_more(world, 33)
    restore()
    world.finish(consumer)
    world.count(all_outcomes=False).verify()


def test_an_older_snapshot_is_noticed_at_the_next_start(world):
    """The mark alone looks good; only the offset committed in Kafka shows that data is missing."""
    consumer, restore = _snapshot_and_more(world, 34)
    consumer.terminate()
    restore()
    world.finish(world.start_consumer())
    world.count(all_outcomes=False).verify()


def _forget_group(world):
    """Deletes the consumer group, as if its offsets had expired."""
    client = admin.AdminClient({"bootstrap.servers": world.brokers})
    for future in client.delete_consumer_groups([bus.GROUP]).values():
        future.result()


def test_expired_offsets_do_no_harm(world):
    """The changelog's progress counts instead, whether Redis has kept its data or not."""
    made, _ = _fill(world, 35, 5_000)
    consumer = world.start_consumer()
    world.finish(consumer)
    for empty in (False, True):
        _forget_group(world)
        if empty:
            _flush(world)
        world.send(made, 2_000, load.MIX)
        consumer = world.start_consumer()
        world.finish(consumer)
    world.count(all_outcomes=False).verify()


def _delete_records(world):
    """Deletes all records on the log, as retention would."""
    client = admin.AdminClient({"bootstrap.servers": world.brokers})
    gone = [confluent_kafka.TopicPartition(bus.COMMANDS, p, e) for p, e in world.ends().items()]
    for future in client.delete_records(gone).values():
        future.result()


def test_lost_commands_need_a_decision_by_a_person(world):
    """Retention has taken commands that were never applied."""
    made, _ = _fill(world, 36, 2_000)
    consumer = world.start_consumer()
    world.wait_published(consumer)
    consumer.terminate()
    world.send(made, 2_000, load.PLAIN)
    _delete_records(world)
    consumer = world.start_consumer()
    said = _set_aside(world, consumer)
    assert re.search(r"partition \d+: set aside: it was applied up to \d+, but its log begins at \d+", said), said
    assert "--accept-lost-commands" in said, said
    consumer.terminate()
    consumer = world.start_consumer(arguments=["--accept-lost-commands"])
    world.wait("the lost commands to be skipped", lambda: world.applied() == world.ends(), alive=[consumer])
    world.finish(consumer)
    world.send(made, 500, load.PLAIN)
    consumer = world.start_consumer()
    world.finish(consumer)
    assert world.applied() == world.committed() == world.ends()


def test_commands_lost_before_the_first_start_are_said_to_be_never_applied(world):
    """Nothing was ever committed, and nobody should read of an offset -1 or of an apply up to 0."""
    made, _ = _fill(world, 39, 500)
    _delete_records(world)
    consumer = world.start_consumer()
    said = _set_aside(world, consumer)
    assert re.search(r"partition \d+: set aside: it was never applied, but its log begins at \d+", said), said
    assert "--accept-lost-commands" in said, said
    consumer.terminate()
    world.send(made, 500, load.PLAIN)
    consumer = world.start_consumer(arguments=["--accept-lost-commands", "--log-level", "debug"])
    world.finish(consumer)
    said = consumer.log.read_text(errors="replace")
    assert "Redis has no mark, Kafka has committed nothing" in said, said


def test_of_two_consumers_with_the_same_name_the_older_one_ends(world):
    made, total = _fill(world, 37, 2_000)
    first = world.start_consumer("same")
    world.wait_published(first)
    second = world.start_consumer("same")
    world.wait("the second to own something", lambda: "are ours and ready" in second.tail(), alive=[second])
    world.send(made, 20_000, load.MIX)
    code, said = _ended(first)
    assert code == REFUSED, said
    assert "another process runs under the instance name same" in said, said
    world.finish(second)
    world.verify()
