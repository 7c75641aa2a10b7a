#!/usr/bin/env python3
"""How fast the library answers checks, compared with the bare HMGETs that the answers rest on: each on one
connection, in pipelines of a hundred, in turn. What the library asks beside them is its price: the marks, the time,
and of each workspace the version."""

import random
import subprocess
import sys
import uuid

import bench
import rebuild
from bench import bus, load
from figures import Report, Row, minimum

RATIO_MIN = 0.7
QUESTIONS = 20_000
ROUNDS = 15


def questions(grants, partition_of):
    """The questions, each with the HMGET that it rests on."""
    rng = random.Random(1)
    everyone = b"g" + uuid.UUID(grants.organization).bytes
    for _ in range(QUESTIONS):
        n = rng.randrange(len(grants.workspaces))
        workspace, user = grants.workspaces[n], rng.choice(grants.of(n))
        key = b"sb:{%d}:ws:" % partition_of(workspace) + uuid.UUID(workspace).bytes
        fields = [b"h", b"u" + uuid.UUID(user).bytes, everyone]
        yield f"{user} {workspace} {key.hex()} {','.join(f.hex() for f in fields)}\n"


def partitions(client):
    """{workspace: partition}, read from the keys."""
    found = {}
    for key in client.scan_iter(match=b"sb:{*}:ws:*", count=10_000):
        prefix, raw = key[:-16], key[-16:]
        found[str(uuid.UUID(bytes=raw))] = int(prefix[4 : prefix.index(b"}")])
    return found


def prepare(world, grants):
    """An index of these grants; returns the {workspace: partition} of it."""
    bus.create_topics(world.brokers, load.sharebus_program())
    end = load.write_members(world.brokers, grants.organization, grants.users)
    rebuild.write_changelog(world.brokers, grants)
    consumer = world.start_consumer()
    client = world.redis()
    marks = [f"sb:{{{p}}}:mark" for p in bus.partitions_of(world.brokers, bus.COMMANDS)]

    def is_ready():
        directory = int(client.hget("sb:{dir}:mark", "applied") or 0)
        return directory >= end and all(client.hget(mark, "state") == b"ready" for mark in marks)

    world.wait("the index", is_ready, alive=[consumer], every_s=0.1)
    return partitions(client)


def main():
    parser = bench.arguments(__doc__, rounds=ROUNDS)
    parser.add_argument("--grants", type=int, default=100_000, help="(%(default)s)")
    args = parser.parse_args()
    with bench.deployment() as world:
        grants = rebuild.Grants(args.grants)
        places = prepare(world, grants)
        command = [bench.program("check_bench"), *world.redis_address.rsplit(":", 1), str(args.rounds)]
        asked = "".join(questions(grants, places.__getitem__))
        done = subprocess.run(command, input=asked, capture_output=True, text=True, check=True)
    columns = [list(column) for column in zip(*[map(float, line.split()) for line in done.stdout.splitlines()])]
    ours, bare = columns[:3], columns[3:]
    names = ("answers of the library, pipelined", "CPU of the client", "CPU of Redis")
    units = ("/s", "s/100k", "s/100k")
    bounds = (minimum(RATIO_MIN, ratio=True), None, None)
    rows = [Row(*row[:4], "bare HMGETs", row[4]) for row in zip(names, units, ours, bounds, bare)]
    cpu = {name: dict(zip(("client", "redis"), of[1:])) for name, of in (("sharebus", ours), ("bare", bare))}
    return bench.tell(Report("check", bench.settings_of(args), rows, cpu, per="answers"), args.output)


if __name__ == "__main__":
    sys.exit(main())
