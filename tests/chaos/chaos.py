"""Breaks whatever can break, under load, and checks afterwards, one by one, that every command was
carried out exactly once. Exit code 0: it was; 1: it was not; 77: there is no Kafka to test with."""

import argparse
import contextlib
import gc
import os
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "integration")]

import bus  # noqa: E402
import counting  # noqa: E402
import history  # noqa: E402
import load  # noqa: E402
import traffic  # noqa: E402
import world as worlds  # noqa: E402
from cluster import Cluster  # noqa: E402
from nemesis import Nemesis  # noqa: E402
from reader import Reader  # noqa: E402
from schedule import CONSUMERS_FIRST, FORMS, Schedule, kinds  # noqa: E402
from watch import Watch  # noqa: E402

SKIPPED = 77
SHORT_S = 300  # shorter runs have shorter faults, and more of them at once
FULL_S = 600  # runs of at least this length must have every kind of fault
RATE, RECORDS_MAX = 2000, 600_000  # the check holds all of them in memory
TICK_S = 0.05
TELL_EVERY_S = 5
DRAINED_S = 300
SHAPE = {"users": 1000, "workspaces": 5000}
LOGS = bus.REPO / "build" / "chaos"
ELSEWHERE = ("secured", "cluster", "sentinel")  # settings other than one server that is open to everybody


class Run:
    """One run, from the empty stack to the verdict."""

    PASSED = "every command exactly once"

    def __init__(self, options, cluster):
        self.options, self.cluster = options, cluster
        self.short = options.seconds < SHORT_S
        self.watch = self.traffic = self.nemesis = self.reader = None
        self.beside = ()  # what goes on while things are broken: start() and check() of each
        self.began = time.monotonic()

    def tell(self, text):
        print(f"{time.monotonic() - self.began:6.1f} s  {text}", flush=True)

    def carry_out(self):
        made = self._prepare()
        self._break_things()
        ledger = self._settle(made)
        self._verify(ledger)

    # ---- its stages ----

    def _prepare(self):
        options, cluster = self.options, self.cluster
        made = cluster.populate(load.Shape(seed=options.seed, **SHAPE))
        for slot in cluster.slots[:CONSUMERS_FIRST]:
            slot.start()
        consumers = [slot.consumer for slot in cluster.slots[:CONSUMERS_FIRST]]
        cluster.wait_published(*consumers)
        self.directory = cluster.directory_in_redis()
        self.reader = Reader(cluster, made)
        self.watch = Watch(cluster)
        self.watch.start()
        self.traffic = traffic.Traffic(cluster, made, options.rate, options.seed)
        self.beside = (self.traffic, self.reader)
        schedule = Schedule(options.seed, options.faults, self.short, options.brokers)
        self.nemesis = Nemesis(cluster, self.watch, schedule, self.tell, self.short)
        return made

    def _break_things(self):
        self.tell(f"{self.options.rate} records a second, for {self.options.seconds} s")
        for one in self.beside:
            one.start()
        end = time.monotonic() + self.options.seconds
        told = time.monotonic()
        while time.monotonic() < end or self.nemesis.running:
            self.nemesis.step(more=time.monotonic() < end)
            self.cluster.check()
            for one in self.beside:
                one.check()
            if time.monotonic() > told + TELL_EVERY_S:
                told = time.monotonic()
                self._tell_how_far()
            time.sleep(TICK_S)

    def _tell_how_far(self):
        look = self.watch.latest
        lag = look.lag()
        consumers = sum(slot.wanted for slot in self.cluster.slots)
        self.tell(
            f"{self.traffic.sent():,} sent, lag {'?' if lag is None else f'{lag:,}'},"
            f" {'no' if look.applied is None else len(look.applied)} partitions ready,"
            f" {consumers} consumers"
        )

    def _settle(self, made):
        """Ends the load, waits until all of it is published, and stops the consumers."""
        cluster = self.cluster
        ledger = self.traffic.finish(cluster.forgotten)
        self.tell(f"{ledger.sent:,} sent; transactions: {dict(ledger.transactions)}")
        for at, name in cluster.forgotten():
            self.tell(f"the brokers forgot a transaction of {name} at {time.ctime(at)}")
        cluster.wait("no transaction left open", self._nothing_open, DRAINED_S)
        traffic.seal(cluster.brokers, made)
        cluster.forget_ends()
        consumers = [slot.consumer for slot in cluster.slots if slot.wanted]
        cluster.wait("all published", self._all_published, DRAINED_S, alive=consumers)
        self.watch.finish()
        for slot in cluster.slots:
            if slot.wanted:
                for _ in slot.stop():
                    time.sleep(TICK_S)
        self.reader.finish()
        self.tell(
            f"all published, all consumers stopped; a reader had {self.reader.answers} right"
            f" answers, and none {self.reader.unavailable} times"
        )
        return ledger

    def _nothing_open(self):
        brokers = self.cluster.brokers
        ends = bus.log_ends(brokers, bus.COMMANDS)
        return bus.log_ends(brokers, bus.COMMANDS, "read_committed") == ends

    def _all_published(self):
        """Is all published, with what the consumers themselves have written to end grants and handoffs?"""
        settled = self.cluster.is_settled()
        return settled and self.watch.latest.ends == self.cluster.ends() == self.watch.latest.committed

    def _verify(self, ledger):
        gc.disable()  # nothing allocated from here on can be freed before the end
        count = self.cluster.count(all_outcomes=False)
        self.tell(f"counting: {count.model.counts()}")
        found = history.ids_on_log(count.log)
        count.problems += history.differences(ledger, found)
        again = history.repeated(ledger, found)
        if again:
            self.tell(f"{len(again)} records were written twice by their producers, as {again[0]}")
        if self.cluster.directory_in_redis() != self.directory:
            count.problems.append(("directory", "Redis does not hold the same directory as at the start"))
        count.verify()
        self._check_kinds()

    def _check_kinds(self):
        """A long run has every kind of fault."""
        missing = [kind for kind in self.options.faults if kind not in self.nemesis.times]
        if missing and self.options.seconds >= FULL_S:
            raise counting.Differences(f"these faults did not occur: {', '.join(missing)}")

    # ---- its end ----

    def report(self):
        if self.nemesis:
            self.nemesis.abandon()
            print("\n" + "\n".join(self.nemesis.report(self.options.faults)))

    def keep_logs(self):
        folder = LOGS / f"seed-{self.options.seed}-{self.options.setting}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for log in [*self.cluster.folder.glob("*.log"), *self.cluster.stack.glob("*.log")]:
            shutil.copy(log, folder)
        for log in self.cluster.folder.glob("nodes/*/log"):
            shutil.copy(log, folder / f"{log.parent.name}.log")
        for data in self.cluster.stack.glob("kafka*/data"):
            with contextlib.suppress(shutil.Error):  # a broker that runs has deleted a file meanwhile
                shutil.copytree(data, folder / data.parent.name)
        return folder


