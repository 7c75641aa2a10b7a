"""What a stranger reads from the bus, and what a stranger may write to it.

The stranger (reader.py) has the published schemas and the specifications, and no code of ours.
"""

import json
import os
import re
import time
import uuid
from datetime import datetime, timezone

import pytest
from confluent_kafka import Producer
from reader import MAGIC, SCHEMAS, Bus, Schemas, cause_of, murmur2, new_id, partition_of

ORGANIZATION = "acme"
PEOPLE = ["erin", "alice", "bob", "carol", "dave", "frank"]
EVENT_HEADERS = {"ce_specversion", "ce_id", "ce_source", "ce_type", "content-type"}
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
NIL = str(uuid.UUID(int=0))


class World:
    """Who is who, and the ids the test itself has chosen for them."""

    def __init__(self, stack, directory):
        self.stack = stack
        self.ids = {n: str(uuid.uuid4()) for n in [ORGANIZATION, "contractor", *PEOPLE]}
        self.workspaces = {f"dev-{n}": str(uuid.uuid4()) for n in range(128)}
        self.contractor = {
            "name": "contractor",
            "id": self.ids["contractor"],
            "organization": ORGANIZATION,
            "members": ["carol", "dave"],
        }
        stack.apply(
            {
                "organizations": [{"name": ORGANIZATION, "id": self.ids[ORGANIZATION]}],
                "users": [
                    {
                        "username": n,
                        "id": self.ids[n],
                        "name": n.title(),
                        "organizations": [ORGANIZATION],
                    }
                    for n in PEOPLE
                ],
                "groups": [self.contractor],
                "workspaces": [
                    {"name": n, "id": i, "owner": "erin", "organization": ORGANIZATION}
                    for n, i in self.workspaces.items()
                ],
            },
            directory,
        )
        self.unused = iter(self.workspaces)

    def user(self, name):
        return {"kind": "user", "id": self.ids[name]}

    def group(self, name):
        return {"kind": "group", "id": self.ids[name]}

    def workspace(self) -> str:
        """The name of a workspace that no other test has."""
        return next(self.unused)

    def reference(self, workspace):
        return {
            "id": self.workspaces[workspace],
            "name": workspace,
            "owner_id": self.ids["erin"],
            "organization_id": self.ids[ORGANIZATION],
        }

    def shown(self, workspace):
        return self.stack.sharebus("sharing", "show", workspace, "-o", "json", as_user="erin").json

    def share_record(self, workspace, grants, actor="erin", **more):
        """A ShareWorkspace as a producer elsewhere would fill it: only what has no default."""
        return {
            "command_id": new_id(),
            "issued_at": 1_700_000_000_000,
            "actor": self.user(actor),
            "workspace_id": self.workspaces[workspace],
            "grants": [{"subject": s, "role": r} for s, r in grants],
        } | more


@pytest.fixture(scope="module")
def world(stack, tmp_path_factory):
    return World(stack, tmp_path_factory.mktemp("world"))


@pytest.fixture
def bus(stack, world):
    bus = Bus(stack.brokers)
    yield bus
    bus.close()


def change(subject, before, after):
    return {"subject": subject, "before": before, "after": after, "expires_at": None}


# ---- the stranger's own tools ----


def test_murmur2_is_that_of_java():
    """The vectors are those of Kafka's own UtilsTest."""
    vectors = {
        b"21": -973932308,
        b"foobar": -790332482,
        b"a-little-bit-long-string": -985981536,
        b"a-little-bit-longer-string": -1486304829,
        b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
        b"abc": 479470107,
    }
    assert {k: murmur2(k) for k in vectors} == {k: v & 0xFFFFFFFF for k, v in vectors.items()}


def test_every_schema_has_a_doc_on_every_field_and_its_own_fingerprint():
    def fields(schema):
        if isinstance(schema, dict):
            for f in schema.get("fields", []):
                yield f
                yield from fields(f["type"])
            yield from fields(schema.get("items"))
        if isinstance(schema, list):
            for s in schema:
                yield from fields(s)

    names = Schemas().by_name
    assert {"ShareWorkspace", "SharingChanged", "Notification", "WorkspaceGrants"} <= set(names)
    for path in SCHEMAS.glob("*.avsc"):
        schema = json.loads(path.read_text())
        assert schema["namespace"] == "sharebus.v1" and schema["name"] == path.stem
        assert [f["name"] for f in fields(schema) if not f.get("doc")] == []


