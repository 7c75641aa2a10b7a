"""An author who may write to sharing.commands and sharing.directory, and does his worst at full speed, beside
an honest one. Costs are compared with those of a flood of harmless commands in the same run."""

import os
import random
import statistics
import subprocess
import threading
import time
import uuid

import bus
import confluent_kafka
import load

FLOOD_S = 15  # of harmless commands
HOSTILE_S = 60
HONEST_RATE = 100
HONEST_WORKSPACES = 100
SAFETY = 3  # how much dearer a hostile record may be than harmless ones that take as much of the log
MEMORY_MAX_KB = 700 * 1024
BOMB_BYTES = 66_000_000
DRAINED_S = 240
CALL_S = 60
WORST_NAME = "\u202e\x00\x1b[31m" * 20
TIMES = (-(2**63), -1, 2**53, 2**63 - 1)


# ---- what he sends ----


class Hostile:
    """Makes (topic, key, value, headers) of everything that has ever done harm, about entities of his own."""

    def __init__(self, made, seed):
        self.rng = random.Random(seed)
        self.made = made
        self.organization = self._id()
        self.users = [self._id() for _ in range(50)]
        self.workspaces = [self._id() for _ in range(20)]
        self.kinds = [
            (self._garbage, 20),
            (self._another_schema, 5),
            (self._unknown_workspace, 30),
            (self._colliding_ids, 30),
            (self._own_share, 20),
            (self._many_subjects, 1),
            (self._extreme_numbers, 10),
            (self._long_texts, 2),
            (self._headers, 10),
            (self._large_headers, 0.2),
            (self._large_value, 0.2),
            (self._workspace_fact, 5),
            (self._user, 10),
            (self._other_kind, 3),
            (self._group, 1),
            (self._wrong_key, 5),
            (self._tombstone, 5),
            (self._directory_garbage, 5),
        ]

    def next(self):
        kinds, weights = zip(*self.kinds)
        return self.rng.choices(kinds, weights)[0]()

    def _id(self):
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))

    def _command(self, workspace, grants, headers=None, **fields):
        record = {
            "command_id": load.Ids(self.rng).any(),
            "issued_at": int(time.time() * 1000),
            "actor": {"id": self.rng.choice(self.users), "kind": "user"},
            "workspace_id": workspace,
            "grants": grants,
            **fields,
        }
        return bus.COMMANDS, workspace, bus.encode("ShareWorkspace", record), headers

    def _grant(self, subject=None, kind="user", **fields):
        subject = {"kind": kind, "id": subject or self.rng.choice(self.users)}
        return {"subject": subject, "role": "use", "expires_at": None, **fields}

    def _garbage(self):
        return bus.COMMANDS, self._id(), self.rng.randbytes(self.rng.randrange(200)), None

    def _another_schema(self):
        return bus.COMMANDS, self._id(), b"\xc3\x01" + self.rng.randbytes(100), None

    def _unknown_workspace(self):
        return self._command(self._id(), [self._grant()])

    def _colliding_ids(self):
        """Ids that a hash without a secret puts into one chain."""
        return self._command(colliding_id(self.rng), [self._grant()])

    def _own_share(self):
        return self._command(self.rng.choice(self.workspaces), [self._grant()])

    def _many_subjects(self):
        grants = [self._grant(self._id()) for _ in range(2000)]
        return self._command(self.rng.choice(self.workspaces), grants)

    def _extreme_numbers(self):
        number = self.rng.choice(TIMES)
        fields = {"issued_at": number, "expected_version": number, "directory_offset": number}
        name = self.rng.choice([*fields, "expires_at"])
        if name == "expires_at":
            return self._command(self.rng.choice(self.workspaces), [self._grant(expires_at=number)])
        return self._command(self.rng.choice(self.workspaces), [self._grant()], **{name: fields[name]})

    def _long_texts(self):
        return self._command(self.rng.choice(self.workspaces), [self._grant()], message="m" * 100_000)

    def _headers(self):
        headers = [("traceparent", b"\xff\xfe\x00"), ("ce_id", self.rng.randbytes(20)), ("", b"")]
        return self._command(self._id(), [self._grant()], headers)

    def _large_headers(self):
        return self._command(self._id(), [self._grant()], [("ce_id", b"i" * 900_000)])

    def _large_value(self):
        return bus.COMMANDS, self._id(), self.rng.randbytes(900_000), None

    def _workspace_fact(self):
        workspace = self.rng.choice(self.workspaces)
        fields = {
            "workspace_id": workspace,
            "organization_id": self.organization,
            "owner_id": self.rng.choice(self.users),
            "name": self.rng.choice(("x", "x" * 50_000, WORST_NAME)),
            "status": "active",
            "changed_at": self.rng.choice(TIMES),
        }
        return bus.COMMANDS, workspace, bus.encode("WorkspaceChanged", fields), None

    def _user(self, key=None, **fields):
        user = self.rng.choice(self.users)
        record = {
            "id": user,
            "username": self.rng.choice(("twin", "u" * 10_000, WORST_NAME)),
            "name": "",
            "email": "",
            "status": self.rng.choice(("active", "suspended", "deleted")),
            "kind": "user",
            "site_role": "member",
            "organizations": [{"id": self.organization, "role": "member"}],
            **fields,
        }
        return bus.DIRECTORY, key or user, bus.encode("UserChanged", record), None

    def _other_kind(self):
        """The id of an honest user or group, given to an organization."""
        id = self.rng.choice(self.made.directory.users + self.made.directory.groups)
        record = {"id": id, "name": "mine", "sharing": "none"}
        return bus.DIRECTORY, id, bus.encode("OrganizationChanged", record), None

    def _group(self):
        members = [self._id() for _ in range(5000)]
        record = {
            "id": self.organization,
            "name": "Everyone",
            "organization_id": self.organization,
            "members": members,
        }
        return bus.DIRECTORY, self.organization, bus.encode("GroupChanged", record), None

    def _wrong_key(self):
        return self._user(key=self.rng.choice(self.made.directory.users).upper())

    def _tombstone(self):
        return bus.DIRECTORY, self._id(), None, None

    def _directory_garbage(self):
        return bus.DIRECTORY, self._id(), self.rng.randbytes(self.rng.randrange(300)), None


