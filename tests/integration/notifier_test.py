"""sharebus-notifier with a real Kafka and receivers of every manner: what is on the topics is told, once if that can
be, under one id in any case, and a receiver that does not work delays nobody else."""

import json
import os
import pathlib
import re
import subprocess
import sys
import threading
import time
import uuid

import bus
import confluent_kafka
from confluent_kafka import admin
import load
import pytest
import receivers
import telling
import world as worlds
from mail_server import MailServer
from receivers import Answer, Raw, Receiver
from telling import ACME, DELIVERIES, HANDOFFS, WORKSPACE, Notifier, id_of, webhook

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "interop"))

from reader import partition_of  # noqa: E402

PARTITIONS = 4
PATIENCE_S = 60


def until(what, condition, deadline_s=PATIENCE_S, every_s=0.01):
    limit = time.monotonic() + deadline_s
    while True:
        answer = condition()
        if answer:
            return answer
        assert time.monotonic() < limit, f"not within {deadline_s} s: {what}"
        time.sleep(every_s)


class Place:
    """One deployment for all tests; each has a group, endpoints and recipients of its own."""

    def __init__(self, world):
        self.world = world
        self.folder = world.folder
        self.brokers = world.brokers
        self.root = world.root
        self.count = 0
        self.notifiers = []
        self.receivers = []
        bus.create_topics(self.brokers, load.sharebus_program(), PARTITIONS)
        self.know("acme", kind="organization")

    # ---- what is on the topics ----

    def know(self, username, kind="user", **fields):
        if kind == "organization":
            record = telling.organization(**fields)
        elif kind == "group":
            record = telling.group(username, **fields)
        else:
            record = telling.user(username, **fields)
        bus.send_all(self.brokers, bus.DIRECTORY, [(record[1]["id"], bus.encode(*record), [])])

    def prefer(self, name, rules=(), muted=()):
        value = {"user_id": id_of(name), "rules": list(rules), "muted_workspaces": list(muted)}
        record = bus.encode("PreferencesChanged", value)
        bus.send_all(self.brokers, bus.DIRECTORY, [(f"preferences:{id_of(name)}", record, [])])

    def notification(self, recipient, **fields):
        self.count += 1
        event = f"0-{self.count}-0"
        name, value = telling.notification(event, recipient, **fields)
        headers = telling.headers(event, "sharebus.notification.v1")
        return event, (value["recipient_id"], bus.encode(name, value), headers)

    def hand_over(self, to, **fields):
        """Writes a step of a handoff; returns its id."""
        return self.hand_over_often(1, to, **fields)[0]

    def hand_over_often(self, count, to, **fields):
        """Writes the first step of so many handoffs; returns their ids."""
        events = [f"0-{self.count + i}-0" for i in range(1, count + 1)]
        self.count += count
        records = [
            (
                WORKSPACE,
                bus.encode(*telling.handoff(to, **fields)),
                telling.headers(event, "sharebus.handoff_changed.v1"),
            )
            for event in events
        ]
        bus.send_all(self.brokers, HANDOFFS, records)
        return events

    def notify(self, *recipients, **fields):
        """Writes a notification for each; returns their ids."""
        made = [self.notification(name, **fields) for name in recipients]
        bus.send_all(self.brokers, bus.NOTIFICATIONS, [record for _, record in made])
        return [event for event, _ in made]

    def ledger(self, endpoint):
        """{id: Delivery, or None for a tombstone} of an endpoint, the last of each key."""
        out = {}
        for messages in bus.read_topic(self.brokers, DELIVERIES).values():
            for m in messages:
                name, _, event = m.key().decode().partition("/")
                if name == endpoint and event:
                    out[event] = m.value() and bus.decode(m.value())[1]
        return out

    def endpoint_states(self, endpoint):
        messages = bus.read_topic(self.brokers, DELIVERIES)[0]
        return [bus.decode(m.value())[1] for m in messages if m.key() == endpoint.encode()]

    def write_delivery(self, partition, key, value):
        """What an operator's program writes."""
        target = bus.producer(self.brokers)
        target.produce(DELIVERIES, value, key, partition=partition)
        assert target.flush(30) == 0

    # ---- who runs ----

    def begin(self, group):
        """The group begins with what is written from now on."""
        ends = [
            confluent_kafka.TopicPartition(topic, p, end)
            for topic in (bus.NOTIFICATIONS, HANDOFFS)
            for p, end in bus.log_ends(self.brokers, topic).items()
        ]
        client = confluent_kafka.Consumer(
            {"bootstrap.servers": self.brokers, "group.id": f"{group}.notifier", "log_level": 0}
        )
        client.commit(offsets=ends, asynchronous=False)
        client.close()

    def committed(self, group):
        """{(topic, partition): offset} of the group."""
        client = confluent_kafka.Consumer(
            {"bootstrap.servers": self.brokers, "group.id": f"{group}.notifier", "log_level": 0}
        )
        asked = [
            confluent_kafka.TopicPartition(topic, p)
            for topic in (bus.NOTIFICATIONS, HANDOFFS)
            for p in range(PARTITIONS)
        ]
        answer = client.committed(asked, timeout=10)
        client.close()
        return {(tp.topic, tp.partition): tp.offset for tp in answer}

    def ends(self):
        return {
            (topic, p): end
            for topic in (bus.NOTIFICATIONS, HANDOFFS)
            for p, end in bus.log_ends(self.brokers, topic).items()
        }

    def all_committed(self, group):
        until("all offsets committed", lambda: self.committed(group) == self.ends(), every_s=0.1)

    def receiver(self, answer=lambda request: Answer(), **options):
        one = Receiver(answer, **options)
        self.receivers.append(one)
        return one

    def notifier(self, group, sections, **options):
        one = Notifier(self, group, sections, **options)
        self.notifiers.append(one)
        return one

    def end_test(self):
        for one in self.notifiers:
            if one.process.poll() is None:
                one.kill()
        for one in self.receivers:
            one.close()
        self.notifiers, self.receivers = [], []


