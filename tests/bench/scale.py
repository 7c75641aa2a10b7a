#!/usr/bin/env python3
"""How cost grows: commands a second, and the CPU seconds of the consumers, the broker and Redis for 100,000 commands of
the plain load of apply, while one thing varies: how many consumers share the topic, how many grants are in the index
already, how many grants each workspace has that commands touch, or how many partitions there are. All commands can be
read at the same moment, by consumers that are ready and idle. Writes scale.md and scale.svg to the folder --out."""

import argparse
import dataclasses
import json
import pathlib
import subprocess
import sys
import time

import apply
import bench
import curves
import rebuild
import shares
from bench import bus, load
from figures import Report

FOLDER = bus.REPO / "build" / "bench" / "scale"
ROUNDS = 3
SIZES = {
    "consumers": [1, 2, 4],
    "grants": [10_000, 100_000, 1_000_000],
    "shared": [1, 10, 100, 1000],
    "partitions": [4, 16, 64],
}
LARGE = 10_000_000
SHARED_MAX = 1000  # what max-grants allows a workspace unless told otherwise
COMMANDS_OF_SIZED = 100  # of each workspace whose size varies: with as few as in apply, the index would not fit
FILLED_A_SECOND = 2000  # grants, by a slow machine
HIDDEN_MS = 600_000  # for which commands may stand on the log before they can be read
LOOK_EVERY_S = 0.2


# ---- what varies ----


class Around(rebuild.Grants):
    """Grants of workspaces that no command touches."""

    def __init__(self, count, users, organization):
        super().__init__(count, seed=2)
        self.users, self.organization = users, organization


class Touched(rebuild.Grants):
    """The grants that the workspaces of a shares.Sized have before the first command."""

    def __init__(self, made):
        super().__init__(0)
        self.made, self.workspaces, self.organization = made, made.workspaces, made.directory.organization

    def of(self, n):
        return self.made.held[self.workspaces[n]]

    def owner(self, n):
        return self.made.owner[self.workspaces[n]]


class Commands:
    """The commands of a load, the same in each round, and the facts that come before them."""

    def __init__(self, made, count, facts=True):
        self.made = made
        self.facts = list(made.workspace_records()) if facts else []
        self.records = made.commands(count)
        self.told = made.notifications()


@dataclasses.dataclass
class Place:
    """One value of a series. `before` are the rebuild.Grants that are in the index already."""

    commands: Commands
    consumers: int = 1
    partitions: int = bench.PARTITIONS
    before: tuple = ()


def _consumers(sizes, count):
    commands = Commands(shares.Plain(count), count)
    return {size: Place(commands, consumers=size) for size in sizes}


def _partitions(sizes, count):
    commands = Commands(shares.Plain(count), count)
    return {size: Place(commands, partitions=size) for size in sizes}


