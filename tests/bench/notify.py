#!/usr/bin/env python3
"""How many webhooks a second the notifier makes on one core, beside what the same receiver takes from a client
that does nothing else; and how soon a notification that is written has arrived, alone and beside nine endpoints
that are down."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time

import bench
import confluent_kafka
from bench import bus, cpu_seconds, load, program
from environment import environment
from figures import Report, Row, minimum, maximum, quantile

PER_SECOND_MIN = 2000
P50_MAX_MS = 5
USERS = 1000
RATE = 200
BARE_REQUESTS = 100_000
PATIENCE_S = 300
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CORE = str(max(os.sched_getaffinity(0)))


class Receiver:
    """A receiver that runs, and what has arrived there."""

    def __init__(self, folder, name, status=200):
        path = folder / f"{name}.arrivals"
        self.process = subprocess.Popen(
            [program("bench_receiver"), str(status), path], stdout=subprocess.PIPE, text=True
        )
        self.port = int(self.process.stdout.readline())
        self._lines = path.open()
        self._rest = ""
        self.clear()

    def clear(self):
        self.arrived = {}  # seconds of the monotonic clock, by id
        self.bytes = 0  # of the last request
        self.first = self.last = None

    def read(self):
        """Takes note of what has arrived since."""
        *lines, self._rest = (self._rest + self._lines.read()).split("\n")
        for line in lines:
            event, us, size = line.split()
            if event == "bare":
                continue
            if event in self.arrived:
                raise RuntimeError(f"{event} came twice, though nothing has failed")
            self.last = self.arrived[event] = int(us) / 1e6
            self.first = self.first or self.last
            self.bytes = int(size)
        return len(self.arrived)

    def wait(self, count, notifier, every_s=0.02):
        limit = time.monotonic() + PATIENCE_S
        while self.read() < count:
            notifier.check_alive()
            if time.monotonic() > limit:
                raise TimeoutError(f"{len(self.arrived)} of {count} webhooks have arrived in {PATIENCE_S} s")
            time.sleep(every_s)

    def close(self):
        self.process.kill()
        self.process.wait(30)
        self.process.stdout.close()
        self._lines.close()


class Notifier:
    """A notifier on one core, in a group of its own that begins with the oldest notification, or at `offsets`."""

    def __init__(self, world, group, endpoints, offsets=()):
        if offsets:
            commit(world.brokers, group, offsets)
        config = world.folder / f"{group}.conf"
        config.touch(0o600)
        config.write_text(f"brokers = {world.brokers}\nredis = {world.redis_address}\nconsumer-group = {group}\n")
        with config.open("a") as out:
            for name, url in endpoints.items():
                out.write(f"[endpoint {name}]\ntype = webhook\nurl = {url}\nsecret = {SECRET}\nallow-private = yes\n")
        self.log = world.folder / f"{group}.log"
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                ["taskset", "--cpu-list", CORE, program("sharebus-notifier"), "--config", config],
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )

    def cpu(self):
        return cpu_seconds(self.process.pid)

    def check_alive(self):
        code = self.process.poll()
        if code is not None:
            raise RuntimeError(f"the notifier ended by itself with {code}\n{self.log.read_text()}")

    def stop(self):
        self.check_alive()
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(30):
            raise RuntimeError(f"the notifier ended with {self.process.returncode}\n{self.log.read_text()}")

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(30)


def commit(brokers, group, offsets):
    client = confluent_kafka.Consumer({"bootstrap.servers": brokers, "group.id": f"{group}.notifier", "log_level": 0})
    client.commit(offsets=offsets, asynchronous=False)
    client.close()


def ends(brokers):
    """Where a group begins that is told only what comes from now on."""
    return [
        confluent_kafka.TopicPartition(topic, p, end)
        for topic in (bus.NOTIFICATIONS, bus.HANDOFFS)
        for p, end in bus.log_ends(brokers, topic).items()
    ]


# ---- what is told ----


class Notifications:
    """Makes notifications for many users, each with an id of its own."""

    def __init__(self, world):
        ids = load.Ids(random.Random(1))
        self.brokers = world.brokers
        self.users = [ids.any() for _ in range(USERS)]
        self.organization, self.workspace = ids.any(), ids.any()
        self.count = 0

    def write_directory(self):
        load.write_members(self.brokers, self.organization, self.users)

    def make(self):
        """(id, (key, value, headers)) of the next one."""
        self.count += 1
        event = f"0-{self.count}-0"
        recipient, owner = self.users[self.count % USERS], self.users[0]
        value = {
            "recipient_id": recipient,
            "kind": "workspace_shared",
            "title": "user0 shared the workspace dev with you",
            "body": "user0 shared the workspace dev with you. You may use it.",
            "body_markdown": "**user0** shared the workspace **dev** with you. You may use it.",
            "actions": [{"label": "Open the workspace", "url": "https://sharebus.example/@user0/dev"}],
            "actor": {"id": owner, "kind": "user"},
            "workspace": {
                "id": self.workspace,
                "name": "dev",
                "owner_id": owner,
                "organization_id": self.organization,
            },
            "group_id": None,
            "role": "use",
            "message": None,
            "expires_at": None,
            "handoff_id": None,
            "handoff_step": None,
            "event_id": event,
            "at": int(time.time() * 1000),
        }
        headers = [
            ("ce_specversion", b"1.0"),
            ("ce_id", event.encode()),
            ("ce_source", b"sharebus/bench/sharing.commands"),
            ("ce_type", b"sharebus.notification.v1"),
            ("content-type", b"application/avro"),
        ]
        return event, (recipient, bus.encode("Notification", value), headers)

    def write(self, count):
        bus.send_all(self.brokers, bus.NOTIFICATIONS, (self.make()[1] for _ in range(count)))

    def open_producer(self):
        """A producer that has written one, so that it knows the topic and is connected."""
        target = bus.producer(self.brokers, **{"linger.ms": 0})
        _, (key, value, headers) = self.make()
        target.produce(bus.NOTIFICATIONS, value, key, headers=headers)
        if target.flush(60):
            raise RuntimeError(f"{bus.NOTIFICATIONS}: nothing could be written")
        return target

    def write_paced(self, target, seconds):
        """Writes RATE a second; returns when each was given to the producer and when the broker had it, by id."""
        given, acknowledged, begin = {}, {}, time.monotonic()
        for n in range(RATE * seconds):
            event, (key, value, headers) = self.make()
            while (left := begin + n / RATE - time.monotonic()) > 0:
                target.poll(left)
            given[event] = time.monotonic()
            target.produce(
                bus.NOTIFICATIONS,
                value,
                key,
                headers=headers,
                on_delivery=lambda error, _, event=event: error or acknowledged.update({event: time.monotonic()}),
            )
        if target.flush(60) or len(acknowledged) < len(given):
            raise RuntimeError(f"{bus.NOTIFICATIONS}: not all was written")
        return given, acknowledged


# ---- throughput ----


def post_bare(receiver):
    """Requests a second of a client that does nothing else, of as many bytes as the notifier's, on the same core."""
    command = ["taskset", "--cpu-list", CORE, program("bench_poster")]
    command += [str(receiver.port), str(BARE_REQUESTS), str(receiver.bytes)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE_S).stdout)