@pytest.fixture(scope="module")
def deployment(tmp_path_factory):
    try:
        world = worlds.World(tmp_path_factory.mktemp("notifier"))
    except worlds.NoStack as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"there is no Kafka to test with: {error}")
        pytest.skip(f"there is no Kafka to test with: {error}")
    yield Place(world)
    world.close()


@pytest.fixture
def place(deployment):
    yield deployment
    deployment.end_test()


@pytest.fixture
def group(place, request):
    name = re.sub(r"[^a-z0-9.]+", "-", request.node.name.lower())[:60].strip("-")
    place.begin(name)
    return name


def certify(place, group):
    """A certificate for 127.0.0.1 that vouches for itself, and its key."""
    certificate, key = place.folder / f"{group}.pem", place.folder / f"{group}.key"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return certificate, key


def why_it_is_dead(place, group, event):
    """The last error of the delivery, once it is dead."""
    dead = lambda: (found := place.ledger(group).get(event)) and found["state"] == "dead" and found  # noqa: E731
    return until("it is dead", dead, every_s=0.2)["last_error"]


# ---- what works ----


def test_notification_reaches_a_webhook_and_its_offset_is_committed(place, group):
    place.know("alice")
    receiver = place.receiver()
    one = place.notifier(group, webhook("ops", receiver.url))
    ids = place.notify("alice")
    until("delivered", lambda: receiver.ids())
    place.all_committed(group)
    one.stop()
    request = receiver.requests[0]
    assert receiver.ids() == ids
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"].startswith("sharebus-notifier/")
    assert json.loads(request.body)["type"] == "sharing.workspace_shared"
    assert place.ledger("ops") == {}, "what arrives at the first attempt is not written down"


def test_programs_notifications_reach_a_webhook(place, group):
    """From a real consumer: what it says of a sharing is told under the id that it gave it."""
    place.know("erin")
    place.know("bob")
    workspace = {"workspace_id": WORKSPACE, "organization_id": ACME, "owner_id": id_of("erin"), "name": "dev"}
    workspace |= {"status": "active", "changed_at": 0}
    bus.send_all(place.brokers, bus.COMMANDS, [(WORKSPACE, bus.encode("WorkspaceChanged", workspace), [])])
    consumer = place.world.start_consumer(f"of-{group}")
    receiver = place.receiver()
    one = place.notifier(group, webhook("ops", receiver.url, "allow-private = yes\ntopics = notifications"))
    env = place.world.env("sharer")
    share = [load.sharebus_program(), "sharing", "share", "dev", "--user", "bob", "--as", "erin", "--wait", "30s"]
    until("it is shared", lambda: subprocess.run(share, env=env, capture_output=True, timeout=60).returncode == 0)
    until("delivered", lambda: receiver.ids())
    place.all_committed(group)  # to the very end, which is a marker of the consumer's transaction
    consumer.terminate()
    one.stop()
    messages = [m for list in bus.read_topic(place.brokers, bus.NOTIFICATIONS).values() for m in list if m.value()]
    ids = {dict(m.headers())["ce_id"].decode() for m in messages if m.key() == id_of("bob").encode()}
    assert receiver.ids()[0] in ids


# ---- what does not work at once ----


@pytest.mark.parametrize(
    "answer",
    [
        Answer(500),
        Answer(302, {"Location": "/elsewhere"}),
        Answer(429),
        Answer(404),
        Raw(receivers.reset),
        Raw(receivers.early),
        Raw(receivers.headers),
    ],
    ids=["500", "302", "429", "404", "reset", "102", "headers"],
)
def test_what_is_no_2xx_is_tried_again_under_the_same_id(place, group, answer):
    place.know("alice")
    answers = [answer, answer]
    receiver = place.receiver(lambda request: answers.pop() if answers else Answer(200))
    one = place.notifier(group, webhook(group, receiver.url))
    ids = place.notify("alice")
    until("three attempts", lambda: len(receiver.ids()) == 3)
    place.all_committed(group)
    one.stop()
    assert receiver.ids() == ids * 3
    assert place.ledger(group) == {ids[0]: None}, "what is owed is taken off once it has arrived"