# ---- from the command line to the stranger ----


class Session:
    """Runs commands of the command line, and notes what each must have put on the bus."""

    def __init__(self, world, bus):
        self.world, self.bus = world, bus
        self.workspace = world.workspace()
        self.id = world.workspaces[self.workspace]
        self.partition = partition_of(self.id.encode(), bus.partitions)
        self.version = world.shown(self.workspace)["version"]
        self.positions, self.commands = [], []
        self.remembered = []  # (command id, offset): neither rejected nor a duplicate
        self.changed, self.rejected, self.told = [], [], []

    def command(self, actor, verb, *args, command_id=None):
        """Runs it, with -o json, and returns what it printed; its position is noted."""
        command_id = command_id or new_id()
        ran = self.world.stack.sharebus(
            "sharing", verb, f"erin/{self.workspace}", *args, "-o", "json", "--command-id",
            command_id, as_user=actor,
        )  # fmt: skip
        printed = ran.json
        assert printed["command_id"] == command_id
        partition, offset = map(int, printed["position"].split(":"))
        assert partition == self.partition
        self.positions.append((partition, offset))
        self.commands.append(command_id)
        if printed["outcome"] in ("applied", "unchanged"):
            self.remembered.append((command_id, offset))
        return ran, printed

    def applied(self, actor, verb, *args, changes, told):
        ran, printed = self.command(actor, verb, *args)
        ran.done()
        self.version += 1
        assert (printed["outcome"], printed["version"]) == ("applied", self.version)
        actor = self.world.user(actor)
        self.changed.append(
            {
                "workspace": self.world.reference(self.workspace),
                "version": self.version,
                "actor": actor,
                "command_id": self.commands[-1],
                "reason": "command",
                "changes": changes,
                "previous_owner_id": None,
                "signed_by": None,  # integration/signed_test.py has keys
            }
        )
        for recipient, kind, group, role in told:
            self.told.append(
                {
                    "recipient_id": self.world.ids[recipient],
                    "kind": kind,
                    "actor": actor,
                    "workspace": self.world.reference(self.workspace),
                    "group_id": group and self.world.ids[group],
                    "role": role,
                    "message": None,
                    "expires_at": None,
                    "handoff_id": None,
                    "handoff_step": None,
                    "command_id": self.commands[-1],
                }
            )

    def silent(self, outcome, actor, verb, *args, command_id=None):
        ran, printed = self.command(actor, verb, *args, command_id=command_id)
        ran.done()
        assert (printed["outcome"], printed["version"]) == (outcome, self.version)

    def refused(self, code, actor, verb, *args):
        ran, printed = self.command(actor, verb, *args)
        assert ran.code == 1 and f"({code})" in ran.err, ran
        assert (printed["outcome"], printed["code"]) == ("rejected", code)
        self.rejected.append(
            {
                "command_id": self.commands[-1],
                "actor": self.world.user(actor),
                "workspace_id": self.id,
                "code": code,
                "message": printed["message"],
                "signed_by": None,
            }
        )


@pytest.fixture(scope="module")
def session(stack, world):
    """The script, run once; the tests look at what it left on the bus."""
    bus = Bus(stack.brokers)
    s = Session(world, bus)
    user, group = world.user, world.group
    s.applied(
        "erin", "share", "--user", "alice:admin,bob",
        changes=[change(user("alice"), None, "admin"), change(user("bob"), None, "use")],
        told=[
            ("alice", "workspace_shared", None, "admin"),
            ("bob", "workspace_shared", None, "use"),
        ],
    )  # fmt: skip
    s.applied(
        "erin", "share", "--group", "contractor",
        changes=[change(group("contractor"), None, "use")],
        told=[(n, "workspace_shared", "contractor", "use") for n in ("carol", "dave")],
    )  # fmt: skip
    s.silent("unchanged", "erin", "share", "--group", "contractor")
    s.applied(
        "erin", "share", "--user", "bob:admin",
        changes=[change(user("bob"), "use", "admin")],
        told=[("bob", "role_changed", None, "admin")],
    )  # fmt: skip
    s.silent("duplicate", "erin", "share", "--user", "bob:admin", command_id=s.commands[-1])
    s.applied(
        "alice", "share", "--user", "frank",
        changes=[change(user("frank"), None, "use")],
        told=[
            ("frank", "workspace_shared", None, "use"),
            ("erin", "owner_notice", None, None),
        ],
    )  # fmt: skip
    s.refused("role_ceiling", "alice", "share", "--user", "frank:admin")
    s.refused("forbidden", "frank", "share", "--group", "contractor:admin")
    s.applied(
        "erin", "remove", "--user", "alice",
        changes=[change(user("alice"), "admin", None)],
        told=[("alice", "access_removed", None, None)],
    )  # fmt: skip
    s.applied(
        "erin", "remove", "--group", "contractor",
        changes=[change(group("contractor"), "use", None)],
        told=[(n, "access_removed", "contractor", None) for n in ("carol", "dave")],
    )  # fmt: skip
    s.applied(
        "bob", "remove", "--user", "bob",
        changes=[change(user("bob"), "admin", None)],
        told=[("erin", "owner_notice", None, None)],
    )  # fmt: skip
    bus.follow(s.positions)
    bus.close()
    return s


