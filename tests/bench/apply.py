#!/usr/bin/env python3
"""How many commands a second a consumer applies, exactly once and with everything that follows from them: from its
start, with all commands on the log, until the last notification can be read. In the same rounds, in turn: what Redis
alone takes for the same grants (bench_pipeline), and what a program without rules does that has the same promise in
Kafka alone (bench_weekend). With --price also our consumer without transactions (bench_loose_consumer), and that
program when it sends as many records as we do."""

import pathlib
import resource
import subprocess
import sys
import time

import bench
import redis
import shares
from bench import bus, load
from figures import Report, Row, minimum, maximum

OTHERS = "bench.output"  # where the weekend's program writes
GROUP = "bench-weekend"
DATABASE = 1  # of Redis, where the index is not
LOOK_EVERY_S = 0.02
MEMORY_MAX_MB = 256
RECORDS = 3  # that a plain command makes: an event, a notification, the workspace's state


class Bed:
    """The deployment, and the same commands for each round."""

    def __init__(self, world, made, count):
        self.world, self.made, self.count = world, made, count
        self.batches = world.folder / "batches"
        bench.say(f"making {count:,} commands")
        self.first = list(made.workspace_records())
        self.records = made.commands(count)
        self.told = made.notifications()
        shares.write_pipeline(self.batches, made.grants)
        self.grants = len(made.grants)

    def prepare(self):
        """Everything is gone; then the directory and the workspaces are applied, and the commands are written."""
        bench.empty(self.world)
        bus.create_topics(self.world.brokers, bench.program("sharebus"), bench.PARTITIONS)
        load.write_directory(self.world.brokers, self.made)
        bus.send_all(self.world.brokers, bus.COMMANDS, self.first)
        bench.apply_all(self.world)
        self.begin = bus.log_ends(self.world.brokers, bus.COMMANDS)
        bus.send_all(self.world.brokers, bus.COMMANDS, self.records)
        self.world.forget_ends()


class Measured:
    """One program in one round. `seconds` is from its start, `steady` from its first command."""

    def __init__(self, count, began, first, end, cpu, peak_mb=None):
        self.seconds, self.startup, self.steady = end - began, first - began, end - first
        self.rate, self.steady_rate = count / self.seconds, count / self.steady
        self.cpu, self.peak_mb = cpu, peak_mb

    def as_json(self):
        return {name: value for name, value in vars(self).items() if value is not None}


# ---- the three ----


def wait_first(world, consumer, before):
    """When the first command had been applied, as late as the last look before."""
    seen = [time.monotonic()]

    def moved():
        last, seen[0] = seen[0], time.monotonic()
        return world.applied() != before and last

    return world.wait("the first command applied", moved, alive=[consumer], every_s=0.01)


def apply_sharebus(bed, attach=None, program=None):
    """Our consumer, or another `program` that takes its place. `attach` is called with its pid as soon as it runs."""
    world = bed.world
    before, readable = world.applied(), bench.ReadableEnd(world.brokers, bus.NOTIFICATIONS)
    told = sum(bus.log_ends(world.brokers, bus.NOTIFICATIONS).values())
    meter, began = bench.server_meter(world), time.monotonic()
    consumer = world.start_consumer(program=program)
    meter.add("consumer", consumer.process.pid, 0)
    if attach:
        attach(consumer.process.pid)
    first = wait_first(world, consumer, before)

    def until(what, condition):
        world.wait(what, condition, bench.PATIENCE_S, [consumer], LOOK_EVERY_S)

    until("all applied", lambda: world.applied() == world.ends())
    until("all published", lambda: world.committed() == world.ends())
    until("all readable", readable.reached)
    end = time.monotonic()
    cpu, peak = meter.read(bed.count), bench.peak_mb(consumer.process.pid)
    consumer.terminate(60)
    readable.close()
    check_told(world, bed.told, told)
    return Measured(bed.count, began, first, end, cpu, peak)


def check_told(world, told, before):
    """Everybody is told who must be, and once. `told` None: nobody knows how many that are."""
    if told is None:
        return
    found = sum(len(messages) for messages in bus.read_topic(world.brokers, bus.NOTIFICATIONS).values())
    if found != told:
        raise AssertionError(f"{found:,} notifications, not {told:,}; the log had {before:,} before")


def empty_other(world):
    host, port = world.redis_address.rsplit(":", 1)
    with redis.Redis(host, int(port), db=DATABASE) as client:
        client.flushdb()


def apply_weekend(bed, records=1):
    """The program without rules; its Redis is empty, and its group begins where ours did."""
    world = bed.world
    empty_other(world)
    kafka = bench.admin.AdminClient({"bootstrap.servers": world.brokers, **bus.SILENT})
    kafka.create_topics([bench.admin.NewTopic(OTHERS, bench.PARTITIONS, 1)])[OTHERS].result(30)
    bench.commit(world.brokers, GROUP, bed.begin)
    readable = bench.ReadableEnd(world.brokers, OTHERS)
    port = world.redis_address.rpartition(":")[2]
    command = [bench.program("bench_weekend"), world.brokers, port, str(DATABASE), GROUP, OTHERS, str(bed.count)]
    command.append(str(records))
    meter, began = bench.server_meter(world), time.monotonic()
    run, own = run_to_end(command)
    while not readable.reached():
        time.sleep(LOOK_EVERY_S)
    end = time.monotonic()
    cpu = meter.read(bed.count) | {"consumer": own * bench.figures.PER / bed.count}
    readable.close()
    check_weekend(bed, bed.count * records)
    return Measured(bed.count, began, float(run.split()[0]), end, cpu)