@pytest.mark.parametrize("play", [receivers.slowly, receivers.large], ids=["slowly", "large"])
def test_answer_of_any_length_and_pace_that_says_2xx_is_a_success(place, group, play):
    place.know("alice")
    receiver = place.receiver(lambda request: Raw(play))
    one = place.notifier(group, webhook(group, receiver.url))
    ids = place.notify("alice", "alice")
    until("delivered", lambda: len(receiver.ids()) == 2)
    place.all_committed(group)
    one.stop()
    assert sorted(receiver.ids()) == sorted(ids) and place.ledger(group) == {}


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_obeyed(place, group, form):
    place.know("alice")
    wait = {"seconds": "3", "date": time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 8))}[form]
    answers = [Answer(429, {"Retry-After": wait})]
    receiver = place.receiver(lambda request: answers.pop() if answers else Answer(200))
    one = place.notifier(group, webhook(group, receiver.url))
    place.notify("alice")
    until("two attempts", lambda: len(receiver.ids()) == 2)
    one.stop()
    first, second = receiver.requests
    assert second.at - first.at >= (3 if form == "seconds" else 1)


def test_nobody_else_waits_for_a_receiver_that_hangs(place, group):
    place.know("alice")
    hanging = place.receiver(lambda request: Raw(hanging.hang))
    working = place.receiver()
    sections = webhook(f"{group}-hangs", hanging.url, "allow-private = yes\ntimeout = 2s") + webhook(
        f"{group}-works", working.url
    )
    one = place.notifier(group, sections)
    ids = place.notify(*["alice"] * 1500)
    until("the other has all", lambda: len(working.ids()) == 1500)
    place.all_committed(group)
    assert sorted(working.ids()) == sorted(ids)
    assert hanging.open_max <= 8
    owed = until("it stands in the ledger", lambda: place.ledger(f"{group}-hangs"), every_s=0.5)
    states = [d["state"] for d in owed.values()]
    assert len(states) == 1500 and states.count("waiting") <= 1000 + 8 and "dead" in states
    assert "others wait for this endpoint" in one.text()
    one.kill()


def test_kill_loses_nothing_and_changes_no_id(place, group):
    """Killed with things owed and things on their way; what arrives late arrives under its id."""
    place.know("alice")
    works = []
    receiver = place.receiver(lambda request: Answer(200 if works else 503))
    one = place.notifier(group, webhook(group, receiver.url))
    ids = place.notify(*["alice"] * 200)
    until("some were tried", lambda: receiver.ids())
    one.kill()
    one.start()
    until("all stand in the ledger", lambda: len(place.ledger(group)) == 200, every_s=0.5)
    one.kill()
    works.append(True)
    receiver.requests.clear()
    one.start()
    until("all have arrived", lambda: set(receiver.ids()) == set(ids))
    until("nothing is owed", lambda: not any(place.ledger(group).values()), every_s=0.5)
    place.all_committed(group)
    one.stop()


def test_attempts_go_on_while_kafka_does_not_answer(place, group):
    place.know("alice")
    works = []
    receiver = place.receiver(lambda request: Answer(200 if works else 503))
    one = place.notifier(group, webhook(group, receiver.url))
    ids = place.notify(*["alice"] * 20)
    until("all stand in the ledger", lambda: len(place.ledger(group)) == 20, every_s=0.2)
    receiver.requests.clear()
    place.world.freeze("kafka")
    try:
        works.append(True)
        until("all have arrived", lambda: set(receiver.ids()) == set(ids))
    finally:
        place.world.thaw("kafka")
    until("nothing is owed", lambda: not any(place.ledger(group).values()), every_s=0.5)
    place.all_committed(group)
    one.stop()


def test_two_notifiers_share_the_partitions(place, group):
    names = [f"user{n}" for n in range(40)]
    for name in names:
        place.know(name)
    receiver = place.receiver()
    first = place.notifier(group, webhook(group, receiver.url), name="one")
    second = place.notifier(group, webhook(group, receiver.url), name="two")
    until("both have some", lambda: all("assigns us 2 of 4" in n.text() for n in (first, second)))
    ids = place.notify(*names)
    until("all have arrived", lambda: set(receiver.ids()) == set(ids))
    assert len(receiver.ids()) == 40, "no change of members, so none comes twice"
    first.kill()
    more = place.notify(*names)
    until("the other takes over", lambda: set(receiver.ids()) == {*ids, *more})
    place.all_committed(group)
    second.stop()


def test_410_disables_an_endpoint_until_somebody_opens_it(place, group):
    place.know("alice")
    gone = [True]
    receiver = place.receiver(lambda request: Answer(410 if gone else 200))
    one = place.notifier(group, webhook(group, receiver.url))
    ids = place.notify("alice", "alice", "alice")
    until("it is disabled", lambda: place.endpoint_states(group), every_s=0.2)
    until("all are owed", lambda: set(place.ledger(group)) == set(ids), every_s=0.2)
    place.all_committed(group)
    assert place.endpoint_states(group)[-1]["state"] == "disabled"
    tried = len(receiver.ids())
    one.kill()
    one.start()
    until("it runs again", lambda: one.text().count("are owed") == 1)
    more = place.notify("alice")
    until("that waits, too", lambda: more[0] in place.ledger(group), every_s=0.2)
    assert len(receiver.ids()) == tried, "a disabled endpoint is left alone after a restart, too"
    gone.clear()
    change = {"endpoint": group, "state": "open", "reason": None, "since": 0, "by_operator": True}
    place.write_delivery(0, group, bus.encode("EndpointChanged", change))
    until("all have arrived", lambda: set(receiver.ids()[tried:]) == {*ids, *more})
    one.stop()


