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

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import bus  # noqa: E402
import counting  # noqa: E402
import history  # noqa: E402
import load  # noqa: E402
import traffic  # noqa: E402
import world as worlds  # noqa: E402
from cluster import Cluster  # noqa: E402
from nemesis import Nemesis  # noqa: E402
from reader import Reader  # noqa: E402
from schedule import CONSUMERS_FIRST, Schedule, kinds  # noqa: E402
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


class Run:
    """One run, from the empty stack to the verdict."""

    def __init__(self, options, cluster):
        self.options, self.cluster = options, cluster
        self.short = options.seconds < SHORT_S
        self.watch = self.traffic = self.nemesis = self.reader = None
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
        self.traffic = traffic.Traffic(cluster.brokers, made, options.rate, options.seed)
        schedule = Schedule(options.seed, options.faults, self.short, options.brokers)
        self.nemesis = Nemesis(cluster, self.watch, schedule, self.tell, self.short)
        return made

    def _break_things(self):
        self.tell(f"{self.options.rate} commands a second, for {self.options.seconds} s")
        self.traffic.start()
        self.reader.start()
        end = time.monotonic() + self.options.seconds
        told = time.monotonic()
        while time.monotonic() < end or self.nemesis.running:
            self.nemesis.step(more=time.monotonic() < end)
            self.cluster.check()
            self.traffic.check()
            self.reader.check()
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
        return self.watch.latest.ends == self.cluster.ends() == self.watch.latest.committed

    def _verify(self, ledger):
        gc.disable()  # nothing allocated from here on can be freed before the end
        count = self.cluster.count(all_outcomes=False)
        self.tell(f"counting: {count.model.counts()}")
        found = history.ids_on_log(count.log)
        count.problems += history.differences(ledger, found)
        if self.cluster.directory_in_redis() != self.directory:
            count.problems.append(("directory", "Redis does not hold the same directory as at the start"))
        count.verify()
        missing = [kind for kind in self.options.faults if kind not in self.nemesis.times]
        if missing and self.options.seconds >= FULL_S:
            raise counting.Differences(f"these faults did not occur: {', '.join(missing)}")

    # ---- its end ----

    def report(self):
        if self.nemesis:
            self.nemesis.abandon()
            print("\n" + "\n".join(self.nemesis.report(self.options.faults)))

    def keep_logs(self):
        folder = LOGS / f"seed-{self.options.seed}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for log in [*self.cluster.folder.glob("*.log"), *self.cluster.stack.glob("*.log")]:
            shutil.copy(log, folder)
        for data in self.cluster.stack.glob("kafka*/data"):
            with contextlib.suppress(shutil.Error):  # a broker that runs has deleted a file meanwhile
                shutil.copytree(data, folder / data.parent.name)
        return folder


def perform(options, cluster):
    """Runs it; returns whether all was well, and prints what was not."""
    run = Run(options, cluster)
    try:
        run.carry_out()
        run.report()
        print(f"\npassed: every command exactly once (seed {options.seed})")
        if options.keep:
            print(f"logs: {run.keep_logs()}")
        return True
    except Exception as error:  # whatever it is, it is reported, and the logs are kept
        if not isinstance(error, AssertionError):
            traceback.print_exc()
        run.report()
        print(f"\nFAILED (seed {options.seed}): {error}\nlogs: {run.keep_logs()}")
        return False


def parse():
    parser = argparse.ArgumentParser(prog="ops/chaos", description=__doc__)
    parser.add_argument("--seconds", type=int, default=90, help="of faults (%(default)s)")
    parser.add_argument("--seed", type=int, help="repeats a schedule of faults")
    parser.add_argument("--brokers", type=int, choices=(1, 3), default=1)
    parser.add_argument("--rate", type=int, help=f"records a second ({RATE}; less in long runs)")
    parser.add_argument("--keep", action="store_true", help="the logs, even if all is well")
    parser.add_argument("--faults", help="only these kinds, comma separated")
    options = parser.parse_args()
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(1_000_000)
    options.rate = options.rate or max(min(RATE, RECORDS_MAX // options.seconds), 1)
    there_are = kinds(options.brokers)
    options.faults = options.faults.split(",") if options.faults else there_are
    for kind in options.faults:
        if kind not in there_are:
            parser.error(f"no fault is called '{kind}'; there are {', '.join(there_are)}")
    return options


def end_in_order():
    """Makes a signal end the run in order, so that it ends all it has started."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))


def main():
    options = parse()
    end_in_order()
    print(f"seed {options.seed}: {len(options.faults)} kinds of faults", flush=True)
    with tempfile.TemporaryDirectory(prefix="sharebus-chaos.") as folder:
        try:
            cluster = Cluster(folder, options.brokers)
        except worlds.NoStack as error:
            print(f"there is no Kafka to test with: {error}", file=sys.stderr)
            return 1 if os.environ.get("CI") == "true" else SKIPPED
        try:
            return 0 if perform(options, cluster) else 1
        finally:
            cluster.close()


if __name__ == "__main__":
    sys.exit(main())