def tell_all(world, receiver, count, number):
    """Webhooks a second, CPU seconds for 100,000, and the bare client's requests a second."""
    receiver.clear()
    notifier = Notifier(world, f"all{number}", {"healthy": f"http://127.0.0.1:{receiver.port}/"})
    try:
        receiver.wait(1, notifier)
        early, cpu = receiver.read(), notifier.cpu()
        receiver.wait(count, notifier)
        cpu = (notifier.cpu() - cpu) * 100_000 / (count - early)
        notifier.stop()
    finally:
        notifier.close()
    return (count - 1) / (receiver.last - receiver.first), cpu, post_bare(receiver)


# ---- latency ----


@contextlib.contextmanager
def dead_endpoints(world, number):
    """{name: url} of nine endpoints: three refuse connections, three never answer, three say 500."""
    failing = Receiver(world.folder, f"failing{number}", 500)
    with contextlib.ExitStack() as stack:
        stack.callback(failing.close)
        urls = {}
        for n in range(3):
            refusing, hanging = (stack.enter_context(socket.socket()) for _ in range(2))
            for one in (refusing, hanging):
                one.bind(("127.0.0.1", 0))
            hanging.listen(64)  # the kernel takes connections, and nobody reads them
            urls[f"refuses{number}-{n}"] = f"http://127.0.0.1:{refusing.getsockname()[1]}/"
            urls[f"hangs{number}-{n}"] = f"http://127.0.0.1:{hanging.getsockname()[1]}/"
            urls[f"fails{number}-{n}"] = f"http://127.0.0.1:{failing.port}/{n}"
        yield urls