def test_endpoint_that_was_disabled_once_and_is_open_begins_as_any_other(place, group):
    """Only the ledger's last word on an endpoint counts for a notifier that starts."""
    place.know("alice")
    receiver = place.receiver()
    for state in ("disabled", "open"):
        change = {"endpoint": group, "state": state, "reason": "gone", "since": 0, "by_operator": True}
        place.write_delivery(0, group, bus.encode("EndpointChanged", change))
    one = place.notifier(group, webhook(group, receiver.url))
    ids = place.notify("alice")
    until("delivered", lambda: receiver.ids() == ids)
    assert f"endpoint {group}" not in one.text(), "it was never disabled for this notifier"
    one.stop()


def test_dead_delivery_is_tried_again_when_somebody_wishes(place, group):
    place.know("alice")
    refuses = [True]
    receiver = place.receiver(lambda request: Answer(413 if refuses else 200))
    one = place.notifier(group, webhook(group, receiver.url))
    (event,) = place.notify("alice")
    dead = until("it is dead", lambda: place.ledger(group).get(event), every_s=0.2)
    assert dead["state"] == "dead" and "413" in dead["last_error"] and dead["attempts"] == 1
    place.all_committed(group)
    refuses.clear()
    wish = dead | {"state": "waiting", "attempts": 0, "next_at": int(time.time() * 1000)}
    partition = partition_of(id_of("alice").encode(), PARTITIONS)
    place.write_delivery(partition, f"{group}/{event}", bus.encode("Delivery", wish))
    until("it has arrived", lambda: receiver.ids() == [event, event])
    until("nothing is owed", lambda: place.ledger(group) == {event: None}, every_s=0.2)
    one.stop()


def test_what_is_taken_off_while_it_is_on_its_way_is_not_tried_again(place, group):
    place.know("alice")
    begun, released = [], threading.Event()
    later, last = (str(uuid.uuid4()) for _ in range(2))
    partition = partition_of(id_of("alice").encode(), PARTITIONS)

    def fail(request):
        begun.append(request.id)
        if request.id in (later, last):
            return Answer(204)
        if begun.count(request.id) == 2:
            released.wait(8)
        return Answer(500)

    receiver = place.receiver(fail)
    one = place.notifier(group, webhook(group, receiver.url))
    (event,) = place.notify("alice")
    until("the second attempt is under way", lambda: len(begun) == 2, every_s=0.05)
    owed = place.ledger(group)[event]

    def owe(id, in_ms):
        one_more = owed | {"id": id, "attempts": 0, "next_at": int(time.time() * 1000) + in_ms}
        place.write_delivery(partition, f"{group}/{id}", bus.encode("Delivery", one_more))

    place.write_delivery(partition, f"{group}/{event}", None)
    owe(later, 0)
    until("what was written after it has been read", lambda: later in begun, every_s=0.05)
    released.set()
    owe(last, 4000)  # a third attempt would come within 2 s
    until("what is due after a third attempt has been told", lambda: last in begun, every_s=0.05)
    assert begun == [event, event, later, last]
    until("nothing is owed", lambda: place.ledger(group) == dict.fromkeys((event, later, last)), every_s=0.2)
    one.stop()


def test_recipient_who_is_suspended_since_is_not_told(place, group):
    """What is owed says what somebody may do; by the time that the receiver works, they may not read it."""
    place.know("sue")
    broken = [True]
    receiver = place.receiver(lambda request: Answer(500 if broken else 200))
    one = place.notifier(group, webhook(group, receiver.url))
    (event,) = place.notify("sue")
    until("it is owed", lambda: place.ledger(group).get(event), every_s=0.1)
    place.know("sue", status="suspended")
    assert why_it_is_dead(place, group, event) == "its recipient is suspended"
    broken.clear()
    tried = len(receiver.ids())
    more = place.notify("sue", "alice")
    until("another is told", lambda: more[1] in receiver.ids())
    assert len(receiver.ids()) == tried + 1
    one.stop()


def test_receiver_that_does_not_deduplicate_is_not_told_twice(place, group):
    """Of profile coder-automation: when nobody knows whether it has arrived, it is dead; after 409 it has not."""
    place.know("alice")
    answers = [Answer(409)]
    receiver = place.receiver(lambda request: answers.pop() if answers else Raw(receiver.hang))
    more = "allow-private = yes\nprofile = coder-automation\ntimeout = 1s"
    one = place.notifier(group, webhook(group, receiver.url, more, "s3cret"))
    place.notify("alice")
    event = place.hand_over("alice")
    dead = until("it is dead", lambda: (place.ledger(group).get(event) or {}).get("state") == "dead", every_s=0.2)
    place.all_committed(group)
    one.stop()
    assert dead and len(receiver.requests) == 2, "once more after 409, and not after the timeout"
    assert {r.headers["authorization"] for r in receiver.requests} == {"Bearer s3cret"}
    assert place.ledger(group)[event]["handoff"]["summary"] == "Done"
    assert "s3cret" not in one.text()