def of_type(session, topic, name):
    return [e for e in session.bus.events(topic) if e.type == name]


def without(record, *keys):
    return {k: v for k, v in record.items() if k not in keys}


def command_times(session):
    """The broker's time of each command, by offset, as the bus has it."""
    return {r.offset: r.timestamp for r in session.bus.of("sharing.commands")}


def command_of(session, event):
    """The id of the command that an output came of: its place is in the output's own id."""
    partition, offset, _ = map(int, event.attributes["id"].split("-"))
    return session.commands[session.positions.index((partition, offset))]


def test_each_change_is_one_event_in_order(session):
    events = of_type(session, "sharing.events", "SharingChanged")
    assert [without(e.record, "at") for e in events] == session.changed


def test_each_refusal_is_one_event_with_its_reasons(session):
    events = of_type(session, "sharing.events", "CommandRejected")
    assert [without(e.record, "at", "details") for e in events] == session.rejected
    for e in events:
        assert e.record["message"] and "\n" not in e.record["message"]
        assert len(e.record["details"]) == 1 and e.record["details"][0] in e.record["message"]


def test_nothing_else_is_an_event(session):
    """One per command; none for `unchanged` and `duplicate`."""
    types = {e.type for e in session.bus.events("sharing.events")}
    assert types == {"SharingChanged", "CommandRejected"}
    assert len(session.bus.of("sharing.events")) == len(session.changed) + len(session.rejected)
    assert session.bus.of("sharing.deadletter") == []


def test_everybody_concerned_is_told_once_and_nobody_else(session):
    def order(told):
        return sorted(told, key=lambda n: (n["command_id"], n["recipient_id"], n["kind"]))

    told = [
        without(e.record, "title", "body", "body_markdown", "actions", "event_id", "at")
        | {"command_id": command_of(session, e)}
        for e in session.bus.events("sharing.notifications")
    ]
    assert order(told) == order(session.told)


def test_notifications_have_words_and_the_event_they_came_from(session):
    events = {
        e.attributes["id"]: e for e in of_type(session, "sharing.events", "SharingChanged")
    }
    for n in session.bus.events("sharing.notifications"):
        cause = events[n.record["event_id"]]
        assert n.attributes["id"].split("-")[:2] == cause.attributes["id"].split("-")[:2]
        assert n.record["workspace"] == cause.record["workspace"]
        assert n.record["actor"] == cause.record["actor"]
        assert n.record["at"] == cause.record["at"]
        assert session.workspace in n.record["title"]
        assert n.record["body"].strip() and n.record["body_markdown"].strip()
        for action in n.record["actions"]:
            assert action["label"] and f"/@erin/{session.workspace}" in action["url"]
        if n.record["kind"] == "access_removed":
            assert n.record["actions"] == []


def test_a_word_to_the_recipients_reaches_them_as_it_was_written(world, bus):
    s = Session(world, bus)
    word = "Grüße, „bitte“ ansehen \N{WAVING HAND SIGN}"
    s.command("erin", "share", "--user", "bob", "--message", word)
    bus.follow(s.positions)
    assert [n.record["message"] for n in bus.events("sharing.notifications")] == [word]


