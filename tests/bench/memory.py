#!/usr/bin/env python3
"""How many bytes of Redis a grant takes, all keys included, in an index that a consumer has rebuilt: five
grants for each workspace, fifty for each user. A workspace remembers the ids of its commands, so equal
parts of the workspaces got their grants by one command, by two, … by five; the output shows the effect."""

import argparse
import sys
import tempfile

import rebuild
from rebuild import bus, load, worlds

KINDS = {b"ws:": "workspaces", b"u:": "of users", b"o:": "of owners"}
SAMPLES = 1000
BYTES_MAX = 150


def used(client):
    return int(client.info("memory")["used_memory"])


def kind_of(key):
    rest = key.split(b"}:", 1)[-1]
    return next((name for prefix, name in KINDS.items() if rest.startswith(prefix)), "other")


def weigh(client):
    """{kind: number of keys} and {kind: [bytes of some of the keys]}."""
    counts, weights = {}, {}
    for key in client.scan_iter(count=10_000):
        kind = kind_of(key)
        counts[kind] = counts.get(kind, 0) + 1
        weighed = weights.setdefault(kind, [])
        if len(weighed) < SAMPLES:
            weighed.append(client.memory_usage(key, samples=0))
    return counts, weights


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--grants", type=int, default=1_000_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sharebus-bench.") as folder:
        world = worlds.World(folder)
        try:
            client = world.redis()
            empty = used(client)
            grants = rebuild.Grants(args.grants, commands=range(1, rebuild.PER_WORKSPACE + 1))
            bus.create_topics(world.brokers, load.sharebus_program())
            print(f"writing {args.grants:,} grants to {bus.GRANTS}", file=sys.stderr)
            rebuild.write_changelog(world.brokers, grants)
            rebuild.rebuild(world)
            each = (used(client) - empty) / args.grants
            counts, weights = weigh(client)
            kinds = {
                k: counts[k] * sum(weights[k]) / len(weights[k]) / args.grants for k in counts
            }
            # the table of all keys, including the rounding of its entries by the allocator
            kinds["table of keys"] = each - sum(kinds.values())
            parts = ", ".join(f"{name} {size:.1f}" for name, size in sorted(kinds.items()))
            few, many = (
                each - kinds["workspaces"] + size / rebuild.PER_WORKSPACE
                for size in (min(weights["workspaces"]), max(weights["workspaces"]))
            )
            print(
                f"memory: {each:.1f} bytes a grant ({args.grants:,} grants; at most {BYTES_MAX}), from"
                f" {few:.1f} (given by few commands) to {many:.1f} (by one each): {parts}"
            )
            client.close()
        finally:
            world.close()
    return 0 if each <= BYTES_MAX else 1


if __name__ == "__main__":
    sys.exit(main())