def test_after_max_attempts_it_is_dead(place, group):
    place.know("alice")
    receiver = place.receiver(lambda request: Answer(500, {}, b"no\x1b[31m\nmore"))
    one = place.notifier(group, webhook(group, receiver.url, "allow-private = yes\nmax-attempts = 2"))
    (event,) = place.notify("alice")
    dead = until("it is dead", lambda: (place.ledger(group).get(event) or {}).get("state") == "dead", every_s=0.2)
    one.stop()
    assert dead and receiver.ids() == [event, event]
    assert place.ledger(group)[event]["last_error"] == "it answered 500: no?[31m?more"


def test_ordered_endpoint_gets_each_recipients_in_order(place, group):
    for name in ("alice", "bob"):
        place.know(name)
    failed = set()

    def fail_once(request):
        again = request.id in failed
        failed.add(request.id)
        return Answer(200 if again else 500)

    receiver = place.receiver(fail_once)
    one = place.notifier(group, webhook(group, receiver.url, "allow-private = yes\nordered = yes"))
    ids = {name: place.notify(*[name] * 6) for name in ("alice", "bob")}
    until("all have arrived", lambda: len(failed) == 12 and not any(place.ledger(group).values()), every_s=0.2)
    one.stop()
    for name, wanted in ids.items():
        told = [i for i in receiver.ids() if i in wanted]
        assert told == [i for i in wanted for _ in range(2)], name


def test_what_hangs_while_a_notifier_stops_makes_nobody_else_be_told_again(place, group):
    place.know("alice")
    answers = []
    receiver, hanging = place.receiver(), place.receiver(lambda request: answers[0] if answers else Raw(hanging.hang))
    more = "allow-private = yes\ntimeout = 60s"  # longer than a notifier that stops waits
    sections = webhook("quick", receiver.url) + webhook("hanging", hanging.url, more)
    one = place.notifier(group, sections)
    ids = place.notify(*["alice"] * 3)
    until("all are on their way", lambda: sorted(receiver.ids()) == sorted(hanging.ids()) == sorted(ids))
    one.stop()
    place.all_committed(group)
    answers.append(Answer())
    two = place.notifier(group, sections, name="two")
    until("nothing is owed", lambda: not any(place.ledger("hanging").values()), every_s=0.2)
    two.stop()
    assert sorted(receiver.ids()) == sorted(ids) and sorted(hanging.ids()) == sorted(ids * 2)


def test_ordered_endpoint_keeps_the_order_after_a_restart(place, group):
    """What was tried last stands last in the ledger, and is the first to be told all the same."""
    place.know("alice")
    down = [True]
    receiver = place.receiver(lambda request: Answer(500 if down else 200))
    one = place.notifier(group, webhook(group, receiver.url, "allow-private = yes\nordered = yes"))
    ids = place.notify(*["alice"] * 3)
    until("all are owed", lambda: set(place.ledger(group)) == set(ids), every_s=0.2)
    until("the first is tried again", lambda: place.ledger(group)[ids[0]]["attempts"] > 5, every_s=0.2)
    one.kill()
    tried = len(receiver.ids())
    down.clear()
    one.start()
    until("all have arrived", lambda: set(receiver.ids()[tried:]) == set(ids))
    one.stop()
    assert receiver.ids()[tried:] == ids


def test_what_no_notifier_writes_into_the_ledger_is_passed_over(place, group):
    place.know("alice")
    receiver = place.receiver()
    told = bus.decode(place.notification("alice")[1][1])[1]
    wish = {"endpoint": group, "id": "0-9-0", "state": "waiting", "attempts": 0, "next_at": None, "last_at": None}
    wish |= {"last_error": None, "since": 1, "notification": told, "handoff": None}
    key = f"{group}/0-9-0"
    for where, fields in [
        ("other/0-9-0", {}),  # it could not be taken off
        (f"{group}/0-9-0\0", {}),
        (f"{group}/0-9-0\0", {"id": "0-9-0\0"}),
        (key, {"since": 2**63 - 1}),
        (key, {"since": -(2**63)}),
        (key, {"attempts": 2**63 - 1}),
        (key, {"next_at": 2**63 - 1}),
    ]:
        place.write_delivery(0, where, bus.encode("Delivery", wish | fields))
    place.write_delivery(0, "/", b"no record")
    one = place.notifier(group, webhook(group, receiver.url))
    until("the ledger is read", lambda: "deliveries are owed" in one.text())
    (event,) = place.notify("alice")
    until("it goes on", lambda: receiver.ids())
    one.stop()
    assert receiver.ids() == [event]
    assert len(re.findall("passed over: (its|it has|since|next_at|the value)", one.text())) >= 8