class Delays:
    """How long after it was given to the producer each notification had arrived, and had been acknowledged by the
    broker, which tells what a busy machine has to do with it; how long after the acknowledgement it had arrived (0 if
    before); and the notifier's CPU seconds."""

    def __init__(self, given, acknowledged, arrived, cpu):
        self.acknowledged = milliseconds(given, acknowledged)
        self.arrived = milliseconds(given, arrived)
        self.after = milliseconds(acknowledged, arrived)
        self.cpu = cpu

    def __str__(self):
        return (
            f"{spread(self.arrived)}; acknowledged {spread(self.acknowledged)}; from there {spread(self.after)};"
            f" {self.cpu:.1f} s of CPU"
        )


def milliseconds(begin, end):
    """Sorted, of the ids in `begin`."""
    return sorted(max(end[event] - at, 0) * 1000 for event, at in begin.items())


def spread(values):
    return f"p50 {quantile(values, 0.5):.1f} ms, p99 {quantile(values, 0.99):.1f} ms"


def measure_delay(world, receiver, notifications, group, dead, seconds):
    receiver.clear()
    endpoints = {"healthy": f"http://127.0.0.1:{receiver.port}/", **dead}
    notifier = Notifier(world, group, endpoints, ends(world.brokers))
    try:
        producer = notifications.open_producer()
        receiver.wait(1, notifier)
        cpu = notifier.cpu()
        given, acknowledged = notifications.write_paced(producer, seconds)
        receiver.wait(1 + len(given), notifier)
        cpu = notifier.cpu() - cpu
        notifier.stop()
    finally:
        notifier.close()
    return Delays(given, acknowledged, receiver.arrived, cpu)


# ---- the whole ----


def measure_throughput(world, receiver, notifications, args):
    """[(webhooks a second, CPU seconds for 100,000, requests a second of a bare client)]"""
    notifications.write(args.count)
    found = []
    for number in range(args.rounds):
        found.append(tell_all(world, receiver, args.count, number))
        rate, cpu, bare = found[-1]
        bench.say(f"{args.count:,} webhooks of {receiver.bytes} bytes, {rate:,.0f}/s, {cpu:.1f} s of CPU; bare {bare:,.0f}/s")
    return found


def measure_delays(world, receiver, notifications, args):
    """[(Delays alone, Delays beside nine endpoints that are down)]"""
    found = []
    for number in range(args.rounds):
        alone = measure_delay(world, receiver, notifications, f"alone{number}", {}, args.seconds)
        with dead_endpoints(world, number) as dead:
            beside = measure_delay(world, receiver, notifications, f"beside{number}", dead, args.seconds)
        found.append((alone, beside))
        bench.say(f"alone: {alone}\nbeside nine endpoints that are down: {beside}")
    return found


def rows_of(throughput, delays):
    rates, _, bare = map(list, zip(*throughput))

    def of(pick, part):
        return [quantile(pick(one), part) for one in delays]

    return [
        Row("webhooks on one core", "/s", rates, minimum(PER_SECOND_MIN), "bare client", bare),
        Row(f"written → received at {RATE}/s, p50", "ms", of(lambda d: d[0].arrived, 0.5), maximum(P50_MAX_MS),
            "acknowledged", of(lambda d: d[0].acknowledged, 0.5)),
        Row("the same, p99", "ms", of(lambda d: d[0].arrived, 0.99), None,
            "acknowledged", of(lambda d: d[0].acknowledged, 0.99)),
        Row("beside nine endpoints that are down, p50", "ms", of(lambda d: d[1].arrived, 0.5), None,
            "alone", of(lambda d: d[0].arrived, 0.5)),
    ]


def main():
    parser = bench.arguments(__doc__, rounds=3)
    parser.add_argument("--count", type=int, default=50_000, help="webhooks of each round (%(default)s)")
    parser.add_argument("--seconds", type=int, default=20, help="of each round of a steady rate (%(default)s)")
    args = parser.parse_args()
    with bench.deployment() as world:
        receiver = Receiver(world.folder, "healthy")
        try:
            bus.create_topics(world.brokers, load.sharebus_program())
            notifications = Notifications(world)
            notifications.write_directory()
            throughput = measure_throughput(world, receiver, notifications, args)
            delays = measure_delays(world, receiver, notifications, args)
        finally:
            receiver.close()
    cpu = {"sharebus": {"notifier": [spent for _, spent, _ in throughput]}}
    report = Report("notify", bench.settings_of(args), rows_of(throughput, delays), cpu, "webhooks")
    return bench.tell(report, args.output)


if __name__ == "__main__":
    sys.exit(main())
