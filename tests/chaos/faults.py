"""The faults: each breaks something and heals it before it ends. All are generators of the same form,
fault(cluster, **parameters of schedule.py), which yield while they wait. One that is closed early
heals, too."""

import random
import shutil
import time

import bus
import thread
from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient

from cluster import pause, until

CRASH_S = 120  # for a crash point to be reached
SNAPSHOT_S = 60
BEYOND_S = 0.5
LEADER_S = 60
REDIS_CALL_S = 30
NO_REDIS = ("127.0.0.1", 1)  # an address without a Redis
PASSWORD = "for-a-moment"
REPAIRED_S = 120  # until damage in Redis is found and repaired
JOINED_S = 120
LEFT_S = 60  # until the group has noticed that its members are gone
TINY_BYTES = 100  # no event is as small


# ---- consumers ----


def kill(cluster, victim, down):
    slot = cluster.slots[victim]
    slot.kill()
    yield from pause(down)
    slot.start()


def freeze(cluster, victim, before, seconds):
    """Freezes a consumer for longer than its session timeout: when it wakes up it believes that it still
    owns its partitions. Redis pauses just before, so that the consumer has work in hand."""
    slot = cluster.slots[victim]
    _redis(cluster, "CLIENT", "PAUSE", int((before + BEYOND_S) * 1000), "ALL")
    yield from pause(before)
    slot.freeze()
    try:
        yield from pause(seconds)
    finally:
        slot.thaw()


def join_leave(cluster, rest, stay):
    for slot in cluster.slots:
        if not slot.wanted:
            slot.start()
    yield from pause(stay)
    for slot in cluster.slots[rest:]:
        if slot.wanted:
            yield from slot.stop()


def crash(step, cluster, victim, times, down):
    slot = cluster.slots[victim]
    yield from slot.stop()
    slot.start(crash_at=f"{step}:{times}")
    if step == "during-rebuild":
        yield from _lose_redis_under(cluster, slot)
    yield from until(f"consumer {slot.name} at its crash point {step}:{times}", slot.died, CRASH_S)
    yield from pause(down)
    slot.start()


def _lose_redis_under(cluster, slot):
    """Empties Redis once the consumer owns partitions; earlier, another consumer would rebuild them."""
    owns = lambda: " applied " in slot.consumer.log.read_text(errors="replace")  # noqa: E731
    what = f"consumer {slot.name} to own a partition"
    yield from until(what, lambda: owns() or slot.died(), CRASH_S)
    _redis(cluster, "FLUSHALL")


# ---- Redis ----


def _redis(cluster, *command):
    client = cluster.redis(timeout_s=REDIS_CALL_S)
    try:
        return client.execute_command(*command)
    finally:
        client.close()


def redis_empty(cluster, down):
    cluster.dump_file().unlink(missing_ok=True)
    yield from cluster.kill("redis")
    yield from pause(down)
    yield from cluster.bring_up("redis")


def redis_older(cluster, age, down):
    """Kills Redis and restores it from an older snapshot."""
    earlier = cluster.folder / "earlier.rdb"
    before = _redis(cluster, "LASTSAVE")
    yield from until("another second", lambda: time.time() > before.timestamp() + 1, SNAPSHOT_S)
    _redis(cluster, "BGSAVE")
    yield from until("a snapshot", lambda: _redis(cluster, "LASTSAVE") > before, SNAPSHOT_S)
    shutil.copy(cluster.dump_file(), earlier)
    yield from pause(age)
    yield from cluster.kill("redis")
    shutil.copy(earlier, cluster.dump_file())
    yield from pause(down)
    yield from cluster.bring_up("redis")
    cluster.dump_file().unlink()


def redis_flushed(cluster):
    _redis(cluster, "FLUSHALL")
    yield


def redis_paused(cluster, seconds):
    _redis(cluster, "CLIENT", "PAUSE", int(seconds * 1000), "ALL")
    yield from pause(seconds)