def run_to_end(command, stdin=subprocess.DEVNULL):
    """(what it prints, its CPU seconds)"""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, stdin=stdin, capture_output=True, text=True, timeout=bench.PATIENCE_S, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise RuntimeError(f"{pathlib.Path(command[0]).name}: {done.stderr}")
    return done.stdout, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def check_weekend(bed, sent):
    """It has done its part."""
    found = sum(len(messages) for messages in bus.read_topic(bed.world.brokers, OTHERS).values())
    if found != sent:
        raise AssertionError(f"{found:,} records of the other program, not {sent:,}")


def apply_pipeline(bed):
    """Redis alone."""
    world = bed.world
    empty_other(world)
    meter = bench.Meter(redis=world.pid("redis"))
    with bed.batches.open("rb") as batches:
        command = [bench.program("bench_pipeline"), world.redis_address.rpartition(":")[2], str(DATABASE)]
        out, own = run_to_end(command, batches)
    seconds = float(out)
    cpu = meter.read(bed.grants) | {"sender": own * bench.figures.PER / bed.grants}
    return Measured(bed.grants, 0, 0, seconds, cpu)


TURNS = {"sharebus": apply_sharebus, "weekend": apply_weekend, "redis": apply_pipeline}


# ---- the whole ----


def apply_loosely(bed):
    """Our consumer without transactions, on a deployment of its own. It keeps nothing unsent in Redis."""
    bed.prepare()
    found = apply_sharebus(bed, program=bench.program("bench_loose_consumer"))
    client = bed.world.redis()
    kept = [int(last) for p in bed.begin for last in client.hkeys(f"sb:{{{p}}}:unsent") if int(last) >= bed.begin[p]]
    client.close()
    if kept:
        raise AssertionError(f"it keeps what is unsent after all: {kept}")
    return found


def measure_round(bed, number, price=False):
    """{name: Measured}; every other round goes backwards, so that a drift of the machine favours nobody."""
    bed.prepare()
    found = {}
    for name in list(TURNS)[:: -1 if number % 2 else 1]:
        found[name] = TURNS[name](bed)
    if price:
        found["loose"] = apply_loosely(bed)
        bed.prepare()
        found["as many"] = apply_weekend(bed, RECORDS)
    told = ", ".join(f"{name} {measured.steady_rate:,.0f}/s" for name, measured in found.items())
    bench.say(f"round {number + 1}: {told}")
    return found


def price_rows(rounds):
    """What exactly once costs: 0.80 × of the rate is a price of 20 %. And what as many records cost anybody."""
    picks = [("commands", "/s", lambda m: m.steady_rate)]
    picks += [(f"CPU of the {p}", "s/100k", lambda m, p=p: m.cpu[p]) for p in ("consumer", "broker", "redis")]
    beside = (("loose", "exactly once", "without transactions"), ("as many", "as many records", "weekend's program"))
    return [
        Row(f"{what}, {how}", unit, [pick(r["sharebus"]) for r in rounds], None, other, [pick(r[name]) for r in rounds])
        for name, how, other in beside
        for what, unit, pick in picks
    ]


def rows_of(rounds):
    """What is wanted of each figure: tests/bench/README.md says why."""

    def of(name, pick):
        return [pick(r[name]) for r in rounds]

    def cpu(process):
        return lambda measured: measured.cpu[process]

    steady, whole = ([of(name, pick) for name in ("sharebus", "weekend")] for pick in (lambda m: m.steady_rate, lambda m: m.rate))
    alone, other = of("redis", lambda m: m.rate), "weekend's program"
    pairs = [(p, of("sharebus", cpu(p)), of("weekend", cpu(p))) for p in ("consumer", "broker", "redis")]
    wanted = {"consumer": maximum(1, ratio=True), "broker": maximum(2, ratio=True)}
    return [
        Row("commands, from the first on", "/s", steady[0], minimum(1, ratio=True), other, steady[1]),
        Row("the same beside Redis alone", "/s", steady[0], minimum(0.6, ratio=True), "bare pipeline", alone),
        Row("commands, from the start", "/s", whole[0], None, other, whole[1]),
        Row("start", "s", of("sharebus", lambda m: m.startup), None, other, of("weekend", lambda m: m.startup)),
        *(Row(f"CPU of the {p}", "s/100k", ours, wanted.get(p), other, theirs) for p, ours, theirs in pairs),
        Row("peak memory of the consumer", "MB", of("sharebus", lambda m: m.peak_mb), maximum(MEMORY_MAX_MB)),
    ]


def main():
    parser = bench.arguments(__doc__)
    parser.add_argument("--commands", type=int, default=400_000, help="(%(default)s)")
    parser.add_argument("--data", choices=tuple(shares.SETS), default="plain", help="(%(default)s)")
    parser.add_argument("--price", action="store_true", help="also beside our consumer without transactions")
    args = parser.parse_args()
    made = shares.SETS[args.data](args.commands)
    with bench.deployment() as world:
        bed = Bed(world, made, args.commands)
        warming = int(args.rounds > 1)  # a round that does not count: the broker's JVM compiles what it does often
        rounds = [measure_round(bed, number, args.price) for number in range(args.rounds + warming)][warming:]
    cpu = {name: bench.gather([r[name].cpu for r in rounds]) for name in rounds[0]}
    rows = rows_of(rounds) + (price_rows(rounds) if args.price else [])
    label = "" if args.data == "plain" else f", {args.data}"  # one table may have both
    for row in rows:
        row.what += label
    more = {"workspaces": len(made.workspaces), "users": len(made.directory.users), "grants": bed.grants}
    return bench.tell(Report(f"apply{label}", bench.settings_of(args), rows, cpu, more=more), args.output)


if __name__ == "__main__":
    sys.exit(main())
