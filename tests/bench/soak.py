#!/usr/bin/env python3
"""Does the consumer's memory stay flat under a long load, of which one record in a hundred is garbage?"""

import os
import pathlib
import sys
import time

import bench
from bench import bus, load
from figures import Report, Row, maximum

GARBAGE = 0.01
TICK_S = 0.05
PAGE = os.sysconf("SC_PAGE_SIZE")
MB_MAX = 256
GROWTH_MAX = 1.05  # from the second quarter of the time to the last,
SECONDS_JUDGED = 1200  # for before, caches still fill
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
            bench.say(f"{at:7.0f} s  {sent:9,} sent  {self.list[-1][1]:6.1f} MB")

    def of(self, first, last):
        """The largest sample between two fractions of the whole time."""
        end = self.list[-1][0]
        return max(mb for at, mb in self.list if first * end <= at <= last * end)


def measure(world, args):
    """(how many records were sent, Samples)"""
    made = world.populate(SHAPE)
    consumer = world.start_consumer()
    samples = Samples(consumer.process.pid, max(args.seconds // 30, 1))
    sent = produce(world, made, args.rate, args.seconds, samples.take)
    world.forget_ends()
    world.wait_published(consumer)
    consumer.terminate()
    return sent, samples


def main():
    parser = bench.arguments(__doc__, rounds=None)
    parser.add_argument("--seconds", type=int, default=3600, help="(%(default)s)")
    parser.add_argument("--rate", type=int, default=1000, help="records a second (%(default)s)")
    args = parser.parse_args()
    with bench.deployment() as world:
        sent, samples = measure(world, args)
    second, last = [samples.of(0.25, 0.5)], [samples.of(0.75, 1)]
    flat = maximum(GROWTH_MAX, ratio=True) if args.seconds >= SECONDS_JUDGED else None
    rows = [
        Row("resident memory of the consumer, at most", "MB", [samples.of(0, 1)], maximum(MB_MAX)),
        Row("in the last quarter of the time", "MB", last, flat, "the second quarter", second),
    ]
    more = {"records": f"{sent:,}, of which {GARBAGE:.0%} are garbage"}
    return bench.tell(Report("soak", bench.settings_of(args), rows, more=more), args.output)


if __name__ == "__main__":
    sys.exit(main())