# ---- who is not connected to ----


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "localhost", "[::ffff:127.0.0.1]"])
def test_private_address_sees_no_connection(place, group, host):
    place.know("alice")
    receiver = place.receiver()
    url = f"http://{host}:{receiver.port}/"
    one = place.notifier(group, webhook(group, url, "max-attempts = 2"))
    (event,) = place.notify("alice")
    until("it is dead", lambda: (place.ledger(group).get(event) or {}).get("state") == "dead", every_s=0.2)
    one.stop()
    assert receiver.connections == 0
    assert "its address" in (why := place.ledger(group)[event]["last_error"]) and "allow-private = yes" in why


@pytest.mark.parametrize("host", ["127.1", "localhost", "[::ffff:127.0.0.1]"])
def test_private_address_is_told_if_the_operator_allows_it(place, group, host):
    place.know("alice")
    receiver = place.receiver()
    one = place.notifier(group, webhook(group, f"http://{host}:{receiver.port}/"))
    ids = place.notify("alice")
    until("delivered", lambda: receiver.ids() == ids)
    one.stop()


def test_certificate_that_nobody_vouches_for_is_refused(place, group):
    place.know("alice")
    certificate, key = certify(place, group)
    receiver = place.receiver(tls=(certificate, key))
    section = webhook(group, receiver.url, "allow-private = yes\nmax-attempts = 1")
    one = place.notifier(group, section)
    (event,) = place.notify("alice")
    until("it is dead", lambda: (place.ledger(group).get(event) or {}).get("state") == "dead", every_s=0.2)
    one.stop()
    assert receiver.ids() == [] and "certificate" in place.ledger(group)[event]["last_error"]
    # With the certificate it goes.
    two = place.notifier(group, section, name="two", settings=f"ca-file = {certificate}")
    place.notify("alice")
    until("delivered", lambda: receiver.ids())
    two.stop()


# ---- who is told ----


def test_filters_and_preferences_decide_who_is_told(place, group):
    for name in ("alice", "bob"):
        place.know(name)
    place.know("carol", status="suspended")
    place.know("dave")
    place.know(f"team-{group}", kind="group", members=[id_of("bob")])
    place.prefer("dave", [{"channel": "webhook", "kind": None, "category": "sharing", "on": False}])
    everybody, some, removed = place.receiver(), place.receiver(), place.receiver()
    one = place.notifier(
        group,
        webhook(f"{group}-all", everybody.url)
        + webhook(f"{group}-some", some.url, f"allow-private = yes\nrecipients = group:team-{group}")
        + webhook(f"{group}-removed", removed.url, "allow-private = yes\nkinds = access_removed"),
    )
    ids = place.notify("alice", "bob", "carol", "dave")
    gone = place.notify("alice", kind="access_removed")
    place.all_committed(group)
    until("told", lambda: len(everybody.ids()) == 3 and some.ids() and removed.ids())
    one.stop()
    assert set(everybody.ids()) == {ids[0], ids[1], gone[0]}
    assert some.ids() == [ids[1]]
    assert removed.ids() == gone


# ---- programs ----


def test_program_gets_json_and_its_exit_decides(place, group):
    place.know("alice")
    out = place.folder / f"{group}.out"
    script = place.folder / f"{group}.sh"
    script.write_text(
        f"#!/bin/sh\nn=$(wc -l < {out})\ncat >> {out}\necho >> {out}\nenv | grep -q SHAREBUS_ && echo leak >> {out}\n"
        "[ $n -ge 1 ] || exit 75\n"
    )
    script.chmod(0o755)
    out.touch()
    section = f"[endpoint {group}]\ntype = exec\ncommand = {script} $HOME `id`\ntopics = notifications\n"
    one = place.notifier(group, section)
    (event,) = place.notify("alice")
    until("it was run twice", lambda: len(out.read_text().splitlines()) == 2)
    until("nothing is owed", lambda: place.ledger(group) == {event: None}, every_s=0.2)
    one.stop()
    first, second = map(json.loads, out.read_text().splitlines())
    assert first["recipient"]["username"] == "alice" and first["data"] == second["data"]


def test_program_that_never_ends_is_ended_with_all_that_it_has_started(place, group):
    place.know("alice")
    pids = place.folder / f"{group}.pids"
    script = place.folder / f"{group}.sh"
    script.write_text(f"#!/bin/sh\nsleep 1000 &\necho $! >> {pids}\nyes\n")
    script.chmod(0o755)
    section = f"[endpoint {group}]\ntype = exec\ncommand = {script}\ntimeout = 5s\nmax-attempts = 1\n"
    one = place.notifier(group, section)
    (event,) = place.notify("alice")
    until("it is dead", lambda: (place.ledger(group).get(event) or {}).get("state") == "dead", every_s=0.2)
    one.stop()
    assert place.ledger(group)[event]["last_error"] == "it writes too much"
    until("its child is gone", lambda: not pathlib.Path(f"/proc/{pids.read_text().strip()}").exists())


# ---- mail ----


