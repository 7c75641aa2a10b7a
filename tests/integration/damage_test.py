"""What Redis holds of the index is damaged while everything runs: keys vanish, are of another type, or
hold something else. The consumer finds that out and rebuilds what is damaged, and goes on; and a Redis
that asks for a password or evicts keys does not end it either."""

import contextlib
import subprocess
import uuid

import load
import redis

SHAPE = {"users": 300, "workspaces": 900}
GRANTS = 1_000_000  # more than there are


def _raw(id):
    return uuid.UUID(id).bytes


class Target:
    """A partition to be damaged: the base of its keys, and a workspace with a grant to a user."""

    def __init__(self, client, model, partition):
        self.client, self.partition = client, partition
        self.base = b"sb:{%d}:" % partition
        self.mark = self.base + b"mark"
        for w in model.workspaces[partition].values():
            users = [id for kind, id in w.grants if kind == "user"]
            if users:
                self.workspace, self.user = w, users[0]
        self.key = self.base + b"ws:" + _raw(self.workspace.id)
        self.field = b"u" + _raw(self.user)
        self.shared = self.base + b"u:" + _raw(self.user)
        self.owned = self.base + b"o:" + _raw(self.workspace.owner_id)

    def replace(self, key):
        """Puts a key of another type in its place."""
        self.client.delete(key)
        self.client.set(key, "damaged")

    def flip_role(self):
        value = self.client.hget(self.key, self.field)
        self.client.hset(self.key, self.field, bytes([value[0] ^ 3]) + value[1:])

    def forget_workspace(self):
        """All that leads to it goes, too: only the counts in the mark can tell."""
        for (kind, id), _ in self.workspace.grants.items():
            self.client.hdel(self.base + kind[0].encode() + b":" + _raw(id), _raw(self.workspace.id))
            self.client.zrem(self.base + b"due", _raw(self.workspace.id) + kind[0].encode() + _raw(id))
        for h in self.workspace.handoffs.values():
            (kind, holder), w, id = h.holder(), _raw(self.workspace.id), _raw(h.id)
            self.client.hdel(self.base + b"handoff:" + id, w)
            self.client.hdel(self.base + b"h" + kind[0].encode() + b":" + _raw(holder), w + id)
            self.client.zrem(self.base + b"due", w + b"o" + id)
        name = self.workspace.name.encode()
        self.client.zrem(self.owned, b"%d:%s%s" % (len(name), name, _raw(self.workspace.id)))
        self.client.delete(self.key)

    def copy_workspace(self):
        self.client.copy(self.key, self.key[:-16] + uuid.uuid4().bytes)

    def epoch(self):
        """Of a mark that is ready and has no count of ours; 0 for any other."""
        if self.client.type(self.mark) != b"hash":
            return 0
        epoch, state, grants = self.client.hmget(self.mark, "epoch", "state", "grants")
        return int(epoch or 0) if state == b"ready" and int(grants or 0) < GRANTS else 0


# What can be damaged while nothing happens: one kind for each partition, so that they heal together.
IDLE = (
    ("a workspace's key is gone", lambda t: t.client.delete(t.key)),
    ("a workspace's key is of another type", lambda t: t.replace(t.key)),
    ("a workspace has no header", lambda t: t.client.hdel(t.key, "h")),
    ("a workspace has no name", lambda t: t.client.hdel(t.key, "n")),
    ("a grant has another role", Target.flip_role),
    ("a grant cannot be read", lambda t: t.client.hset(t.key, t.field, b"x")),
    ("a grant is gone", lambda t: t.client.hdel(t.key, t.field)),
    ("a key of the reverse index is gone", lambda t: t.client.delete(t.shared)),
    ("a workspace is gone with all that leads to it", Target.forget_workspace),
    ("there is a workspace too many", Target.copy_workspace),
    ("an owner's key is gone", lambda t: t.client.delete(t.owned)),
    ("the reverse index has another role", lambda t: t.client.hset(t.shared, _raw(t.workspace.id), "7")),
)
# What no command mends by itself, while commands are being applied.
BUSY = (
    ("the mark is of another type", lambda t: t.replace(t.mark)),
    ("the mark counts another number of grants", lambda t: t.client.hset(t.mark, "grants", GRANTS)),
    ("an owner's key is of another type", lambda t: t.replace(t.owned)),
    ("the reverse index is of another type", lambda t: t.replace(t.shared)),
    ("due is of another type", lambda t: t.replace(t.base + b"due")),
    ("the mark has another offset", lambda t: t.client.hset(t.mark, "applied", "0")),
    ("outcomes are of another type", lambda t: t.replace(t.base + b"outcomes")),
    ("unsent is of another type", lambda t: t.replace(t.base + b"unsent")),
    ("the mark is gone", lambda t: t.client.delete(t.mark)),
    ("the mark has no state that is known", lambda t: t.client.hset(t.mark, "state", "reedy")),
    ("the mark belongs to no cluster", lambda t: t.client.hdel(t.mark, "cluster")),
    ("the mark has an impossible number of partitions", lambda t: t.client.hset(t.mark, "partitions", "-1")),
)


