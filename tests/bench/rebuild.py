#!/usr/bin/env python3
"""How long a consumer takes to rebuild an emptied Redis from sharing.grants, beside how long Redis alone takes for
as many fields, in the same rounds."""

import random
import socket
import sys
import time
import uuid

import bench
from bench import bus, load
from figures import Report, Row, maximum

SECONDS_MAX = 10  # for GRANTS_JUDGED
GRANTS_JUDGED = 1_000_000
PER_WORKSPACE = 5
PER_USER = 50
PIPELINE = 2000


class Grants:
    """So many grants: five for each workspace, fifty for each user. `commands` says how many commands made
    the grants of a workspace, which remembers their ids; workspaces take turns."""

    def __init__(self, count, seed=1, commands=(1,)):
        self.commands = commands
        self.ids = load.Ids(random.Random(seed))
        self.workspaces = [self.ids.any() for _ in range(count // PER_WORKSPACE)]
        self.users = [self.ids.any() for _ in range(max(count // PER_USER, PER_WORKSPACE))]
        self.organization = self.ids.any()

    def of(self, n):
        """The users that workspace n is shared with."""
        first = n * PER_WORKSPACE
        return [self.users[(first + i) % len(self.users)] for i in range(PER_WORKSPACE)]

    def owner(self, n):
        return self.users[n % len(self.users)]

    def record(self, n):
        now, owner, users = self.ids.now_ms, self.owner(n), self.of(n)
        return {
            "workspace": {
                "id": self.workspaces[n],
                "name": f"workspace{n}",
                "owner_id": owner,
                "organization_id": self.organization,
            },
            "status": "active",
            "version": 1 + len(users),
            "grants": [
                {
                    "subject": {"kind": "user", "id": user},
                    "role": "use",
                    "granted_by": owner,
                    "granted_at": now,
                    "expires_at": None,
                }
                for user in users
            ],
            "recent_commands": [
                {"id": self.ids.any(), "late_minutes": 1} for _ in range(self.commands[n % len(self.commands)])
            ],
            "forgotten_until": 0,
            "source_offset": n,
        }

    def changelog(self):
        for n, workspace in enumerate(self.workspaces):
            yield workspace.encode(), bus.encode("WorkspaceGrants", self.record(n)), []


def write_changelog(brokers, *grants):
    """Writes the changelog as a consumer would: each partition ends with its progress."""
    for each in grants:
        bus.send_all(brokers, bus.GRANTS, each.changelog())
    target = bus.producer(brokers)
    for p in bus.partitions_of(brokers, bus.GRANTS):
        target.produce(bus.GRANTS, bus.encode("Progress", {"applied": 0}), bus.PROGRESS_KEY, p)
    assert target.flush(60) == 0


def rebuild(world, meter=None):
    """Seconds from when the first mark is `rebuilding` until all are `ready`, and how many keys there are then. A
    meter is told of the consumer, and read at the end."""
    client = world.redis()
    marks = [f"sb:{{{p}}}:mark" for p in bus.partitions_of(world.brokers, bus.COMMANDS)]

    def states():
        pipeline = client.pipeline(transaction=False)
        for mark in marks:
            pipeline.hget(mark, "state")
        return pipeline.execute()

    consumer = world.start_consumer()
    if meter:
        meter.add("consumer", consumer.process.pid, 0)
    world.wait("a partition being rebuilt", lambda: b"rebuilding" in states(), alive=[consumer])
    began = time.monotonic()
    world.wait("all rebuilt", lambda: set(states()) == {b"ready"}, alive=[consumer])
    seconds = time.monotonic() - began
    if meter:
        meter.stop()
    consumer.terminate()
    keys = client.dbsize()
    client.close()
    return seconds, keys


def bare(world, grants):
    """Seconds for two HSETs for each of the same grants, in MULTI/EXEC and from memory."""
    client = world.redis()
    client.flushall()
    raw = [(uuid.UUID(w).bytes, [uuid.UUID(u).bytes for u in grants.of(n)])
           for n, w in enumerate(grants.workspaces)]
    packed = []
    for at in range(0, len(raw), PIPELINE // PER_WORKSPACE):
        commands = [("MULTI",)]
        for workspace, users in raw[at : at + PIPELINE // PER_WORKSPACE]:
            for user in users:
                commands.append(("HSET", b"sb:{0}:ws:" + workspace, b"u" + user, b"1" + bytes(6)))
                commands.append(("HSET", b"sb:{0}:u:" + user, workspace, b"1"))
        commands.append(("EXEC",))
        packed.append((b"".join(map(_resp, commands)), len(commands)))
    client.close()
    return _send(world.redis_address, packed)


def _resp(parts):
    parts = [p if isinstance(p, bytes) else p.encode() for p in parts]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts)


def _send(address, packed):
    host, port = address.rsplit(":", 1)
    began = time.monotonic()
    with socket.create_connection((host, int(port))) as connection:
        for data, _ in packed:
            connection.sendall(data)
            answer = b""
            while b"*%d\r\n" % (data.count(b"$4\r\nHSET\r\n")) not in answer:
                answer = answer[-32:] + connection.recv(1 << 20)
            while not answer.endswith(b"\r\n"):
                answer = connection.recv(1 << 20)
        connection.sendall(b"*1\r\n$4\r\nPING\r\n")
        while not answer.endswith(b"+PONG\r\n"):
            answer = answer[-16:] + connection.recv(1 << 20)
    return time.monotonic() - began


def measure_round(world, grants, count):
    """(seconds, seconds of Redis alone, CPU seconds)"""
    client = world.redis()
    client.flushall()
    client.close()
    meter = bench.server_meter(world)
    seconds, keys = rebuild(world, meter)
    alone = bare(world, grants)
    bench.say(f"{keys:,} keys in {seconds:.1f} s ({count / seconds:,.0f} grants/s); Redis alone {alone:.1f} s")
    return seconds, alone, meter.read(count)


def main():
    parser = bench.arguments(__doc__, rounds=3)
    parser.add_argument("--grants", type=int, default=GRANTS_JUDGED, help="(%(default)s)")
    args = parser.parse_args()
    with bench.deployment() as world:
        grants = Grants(args.grants)
        bus.create_topics(world.brokers, load.sharebus_program())
        bench.say(f"writing {args.grants:,} grants to {bus.GRANTS}")
        write_changelog(world.brokers, grants)
        seconds, alone, cpu = zip(*[measure_round(world, grants, args.grants) for _ in range(args.rounds)])
    bound = maximum(SECONDS_MAX) if args.grants == GRANTS_JUDGED else None
    rows = [Row(f"rebuild of {args.grants:,} grants", "s", list(seconds), bound, "two HSETs each alone", list(alone))]
    report = Report("rebuild", bench.settings_of(args), rows, {"sharebus": bench.gather(cpu)}, "grants")
    return bench.tell(report, args.output)


if __name__ == "__main__":
    sys.exit(main())
