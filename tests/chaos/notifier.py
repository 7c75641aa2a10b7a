"""Breaks notifiers, their endpoints, the broker and Redis under a steady stream of notifications and handoffs, and
counts afterwards what has arrived. Exit code 0: every message arrived at every endpoint, twice only where it was on
its way when something broke, and in order where that is asked for; 1: not so; 77: there is no Kafka to test with."""

import argparse
import collections
import contextlib
import functools
import itertools
import random
import signal
import sys
import threading
import time
import uuid

import chaos  # first: it says where the modules of the integration tests are

import bus
import confluent_kafka
import counting
import endpoints
import faults
import load
import telling
import traffic
import world as worlds
from arrivals import Check, Disturbance, Message, inbox_problems, times_owed
from cluster import STOP_S, Cluster, pause, until
from endpoints import Endpoint
from nemesis import Nemesis
from schedule import BROKER, REDIS, SESSION_TIMEOUT_S, Schedule
from watch import CALL_S, EVERY_S, Progress

GROUP = bus.GROUP + ".notifier"
TOPICS = (bus.NOTIFICATIONS, telling.HANDOFFS)
PARTITIONS = 4
NAMES = ("one", "two")
PEOPLE = [f"person-{n}" for n in range(12)]
INBOX = "inbox"
INBOX_LOOK = 500  # of the 1,000 that an inbox keeps
RATE = 25
HANDOFFS_SHARE = 0.25
BURST = 80  # messages just before a notifier is killed or frozen, for which endpoints take longer than `moment`
SETTLED_S = 180
TICK_S = 0.001  # of the times on the log
MOODS = {
    "endpoint-refuses": endpoints.REFUSES,
    "endpoint-hangs": endpoints.HANGS,
    "endpoint-fails": endpoints.FAILS,
    "endpoint-busy": endpoints.BUSY,
    "endpoint-resets": endpoints.RESETS,
}
KINDS = ("killed", "frozen", "leaves", *MOODS, "broker-killed", "redis-emptied")
WEAK = 2  # endpoints that are broken


# ---- who tells, and who is told ----


class Slot:
    """The place of a notifier. While it is `wanted` one must run here."""

    def __init__(self, deployment, name):
        self._deployment, self.name = deployment, name
        self.notifier = None
        self.wanted = False

    def start(self):
        self.wanted = True
        if self.notifier:
            self.notifier.start()
        else:
            self.notifier = telling.Notifier(self._deployment, bus.GROUP, self._deployment.sections(), self.name)

    def check(self):
        code = self.notifier.process.poll() if self.wanted else None
        if code is not None:
            raise worlds.Stuck(f"notifier {self.name} ended by itself with {code}\n{self._tail()}")

    def has_joined(self):
        """Has it been assigned partitions, and not all of them?"""
        return f"assigns us {PARTITIONS // len(NAMES)} of {PARTITIONS}" in self.notifier.text()

    def _tail(self):
        return self.notifier.text()[-worlds.TAIL_BYTES :]

    def kill(self):
        self.wanted = False
        self.notifier.kill()

    def freeze(self):
        self.notifier.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.notifier.process.send_signal(signal.SIGCONT)

    def stop(self):
        """Stops it with SIGTERM; it must exit with 0, if it had begun."""
        self.wanted = False
        process = self.notifier.process
        begun = self.notifier.log.stat().st_size > 0  # before that, a signal just ends it
        process.send_signal(signal.SIGTERM)
        yield from until(f"the end of notifier {self.name}", lambda: process.poll() is not None, STOP_S)
        if process.returncode and (begun or process.returncode != -signal.SIGTERM):
            raise worlds.Stuck(f"notifier {self.name} ended with {process.returncode} upon SIGTERM\n{self._tail()}")


class Deployment(Cluster):
    """Servers, two notifiers and their endpoints: a healthy and a weak one, and one of each that is ordered."""

    def __init__(self, folder):
        super().__init__(folder, secured=False)
        kinds = (("healthy", True, False), ("healthy-ordered", True, True))
        self.endpoints = [Endpoint(*kind) for kind in (*kinds, ("weak", False, False), ("weak-ordered", False, True))]
        self.weak = self.endpoints[-WEAK:]
        self.slots = [Slot(self, name) for name in NAMES]
        self.disturbances = []
        self.redis_came = 0.0  # when it was last started with nothing in it
        self.post = self.watch = None

    def sections(self):
        out = f"[endpoint {INBOX}]\ntype = inbox\n\n"
        for one in self.endpoints:
            more = "allow-private = yes\n"
            more += "ordered = yes\n" if one.ordered else ""
            more += "" if one.healthy else "timeout = 8s\n" if one.ordered else "timeout = 2s\n"
            out += telling.webhook(one.name, one.url, more)
        return out

    def populate(self, names=PEOPLE):
        bus.create_topics(self.brokers, load.sharebus_program(), PARTITIONS)
        records = [telling.organization(), *(telling.user(name) for name in names)]
        rows = [(fields["id"], bus.encode(kind, fields), []) for kind, fields in records]
        bus.send_all(self.brokers, bus.DIRECTORY, rows)

    @contextlib.contextmanager
    def disturbance(self, kind):
        one = Disturbance(kind, time.monotonic(), self.watch.committed)
        self.disturbances.append(one)
        try:
            yield
        finally:
            one.end(time.monotonic())

    def close(self):
        for slot in self.slots:
            if slot.notifier and slot.notifier.process.poll() is None:
                slot.kill()
        for one in self.endpoints:
            one.close()
        super().close()


