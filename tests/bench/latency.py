#!/usr/bin/env python3
"""How soon after its acknowledgement a command's grant is visible in Redis, and how soon its notification can be
read by whoever reads what is committed, at a steady rate on an index that has grants; beside how soon a plain reader
has the command itself, in the same seconds."""

import struct
import subprocess
import sys

import bench
import figures
import shares
from bench import bus, load
from figures import Report, Row, maximum

WARM_S = 2  # of each round, which are not counted: clients connect
WARM_ROUNDS = 2  # nor are these, while the broker's JVM compiles what it does often
PLACES = ("visible", "told", "read")
WANTED = {("visible", 0.5): 2, ("visible", 0.99): 8, ("told", 0.5): 12, ("told", 0.99): 40}
NAMES = {"visible": "acknowledged → grant visible", "told": "acknowledged → notification readable"}


def framed(records):
    """As latency.c reads commands."""
    return b"".join(struct.pack("=II", len(key), len(value)) + key + value for key, value, _ in records)


def milliseconds(out, count):
    """{place: [ms]} of what latency.c prints, without the first `count` that were acknowledged."""
    samples = sorted([int(field) for field in line.split()] for line in out.splitlines())[count:]
    # what was there before its acknowledgement counts as a microsecond: a ratio has no zero below it
    found = {place: [max(s[n], 1) / 1000 for s in samples if s[n] >= 0] for n, place in enumerate(PLACES, 1)}
    lacking = {place: len(samples) - len(values) for place, values in found.items()}
    if any(lacking.values()):
        raise AssertionError(f"not seen, of {len(samples)}: {lacking}")
    return found


def measure_round(world, made, args, consumer):
    """({place: [ms]}, CPU seconds)"""
    records = made.commands(args.rate * (WARM_S + args.seconds))
    port = world.redis_address.rpartition(":")[2]
    command = [bench.program("bench_latency"), world.brokers, port, str(args.rate)]
    meter = bench.server_meter(world)
    meter.add("consumer", consumer.process.pid)
    done = subprocess.run(command, input=framed(records), capture_output=True, timeout=bench.PATIENCE_S, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.decode())
    return milliseconds(done.stdout.decode(), args.rate * WARM_S), meter.read(len(records))


def prepare(world, made, count):
    bus.create_topics(world.brokers, bench.program("sharebus"), bench.PARTITIONS)
    load.write_directory(world.brokers, made)
    load.write_workspaces(world.brokers, made)
    bus.send_all(world.brokers, bus.COMMANDS, made.commands(count))
    consumer = world.start_consumer()
    world.forget_ends()
    world.wait("the beginning", lambda: world.committed() == world.ends(), bench.PATIENCE_S, [consumer], 0.2)
    return consumer


def rows_of(rounds):
    rows = []
    for (place, of), limit in WANTED.items():
        ours, plain = ([figures.quantile(r[p], of) for r in rounds] for p in (place, "read"))
        rows.append(Row(f"{NAMES[place]}, p{of * 100:.0f}", "ms", ours, maximum(limit), "command readable", plain))
    return rows


def main():
    parser = bench.arguments(__doc__)
    parser.add_argument("--rate", type=int, default=1000, help="commands a second (%(default)s)")
    parser.add_argument("--seconds", type=int, default=15, help="of each round (%(default)s)")
    parser.add_argument("--grants", type=int, default=100_000, help="commands that were applied before (%(default)s)")
    args = parser.parse_args()
    made = shares.Fresh(args.grants)
    with bench.deployment() as world:
        consumer = prepare(world, made, args.grants)
        rounds = []
        warming = WARM_ROUNDS if args.rounds > 1 else 0
        for number in range(args.rounds + warming):
            rounds.append(measure_round(world, made, args, consumer))
            told = ", ".join(f"{place} p50 {figures.quantile(ms, 0.5):.1f} ms" for place, ms in rounds[-1][0].items())
            bench.say(f"round {number + 1}: {told}")
        rounds = rounds[warming:]
        consumer.terminate(60)
    cpu = {"sharebus": bench.gather([cpu for _, cpu in rounds])}
    rows = rows_of([found for found, _ in rounds])
    return bench.tell(Report("latency", bench.settings_of(args), rows, cpu), args.output)


if __name__ == "__main__":
    sys.exit(main())