def _grants(sizes, count):
    """The directory always has everybody whom the largest index needs."""
    made = shares.Plain(count)
    users = made.directory.add_users(max(max(sizes) // rebuild.PER_USER, rebuild.PER_WORKSPACE))
    commands = Commands(made, count)
    return {n: Place(commands, before=(Around(n, users, made.directory.organization),)) for n in sizes}


def _shared(sizes, count):
    """The index always has as many grants, of the same users: what the touched workspaces lack, others have."""
    places = {}
    for size in sizes:
        made = shares.Sized(count, size, users=max(sizes) + 1, per_workspace=COMMANDS_OF_SIZED)
        lacking = len(made.workspaces) * (max(sizes) - size)
        around = Around(lacking, made.directory.users, made.directory.organization)
        places[size] = Place(Commands(made, count, facts=False), before=(Touched(made), around))
    return places


PLANS = {"consumers": _consumers, "grants": _grants, "shared": _shared, "partitions": _partitions}


# ---- the deployment at a place ----


def marks(world, field):
    """What the marks of all partitions say."""
    client = world.redis()
    found = [client.hget(f"sb:{{{p}}}:mark", field) for p in world.ends()]
    client.close()
    return found


def prepare(world, place):
    """Everything is gone; then a consumer fills the index, and is gone again."""
    bench.empty(world)
    bus.create_topics(world.brokers, bench.program("sharebus"), place.partitions)
    load.write_directory(world.brokers, place.commands.made)
    if place.before:
        rebuild.write_changelog(world.brokers, *place.before)
    bus.send_all(world.brokers, bus.COMMANDS, place.commands.facts)
    world.forget_ends()
    count = sum(len(grants.of(n)) for grants in place.before for n in range(len(grants.workspaces)))
    fill(world, count)


def fill(world, count):
    """A consumer takes the grants over from the changelog, and applies the facts."""
    consumer = world.start_consumer()

    def filled():
        return (
            set(marks(world, "state")) == {b"ready"}
            and sum(int(n) for n in marks(world, "grants")) == count
            and world.committed() == world.ends()
        )

    patience = bench.PATIENCE_S + count // FILLED_A_SECOND
    world.wait(f"an index of {count:,} grants", filled, patience, [consumer], LOOK_EVERY_S)
    consumer.terminate(60)


def owners(world):
    """The owner of each partition, and None while anything is wrong, or on its way."""
    command = [bench.program("sharebus"), "status", "-o", "json"]
    done = subprocess.run(command, env=world.env(), capture_output=True, text=True, timeout=60, check=False)
    return [row["owner"] for row in json.loads(done.stdout)["partitions"]] if done.returncode == 0 else None


def start_consumers(world, count):
    """Starts so many, and waits until each has its partitions, and has looked at their index since."""
    consumers = [world.start_consumer(f"scale-{n}") for n in range(1, count + 1)]
    names = {consumer.instance for consumer in consumers}

    def until(what, condition):
        world.wait(what, condition, bench.PATIENCE_S, consumers, LOOK_EVERY_S)

    until("each owns something", lambda: set(owners(world) or ()) == names)
    before = marks(world, "looked")
    until("all looked at", lambda: all(now != then for now, then in zip(marks(world, "looked"), before)))
    return consumers


class Hidden:
    """Commands that stand on the log in a transaction, so that nobody reads them before show(). `ends` is where they
    end on each partition; after them comes the transaction's marker, which nobody applies."""

    def __init__(self, world, records):
        settings = {"transactional.id": "scale", "transaction.timeout.ms": HIDDEN_MS}
        self._producer = bus.producer(world.brokers, **settings)
        self._producer.init_transactions(60)
        self._producer.begin_transaction()
        self.ends = {**world.ends(), **bus.send_through(self._producer, bus.COMMANDS, records)}

    def show(self):
        self._producer.commit_transaction(60)

    def have(self, found):
        """Is what was found of each partition as far as the commands?"""
        return all(found.get(p, 0) >= end for p, end in self.ends.items())


# ---- measuring ----


def cpu_of(meter, count):
    """{process: CPU seconds}, all consumers together."""
    spent = meter.read(count)
    return {
        "consumer": sum(seconds for name, seconds in spent.items() if name.startswith("scale-")),
        "broker": spent["broker"],
        "redis": spent["redis"],
    }


def wait_told(world, consumers, hidden, readable):
    """Until all commands are applied, and every notification can be read."""

    def until(what, condition):
        world.wait(what, condition, bench.PATIENCE_S, consumers, apply.LOOK_EVERY_S)

    until("all applied", lambda: hidden.have(world.applied()))
    until("all published", lambda: hidden.have(world.committed()))
    until("all readable", readable.reached)


def measure(world, place):
    """What one place takes: a curves.Found, and whether each partition has stayed where it was."""
    prepare(world, place)
    consumers, count = start_consumers(world, place.consumers), len(place.commands.records)
    owned, before = owners(world), world.applied()
    readable = bench.ReadableEnd(world.brokers, bus.NOTIFICATIONS)
    hidden = Hidden(world, place.commands.records)
    if world.applied() != before:
        raise AssertionError("commands were applied before all of them could be read")
    meter = bench.server_meter(world)
    for consumer in consumers:
        meter.add(consumer.instance, consumer.process.pid)
    hidden.show()
    first = apply.wait_first(world, consumers[0], before)
    wait_told(world, consumers, hidden, readable)
    end = time.monotonic()
    meter.stop()
    stayed = owners(world) == owned
    readable.close()
    for consumer in consumers:
        consumer.terminate(60)
    apply.check_told(world, place.commands.told, 0)
    return curves.Found(count / (end - first), cpu_of(meter, count)), stayed


class Run:
    """Rounds over the places of a series. `moved` counts the places where a partition changed hands meanwhile."""

    def __init__(self, world, rounds):
        self.world, self.rounds, self.moved, self.warm = world, rounds, 0, rounds == 1

    def series(self, name, sizes, count):
        bench.say(f"--- {name}: making {count:,} commands")
        places = PLANS[name](sizes, count)
        found = {size: [] for size in sizes}
        series = curves.Series(curves.AXES[name], found)
        if not self.warm:  # a round that does not count: the broker's JVM compiles what it does often
            self._round(series, places, 0, {size: [] for size in sizes})
            self.warm, self.moved = True, 0
        for number in range(self.rounds):
            self._round(series, places, number, found)
        return series

    def _round(self, series, places, number, found):
        """Every other round goes backwards, so that a drift of the machine favours nobody."""
        for size in list(places)[:: -1 if number % 2 else 1]:
            one, stayed = measure(self.world, places[size])
            found[size].append(one)
            self.moved += not stayed
            cpu = ", ".join(f"{process} {seconds:.2f} s" for process, seconds in one.cpu.items())
            bench.say(f"round {number + 1}, {series.name_of(size)}: {one.rate:,.0f}/s; {cpu}")


def write(folder, all_series, count):
    folder.mkdir(parents=True, exist_ok=True)
    title = f"How cost grows, {count:,} commands"
    (folder / "scale.svg").write_text(curves.plot(all_series, title))
    (folder / "scale.md").write_text(curves.document(all_series, title, "scale.svg"))


# ---- arguments ----


def numbers(text):
    """Of an argument such as 1,2,4."""
    found = sorted({int(part) for part in text.split(",")})
    if found[0] < 1:
        raise argparse.ArgumentTypeError(f"{text}: every number must be at least 1")
    return found


def parsed():
    parser = bench.arguments(__doc__, rounds=ROUNDS)
    parser.add_argument("--series", choices=tuple(PLANS), help="only this one (all four)")
    parser.add_argument("--commands", type=int, default=100_000, help="(%(default)s)")
    for name, sizes in SIZES.items():
        told = f"values of this series ({','.join(map(str, sizes))})"
        parser.add_argument(f"--{name}", type=numbers, default=sizes, metavar="N,N…", help=told)
    parser.add_argument("--large", action="store_true", help=f"also {LARGE:,} grants in the index")
    parser.add_argument("--out", type=pathlib.Path, default=FOLDER, help="folder of what is written (%(default)s)")
    args = parser.parse_args()
    for name, limit in (("consumers", bench.PARTITIONS), ("shared", SHARED_MAX)):
        if max(getattr(args, name)) > limit:
            parser.error(f"--{name}: at most {limit}")
    if args.large:
        args.grants = sorted({*args.grants, LARGE})
    return args


def main():
    args = parsed()
    found = []
    with bench.deployment() as world:
        run = Run(world, args.rounds)
        for name in [args.series] if args.series else PLANS:
            found.append(run.series(name, getattr(args, name), args.commands))
            write(args.out, found, args.commands)
    rows = [row for series in found for row in curves.rows(series)]
    more = {"written": str(args.out / "scale.md"), "places where partitions changed hands meanwhile": run.moved}
    settings = {**bench.settings_of(args), "out": str(args.out)}
    return bench.tell(Report("scale", settings, rows, more=more), args.output)


if __name__ == "__main__":
    sys.exit(main())