def test_mail_reaches_its_recipient(place, group):
    place.know("alice", name="Alice Ä.")
    with MailServer() as server:
        section = f"[endpoint {group}]\ntype = smtp\nurl = smtp://127.0.0.1:{server.port}\nstarttls = no\n"
        one = place.notifier(group, section + "from = Sharing <sharing@example.com>\n")
        place.notify("alice")
        until("the mail is there", lambda: server.mails)
        place.know("alice", email="nobody@example.com")
        refused = lambda: place.notify("alice") and "nobody@example.com" in server.refused  # noqa: E731
        until("the directory is followed", refused, every_s=0.5)
        one.stop()
    mail = server.mails[0]
    assert mail.mail_from == "sharing@example.com" and mail.rcpt_tos == ["alice@example.com"]
    assert b"Auto-Submitted: auto-generated" in mail.content
    dead = [d for d in place.ledger(group).values() if d]
    assert dead and dead[0]["state"] == "dead" and "550" in dead[0]["last_error"]


def test_mail_is_not_sent_in_the_clear_unless_that_is_wanted(place, group):
    place.know("alice")
    with MailServer() as server:
        section = f"[endpoint {group}]\ntype = smtp\nurl = smtp://127.0.0.1:{server.port}\nmax-attempts = 1\n"
        one = place.notifier(group, section + "from = sharing@example.com\n")
        (event,) = place.notify("alice")
        until("it is dead", lambda: (place.ledger(group).get(event) or {}).get("state") == "dead", every_s=0.2)
        one.stop()
    assert server.mails == []


LOGIN = ("mailer", "open sesame")


def mail_section(place, group, url, max_attempts=1):
    """An endpoint that logs in."""
    file = place.folder / f"{group}.password"
    file.touch(0o600)
    file.write_text(LOGIN[1] + "\n")
    return (
        f"[endpoint {group}]\ntype = smtp\nurl = {url}\nfrom = sharing@example.com\n"
        f"max-attempts = {max_attempts}\nuser = {LOGIN[0]}\npassword-file = {file}\n"
    )


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_mail_goes_over_tls_to_a_server_that_wants_a_login(place, group, scheme):
    """After STARTTLS, or with TLS from the first byte on."""
    place.know("alice")
    certificate, key = certify(place, group)
    with MailServer((certificate, key), wrapped=scheme == "smtps", login=LOGIN) as server:
        section = mail_section(place, group, f"{scheme}://127.0.0.1:{server.port}")
        one = place.notifier(group, section, settings=f"ca-file = {certificate}")
        place.notify("alice")
        until("the mail is there", lambda: server.mails)
        place.all_committed(group)
        one.stop()
    assert server.mails[0].rcpt_tos == ["alice@example.com"] and len(server.mails) == 1
    assert set(server.logins) == {tuple(text.encode() for text in LOGIN)}
    assert place.ledger(group) == {} and LOGIN[1] not in one.text()


def test_mail_waits_until_the_server_takes_the_login(place, group):
    place.know("alice")
    certificate, key = certify(place, group)
    with MailServer((certificate, key), login=("mailer", "another")) as server:
        section = mail_section(place, group, f"smtp://127.0.0.1:{server.port}", max_attempts=20)
        one = place.notifier(group, section, settings=f"ca-file = {certificate}")
        (event,) = place.notify("alice")
        owed = until("it is owed", lambda: place.ledger(group).get(event), every_s=0.2)
        assert owed["state"] == "waiting" and "Login denied" in owed["last_error"] and server.mails == []
        server.accept(LOGIN)
        until("the mail is there", lambda: server.mails)
        until("nothing is owed", lambda: place.ledger(group) == {event: None}, every_s=0.2)
        one.stop()
    assert LOGIN[1] not in one.text() + owed["last_error"]


@pytest.mark.parametrize("wrong", ["authority", "host"])
def test_mail_server_whose_certificate_is_not_good_is_told_no_password(place, group, wrong):
    place.know("alice")
    certificate, key = certify(place, group)
    with MailServer((certificate, key), login=LOGIN) as server:
        host, settings = {"authority": ("127.0.0.1", ""), "host": ("localhost", f"ca-file = {certificate}")}[wrong]
        one = place.notifier(group, mail_section(place, group, f"smtp://{host}:{server.port}"), settings=settings)
        (event,) = place.notify("alice")
        why = why_it_is_dead(place, group, event)
        one.stop()
    assert server.mails == [] and server.logins == []
    assert "certificate" in why


def test_no_password_is_sent_in_the_clear(place, group):
    """To a server that would take it, and offers no STARTTLS."""
    place.know("alice")
    with MailServer(login=LOGIN) as server:
        one = place.notifier(group, mail_section(place, group, f"smtp://127.0.0.1:{server.port}"))
        (event,) = place.notify("alice")
        why_it_is_dead(place, group, event)
        one.stop()
    assert server.mails == [] and server.logins == []


# ---- inboxes ----


def test_inbox_has_each_notification_once(place, group):
    place.know("alice")
    one = place.notifier(group, f"[endpoint {group}]\ntype = inbox\n")
    ids = place.notify("alice", "alice")
    client = place.world.redis()
    partition = partition_of(id_of("alice").encode(), PARTITIONS)
    key = f"sb:{{{partition}}}:inbox:".encode() + uuid.UUID(id_of("alice")).bytes
    until("both are there", lambda: client.xlen(key) == 2)
    one.stop()
    assert [entry[b"id"].decode() for _, entry in client.xrange(key)] == ids
    client.close()