def redis_full(cluster, seconds):
    used = _redis(cluster, "INFO", "memory")["used_memory"]
    _redis(cluster, "CONFIG", "SET", "maxmemory", used // 2)
    try:
        yield from pause(seconds)
    finally:
        _redis(cluster, "CONFIG", "SET", "maxmemory", 0)


def redis_readonly(cluster, seconds):
    """Makes Redis the replica of a server that cannot be reached: it keeps its data but takes no writes."""
    _redis(cluster, "REPLICAOF", *NO_REDIS)
    try:
        yield from pause(seconds)
    finally:
        _redis(cluster, "REPLICAOF", "NO", "ONE")


def redis_locked(cluster, seconds):
    """Redis asks for a password that nobody has. Whoever starts then refuses to, so all must have begun."""
    running = [slot for slot in cluster.slots if slot.wanted]
    yield from until("all to be in the group", lambda: all(slot.has_joined() for slot in running), JOINED_S)
    client = cluster.redis(timeout_s=REDIS_CALL_S)
    client.execute_command("CONFIG", "SET", "requirepass", PASSWORD)
    try:
        client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        yield from pause(seconds)
    finally:
        client.execute_command("CONFIG", "SET", "requirepass", "")
        client.close()


def redis_trickles(cluster, seconds):
    """The line to Redis of some consumers passes single bytes, so that no answer is ever complete."""
    cluster.line.trickle(True)
    try:
        yield from pause(seconds)
    finally:
        cluster.line.trickle(False)


def redis_damaged(cluster, seed, count):
    """Deletes keys of the index, gives them another type, or writes rubbish into them; waits until each of
    their partitions has been built anew, which shows in a higher epoch."""
    client = cluster.redis(timeout_s=REDIS_CALL_S)
    rng = random.Random(seed)
    keys = sorted(k for k in client.scan_iter(match="sb:{*", count=5000) if _may_be_damaged(cluster, k))
    epochs = {}
    for key in rng.sample(keys, min(count, len(keys))):
        mark = key.split(b"}", 1)[0] + b"}:mark"
        epochs[mark] = int(client.hget(mark, "epoch") or 0)
        _damage(client, rng, key)
    for mark, epoch in epochs.items():
        what = f"{mark.decode()} claimed anew"
        yield from until(what, lambda m=mark, e=epoch: int(_hget(client, m, "epoch") or 0) > e, REPAIRED_S)
    client.close()


def _may_be_damaged(cluster, key):
    """Workspaces and what is found by them; but not the workspace of the reader, who would see it."""
    kind = key.split(b"}:", 1)[1].split(b":", 1)[0]
    return kind in (b"ws", b"u", b"g", b"o") and b"{dir}" not in key and not cluster.is_spared(key)


def _damage(client, rng, key):
    field = rng.choice(client.hkeys(key) or [b"x"])
    rng.choice(
        (
            lambda: client.delete(key),
            lambda: client.hdel(key, field),
            lambda: client.hset(key, field, b"\xff" * 5),
            lambda: client.pipeline().delete(key).set(key, b"not a hash").execute(),
        )
    )()


def _hget(client, key, field):
    try:
        return client.hget(key, field)
    except Exception:  # another fault may hit Redis meanwhile
        return None


# ---- topics and the group ----


def topic_narrowed(cluster, seconds):
    """The brokers refuse every event: the topic takes none as large."""
    bus.set_topic(cluster.brokers, bus.EVENTS, "max.message.bytes", str(TINY_BYTES))
    try:
        yield from pause(seconds)
    finally:
        bus.set_topic(cluster.brokers, bus.EVENTS, "max.message.bytes", None)


def offsets_moved(cluster, by):
    """Somebody moves the group's offsets, forwards or backwards, while no consumer runs."""
    running = [slot for slot in cluster.slots if slot.wanted]
    for slot in running:
        yield from slot.stop()
    try:
        admin = AdminClient({"bootstrap.servers": cluster.brokers, **bus.SILENT})
        ends = bus.log_ends(cluster.brokers, bus.COMMANDS)
        offsets = bus.CommittedOffsets(cluster.brokers)
        moved = [
            TopicPartition(bus.COMMANDS, p, max(0, min(offsets.get().get(p, 0) + by, ends[p])))
            for p in ends
        ]
        offsets.close()
        yield from until("the group's offsets moved", lambda: _move(admin, moved), LEFT_S)
    finally:
        for slot in running:
            slot.start()


def _move(admin, offsets):
    """False while the group still has members."""
    request = [ConsumerGroupTopicPartitions(bus.GROUP, offsets)]
    try:
        admin.alter_consumer_group_offsets(request)[bus.GROUP].result(LEFT_S)
        return True
    except Exception:
        return False


# ---- brokers ----


def _broker(node):
    return "kafka" if node is None else f"kafka-{node}"


def broker_killed(cluster, down, node=None):
    yield from _server_killed(cluster, _broker(node), down)


def leader_killed(cluster, partition, down):
    yield from until("a leader", lambda: cluster.leader(partition) > 0, LEADER_S)
    yield from _server_killed(cluster, _broker(cluster.leader(partition)), down)


def _server_killed(cluster, part, down):
    yield from cluster.kill(part)
    yield from pause(down)
    yield from cluster.bring_up(part)


def broker_frozen(cluster, seconds, node=None):
    part = _broker(node)
    cluster.freeze(part)
    try:
        yield from pause(seconds)
    finally:
        cluster.thaw(part)


def broker_fenced(cluster, seconds, node=None):
    """The broker works, but its controller hears nothing of it: for a moment its partitions have no leader,
    and the markers of transactions that end then are not written. Where we may not stop a thread alone, all
    of it is frozen."""
    heartbeat = thread.find(cluster.pid(_broker(node)), f"broker-{node or 1}-lifecy")
    try:
        thread.stop(heartbeat)
    except PermissionError:
        yield from broker_frozen(cluster, seconds, node)
        return
    try:
        yield from pause(seconds)
    finally:
        thread.resume(heartbeat)


def broker_restored(cluster, node, age, down):
    """Kills a broker of several and gives its disk back as it was earlier; it must catch up from the others.
    The quorum's own log is left: it is not what the topics rest on."""
    part = _broker(node)
    yield from cluster.kill(part)
    earlier = cluster.save_disk(part)
    yield from cluster.bring_up(part)
    yield from pause(age)
    yield from cluster.kill(part)
    cluster.restore_disk(part, earlier)
    yield from pause(down)
    yield from cluster.bring_up(part)


# ---- all ----

_BY_KIND = {
    "kill": kill,
    "freeze": freeze,
    "join-leave": join_leave,
    "redis-empty": redis_empty,
    "redis-older": redis_older,
    "redis-flushed": redis_flushed,
    "redis-paused": redis_paused,
    "redis-full": redis_full,
    "redis-readonly": redis_readonly,
    "redis-locked": redis_locked,
    "redis-trickles": redis_trickles,
    "redis-damaged": redis_damaged,
    "topic-narrowed": topic_narrowed,
    "offsets-moved": offsets_moved,
    "broker-restored": broker_restored,
    "broker-killed": broker_killed,
    "broker-frozen": broker_frozen,
    "broker-fenced": broker_fenced,
    "leader-killed": leader_killed,
}


def begin(cluster, fault):
    """Starts a fault drawn by schedule.py: returns its generator."""
    if fault.kind.startswith("crash-"):
        return crash(fault.kind.removeprefix("crash-"), cluster, **fault.numbers)
    return _BY_KIND[fault.kind](cluster, **fault.numbers)