# ---- what is told ----


class Post(threading.Thread):
    """Writes notifications and handoffs, whatever happens to the broker; the failure that it had is raised by check().
    `messages` has them by their id."""

    def __init__(self, deployment, rate, seed):
        super().__init__(name="post", daemon=True)
        self.messages = {}
        self._brokers = deployment.brokers
        self._rng = random.Random(f"post-{seed}")
        self._pace = traffic.Pace(rate)
        self._bursts = collections.deque()
        self._failures = []
        self._end = threading.Event()

    def burst(self, count):
        """So many more, at once."""
        self._bursts.append(count)

    def run(self):
        producer = bus.producer(self._brokers, **{"message.timeout.ms": traffic.PATIENCE_MS, "linger.ms": 5})
        while not self._end.is_set():
            burst = self._bursts.popleft() if self._bursts else 0
            for _ in range(self._pace.due() + burst):
                self._write(producer)
            producer.poll(traffic.TICK_S)
        if producer.flush(traffic.END_S):
            self._failures.append(f"{len(producer)} messages were not written")

    def _write(self, producer):
        event, person = f"0-{len(self.messages) + 1}-0", self._rng.choice(PEOPLE)
        if self._rng.random() < HANDOFFS_SHARE:
            topic, words = telling.HANDOFFS, f"Summary of {event}"
            kind, value = telling.handoff(person, summary=words)
            key = str(uuid.UUID(int=self._rng.randrange(PARTITIONS * 4)))  # a workspace
        else:
            topic, words = bus.NOTIFICATIONS, f"Title of {event}"
            kind, value = telling.notification(event, person)
            key = value["recipient_id"]
        self.messages[event] = Message(event, topic, person, time.monotonic(), words)
        headers = telling.headers(event, bus.CODECS[kind].event_type)
        producer.produce(topic, bus.encode(kind, value), key, headers=headers, on_delivery=self._delivered)

    def _delivered(self, error, _):
        if error:
            self._failures.append(str(error))

    def check(self):
        if self._failures:
            raise RuntimeError(f"the test could not write: {self._failures[0]}")

    def finish(self):
        self._end.set()
        self.join(2 * traffic.END_S)
        self.check()


class Watch(threading.Thread):
    """How far the notifiers have got, polled in a thread of its own. The partitions are (topic, number)."""

    def __init__(self, brokers):
        super().__init__(name="watch", daemon=True)
        self.latest = Progress(0, None, None, {})
        self.committed = {}  # what was read last
        self._end = threading.Event()
        self._ends = {topic: bus.LogEnds(brokers, topic) for topic in TOPICS}
        self._client = confluent_kafka.Consumer({"bootstrap.servers": brokers, "group.id": GROUP, **bus.SILENT})
        self._asked = [confluent_kafka.TopicPartition(*key) for key in itertools.product(TOPICS, range(PARTITIONS))]

    def run(self):
        while not self._end.wait(EVERY_S):
            now, ends, committed = time.monotonic(), self._read(self._read_ends), self._read(self._read_committed)
            self.committed = committed or self.committed
            self.latest = Progress(now, ends, committed, committed or {})
        for one in self._ends.values():
            one.close()
        self._client.close()

    def check(self):
        """What it cannot read it reads later."""

    def finish(self):
        self._end.set()
        self.join(60)

    def has_all(self):
        return self.latest.ends is not None and self.latest.has_reached(self.latest.ends)

    @staticmethod
    def _read(what):
        try:
            return what()
        except confluent_kafka.KafkaException:
            return None

    def _read_ends(self):
        return {(topic, p): end for topic, of in self._ends.items() for p, end in of.get(CALL_S).items()}

    def _read_committed(self):
        answer = self._client.committed(self._asked, timeout=CALL_S)
        return {(tp.topic, tp.partition): max(tp.offset, 0) for tp in answer}


# ---- the faults ----


