"""The faults: each breaks something and heals it before it ends. All are generators of the same form,
fault(cluster, **parameters of schedule.py), which yield while they wait. One that is closed early
heals, too."""

import contextlib
import functools
import random
import shutil
import time

import bus
import confluent_kafka
import redis
import thread
from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient

from cluster import pause, until
from schedule import REDIS, SLOTS

CRASH_S = 120  # for a crash point to be reached
SNAPSHOT_S = 60
BEYOND_S = 0.5
FAILOVER_S = 60
WHOLE_S = 60
LEADER_S = 60
REDIS_CALL_S = 30
NO_REDIS = ("127.0.0.1", 1)  # an address without a Redis
REPAIRED_S = 120  # until damage in Redis is found and repaired
JOINED_S = 120
LEFT_S = 60  # until the group has noticed that its members are gone
COMMIT_S = 120  # consumers may be in the middle of a rebuild, or have no Redis
COMMIT_LOOK_S = 0.5
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
    """Empties Redis, all of it, once the consumer owns partitions; earlier, another consumer would rebuild them."""
    owns = lambda: "ours and ready" in slot.consumer.log.read_text(errors="replace")  # noqa: E731
    what = f"consumer {slot.name} to own a partition"
    yield from until(what, lambda: owns() or slot.died(), CRASH_S)
    for server in cluster.servers.masters() if cluster.servers else [None]:
        _redis(cluster, "FLUSHALL", server=server)


# ---- Redis ----


def _master(cluster):
    """One that serves partitions now, where Redis is several servers, else None."""
    return cluster.servers.some_master() if cluster.servers else None