def _damage(world, consumer, kinds, while_damaged=lambda: None):
    """Damages a partition in each of these ways, and waits until all are rebuilt."""
    model = world.count().model
    client = world.redis()
    targets = [Target(client, model, p) for p in sorted(model.workspaces)]
    before = [t.epoch() for t in targets]
    assert len(targets) == len(kinds)
    for target, (_, damage) in zip(targets, kinds):
        damage(target)
    while_damaged()
    for target, (what, _), epoch in zip(targets, kinds, before):
        world.wait(
            f"partition {target.partition} rebuilt, where {what}",
            lambda t=target, e=epoch: t.epoch() > e,
            deadline_s=120,
            alive=[consumer],
            every_s=0.05,
        )
    client.close()


READ = {
    b"hash": lambda c, key: c.hgetall(key),
    b"set": lambda c, key: c.smembers(key),
    b"zset": lambda c, key: c.zrange(key, 0, -1),
    b"string": lambda c, key: c.get(key),
}


def _dump(client):
    """All that Redis holds of the directory, but for the mark."""
    found = {}
    for key in client.scan_iter(match="sb:{dir}:*", count=5000):
        if key not in (b"sb:{dir}:mark", b"sb:{dir}:trouble"):
            found[key] = READ.get(client.type(key), lambda *_: None)(client, key)  # gone meanwhile
    return found


def _damage_directory(client, kinds):
    """Damages a key of each kind: a field or member is gone or changed, or the whole key, or its type."""
    used = set()
    for start, damage in kinds:
        keys = sorted(client.scan_iter(match="sb:{dir}:%s*" % start, count=5000))
        key = next(k for k in keys if k not in used)
        used.add(key)
        damage(client, key)


DIRECTORY = (
    ("user:", lambda c, key: c.delete(key)),
    ("user:", lambda c, key: c.hset(key, "status", "suspended")),
    ("user:", lambda c, key: c.hdel(key, "orgs")),
    ("group:", lambda c, key: (c.delete(key), c.set(key, "damaged"))),
    ("members:", lambda c, key: c.spop(key)),
    ("of:", lambda c, key: c.delete(key)),
    ("usernames", lambda c, key: c.zpopmin(key)),
    ("org:", lambda c, key: c.hset(key, "sharing", "none")),
)
DIRECTORY_MARK = ("mark", lambda c, key: (c.delete(key), c.set(key, "damaged")))


def _heal_directory(world, consumer, client, kinds):
    wanted = _dump(client)
    _damage_directory(client, kinds)

    def healed():
        if client.type("sb:{dir}:mark") != b"hash" or client.hget("sb:{dir}:mark", "state") != b"ready":
            return False
        try:
            return _dump(client) == wanted
        except redis.ResponseError:  # a key of another type
            return False

    world.wait(f"the directory healed of {[start for start, _ in kinds]}", healed, 120, [consumer], 0.1)


def test_damage_is_found_and_rebuilt(world):
    """Twelve kinds while nothing happens, twelve while commands are applied."""
    made = world.populate(load.Shape(seed=51, **SHAPE))
    world.send(made, 5_000, load.MIX)
    consumer = world.start_consumer()
    world.wait_published(consumer)
    _damage(world, consumer, IDLE)
    world.verify_index()
    _damage(world, consumer, BUSY, lambda: world.send(made, 5_000, load.MIX))
    world.wait_published(consumer)
    world.wait("all applied", lambda: world.applied() == world.ends(), 60, [consumer])
    world.count(all_outcomes=False).verify()