def _unmix(a, b, c):
    """The inverse of one round of Bob Jenkins' hash, which uthash takes by default."""
    for first, second, third in ((15, 10, 3), (5, 16, 12), (13, 8, 13)):
        c = (c ^ b >> first) + a + b & 0xFFFFFFFF
        b = (b ^ a << second & 0xFFFFFFFF) + c + a & 0xFFFFFFFF
        a = (a ^ c >> third) + b + c & 0xFFFFFFFF
    return a, b, c


def colliding_id(rng):
    """A random id whose hash under that function is always the same."""
    a, b, c = _unmix(rng.getrandbits(32), rng.getrandbits(32), 0x12345678)
    last = rng.getrandbits(32)
    i, j, h = _unmix(a - last & 0xFFFFFFFF, b, c - 16 & 0xFFFFFFFF)
    words = (i - 0x9E3779B9, j - 0x9E3779B9, h - 0xFEEDBEEF, last)
    return str(uuid.UUID(bytes=b"".join((w & 0xFFFFFFFF).to_bytes(4, "little") for w in words)))


# ---- who sends ----


class Flood(threading.Thread):
    """Sends records as fast as it can until it is told to end."""

    def __init__(self, brokers, make):
        super().__init__(daemon=True)
        self.sent = self.bytes = 0
        self._producer = bus.producer(brokers, **{"message.max.bytes": 2_000_000})
        self._make = make
        self._end = threading.Event()

    def run(self):
        while not self._end.is_set():
            topic, key, value, headers = self._make()
            try:
                self._producer.produce(topic, value, key, headers=headers)
            except BufferError:
                self._producer.poll(0.1)
                continue
            self.sent += 1
            self.bytes += len(value or b"") + sum(len(v or b"") for _, v in headers or ())
            self._producer.poll(0)

    def finish(self):
        self._end.set()
        self.join()
        assert self._producer.flush(DRAINED_S) == 0

    def units(self):
        """What it has sent, in records of the size of a harmless one."""
        return max(self.sent, self.bytes / 250)


