"""What the measurements share: arguments, the machine, CPU seconds of processes, a deployment that can be emptied."""

import argparse
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import bus
import confluent_kafka
import figures
import load
import world as worlds
from confluent_kafka import admin

CPU_CLOCK = 2  # Linux's number for all the time of a process that the scheduler counts
LOAD_BEFORE = round(os.getloadavg()[0], 1)  # how many want to run: more than the cores, and times say little
PARTITIONS = 4
ROUNDS = 5
PATIENCE_S = 600


def program(name):
    return str(pathlib.Path(os.environ["SHAREBUS_RELEASE_BIN"]) / name)


def say(text):
    print(text, file=sys.stderr, flush=True)


def arguments(about, rounds=ROUNDS):
    """A parser that has what all measurements take."""
    parser = argparse.ArgumentParser(description=about)
    if rounds:
        parser.add_argument("--rounds", type=int, default=rounds, help="(%(default)s)")
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")
    return parser


def tell(report, output):
    """Prints the report; returns the exit status."""
    if LOAD_BEFORE > len(os.sched_getaffinity(0)):
        say(f"the machine was busy (load {LOAD_BEFORE}): ratios and CPU seconds say more than times")
    return figures.print_report(report, output, machine())


def print_json(told):
    print(json.dumps(told | {"machine": machine()}, indent=1))


def settings_of(args):
    return {name: value for name, value in vars(args).items() if name != "output"}


# ---- the machine ----


def said_by(*command):
    """The first line that a program prints, or "unknown"."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30, cwd=bus.REPO)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return (done.stdout.splitlines() or ["unknown"])[0].strip()


def kafka_version():
    pom = (bus.REPO / "ops" / "kafka" / "pom.xml").read_text()
    return pom.partition("<kafka.version>")[2].partition("<")[0]


def machine():
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    models = {line.partition(":")[2].strip() for line in lines if line.startswith("model name")}
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cores": len(os.sched_getaffinity(0)),
        "processor": ", ".join(sorted(models)) or os.uname().machine,
        "memory_gb": round(pages / 2**30),
        "system": said_by("sh", "-c", ". /etc/os-release && echo $PRETTY_NAME"),
        "kernel": os.uname().release,
        "kafka": kafka_version(),
        "redis": said_by("redis-server", "--version").partition("v=")[2].partition(" ")[0],
        "librdkafka": said_by("pkg-config", "--modversion", "rdkafka"),
        "hiredis": said_by("pkg-config", "--modversion", "hiredis"),
        "sharebus": said_by("git", "describe", "--always", "--dirty"),
        "load_before": LOAD_BEFORE,
        "load_after": round(os.getloadavg()[0], 1),
    }


# ---- processes ----


def cpu_seconds(pid):
    """That the process has used so far, to the nanosecond, where /proc has ticks: see clock_getcpuclockid(3)."""
    return time.clock_gettime(~pid << 3 | CPU_CLOCK)


def peak_mb(pid):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


class Meter:
    """CPU seconds of processes since it was made. {name: pid}; those of a process that has just been started
    count from its beginning."""

    def __init__(self, **pids):
        self.pids, self.before, self.spent = {}, {}, None
        for name, pid in pids.items():
            self.add(name, pid)

    def add(self, name, pid, before=None):
        self.pids[name] = pid
        self.before[name] = cpu_seconds(pid) if before is None else before

    def stop(self):
        """What comes later does not count, and the processes may end."""
        self.spent = {name: cpu_seconds(pid) - self.before[name] for name, pid in self.pids.items()}

    def read(self, count):
        """{name: CPU seconds for figures.PER of `count`}"""
        if self.spent is None:
            self.stop()
        return {name: spent * figures.PER / count for name, spent in self.spent.items()}


def server_meter(world):
    return Meter(broker=world.pid("kafka"), redis=world.pid("redis"))


def gather(rounds):
    """{name: [value]} of a list of {name: value}."""
    return {name: [r[name] for r in rounds] for name in rounds[0]}


# ---- the deployment ----


@contextlib.contextmanager
def deployment():
    """A world on a stack of its own, gone at the end."""
    folder = tempfile.mkdtemp(prefix="sharebus-bench.")
    try:
        world = worlds.World(folder)
        try:
            yield world
        finally:
            world.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def empty(world):
    """No topic, no group, nothing in Redis: as the first time. The servers stay, as warm as they are."""
    client = world.redis()
    client.flushall()
    client.close()
    kafka = admin.AdminClient({"bootstrap.servers": world.brokers, **bus.SILENT})
    topics = [t for t in kafka.list_topics(timeout=30).topics if not t.startswith("__")]
    groups = [g.group_id for g in kafka.list_consumer_groups().result(30).valid]
    if topics:
        _settle(kafka.delete_topics(topics))
    if groups:
        _settle(kafka.delete_consumer_groups(groups))
    limit = time.monotonic() + PATIENCE_S
    while set(topics) & set(kafka.list_topics(timeout=30).topics):
        if time.monotonic() > limit:
            raise TimeoutError(f"topics are not gone: {topics}")
        time.sleep(0.1)
    world.forget_topics()


def _settle(futures):
    for future in futures.values():
        future.result(60)


class ReadableEnd:
    """Is all that stands in a topic readable for whoever reads what is committed?"""

    def __init__(self, brokers, topic):
        self._stable = bus.LogEnds(brokers, topic, "read_committed")
        self._high = bus.LogEnds(brokers, topic)

    def reached(self):
        return self._stable.get() == self._high.get()

    def close(self):
        self._stable.close()
        self._high.close()


def commit(brokers, group, ends):
    """The group begins at these offsets of sharing.commands."""
    client = confluent_kafka.Consumer({"bootstrap.servers": brokers, "group.id": group, **bus.SILENT})
    offsets = [confluent_kafka.TopicPartition(bus.COMMANDS, p, end) for p, end in ends.items()]
    client.commit(offsets=offsets, asynchronous=False)
    client.close()


def apply_all(world):
    """A consumer applies and publishes what is there, and is gone again."""
    consumer = world.start_consumer()
    world.forget_ends()
    world.wait("the beginning", lambda: world.committed() == world.ends(), alive=[consumer], every_s=0.2)
    consumer.terminate(60)