def killed(deployment, victim, moment, down):
    """With something on its way."""
    slot = deployment.slots[victim]
    deployment.post.burst(BURST)
    yield from pause(moment)
    with deployment.disturbance("killed"):
        slot.kill()
    yield from pause(down)
    slot.start()


def frozen(deployment, victim, moment, seconds):
    """For longer than its session: when it wakes up it believes that it still owns its partitions."""
    slot = deployment.slots[victim]
    deployment.post.burst(BURST)
    yield from pause(moment)
    with deployment.disturbance("frozen"):
        slot.freeze()
    try:
        yield from pause(seconds)
    finally:
        slot.thaw()


def leaves(deployment, victim, down):
    slot = deployment.slots[victim]
    deployment.post.burst(BURST)
    yield from slot.stop()
    yield from pause(down)
    slot.start()


def broken(mood, deployment, victim, seconds):
    """Until it is told again of what was written since. If it broke again earlier, more might wait for it in the end
    than may."""
    endpoint = deployment.weak[victim]
    endpoint.set_mood(mood)
    yield from pause(seconds)
    yield from until(f"{endpoint.name} works", lambda: endpoint.set_mood(endpoints.WORKS), STOP_S)
    now = time.monotonic()
    news = lambda: any(deployment.post.messages[id].created > now for id in endpoint.accepted_since(now))  # noqa: E731
    yield from until(f"{endpoint.name} is told something new", news, SETTLED_S)


def broker_killed(deployment, down):
    """It has disturbed until everything is committed that was on its logs when it came back."""
    with deployment.disturbance("broker-killed"):
        yield from faults.broker_killed(deployment, down)
        came = time.monotonic()
        look = yield from until("the ends of the logs", lambda: _ends_after(deployment.watch, came), STOP_S)
        yield from until("all is committed", lambda: deployment.watch.latest.has_reached(look), SETTLED_S)


def _ends_after(watch, moment):
    return watch.latest.at > moment and watch.latest.ends


def redis_emptied(deployment, down):
    yield from faults.redis_empty(deployment, down)
    deployment.redis_came = time.monotonic()


def course_of(kind):
    if kind in MOODS:
        return functools.partial(broken, MOODS[kind])
    return {
        "killed": killed,
        "frozen": frozen,
        "leaves": leaves,
        "broker-killed": broker_killed,
        "redis-emptied": redis_emptied,
    }[kind]


def begin(deployment, fault):
    return course_of(fault.kind)(deployment, **fault.numbers)


class NotifierSchedule(Schedule):
    """In short runs the broker is killed last, and nothing is done to notifiers while it is down: it takes long until
    they have anything to do again."""

    def _first(self):
        kinds = super()._first()
        return sorted(kinds, key=lambda kind: kind != "broker-killed") if self._short else kinds

    def _parameters(self, kind):
        if kind in MOODS:
            victim = self._rng.randrange(WEAK)
            return {"victim": victim, "seconds": self._seconds(3, 9)}, {f"endpoint-{victim}"}
        if kind == "broker-killed":
            apart = {f"notifier-{n}" for n in range(len(NAMES))} if self._short else set()
            return {"down": self._seconds(0, 6)}, {BROKER} | apart
        if kind == "redis-emptied":
            return {"down": self._seconds(0, 5)}, {REDIS}
        victim = self._rng.randrange(len(NAMES))
        return {"victim": victim, **self._of_notifier(kind)}, {f"notifier-{victim}"}

    def _of_notifier(self, kind):
        moment = {"moment": round(self._rng.uniform(0.15, 0.4), 2)}
        if kind == "frozen":
            return {**moment, "seconds": self._seconds(SESSION_TIMEOUT_S + 1, SESSION_TIMEOUT_S + 7)}
        down = {"down": self._seconds(0.2, 4)}
        return {**moment, **down} if kind == "killed" else down


# ---- the run ----