class Honest:
    """Sends commands that each change something, about workspaces that nobody else touches, and notes when the
    event of each is there."""

    def __init__(self, world, made, workspaces):
        self.sent_at, self.done_at = {}, {}
        self._made = made
        self._workspaces = workspaces
        self._number = 0
        self._producer = bus.producer(world.brokers, **{"linger.ms": 1})
        self._end = threading.Event()
        self._sender = None
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._consumer = bus._reader(world.brokers, "honest")
        ends = bus.log_ends(world.brokers, bus.EVENTS)
        self._consumer.assign(
            [confluent_kafka.TopicPartition(bus.EVENTS, p, end) for p, end in ends.items()]
        )
        self._reader.start()

    def begin(self):
        self.sent_at.clear()
        self.done_at.clear()
        self._end.clear()
        self._sender = threading.Thread(target=self._send, daemon=True)
        self._sender.start()

    def end(self):
        self._end.set()
        self._sender.join()
        assert self._producer.flush(DRAINED_S) == 0

    def _send(self):
        while not self._end.wait(1 / HONEST_RATE):
            round, at = divmod(self._number, len(self._workspaces))
            users = self._made.directory.users
            grant = ("user", users[round % len(users)], "use", None)
            key, value, headers = self._made._share(self._workspaces[at], [grant])
            self.sent_at[dict(headers)["ce_id"].decode()] = time.monotonic()
            self._producer.produce(bus.COMMANDS, value, key, headers=headers)
            self._producer.poll(0)
            self._number += 1

    def _read(self):
        while True:
            m = self._consumer.poll(0.2)
            if m is not None and not m.error():
                _, record = bus.decode(m.value())
                if str(record["command_id"]) in self.sent_at:
                    self.done_at[str(record["command_id"])] = time.monotonic()

    def missing(self):
        return self.sent_at.keys() - self.done_at.keys()

    def p99_s(self):
        waited = [self.done_at[id] - at for id, at in self.sent_at.items()]
        return statistics.quantiles(waited, n=100)[98]


def send_bomb(brokers, workspace):
    """66 MB of zeros that take 67 kB on the log."""
    producer = bus.producer(
        brokers,
        **{"compression.type": "gzip", "message.max.bytes": 100_000_000, "queue.buffering.max.kbytes": 500_000},
    )
    producer.produce(bus.COMMANDS, bytes(BOMB_BYTES), workspace)
    producer.flush(60)


# ---- the test ----


class Cost:
    """What a flood costs the consumer: processor seconds for each record's worth of log."""

    def __init__(self, world, consumer, honest, make, seconds):
        self.pid = consumer.process.pid
        honest.begin()
        began_s, cpu = time.monotonic(), self._cpu()
        flood = Flood(world.brokers, make)
        flood.start()
        time.sleep(seconds)
        self.during = ask_status(world)
        flood.finish()
        honest.end()
        world.forget_ends()
        world.wait("all published", lambda: world.committed() == world.ends(), DRAINED_S, [consumer], 0.1)
        world.wait("every honest command done", lambda: not honest.missing(), DRAINED_S, [consumer], 0.1)
        self.units, self.sent = flood.units(), flood.sent
        self.cpu_s = self._cpu() - cpu
        self.took_s = time.monotonic() - began_s
        self.p99_s = honest.p99_s()

    def _cpu(self):
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def per_unit(self):
        return self.cpu_s / self.units

    def __str__(self):
        return (
            f"{self.sent:,} records worth {self.units:,.0f} of harmless ones, {self.cpu_s:.1f} s of CPU,"
            f" done after {self.took_s:.1f} s, honest p99 {self.p99_s * 1000:,.0f} ms"
        )


def ask_status(world):
    """(exit code, stderr) of sharebus status."""
    ran = subprocess.run(
        [load.sharebus_program(), "status"],
        env=world.env("operator"),
        capture_output=True,
        text=True,
        timeout=CALL_S,
        check=False,
    )
    return ran.returncode, ran.stderr


def memory_kb(consumer):
    with open(f"/proc/{consumer.process.pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))


def test_a_hostile_author_costs_no_more_than_a_busy_one(world, capsys):
    made = world.populate(load.Shape(seed=61, users=500, groups=20, workspaces=500))
    consumer = world.start_consumer()
    world.wait_published(consumer)
    workspaces = [made.workspaces.pop() for _ in range(HONEST_WORKSPACES)]
    harmless = made.fork(62)
    hostile = Hostile(made, 63)
    honest = Honest(world, made.fork(64), workspaces)

    def plain():
        key, value, headers = harmless._plain()
        return bus.COMMANDS, key, value, headers

    flood = Cost(world, consumer, honest, plain, FLOOD_S)
    send_bomb(world.brokers, made.workspaces[0])
    attack = Cost(world, consumer, honest, hostile.next, HOSTILE_S)
    with capsys.disabled():
        print(f"\nharmless: {flood}\nhostile:  {attack}\nmemory: {memory_kb(consumer) // 1024} MB", end="")
    assert attack.during[0] in (0, 1), attack.during
    assert attack.per_unit() <= SAFETY * flood.per_unit()
    share = max(1, attack.units / HOSTILE_S / (flood.units / FLOOD_S))
    assert attack.p99_s <= SAFETY * share * (HOSTILE_S / FLOOD_S) * max(flood.p99_s, 0.1)
    assert memory_kb(consumer) <= MEMORY_MAX_KB
    world.wait("all is well", lambda: ask_status(world)[0] == 0, alive=[consumer], every_s=1)
    consumer.terminate()