def test_whoever_reads_the_bus_sees_cloudevents(session):
    """CloudEvents 1.0, Kafka binary mode: read by the CloudEvents SDK itself in Bus.event()."""
    seen = set()
    source = f"sharebus/{session.bus.cluster}/sharing.commands"
    outputs = session.bus.events("sharing.events") + session.bus.events("sharing.notifications")
    assert len(outputs) > len(session.commands)
    for e in outputs:
        a = e.attributes
        partition, offset, _ = map(int, re.fullmatch(r"(\d+)-(\d+)-(\d+)", a["id"]).groups())
        assert a["specversion"] == "1.0"
        assert a["source"] == source
        assert (partition, offset) in session.positions
        snake = re.sub(r"(?<!^)(?=[A-Z])", "_", e.type).lower()
        assert a["type"] == f"sharebus.{snake}.v1"
        assert e.key == a["partitionkey"]
        assert e.headers["content-type"] == "application/avro" == a["datacontenttype"]
        assert (a["source"], a["id"]) not in seen
        seen.add((a["source"], a["id"]))


def test_public_records_have_the_headers_of_an_event_and_no_others(session):
    """What else there is to say stands in the record and its key."""
    for topic in ("sharing.commands", "sharing.events", "sharing.notifications"):
        records = session.bus.of(topic)
        assert records
        for r in records:
            assert sorted(name for name, _ in r.headers) == sorted(EVENT_HEADERS), r


def test_the_directory_has_the_same_headers_and_its_tombstones_have_none(world, bus, tmp_path):
    def apply(*groups):
        path = tmp_path / "groups.json"
        path.write_text(json.dumps({"groups": [world.contractor, *groups]}))
        world.stack.sharebus("directory", "apply", str(path), "--prune").done()

    gone = {"name": "gone", "id": str(uuid.uuid4()), "organization": ORGANIZATION}
    apply(gone)
    apply()
    records = bus.whole("sharing.directory")
    tombstones = [r for r in records if r.value is None]
    assert [(r.key.decode(), r.headers) for r in tombstones] == [(gone["id"], [])]
    for r in records:
        if r.value is not None:
            assert sorted(name for name, _ in r.headers) == sorted(EVENT_HEADERS), r


def test_the_changelog_has_no_headers(session):
    assert {r.key for r in session.bus.of("sharing.grants")} == {session.id.encode(), b"progress"}
    assert [r for r in session.bus.of("sharing.grants") if r.headers] == []


def test_the_time_of_what_follows_from_a_command_is_the_brokers_time_of_the_command(session):
    """LogAppendTime, not the author's clock: the same when it is decided again."""
    times = command_times(session)
    for topic in ("sharing.events", "sharing.notifications"):
        for r in session.bus.of(topic):
            e = session.bus.event(r)
            command = times[int(e.attributes["id"].split("-")[1])]
            assert e.record["at"] == command == r.timestamp


def test_the_last_state_has_the_time_of_its_command(session):
    times = command_times(session)
    raw = [r for r in session.bus.of("sharing.grants") if r.key != b"progress"][-1]
    (state,) = [s for s in session.bus.states() if s.offset == raw.offset]
    assert raw.timestamp == times[state.record["source_offset"]]


def test_events_follow_from_the_commands_and_carry_their_ids(session):
    commands = {
        f"{e.partition}-{e.offset}": e for e in session.bus.events("sharing.commands")
    }
    assert {e.type for e in commands.values()} == {"ShareWorkspace", "RemoveSharing"}
    for e in commands.values():
        assert e.attributes["source"] == f"sharebus/{session.bus.cluster}/cli"
        assert e.attributes["id"] == e.record["command_id"]
        assert UUID.fullmatch(e.record["command_id"])
        assert e.key == e.record["workspace_id"] == session.id
    for e in session.bus.events("sharing.events"):
        command = commands[e.attributes["id"].rsplit("-", 1)[0]]
        assert e.record["command_id"] == command.record["command_id"] == command.attributes["id"]


def test_a_fresh_command_id_is_a_uuid_of_version_7(world, bus):
    before = datetime.now(timezone.utc)
    ran = world.stack.sharebus(
        "sharing", "share", world.workspace(), "--user", "bob", "-o", "json", as_user="erin"
    )
    chosen = uuid.UUID(ran.done().json["command_id"])
    assert chosen.version == 7 and chosen.variant == uuid.RFC_4122
    assert abs((chosen.int >> 80) / 1000 - before.timestamp()) < 300


def test_keys_and_partitions_are_where_a_java_client_looks_for_them(session):
    for e in session.bus.events("sharing.events"):
        assert e.key == session.id
        assert e.partition == partition_of(e.key.encode(), session.bus.partitions)
    for e in session.bus.events("sharing.notifications"):
        assert e.key == e.record["recipient_id"]
        assert e.partition == partition_of(e.key.encode(), session.bus.partitions)


