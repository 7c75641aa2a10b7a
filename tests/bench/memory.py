#!/usr/bin/env python3
"""How many bytes of Redis a grant costs, all keys counted: the index of so many grants, five a workspace and
fifty a user, each the work of a command of its own, as a consumer rebuilds it."""

import argparse
import sys
import tempfile

import rebuild
from rebuild import bus, load, worlds

KINDS = {b"ws:": "workspaces", b"u:": "of users", b"o:": "of owners"}
SAMPLES = 1000
MOST = 150


def used(client):
    return int(client.info("memory")["used_memory"])


def kind_of(key):
    rest = key.split(b"}:", 1)[-1]
    return next((name for prefix, name in KINDS.items() if rest.startswith(prefix)), "other")


def by_kind(client, grants):
    """{kind: bytes a grant}, from every key counted and some of each kind weighed"""
    counts, weights = {}, {}
    for key in client.scan_iter(count=10_000):
        kind = kind_of(key)
        counts[kind] = counts.get(kind, 0) + 1
        weighed = weights.setdefault(kind, [])
        if len(weighed) < SAMPLES:
            weighed.append(client.memory_usage(key, samples=0))
    return {k: counts[k] * sum(weights[k]) / len(weights[k]) / grants for k in counts}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--grants", type=int, default=1_000_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sharebus-bench.") as folder:
        world = worlds.World(folder)
        try:
            client = world.redis()
            empty = used(client)
            grants = rebuild.Grants(args.grants, commands=rebuild.PER_WORKSPACE)
            bus.create_topics(world.brokers, load.sharebus_program())
            print(f"writing {args.grants:,} grants to {bus.GRANTS}", file=sys.stderr)
            rebuild.write_changelog(world.brokers, grants)
            rebuild.rebuild(world)
            each = (used(client) - empty) / args.grants
            kinds = by_kind(client, args.grants)
            # the table of all keys, and what the allocator rounds its entries up by
            kinds["table of keys"] = each - sum(kinds.values())
            parts = ", ".join(f"{name} {size:.0f}" for name, size in sorted(kinds.items()))
            print(
                f"memory: {each:.1f} bytes a grant ({args.grants:,} grants; at most {MOST}): {parts}"
            )
            client.close()
        finally:
            world.close()
    return 0 if each <= MOST else 1


if __name__ == "__main__":
    sys.exit(main())
