#!/usr/bin/env python3
"""Does the consumer's memory stay flat under a long load, of which one record in a hundred is garbage?"""

import argparse
import os
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import bus
import load
import world as worlds

GARBAGE = 0.01
TICK_S = 0.05
PAGE = os.sysconf("SC_PAGE_SIZE")
SHAPE = load.Shape(seed=41, users=1000, workspaces=5000)


def mix():
    """The usual mix with that share of garbage."""
    rest = {kind: weight for kind, weight in load.MIX.items() if kind != "garbage"}
    return {**rest, "garbage": sum(rest.values()) * GARBAGE / (1 - GARBAGE)}


def resident_mb(pid):
    return int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE / 2**20


def produce(world, made, rate, seconds, sample):
    """Writes records at that rate for so long; calls sample() about once a second."""
    producer = bus.producer(world.brokers)
    kinds, sent, begin = mix(), 0, time.monotonic()
    next_sample = begin
    while (now := time.monotonic()) < begin + seconds:
        for key, value, headers in made.command_records(int((now - begin) * rate) - sent, kinds):
            producer.produce(bus.COMMANDS, value, key, headers=headers)
            sent += 1
        if now >= next_sample:
            sample(now - begin, sent)
            next_sample += 1
        producer.poll(TICK_S)
    assert producer.flush(60) == 0
    return sent


class Samples:
    def __init__(self, pid, every_s):
        self.pid, self.every_s = pid, every_s
        self.list = []

    def take(self, at, sent):
        self.list.append((at, resident_mb(self.pid)))
        if len(self.list) % self.every_s == 1:
            print(f"{at:7.0f} s  {sent:9,} sent  {self.list[-1][1]:6.1f} MB", flush=True)

    def of(self, first, last):
        """The largest sample between two fractions of the whole time."""
        end = self.list[-1][0]
        return max(mb for at, mb in self.list if first * end <= at <= last * end)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=3600)
    parser.add_argument("--rate", type=int, default=1000, help="records a second")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sharebus-soak.") as folder:
        world = worlds.World(folder)
        try:
            made = world.populate(SHAPE)
            consumer = world.start_consumer()
            samples = Samples(consumer.process.pid, max(args.seconds // 30, 1))
            sent = produce(world, made, args.rate, args.seconds, samples.take)
            world.forget_ends()
            world.wait_published(consumer)
            consumer.terminate()
        finally:
            world.close()
    print(
        f"soak: {sent:,} records in {args.seconds} s, {GARBAGE:.0%} garbage; resident memory at most"
        f" {samples.of(0, 0.25):.1f} MB in the first quarter, {samples.of(0.25, 0.5):.1f},"
        f" {samples.of(0.5, 0.75):.1f} and {samples.of(0.75, 1):.1f} MB in the others"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