def test_the_changelog_is_on_the_commands_partition(session):
    grants = session.bus.states()
    assert {e.key for e in grants} == {session.id, "progress"}
    assert {e.partition for e in grants} == {session.partition}


def test_progress_rises_with_each_transaction_to_the_end(session):
    progress = [s for s in session.bus.states() if s.type == "Progress"]
    applied = [e.record["applied"] for e in progress]
    assert {e.key for e in progress} == {"progress"}
    assert applied == sorted(set(applied))
    assert applied[-1] == session.positions[-1][1] + 1
    # Several commands may share a transaction, which then speaks of the last of them.
    assert set(applied) <= {offset + 1 for _, offset in session.positions}


def test_the_last_state_in_the_changelog_is_the_whole_workspace(session):
    world = session.world
    last = [s for s in session.bus.states() if s.type == "WorkspaceGrants"][-1].record
    shared = next(c for c in session.changed if c["changes"][0]["subject"] == world.user("frank"))
    assert last["workspace"] == world.reference(session.workspace)
    assert last["status"] == "active"
    assert last["version"] == session.version
    assert last["source_offset"] == session.remembered[-1][1]
    remembered = [{"id": c, "late_minutes": 1} for c, _ in session.remembered]
    assert [c | {"late_minutes": 1} for c in last["recent_commands"]] == remembered
    assert all(c["late_minutes"] in (0, 1) for c in last["recent_commands"])
    assert last["forgotten_until"] == 0
    assert [without(g, "granted_at") for g in last["grants"]] == [
        {
            "subject": world.user("frank"),
            "role": "use",
            "granted_by": shared["actor"]["id"],
            "expires_at": None,
        }
    ]


def test_the_index_says_what_the_events_say(session):
    """Replaying before and after gives the list that the command line shows."""
    grants = {}
    for e in of_type(session, "sharing.events", "SharingChanged"):
        for c in e.record["changes"]:
            key = (c["subject"]["kind"], c["subject"]["id"])
            assert grants.get(key) == c["before"]
            grants[key] = c["after"]
    shown = session.world.shown(session.workspace)
    assert {("user", u["id"]): u["role"] for u in shown["users"]} | {
        ("group", g["id"]): g["role"] for g in shown["group"]
    } == {k: v for k, v in grants.items() if v}
    assert shown["version"] == session.version


# ---- from the stranger to the index ----


def one_event(bus):
    (event,) = bus.events("sharing.events")
    return event


def test_a_command_without_any_header_is_applied(world, bus):
    workspace = world.workspace()
    record = world.share_record(workspace, [(world.user("alice"), "admin")])
    value = bus.schemas.encode("ShareWorkspace", record)
    at = bus.write(value, record["workspace_id"].encode())
    bus.follow([at])
    event = one_event(bus)
    assert event.type == "SharingChanged"
    assert event.record["changes"] == [change(world.user("alice"), None, "admin")]
    assert event.record["command_id"] == record["command_id"]
    assert event.attributes["id"].startswith(f"{at[0]}-{at[1]}-")
    assert set(event.headers) == EVENT_HEADERS
    (told,) = bus.events("sharing.notifications")
    assert told.record["recipient_id"] == world.ids["alice"]
    assert told.record["event_id"] == event.attributes["id"]
    assert [(u["username"], u["role"]) for u in world.shown(workspace)["users"]] == [
        ("alice", "admin")
    ]


def test_a_trace_goes_through_to_all_that_follows(world, bus):
    workspace = world.workspace()
    record = world.share_record(workspace, [(world.group("contractor"), "use")])
    headers = [
        ("traceparent", TRACEPARENT.encode()),
        ("ce_specversion", b"1.0"),
        ("ce_id", b"stranger-1"),
        ("ce_source", b"/stranger"),
        ("ce_type", b"sharebus.share_workspace.v1"),
    ]
    value = bus.schemas.encode("ShareWorkspace", record)
    at = bus.write(value, record["workspace_id"].encode(), headers)
    bus.follow([at])
    event = one_event(bus)
    told = bus.events("sharing.notifications")
    assert {n.record["recipient_id"] for n in told} == {world.ids["carol"], world.ids["dave"]}
    for e in [event, *told]:
        assert e.headers["traceparent"] == TRACEPARENT
        assert set(e.headers) == EVENT_HEADERS | {"traceparent"}
    assert {n.record["event_id"] for n in told} == {event.attributes["id"]}
    grants = bus.of("sharing.grants")
    assert grants and [r for r in grants if r.headers] == []