# ---- what is wrong from the start ----


@pytest.mark.parametrize(
    "lines, words",
    [
        ("", "there are no endpoints"),
        ("[endpoint ops]\ntype = webhook\nurl = https://x.example\nsecrt = x\n", "line 8: an endpoint has no setting"),
        ("[endpoint ops]\ntype = inbox\ntimeout = soon\n", 'line 7: endpoint ops: timeout is "soon"'),
        ("[endpoint ops]\ntype = webhook\nurl = https://x.example\nsecret = whsec_s3cret!\n", "line 8: endpoint ops: "),
    ],
    ids=["none", "key", "value", "secret"],
)
def test_wrong_endpoint_is_named_by_its_line_and_ends_with_2(place, group, lines, words):
    one = place.notifier(group, lines)
    assert one.process.wait(30) == 2
    (said,) = one.text().splitlines()
    assert words in said and "s3cret" not in said


# ---- when the ledger takes less ----


def limit_ledger(place, max_bytes):
    """Sets max.message.bytes of the ledger's topic; None: as it was."""
    entry = admin.ConfigEntry(
        "max.message.bytes", str(max_bytes or 1048588), incremental_operation=admin.AlterConfigOpType.SET
    )
    resource = admin.ConfigResource("TOPIC", DELIVERIES, incremental_configs=[entry])
    client = admin.AdminClient({"bootstrap.servers": place.brokers})
    (done,) = client.incremental_alter_configs([resource]).values()
    done.result(30)


def test_ledger_that_takes_small_records_gets_shortened_ones(place, group):
    place.know("alice")
    works = []
    receiver = place.receiver(lambda request: Answer(200 if works else 503))
    limit_ledger(place, 2000)
    try:
        one = place.notifier(group, webhook(group, receiver.url))
        ids = place.notify(*["alice"] * 30, body="long " * 1000, body_markdown="**long** " * 1000)
        until("all stand in the ledger", lambda: len(place.ledger(group)) == 30, every_s=0.2)
        assert "max.message.bytes" in one.text(), "it is said at the start"
        assert "is kept shortened" in one.text()
        place.all_committed(group)
        one.kill()
        works.append(True)
        one.start()
        until("all have arrived", lambda: set(receiver.ids()) >= set(ids))
        until("nothing is owed", lambda: not any(place.ledger(group).values()), every_s=0.5)
        one.stop()
    finally:
        limit_ledger(place, None)


def test_what_the_ledger_does_not_take_even_shortened_is_named_and_still_told(place, group):
    place.know("alice")
    works = []
    receiver = place.receiver(lambda request: Answer(200 if works else 503))
    limit_ledger(place, 300)
    try:
        one = place.notifier(group, webhook(group, receiver.url))
        (event,) = place.notify("alice")
        until("it is named", lambda: f"{group}/{event} cannot be kept: " in one.text())
        works.append(True)
        until("it has arrived", lambda: event in receiver.ids()[1:])
        place.all_committed(group)
        one.stop()
    finally:
        limit_ledger(place, None)


def test_ledger_whose_limit_is_lowered_ends_the_notifier_and_the_next_one_goes_on(place, group):
    place.know("alice")
    works = []
    receiver = place.receiver(lambda request: Answer(200 if works else 503))
    one = place.notifier(group, webhook(group, receiver.url))
    until("it has its partitions", lambda: "assigns us 4 of 4" in one.text())
    limit_ledger(place, 2000)
    try:
        ids = place.notify(*["alice"] * 5, body="long " * 1000)
        assert one.process.wait(30) == 3
        assert "a notifier that starts anew keeps to it" in one.text()
        one.start()
        until("all stand in the ledger", lambda: len(place.ledger(group)) == 5, every_s=0.2)
        works.append(True)
        until("all have arrived", lambda: set(receiver.ids()) == set(ids))
        until("nothing is owed", lambda: not any(place.ledger(group).values()), every_s=0.5)
        one.stop()
    finally:
        limit_ledger(place, None)


def test_large_deliveries_that_wait_for_ever_delay_no_other_endpoint(place, group):
    """Eight endpoints that are disabled are owed more than what is kept in memory."""
    place.know("alice")
    receiver, gone = place.receiver(), place.receiver(lambda request: Answer(410))
    others = [webhook(f"other-{i}", gone.url) for i in range(8)]
    one = place.notifier(group, "".join(others) + webhook(group, receiver.url))
    artifacts = [{"name": "n" * 255, "url": "https://example.com/" + "u" * 2028} for _ in range(20)]
    large = {"artifacts": artifacts, "answer_schema": '{"description": "' + "d" * 16000 + '"}'}
    ids = place.hand_over_often(150, "alice", **large)
    ids += place.notify("alice")
    until("the one that works is told all", lambda: set(receiver.ids()) == set(ids))
    place.all_committed(group)
    assert "and too many for all endpoints" in one.text(), "what there is no room for is dead, by name"
    one.stop()