def test_nothing_is_decided_on_what_is_left_of_a_workspace(world):
    """Who starts anew reads each workspace before the scrub can have come by. A grant less, or a command less that is
    remembered, must not be taken for all there is: it would be told to the changelog, and be lost for good."""
    made = world.populate(load.Shape(seed=54, **SHAPE))
    world.send(made, 5_000, load.MIX)
    consumer = world.start_consumer()
    world.wait_published(consumer)
    consumer.terminate()
    client = world.redis()
    model = world.count().model
    lost = dict.fromkeys((b"u", b"digits"), 0)
    for n, key in enumerate(sorted(client.scan_iter(match="sb:{*}:ws:*", count=5000))):
        fields = client.hkeys(key)
        grants = [f for f in fields if f[:1] == b"u" and len(f) == 17]
        commands = sorted((f for f in fields if f.isdigit()), key=int)
        if grants and n % 2:
            lost[b"u"] += client.hdel(key, grants[0])
        elif commands:
            lost[b"digits"] += client.hdel(key, commands[-1])
    assert min(lost.values()) > len(model.workspaces)
    world.send(made, 5_000, load.MIX)
    consumer = world.start_consumer()
    world.wait_published(consumer)
    world.count(all_outcomes=False).verify()
    client.close()


def test_a_damaged_directory_is_projected_anew(world):
    world.populate(load.Shape(seed=52, **SHAPE))
    consumer = world.start_consumer()
    world.wait_published(consumer)
    client = world.redis()
    world.wait("the directory", lambda: client.hget("sb:{dir}:mark", "state") == b"ready", 60, [consumer])
    _heal_directory(world, consumer, client, DIRECTORY)
    _heal_directory(world, consumer, client, DIRECTORY[:1])
    _heal_directory(world, consumer, client, [DIRECTORY_MARK])
    consumer.terminate()
    client.close()


def _passwords(world, client):
    """The commands that make Redis ask for a password that nobody has, those that undo it, and what it then says."""
    if not world.secured:
        return *([("CONFIG", "SET", "requirepass", to)] for to in ("for-a-moment", "")), "NOAUTH"
    programs = [user for user in client.acl_users() if user != "default"]
    return *([("ACL", "SETUSER", user, to) for user in programs] for to in ("off", "on")), "WRONGPASS"


@contextlib.contextmanager
def _lets_nobody_in(world, client):
    shut, reopen, refusal = _passwords(world, client)
    for command in (*shut, ("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")):
        client.execute_command(*command)
    try:
        yield refusal
    finally:
        for command in reopen:
            client.execute_command(*command)


def _status(world):
    done = subprocess.run(
        [load.sharebus_program(), "status"],
        env=world.env("operator"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_redis_that_denies_or_evicts_ends_nothing(world):
    made = world.populate(load.Shape(seed=53, **SHAPE))
    world.send(made, 2_000, load.MIX)
    consumer = world.start_consumer()
    world.wait_published(consumer)
    client = world.redis()
    client.ping()
    with _lets_nobody_in(world, client) as refusal:
        world.wait("the consumer to say so", lambda: refusal in consumer.tail(), 30, [consumer])
        assert _status(world)[0] != 0
    world.send(made, 1_000, load.MIX)
    world.wait_published(consumer)
    client.config_set("maxmemory-policy", "allkeys-random")
    code, said = _status(world)
    assert code == 1 and "maxmemory-policy" in said, said
    client.config_set("maxmemory", client.info("memory")["used_memory"] - 200_000)
    world.wait("keys to be evicted", lambda: client.info("stats")["evicted_keys"] > 0, 30, [consumer])
    client.config_set("maxmemory", 0)
    client.config_set("maxmemory-policy", "noeviction")
    world.wait("the consumer to notice", lambda: "has evicted keys" in consumer.tail(), 30, [consumer])
    world.wait("all rebuilt", lambda: _status(world)[0] == 0, 120, [consumer], 1)
    world.send(made, 1_000, load.MIX)
    world.wait_published(consumer)
    world.count(all_outcomes=False).verify()
    client.close()