def perform(run):
    """Runs it; returns whether all was well, and prints what was not."""
    options = run.options
    try:
        run.carry_out()
        run.report()
        print(f"\npassed: {run.PASSED} ({options.setting}, seed {options.seed})")
        if options.keep:
            print(f"logs: {run.keep_logs()}")
        return True
    except Exception as error:  # whatever it is, it is reported, and the logs are kept
        if not isinstance(error, AssertionError):
            traceback.print_exc()
        run.report()
        print(f"\nFAILED ({options.setting}, seed {options.seed}): {error}\nlogs: {run.keep_logs()}")
        return False


def parse(arguments=None):
    parser = argparse.ArgumentParser(prog="ops/chaos", description=__doc__)
    parser.add_argument("--seconds", type=int, default=90, help="of faults (%(default)s)")
    parser.add_argument("--seed", type=int, help="repeats a schedule of faults")
    parser.add_argument("--brokers", type=int, choices=(1, 3), default=1)
    parser.add_argument("--redis", choices=FORMS, default="server")
    parser.add_argument("--rate", type=int, help=f"records a second ({RATE}; less in long runs)")
    parser.add_argument("--secured", action="store_true", help="with passwords, TLS and rights")
    parser.add_argument(
        "--setting",
        choices=("drawn", "all"),
        help=f"one of these, as the seed decides, or each: {', '.join(ELSEWHERE)}",
    )
    parser.add_argument("--keep", action="store_true", help="the logs, even if all is well")
    parser.add_argument("--faults", help="only these kinds, comma separated")
    options = parser.parse_args(arguments)
    if options.secured + (options.redis != "server") + bool(options.setting) > 1:
        parser.error("only one of --secured, --redis and --setting")
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(1_000_000)
    options.rate = options.rate or max(min(RATE, RECORDS_MAX // options.seconds), 1)
    try:
        return [settle(options, setting) for setting in settings(options)]
    except ValueError as error:
        parser.error(error)


def settings(options):
    """Where the runs are: one of FORMS, or ELSEWHERE."""
    if options.setting == "all":
        return ELSEWHERE
    if options.setting == "drawn":
        return (ELSEWHERE[options.seed % len(ELSEWHERE)],)
    return ("secured" if options.secured else options.redis,)


def settle(options, setting):
    """The options of a run there."""
    out = argparse.Namespace(**vars(options))
    out.setting, out.secured = setting, setting == "secured"
    out.redis = setting if setting in FORMS else "server"
    there_are = kinds(out.brokers, out.redis)
    out.faults = out.faults.split(",") if out.faults else there_are
    for kind in out.faults:
        if kind not in there_are:
            raise ValueError(f"no fault is called '{kind}'; there are {', '.join(there_are)}")
    return out


def end_in_order():
    """Makes a signal end the run in order, so that it ends all it has started."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))


def run(options, make_cluster, make_run=Run):
    """One run; returns the exit code."""
    kind_count = len(options.faults)
    print(f"{options.setting}, seed {options.seed}: {kind_count} kinds of faults", flush=True)
    with tempfile.TemporaryDirectory(prefix="sharebus-chaos.") as folder:
        try:
            cluster = make_cluster(folder)
        except worlds.NoStack as error:
            print(f"there is no Kafka to test with: {error}", file=sys.stderr)
            return 1 if os.environ.get("CI") == "true" else SKIPPED
        try:
            return 0 if perform(make_run(options, cluster)) else 1
        finally:
            cluster.close()


def main():
    all_options = parse()
    end_in_order()
    codes = [run(o, lambda folder, o=o: Cluster(folder, o.brokers, o.secured, o.redis)) for o in all_options]
    return 1 if 1 in codes else codes[0]


if __name__ == "__main__":
    sys.exit(main())