def test_a_strangers_removal_needs_only_what_has_no_default(world, bus):
    workspace = world.workspace()
    world.stack.sharebus("sharing", "share", workspace, "--user", "bob", as_user="erin").done()
    record = {
        "command_id": new_id(),
        "issued_at": 0,
        "actor": world.user("erin"),
        "workspace_id": world.workspaces[workspace],
        "subjects": [world.user("bob")],
    }
    value = bus.schemas.encode("RemoveSharing", record)
    bus.follow([bus.write(value, record["workspace_id"].encode())])
    (removed,) = [
        e.record
        for e in bus.events("sharing.events")
        if e.record["command_id"] == record["command_id"]
    ]
    assert removed["changes"] == [change(world.user("bob"), "use", None)]
    assert removed["reason"] == "command"
    assert world.shown(workspace)["users"] == []


def test_the_broker_and_not_the_author_says_when(world, bus):
    """An expiry that is in the future by the author's clock, but in the past by the broker's."""
    workspace = world.workspace()
    record = world.share_record(workspace, [(world.user("bob"), "use")], issued_at=1_000)
    record["grants"][0]["expires_at"] = 2_000
    value = bus.schemas.encode("ShareWorkspace", record)
    bus.follow([bus.write(value, record["workspace_id"].encode())])
    assert one_event(bus).record["code"] == "already_expired"
    assert world.shown(workspace)["users"] == []


def test_an_expiry_is_kept_to_the_millisecond(world, bus):
    workspace = world.workspace()
    record = world.share_record(workspace, [(world.user("bob"), "use")])
    record["grants"][0]["expires_at"] = 4_102_444_799_123
    value = bus.schemas.encode("ShareWorkspace", record)
    bus.follow([bus.write(value, record["workspace_id"].encode())])
    assert one_event(bus).record["changes"][0]["expires_at"] == 4_102_444_799_123
    assert world.shown(workspace)["users"][0]["expires_at"] == "2099-12-31T23:59:59.123Z"


@pytest.mark.parametrize(
    "code, doctored",
    [
        ("unknown_workspace", {"workspace_id": str(uuid.UUID(int=7))}),
        ("version_conflict", {"expected_version": 99}),
        ("directory_ahead", {"directory_offset": 1 << 40}),
        ("forbidden", {"actor": {"kind": "user", "id": str(uuid.UUID(int=8))}}),
        ("invalid_command", {"command_id": str(uuid.uuid4())}),
        ("invalid_command", {"command_id": str(uuid.UUID(int=0xFFFF_FFFF_FFFF << 80 | 7 << 76 | 2 << 62))}),
        ("command_too_old", {"command_id": str(uuid.UUID(int=1_700_000_000_000 << 80 | 7 << 76 | 2 << 62))}),
    ],
)
def test_a_wrong_command_is_rejected_and_the_next_one_applied(world, bus, code, doctored):
    workspace = world.workspace()
    good = world.share_record(workspace, [(world.user("bob"), "use")])
    wrong = good | {"command_id": new_id()} | doctored
    at = [
        bus.write(bus.schemas.encode("ShareWorkspace", r), r["workspace_id"].encode())
        for r in (wrong, good)
    ]
    bus.follow(at)
    events = {e.record["command_id"]: e for e in bus.events("sharing.events")}
    assert events[wrong["command_id"]].type == "CommandRejected"
    assert events[wrong["command_id"]].record["code"] == code
    assert events[good["command_id"]].type == "SharingChanged"
    assert len(events) == 2


def test_all_problems_are_reported_together_and_nothing_is_applied(world, bus):
    workspace = world.workspace()
    stranger = {"kind": "user", "id": str(uuid.UUID(int=9))}
    grants = [(world.user("bob"), "use"), (stranger, "use"), (world.user("erin"), "use")]
    record = world.share_record(workspace, grants)
    value = bus.schemas.encode("ShareWorkspace", record)
    bus.follow([bus.write(value, record["workspace_id"].encode())])
    rejected = one_event(bus).record
    assert rejected["code"] in ("unknown_subject", "own_role")
    assert len(rejected["details"]) == 2
    assert str(uuid.UUID(int=9)) in " ".join(rejected["details"])
    assert "erin" in " ".join(rejected["details"])
    assert world.shown(workspace)["users"] == []


