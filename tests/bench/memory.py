#!/usr/bin/env python3
"""How many bytes of Redis a grant takes, all keys included, in an index that a consumer has rebuilt: five
grants for each workspace, fifty for each user. A workspace remembers the ids of its commands, so equal
parts of the workspaces got their grants by one command, by two, … by five; the output shows the effect."""

import sys

import bench
import rebuild
from bench import bus, load
from figures import Report, Row, maximum

KINDS = {b"ws:": "workspaces", b"u:": "of users", b"o:": "of owners"}
SAMPLES = 1000
BYTES_MAX = 150  # of GRANTS_JUDGED: fewer share what a deployment takes in any case
GRANTS_JUDGED = 1_000_000


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
            weighed.append(client.memory_usage(key, samples=0) or 0)  # one that has expired since weighs nothing
    return counts, weights


def measure(world, count):
    """Bytes a grant, and what they are made of."""
    client = world.redis()
    empty = used(client)
    grants = rebuild.Grants(count, commands=range(1, rebuild.PER_WORKSPACE + 1))
    bus.create_topics(world.brokers, load.sharebus_program())
    bench.say(f"writing {count:,} grants to {bus.GRANTS}")
    rebuild.write_changelog(world.brokers, grants)
    rebuild.rebuild(world)
    each = (used(client) - empty) / count
    counts, weights = weigh(client)
    client.close()
    kinds = {k: counts[k] * sum(weights[k]) / len(weights[k]) / count for k in counts}
    # the table of all keys, including the rounding of its entries by the allocator
    kinds["table of keys"] = each - sum(kinds.values())
    few, many = (
        each - kinds["workspaces"] + size / rebuild.PER_WORKSPACE
        for size in (min(weights["workspaces"]), max(weights["workspaces"]))
    )
    told = ", ".join(f"{name} {size:.1f}" for name, size in sorted(kinds.items()))
    return each, {"bytes of": told, "given by few commands, and by one each": f"{few:.1f}, {many:.1f}"}


def main():
    parser = bench.arguments(__doc__, rounds=None)
    parser.add_argument("--grants", type=int, default=GRANTS_JUDGED, help="(%(default)s)")
    args = parser.parse_args()
    with bench.deployment() as world:
        each, more = measure(world, args.grants)
    bound = maximum(BYTES_MAX) if args.grants >= GRANTS_JUDGED else None
    rows = [Row("memory of Redis for a grant", "bytes", [each], bound)]
    return bench.tell(Report("memory", bench.settings_of(args), rows, more=more), args.output)


if __name__ == "__main__":
    sys.exit(main())
