#!/usr/bin/env python3
"""How fast the library answers checks, compared with the bare HMGETs that the answers rest on: on the
same connection, in pipelines of a hundred, in turn."""

import argparse
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import uuid

import rebuild
from rebuild import bus, load, worlds

RATIO_MIN = 0.7
QUESTIONS = 20_000
ROUNDS = 15


def write_directory(world, grants):
    organization = {"id": grants.organization, "name": "acme", "sharing": "everyone"}
    records = [(grants.organization, bus.encode("OrganizationChanged", organization), [])]
    for n, user in enumerate(grants.users):
        fields = {
            "id": user,
            "username": f"user{n}",
            "name": "",
            "email": "",
            "status": "active",
            "kind": "user",
            "site_role": "member",
            "organizations": [{"id": grants.organization, "role": "member"}],
        }
        records.append((user, bus.encode("UserChanged", fields), []))
    bus.send_all(world.brokers, bus.DIRECTORY, records)
    return len(records)


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


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--grants", type=int, default=100_000)
    args = parser.parse_args()
    program = pathlib.Path(os.environ["SHAREBUS_RELEASE_BIN"]) / "check_bench"
    with tempfile.TemporaryDirectory(prefix="sharebus-bench.") as folder:
        world = worlds.World(folder)
        try:
            grants = rebuild.Grants(args.grants)
            bus.create_topics(world.brokers, load.sharebus_program())
            end = write_directory(world, grants)
            rebuild.write_changelog(world.brokers, grants)
            consumer = world.start_consumer()
            client = world.redis()
            world.wait(
                "the index",
                lambda: int(client.hget("sb:{dir}:mark", "applied") or 0) >= end
                and all(
                    client.hget(f"sb:{{{p}}}:mark", "state") == b"ready"
                    for p in bus.partitions_of(world.brokers, bus.COMMANDS)
                ),
                alive=[consumer],
                every_s=0.1,
            )
            places = partitions(client)
            host, port = world.redis_address.rsplit(":", 1)
            asked = "".join(questions(grants, places.__getitem__))
            done = subprocess.run(
                [program, host, port, str(ROUNDS)],
                input=asked,
                capture_output=True,
                text=True,
                check=True,
            )
        finally:
            world.close()
    ours, bare = map(float, done.stdout.split())
    print(
        f"check: {ours:,.0f} answers/s, bare HMGETs {bare:,.0f}/s; ratio {ours / bare:.2f}"
        f" (at least {RATIO_MIN})"
    )
    return 0 if ours >= RATIO_MIN * bare else 1


if __name__ == "__main__":
    sys.exit(main())