def _redis(cluster, *command, server=None):
    """Says it to Redis, to that server of it or to any that serves partitions."""
    server = server or _master(cluster)
    if server:
        return server.call(*command)
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
    server = _master(cluster)
    used = _redis(cluster, "INFO", "memory", server=server)["used_memory"]
    _redis(cluster, "CONFIG", "SET", "maxmemory", used // 2, server=server)
    try:
        yield from pause(seconds)
    finally:
        _redis(cluster, "CONFIG", "SET", "maxmemory", 0, server=server)


def redis_readonly(cluster, seconds):
    """Makes Redis the replica of a server that cannot be reached: it keeps its data but takes no writes."""
    _redis(cluster, "REPLICAOF", *NO_REDIS)
    try:
        yield from pause(seconds)
    finally:
        _redis(cluster, "REPLICAOF", "NO", "ONE")


def redis_locked(cluster, seconds):
    """Redis asks for a password that nobody has, or accepts the consumer no longer. Whoever starts then refuses to, so all must have begun."""
    running = [slot for slot in cluster.slots if slot.wanted]
    yield from until("all to be in the group", lambda: all(slot.has_joined() for slot in running), JOINED_S)
    client = cluster.redis(timeout_s=REDIS_CALL_S)
    client.execute_command(*cluster.lock(True))
    try:
        client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        yield from pause(seconds)
    finally:
        client.execute_command(*cluster.lock(False))
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
    their partitions has been built anew: then the witness is gone that was put beside the damage."""
    client = cluster.redis(timeout_s=REDIS_CALL_S)
    rng = random.Random(seed)
    keys = sorted(k for k in client.scan_iter(match="sb:{*", count=5000) if _may_be_damaged(cluster, k))
    witnesses = set()
    for key in rng.sample(keys, min(count, len(keys))):
        witness = key.split(b"}", 1)[0] + b"}:damaged"
        _damage(client, rng, key)
        client.set(witness, b"")
        witnesses.add(witness)
    for witness in sorted(witnesses):
        yield from until(f"{witness.decode()} is gone", lambda w=witness: _is_gone(client, w), REPAIRED_S)
    client.close()


def slot_moved(cluster, slot):
    """A slot moves to another node, key by key."""
    partition = "dir" if slot == SLOTS - 1 else slot
    nodes = cluster.servers
    nodes.move(partition, nodes.another(nodes.owner(partition)))
    yield


def node_killed(cluster, down):
    """A master dies, and comes back without its data: in a cluster with its slots, under a Sentinel before or
    after its replica has taken its place, or just then."""
    node = _master(cluster)
    node.kill()
    try:
        yield from pause(down)
    finally:
        node.start()


def master_failed_over(cluster, down):
    """The master dies and its replica takes its place, perhaps without the last writes; then it comes back."""
    sentinel, node = cluster.servers.sentinel, _master(cluster)
    node.kill()
    try:
        yield from until("a failover", lambda: sentinel.named() != node.port, FAILOVER_S)
        yield from pause(down)
    finally:
        node.start()


def _may_be_damaged(cluster, key):
    """Workspaces and what is found by them; but not the workspace of the reader, who would see it."""
    kind = key.split(b"}:", 1)[1].split(b":", 1)[0]
    return kind in (b"ws", b"u", b"g", b"o") and b"{dir}" not in key and not cluster.is_spared(key)


def _replace(client, key):
    pipeline = client.pipeline()
    pipeline.delete(key)
    pipeline.set(key, b"not what it was")
    pipeline.execute()


def _damage(client, rng, key):
    if client.type(key) == b"zset":
        part = rng.choice(client.zrange(key, 0, -1) or [b"x"])
        remove = spoil = lambda: client.zrem(key, part)
    else:
        part = rng.choice(client.hkeys(key) or [b"x"])
        remove, spoil = lambda: client.hdel(key, part), lambda: client.hset(key, part, b"\xff" * 5)
    rng.choice(
        (
            lambda: client.delete(key),
            remove,
            spoil,
            lambda: _replace(client, key),
        )
    )()


def _is_gone(client, key):
    try:
        return not client.exists(key)
    except Exception:  # another fault may hit Redis meanwhile
        return False


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


def broker_killed_in_commit(cluster, times, after_ms, down, node=None):
    """Kills the broker, several times, so many milliseconds after it has begun to commit our outputs. When it
    starts again, it may write the markers of that transaction to some of its logs and not to others."""
    for _ in range(times):
        yield from until("a commit", lambda: _commits_now(cluster), COMMIT_S)
        time.sleep(after_ms / 1000)
        yield from _server_killed(cluster, _broker(node), down)


def _commits_now(cluster):
    """Waits a moment for readers of committed events to see more than before; False if they do not."""
    with contextlib.closing(bus.LogEnds(cluster.brokers, bus.EVENTS, "read_committed")) as ends:
        limit = time.monotonic() + COMMIT_LOOK_S
        before = None
        while time.monotonic() < limit:
            try:
                now = ends.get()
            except confluent_kafka.KafkaException:  # another fault may hit the brokers meanwhile
                return False
            if before is not None and now != before:
                return True
            before = now
    return False


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
    "slot-moved": slot_moved,
    "node-killed": node_killed,
    "master-failed-over": master_failed_over,
    "topic-narrowed": topic_narrowed,
    "offsets-moved": offsets_moved,
    "broker-restored": broker_restored,
    "broker-killed": broker_killed,
    "broker-killed-in-commit": broker_killed_in_commit,
    "broker-frozen": broker_frozen,
    "broker-fenced": broker_fenced,
    "leader-killed": leader_killed,
}


def course_of(fault):
    if fault.kind.startswith("crash-"):
        return functools.partial(crash, fault.kind.removeprefix("crash-"))
    return _BY_KIND[fault.kind]


def _is_whole(cluster):
    try:
        return cluster.servers.is_whole()
    except (redis.RedisError, OSError):
        return False


def begin(cluster, fault):
    """The generator of a fault drawn by schedule.py. What it does to several servers is over when they are whole:
    under a Sentinel, a pause has made them change places."""
    yield from course_of(fault)(cluster, **fault.numbers)
    if cluster.servers and REDIS in fault.touches:
        yield from until("Redis is whole", lambda: _is_whole(cluster), WHOLE_S)