class Run(chaos.Run):
    PASSED = "every message arrived, under one id, and again only where it was on its way"

    def _prepare(self):
        options, deployment = self.options, self.cluster
        deployment.populate()
        for slot in deployment.slots:
            slot.start()
        self.watch = deployment.watch = Watch(deployment.brokers)
        self.traffic = deployment.post = Post(deployment, options.rate, options.seed)
        self.beside = (self.watch, self.traffic)
        self._wait("both notifiers at work", lambda: all(slot.has_joined() for slot in deployment.slots))
        schedule = NotifierSchedule(options.seed, options.faults, self.short)
        self.nemesis = Nemesis(deployment, self.watch, schedule, self.tell, self.short, begin)

    def _tell_how_far(self):
        lag = self.watch.latest.lag()
        arrived = sum(len(one.arrivals()) for one in self.cluster.endpoints)
        running = sum(slot.wanted for slot in self.cluster.slots)
        written = len(self.traffic.messages)
        self.tell(f"{written:,} written, lag {'?' if lag is None else lag}, {arrived:,} arrived, {running} notifiers")

    def _settle(self, _):
        """Ends the writing, waits until nothing is owed, and stops the notifiers."""
        self.traffic.finish()
        self._wait("all committed", self.watch.has_all)
        self._wait("nothing owed", lambda: not self._owed("waiting"))
        for slot in self.cluster.slots:
            for _ in slot.stop():
                time.sleep(chaos.TICK_S)
        self.watch.finish()
        self.tell("all committed, nothing owed, all notifiers stopped")

    def _wait(self, what, condition):
        for _ in until(what, condition, SETTLED_S):
            self.cluster.check()
            time.sleep(chaos.TICK_S)

    def _ledger(self):
        """{(endpoint, id): [(monotonic time, state or None)]} of all that was ever written there."""
        out = collections.defaultdict(list)
        ahead = time.time() - time.monotonic()
        for messages in bus.read_topic(self.cluster.brokers, telling.DELIVERIES).values():
            for m in messages:
                name, _, id = m.key().decode().partition("/")
                state = bus.decode(m.value())[1]["state"] if m.value() else None
                out[name, id].append((m.timestamp()[1] / 1000 - ahead, state))
        return out

    def _owed(self, state):
        """Of whom and what the ledger says that last."""
        return [key for key, changes in self._ledger().items() if changes[-1][1] == state]

    def _verify(self, _):
        log = self._log()
        check = Check(self.traffic.messages, log, self.cluster.disturbances, self.began)
        owed = collections.defaultdict(dict)
        for (name, id), changes in self._ledger().items():
            owed[name][id] = times_owed([(at + TICK_S * (not state), state == "waiting") for at, state in changes])
        for one in self.cluster.endpoints:
            check.look(one.name, one.arrivals(), one.healthy, one.ordered, owed[one.name])
        self.tell(f"counting: {len(log):,} on the log; arrivals: {dict(check.arrived)}")
        for kind, ids in check.on_their_way.items():
            again = len(check.repeated[kind])
            self.tell(f"{kind}: {len(ids)} were on their way to the healthy, {again} of them came again")
        check.problems += [("log", f"lacks {id}") for id in self.traffic.messages if id not in log]
        check.problems += [("ledger", f"{id} is dead for {name}") for name, id in self._owed("dead")]
        check.problems += self._inbox_problems(log)
        counting.raise_differences(check.problems, f"{len(log)} messages")
        self._check_kinds()

    def _log(self):
        """{id: its places} of all that notifiers must tell."""
        out = {}
        for topic in TOPICS:
            for p, messages in bus.read_topic(self.cluster.brokers, topic).items():
                for m in messages:
                    out.setdefault(bus.headers_of(m)["ce_id"], []).append((topic, p, m.offset()))
        return out

    def _inbox_problems(self, log):
        """What was written after Redis was last emptied is there."""
        client = self.cluster.redis()
        keys = {key[-16:]: key for key in client.scan_iter(match="sb:{*}:inbox:*")}
        out = []
        for person in PEOPLE:
            key = keys.get(uuid.UUID(telling.id_of(person)).bytes)
            ids = [entry[b"id"].decode() for _, entry in client.xrange(key)] if key else []
            of = [self.traffic.messages[id] for id in log]
            of = [m for m in of if m.topic == bus.NOTIFICATIONS and m.recipient == person]
            wanted = [m.id for m in of if m.created > self.cluster.redis_came][-INBOX_LOOK:]
            out += inbox_problems(f"inbox of {person}", ids, wanted, {m.id for m in of})
        client.close()
        return out


def parse(arguments=None):
    parser = argparse.ArgumentParser(prog="ops/chaos --notifier", description=__doc__)
    parser.add_argument("--seconds", type=int, default=90, help="of faults (%(default)s)")
    parser.add_argument("--seed", type=int, help="repeats a schedule of faults")
    parser.add_argument("--rate", type=int, default=RATE, help="messages a second (%(default)s)")
    parser.add_argument("--faults", help=f"only these kinds, comma separated, of: {', '.join(KINDS)}")
    parser.add_argument("--keep", action="store_true", help="the logs, even if all is well")
    options = parser.parse_args(arguments)
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(1_000_000)
    options.setting = "notifier"
    options.faults = options.faults.split(",") if options.faults else list(KINDS)
    for kind in options.faults:
        if kind not in KINDS:
            parser.error(f"no fault is called '{kind}'; there are {', '.join(KINDS)}")
    return options


def main():
    options = parse()
    chaos.end_in_order()
    return chaos.run(options, Deployment, Run)


if __name__ == "__main__":
    sys.exit(main())