def test_what_an_aborted_transaction_wrote_is_never_decided(world, bus, stack):
    workspace = world.workspace()
    records = [world.share_record(workspace, [(world.user(n), "use")]) for n in ("alice", "bob")]
    key = world.workspaces[workspace].encode()
    producer = Producer({"bootstrap.servers": stack.brokers, "transactional.id": str(uuid.uuid4())})
    producer.init_transactions(60)
    for record, end in zip(records, (producer.abort_transaction, producer.commit_transaction)):
        producer.begin_transaction()
        producer.produce(
            "sharing.commands",
            value=bus.schemas.encode("ShareWorkspace", record),
            key=key,
            partition=partition_of(key, bus.partitions),
        )
        producer.flush(60)
        end(60)
    tail = world.share_record(workspace, [(world.user("carol"), "use")])
    bus.follow([bus.write(bus.schemas.encode("ShareWorkspace", tail), key)])
    decided = [e.record["command_id"] for e in bus.events("sharing.events")]
    assert decided == [records[1]["command_id"], tail["command_id"]]
    assert [u["username"] for u in world.shown(workspace)["users"]] == ["bob", "carol"]


# ---- one after another ----


@pytest.fixture(scope="module")
def burst(stack, world):
    """Commands for one workspace, a few milliseconds apart: each is published by itself."""
    bus = Bus(stack.brokers)
    workspace = world.workspace()
    positions = []
    for n in range(120):
        record = world.share_record(workspace, [(world.user("bob"), ["use", "admin"][n % 2])])
        value = bus.schemas.encode("ShareWorkspace", record)
        positions.append(bus.write(value, record["workspace_id"].encode()))
        time.sleep((n % 4) * 0.004)  # the pace is the point: other commands, other transactions
    bus.follow(positions)
    bus.committed_offset = bus.committed(positions[-1][0])
    bus.close()
    return bus, positions, world.shown(workspace)["version"]


def test_events_of_a_workspace_lie_in_the_order_of_its_versions(burst):
    """Per key, the order of the log is the order of what happened."""
    bus, positions, version = burst
    versions = [e.record["version"] for e in bus.events("sharing.events")]
    assert versions == list(range(version - len(positions) + 1, version + 1))


def test_the_changelog_never_goes_back(burst):
    bus, positions, version = burst
    states = [e for e in bus.states() if e.type == "WorkspaceGrants"]
    progress = [e for e in bus.states() if e.type == "Progress"]
    versions = [e.record["version"] for e in states]
    applied = [e.record["applied"] for e in progress]
    assert versions == sorted(versions) and versions[-1] == version
    assert applied == sorted(applied) and applied[-1] == positions[-1][1] + 1


def test_the_group_has_committed_all_that_it_has_published(burst):
    bus, positions, _ = burst
    assert bus.committed_offset == positions[-1][1] + 1


# ---- bytes that cannot be read ----

HEADERS = [("x-first", b"\x00\xffbytes"), ("x-again", b"1"), ("x-again", b"2"), ("x-empty", b"")]


def good_value(world, bus, workspace):
    record = world.share_record(workspace, [(world.user("bob"), "use")])
    return bus.schemas.encode("ShareWorkspace", record)


def turned(*a):
    value = good_value(*a)
    return value[:2] + value[2:10][::-1] + value[10:]


def swapped(name):
    """A record that can be read, but has no business on sharing.commands."""

    def make(world, bus, workspace):
        record = {
            "Progress": {"applied": 1},
            "UserChanged": {"id": world.ids["bob"], "username": "bob"},
        }[name]
        return bus.schemas.encode(name, record)

    return make


def cut(at):
    return lambda *a: good_value(*a)[:at]


def patched(find, put):
    def make(world, bus, workspace):
        value = good_value(world, bus, workspace)
        subject = world.ids["bob"].encode()
        found, put_ = (x(world, workspace, subject) if callable(x) else x for x in (find, put))
        assert value.count(found) == 1
        return value.replace(found, put_)

    return make


UNREADABLE = {
    "garbage": lambda *_: os.urandom(200),
    "one byte": lambda *_: b"\xc3",
    "only the magic": lambda *_: MAGIC,
    "empty": lambda *_: b"",
    "null": lambda *_: None,
    "wrong fingerprint": lambda *a: MAGIC + b"\xff" * 8 + good_value(*a)[10:],
    "fingerprint turned around": lambda *a: turned(*a),
    "no body": cut(10),
    "cut in the middle": cut(60),
    "cut by one byte": cut(-1),
    "bytes left over": lambda *a: good_value(*a) + b"\x00",
    "huge length": lambda *a: good_value(*a)[:10] + b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    "a registry's id, without a registry": lambda *a: b"\x00\x00\x00\x00\x07" + good_value(*a)[10:],
    "JSON": lambda *_: b'{"command_id": "x"}',
    "no UUID": patched(lambda w, ws, s: s, lambda w, ws, s: b"x" * 36),
    "no UTF-8": patched(lambda w, ws, s: s, lambda w, ws, s: b"\xff" * 36),
    "an unknown kind": patched(lambda w, ws, s: b"\x00\x48" + s, lambda w, ws, s: b"\x0e\x48" + s),
    "another record": swapped("Progress"),
    "a directory record": swapped("UserChanged"),
}


def assert_dead_letter(raw, at, key, value, headers):
    """The record as it came, then headers that say why and from where."""
    assert raw.value == value
    assert raw.key == key
    assert raw.headers[: len(headers)] == headers
    added = dict(raw.headers[len(headers) :])
    assert len(added) == len(raw.headers) - len(headers)
    assert added.pop("sharebus_reason").decode().strip()
    assert int(added.pop("sharebus_timestamp")) > 1_600_000_000_000
    assert added == {
        "sharebus_topic": b"sharing.commands",
        "sharebus_partition": str(at[0]).encode(),
        "sharebus_offset": str(at[1]).encode(),
    }


@pytest.mark.parametrize("what", UNREADABLE)
def test_unreadable_bytes_are_put_aside_and_the_rest_flows(world, bus, what):
    workspace = world.workspace()
    key = world.workspaces[workspace].encode()
    value = UNREADABLE[what](world, bus, workspace)
    at = bus.write(value, key, HEADERS)
    good = world.share_record(workspace, [(world.user("alice"), "use")])
    after = bus.write(bus.schemas.encode("ShareWorkspace", good), key)
    bus.follow([at, after])
    (dead,) = bus.of("sharing.deadletter")
    assert_dead_letter(dead, at, key, value, HEADERS)
    assert dead.partition == partition_of(key, bus.partitions)
    assert one_event(bus).record["command_id"] == good["command_id"]
    assert [u["username"] for u in world.shown(workspace)["users"]] == ["alice"]


def test_a_null_header_stays_null(world, bus):
    key = world.workspaces[world.workspace()].encode()
    headers = [("x-null", None), ("x-empty", b"")]
    at = bus.write(b"?", key, headers)
    bus.follow([at])
    (dead,) = bus.of("sharing.deadletter")
    assert_dead_letter(dead, at, key, b"?", headers)


def other(partition, partitions):
    return (partition + 1) % partitions


def test_a_command_in_a_wrong_partition_is_put_aside(world, bus):
    """Its workspace would have two owners there."""
    workspace = world.workspace()
    key = world.workspaces[workspace].encode()
    value = good_value(world, bus, workspace)
    at = bus.write(value, key, HEADERS, other(partition_of(key, bus.partitions), bus.partitions))
    bus.follow([at])
    (dead,) = bus.of("sharing.deadletter")
    assert_dead_letter(dead, at, key, value, HEADERS)
    assert bus.of("sharing.events") == [] and world.shown(workspace)["users"] == []


@pytest.mark.parametrize("key", [b"", None, b"not a workspace", NIL.encode()])
def test_a_command_under_a_wrong_key_in_a_wrong_partition_is_put_aside(world, bus, key):
    workspace = world.workspace()
    value = good_value(world, bus, workspace)
    own = partition_of(world.workspaces[workspace].encode(), bus.partitions)
    at = bus.write(value, key, HEADERS, other(own, bus.partitions))
    bus.follow([at])
    (dead,) = bus.of("sharing.deadletter")
    assert_dead_letter(dead, at, key, value, HEADERS)
    assert bus.of("sharing.events") == [] and world.shown(workspace)["users"] == []


def test_no_partition_stands_still_behind_unreadable_bytes(world, bus):
    """Nothing but bytes nobody can read, on every partition: none of them stands still."""
    at = [
        bus.write(os.urandom(32), f"key-{n}".encode(), partition=n % bus.partitions)
        for n in range(3 * bus.partitions)
    ]
    bus.follow(at)
    assert sorted(cause_of(dead) for dead in bus.of("sharing.deadletter")) == sorted(at)
