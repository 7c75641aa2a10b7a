"""The directory: what a file says is made true in the index, by announcing the differences.

Each test has an organization of its own, but --prune looks at everything: those tests have a stack
of their own, which is empty at first.
"""

import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import bus  # noqa: E402
import foreign  # noqa: E402
import load  # noqa: E402
from stack import _once, stack, until  # noqa: E402, F401

DONE, NO, USAGE, UNAVAILABLE, UNKNOWN = range(5)
KINDS = ("organizations", "users", "groups", "workspaces")
SCALE_SECONDS = 300  # a wide margin: on two idle cores it takes ten
SCALE_WAIT = "2m"  # for a Redis that stalls beside other work

# The largest case, apart from an Everyone group.
USERS = 100_000
GROUPS = 10_000
WORKSPACES = 100_000
DIRECTORY_MARK = b"sb:{dir}:mark"
MEMBERS = 20  # members of a group, on average
BUSY = 1_000  # groups that each user is in


class Directory:
    """The files of one test, applied to a stack."""

    def __init__(self, stack, folder):
        self.stack = stack
        self.folder = folder
        self.tag = uuid.uuid4().hex[:6]
        self.org = f"org-{self.tag}"
        self.files = 0

    def name(self, name):
        return f"{name}-{self.tag}"

    def user(self, username, **more):
        return {"username": self.name(username), "organizations": [self.org], **more}

    def group(self, name, *members, **more):
        names = [self.name(m) for m in members]
        return {"name": name, "organization": self.org, "members": names, **more}

    def workspace(self, name, owner, **more):
        return {"name": name, "owner": self.name(owner), "organization": self.org, **more}

    def write(self, content) -> Path:
        self.files += 1
        path = self.folder / f"{self.tag}-{self.files}.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    def run(self, content, *flags, **more):
        path = content if isinstance(content, Path) else self.write(content)
        return self.stack.sharebus("directory", "apply", path, *flags, **more)

    def apply(self, content, *flags):
        """Applies a file; returns what the program says it did, from its JSON."""
        return self.run(content, *flags, "-o", "json").done().json

    def lines(self, content, *flags):
        """The lines that --dry-run prints; asserts that it sends nothing."""
        before = self.ends()
        ran = self.run(content, "--dry-run", *flags).done()
        assert self.ends() == before
        return ran.out.replace(f"-{self.tag}", "").splitlines()

    def show(self, *flags):
        return self.stack.sharebus("directory", "show", "-o", "json", *flags).done().json

    def shown(self, section, name):
        """This test's entry of that name, or None."""
        key = "username" if section == "users" else "name"
        found = [
            e
            for e in self.show(f"--{section}")[section]
            if e[key] == name and self.tag in e[key] + str(e.get("organization"))
        ]
        assert len(found) < 2
        return found[0] if found else None

    def ends(self):
        """The ends of the logs that a directory is written to."""
        return bus.log_ends(self.stack.brokers, bus.DIRECTORY), bus.log_ends(
            self.stack.brokers, bus.COMMANDS
        )

    def people(self):
        """An organization with alice, bob and carol, the group team of two of them, and a workspace."""
        content = {
            "organizations": [{"name": self.org}],
            "users": [self.user(n) for n in ("alice", "bob", "carol")],
            "groups": [self.group("team", "alice", "bob")],
            "workspaces": [self.workspace("dev", "alice")],
        }
        self.apply(content)
        return content


@pytest.fixture
def directory(stack, tmp_path):
    return Directory(stack, tmp_path)


@pytest.fixture(scope="module")
def prunable(request):
    return _once(request, "prune", "kafka,redis,topics,consumer")


@pytest.fixture
def alone(prunable, tmp_path):
    """A directory that is empty but for what the test puts there."""
    one = Directory(prunable, tmp_path)
    nothing = {k: [] for k in KINDS} | {"sharing_enabled": True}

    def is_empty():
        """A test before may have ended while the broker still took what it had sent."""
        one.run(nothing, "--prune").done()
        return one.show() == nothing

    until("the directory is empty", is_empty)
    return one


@pytest.fixture
def shipped(alone):
    """The same with the programs that are shipped: sanitized ones see what they see at smaller sizes, too."""
    sanitized = alone.stack.bin
    alone.stack.down("consumer")
    alone.stack.bin = Path(load.sharebus_program("sharebus")).parent
    alone.stack.up("consumer")
    yield alone
    alone.stack.down("consumer")
    alone.stack.bin = sanitized
    alone.stack.up("consumer")


def counts(answer):
    """{kind: (created, changed, deleted, unchanged)}, without the kinds that do not occur."""
    keys = ("created", "changed", "deleted", "unchanged")
    assert all(list(answer[k]) == list(keys) for k in (*KINDS, "sharing_enabled"))
    found = {k: tuple(answer[k][c] for c in keys) for k in (*KINDS, "sharing_enabled")}
    return {k: c for k, c in found.items() if any(c)}


# ---- the difference ----


def test_only_differences_are_announced(directory):
    content = directory.people()
    before = directory.ends()
    again = directory.apply(content)
    assert counts(again) == {
        "organizations": (0, 0, 0, 1),
        "users": (0, 0, 0, 3),
        "groups": (0, 0, 0, 1),
        "workspaces": (0, 0, 0, 1),
    }
    assert again["changes"] == []
    assert directory.ends() == before
    content["users"][0]["email"] = "a@example.com"
    content["users"].append(directory.user("dave"))
    assert counts(directory.apply(content))["users"] == (1, 1, 0, 2)
    assert directory.ends()[0][0] == before[0][0] + 2
    assert directory.ends()[1] == before[1]
    assert directory.apply(content)["changes"] == []


def test_apply_reports_what_it_did_for_each_kind(directory):
    content = {
        "organizations": [{"name": directory.org}],
        "users": [directory.user("alice"), directory.user("bob")],
    }
    assert directory.run(content).done().out == (
        "organizations: 1 created, 0 changed, 0 unchanged\n"
        "users: 2 created, 0 changed, 0 unchanged\n"
        "groups: 0 created, 0 changed, 0 unchanged\n"
        "workspaces: 0 created, 0 changed, 0 unchanged\n"
    )
    content["users"][1]["status"] = "suspended"
    assert "users: 0 created, 1 changed, 1 unchanged\n" in directory.run(content).done().out


def test_fields_left_out_have_their_defaults(directory):
    directory.people()
    name = directory.name("alice")
    directory.apply({"users": [directory.user("alice", name="Alice", status="suspended")]})
    assert directory.shown("users", name)["status"] == "suspended"
    assert directory.lines({"users": [directory.user("alice")]}) == [
        '~ user alice: name "Alice" -> "", status suspended -> active'
    ]


def test_dry_run_prints_every_change_and_sends_nothing(directory):
    directory.people()
    o, other = directory.org, directory.name("other")
    entity = directory.shown("users", directory.name("carol"))
    content = {
        "organizations": [{"name": o, "sharing": "none"}, {"name": other}],
        "users": [
            directory.user("alice", site_role="owner"),
            {"username": directory.name("caro"), "id": entity["id"], "organizations": [
                {"name": o, "role": "admin"}, other]},
            directory.user("zoe", kind="agent"),
        ],
        "groups": [directory.group("team", "caro", "bob"), directory.group("new")],
        "workspaces": [
            directory.workspace("dev", "alice", status="dormant"),
            directory.workspace("api", "bob"),
        ],
    }  # fmt: skip
    assert directory.lines(content) == [
        "~ organization org: sharing everyone -> none",
        "+ organization other",
        "~ user alice: site_role member -> owner",
        "~ user carol: username carol -> caro, organizations +org:admin +other -org",
        "+ user zoe",
        "~ group org/team: members +caro -alice",
        "+ group org/new",
        "~ workspace alice/dev: status active -> dormant",
        "+ workspace bob/api",
    ]
    told = directory.run(content, "--dry-run", "-o", "json").done().json
    assert told["dry_run"] is True and len(told["changes"]) == 9
    assert told["changes"][5] == {
        "change": "changed",
        "kind": "group",
        "name": f"{o}/team",
        "id": directory.shown("groups", "team")["id"],
        "differs": ["members"],
        "added": [directory.name("caro")],
        "removed": [directory.name("alice")],
    }
    assert directory.apply(content)["changes"] == told["changes"]
    assert directory.lines(content) == []


def test_the_switch_is_announced_when_it_differs(alone):
    assert alone.lines({"sharing_enabled": True}) == []
    assert alone.lines({"sharing_enabled": False}) == ["~ deployment: sharing_enabled true -> false"]
    alone.run({"sharing_enabled": False}).done()
    assert alone.show()["sharing_enabled"] is False
    alone.run({"sharing_enabled": True}).done()
    assert alone.show()["sharing_enabled"] is True


# ---- names that move ----


def test_without_a_record_sharing_is_enabled(alone):
    """Also for a consumer that had read the record: the tombstone must undo it."""
    alone.apply({"sharing_enabled": False})
    producer = bus.producer(alone.stack.brokers)
    producer.produce(bus.DIRECTORY, None, "deployment")
    assert producer.flush(60) == 0
    until("sharing is on", lambda: alone.show()["sharing_enabled"])


def test_two_users_swap_their_names_in_one_file(directory):
    directory.people()
    a, b = (directory.shown("users", directory.name(n)) for n in ("alice", "bob"))
    swapped = {"users": [a | {"username": b["username"]}, b | {"username": a["username"]}]}
    assert counts(directory.apply(swapped)) == {"users": (0, 2, 0, 0)}
    assert directory.shown("users", a["username"])["id"] == b["id"]
    assert directory.shown("users", b["username"])["id"] == a["id"]
    assert directory.apply(swapped)["changes"] == []
    # The workspace stays with its owner, whatever the owner is called.
    assert directory.shown("workspaces", "dev")["owner"] == b["username"]
    share = ("sharing", "share", f"{b['username']}/dev", "--user", a["username"])
    directory.stack.sharebus(*share, as_user=b["username"]).done()


def test_groups_and_organizations_swap_their_names(directory):
    directory.people()
    other = directory.name("other")
    directory.apply({"organizations": [{"name": other}], "groups": [directory.group("crew", "bob")]})
    team, crew = (directory.shown("groups", n) for n in ("team", "crew"))
    org, another = (directory.shown("organizations", n) for n in (directory.org, other))
    swapped = {
        "organizations": [org | {"name": other}, another | {"name": directory.org}],
        "groups": [
            team | {"name": "crew", "organization": other},
            crew | {"name": "team", "organization": other},
        ],
    }
    assert counts(directory.apply(swapped)) == {
        "organizations": (0, 2, 0, 0),
        "groups": (0, 2, 0, 0),
    }
    assert directory.apply(swapped)["changes"] == []
    assert directory.shown("groups", "crew") == team | {"name": "crew", "organization": other}
    # Files without ids find them by their new names.
    found = {"groups": [{"name": "crew", "organization": other, "members": team["members"]}]}
    assert directory.apply(found)["changes"] == []


def test_a_group_is_found_in_an_organization_that_the_file_renames(directory):
    content = directory.people()
    org = directory.shown("organizations", directory.org)
    team = content["groups"][0] | {"organization": directory.name("renamed")}
    file = {"organizations": [org | {"name": directory.name("renamed")}], "groups": [team]}
    assert counts(directory.apply(file)) == {
        "organizations": (0, 1, 0, 0),
        "groups": (0, 0, 0, 1),
    }


def test_a_renamed_user_is_not_mistaken_for_a_new_one_of_the_old_name(directory):
    directory.people()
    alice = directory.shown("users", directory.name("alice"))
    directory.apply({"users": [alice | {"username": directory.name("alicia")}]})
    newcomer = directory.user("alice")
    directory.run({"users": [newcomer]}).failed(USAGE, directory.name("alicia"), "give it an id")
    new = str(uuid.uuid4())
    directory.apply({"users": [newcomer | {"id": new}]})
    assert directory.shown("users", directory.name("alice"))["id"] == new
    assert directory.shown("users", directory.name("alicia"))["id"] == alice["id"]
    assert directory.apply({"users": [newcomer]})["changes"] == []  # the index knows the name now


# ---- deleting ----


def test_prune_deletes_what_the_file_lacks_in_the_sections_asked_for(alone):
    content = alone.people()
    before = alone.show()
    assert alone.lines({"groups": []}) == []  # not asked for
    assert alone.lines({"groups": []}, "--prune") == ["- group org/team"]
    assert alone.lines({"workspaces": []}, "--prune") == ["- workspace alice/dev"]
    assert alone.lines({}, "--prune") == []
    assert alone.show() == before
    rest = {k: content[k] for k in ("organizations", "groups", "workspaces")}
    rest["users"] = content["users"][:2]  # without carol
    assert alone.lines(rest, "--prune") == ["- user carol"]
    assert counts(alone.apply({"workspaces": []}, "--prune")) == {"workspaces": (0, 0, 1, 0)}
    assert counts(alone.apply({"groups": []}, "--prune")) == {"groups": (0, 0, 1, 0)}
    shown = alone.show()
    assert shown == before | {"groups": [], "workspaces": []}
    told = alone.run({"organizations": [], "users": []}, "--prune").done()
    assert "users: 0 created, 0 changed, 3 deleted, 0 unchanged\n" in told.out
    assert alone.show() == {**{k: [] for k in KINDS}, "sharing_enabled": True}
    again = alone.apply({k: [] for k in KINDS}, "--prune")
    assert again["changes"] == []


def told(alone, state):
    """What `watch` has shown since the last time: the events, and {recipient: title} of the notifications."""
    ran = alone.stack.sharebus("watch", "--state", state, "--settled", "--wait", "30s").done()
    lines = ran.out.replace(f"-{alone.tag}", "").splitlines()
    titles = dict(line.removeprefix("notification  to ").split(": ", 1) for line in lines if line.startswith("n"))
    return [line.split(": ", 1)[1] for line in lines if line.startswith("event")], titles


def test_another_owner_and_a_deletion_are_told_to_those_concerned(alone, tmp_path):
    alone.people()
    dev, state = alone.shown("workspaces", "dev"), tmp_path / "state"
    share = ["sharing", "share", "dev", "--user", alone.name("carol")]
    alone.stack.sharebus(*share, as_user=alone.name("alice")).done()
    told(alone, state)  # from here on
    told(alone, state)
    alone.apply({"workspaces": [alone.workspace("dev", "bob", id=dev["id"])]})
    events, titles = told(alone, state)
    assert events == ["owner alice -> bob"]
    assert titles == {"alice": "Your workspace dev now belongs to bob", "bob": "Workspace dev is now yours"}
    alone.apply({"workspaces": [alone.workspace("prod", "bob", id=dev["id"])]})
    assert told(alone, state) == ([], {})  # another name alone
    alone.apply({"workspaces": []}, "--prune")
    events, titles = told(alone, state)
    assert events == ["deleted, user carol use -> none"]
    assert titles == {"bob": "Your workspace prod was deleted", "carol": "Workspace bob/prod was deleted"}


def test_pruning_leaves_nothing_in_redis(alone):
    alone.people()
    alone.apply({k: [] for k in KINDS}, "--prune")
    server = alone.stack.redis_client()
    left = {k.split(b":")[2] for k in server.scan_iter("sb:{dir}:*")}
    # Deleted users stay known by id, for messages about them.
    assert left <= {b"mark", b"user", b"deployment"}
    assert not list(server.scan_iter("sb:{*}:ws:*")) and not list(server.scan_iter("sb:{*}:o:*"))


def test_an_organization_in_use_is_not_deleted(alone):
    content = alone.people()
    before = alone.show()
    for file in ({"organizations": []}, {"organizations": [], "users": []}, {
        "organizations": [], "users": [], "groups": []}):  # fmt: skip
        alone.run(file, "--prune").failed(USAGE, alone.org, "nothing was sent")
    # Nor is an organization that the rest of the file uses.
    alone.run(content | {"organizations": []}, "--prune").failed(USAGE, alone.org)
    assert alone.show() == before


def test_a_user_named_in_the_file_is_not_deleted(alone):
    content = alone.people()
    before = alone.show()
    for section in ("groups", "workspaces"):
        file = {"users": [alone.user("carol")], section: content[section]}
        alone.run(file, "--prune").failed(USAGE, "would be deleted", "nothing was sent")
    assert alone.show() == before


def test_a_deleted_user_cannot_be_found_and_the_name_is_free(alone):
    content = alone.people()
    first = alone.shown("users", alone.name("carol"))["id"]
    alone.apply({"users": content["users"][:2]}, "--prune")
    assert alone.shown("users", alone.name("carol")) is None
    share = ("sharing", "share", "dev", "--user", alone.name("carol"))
    alice = alone.name("alice")
    # The index does not know the name: nothing is sent.
    alone.stack.sharebus(*share, as_user=alice).failed(UNKNOWN, alone.name("carol"), "nothing was changed")
    second = str(uuid.uuid4())
    alone.apply({"users": [alone.user("carol", id=second)]})
    alone.stack.sharebus(*share, as_user=alice).done()
    shown = alone.stack.sharebus("sharing", "show", f"{alice}/dev", "-o", "json", as_user=alice)
    assert [u["id"] for u in shown.done().json["users"]] == [second]
    # The first user does not take the name back when a file mentions her again.
    alone.apply({"users": [alone.user("carol", id=first, status="deleted", email="x@y")]})
    assert alone.shown("users", alone.name("carol"))["id"] == second
    assert alone.apply({"users": [alone.user("carol")]})["changes"] == []


def test_a_deleted_user_named_in_a_file_is_restored(alone):
    content = alone.people()
    before = alone.shown("users", alone.name("carol"))
    alone.apply({"users": content["users"][:2]}, "--prune")
    assert alone.lines({"users": content["users"]}, "--prune") == [
        "~ user carol: status deleted -> active"
    ]
    alone.apply(content, "--prune")
    assert alone.shown("users", alone.name("carol")) == before
    assert alone.apply(content, "--prune")["changes"] == []


def test_a_user_whom_a_file_calls_deleted_is_deleted_once(directory):
    directory.people()
    known = directory.user("dora", id=str(uuid.uuid4()))
    directory.apply({"users": [known]})
    gone = {"users": [directory.user("dora", status="deleted")]}
    assert counts(directory.apply(gone)) == {"users": (0, 1, 0, 0)}
    assert directory.apply(gone)["changes"] == []
    never = {"users": [directory.user("nobody", status="deleted")]}
    assert directory.apply(never)["changes"] == []


# ---- there and back ----


def test_applying_what_show_prints_changes_nothing(alone):
    content = alone.people()
    content["users"] += [
        alone.user("odd", name="Ünï\u202e \"quoted\" \n\t\u001b[31m😀", email="é@x"),
        alone.user("boss", site_role="owner", kind="service_account", status="suspended"),
        alone.user("leaver"),
        alone.user("owner-who-left"),
    ]  # fmt: skip
    content["groups"] += [alone.group("crew", "leaver", "bob"), alone.group("empty")]
    content["workspaces"] += [
        alone.workspace("left", "owner-who-left"),
        alone.workspace("sleeping", "bob", status="dormant"),
    ]
    content["organizations"].append({"name": "second", "sharing": "service_accounts"})
    content["users"][0]["organizations"].append({"name": "second", "role": "admin"})
    alone.apply(content)
    # A user who left stays in groups, and owner of workspaces, until a file says otherwise.
    stay = [u for u in content["users"] if "lef" not in u["username"] and "leaver" not in u["username"]]
    alone.apply({"users": stay}, "--prune")
    text = alone.stack.sharebus("directory", "show", "-o", "json").done().out
    path = alone.write(text)
    before = alone.ends()
    assert alone.apply(path)["changes"] == []
    assert alone.apply(path, "--prune")["changes"] == []
    assert alone.ends() == before
    assert alone.stack.sharebus("directory", "show", "-o", "json").done().out == text
    # Applying it brings back everything.
    alone.apply({k: [] for k in KINDS}, "--prune")
    alone.apply(path)
    assert alone.stack.sharebus("directory", "show", "-o", "json").done().out == text


def test_show_prints_the_sections_that_are_asked_for(directory):
    directory.people()
    directory.apply({"users": [directory.user(f"u{n}") for n in range(20)]})
    whole = directory.show()
    assert list(whole) == ["organizations", "sharing_enabled", "users", "groups", "workspaces"]
    for section in KINDS:
        assert directory.show(f"--{section}") == {section: whole[section]}
    some = directory.show("--users", "--groups")
    assert some == {k: whole[k] for k in ("users", "groups")}
    names = [u["username"] for u in whole["users"]]
    assert names == sorted(names, key=str.encode)


def test_show_prints_counts_or_lists_for_people(alone):
    alone.people()
    Author(alone).user(str(uuid.uuid4()), "\u001b[31mred", full="A\nB")
    out = alone.stack.sharebus("directory", "show").done().out
    assert [line.split() for line in out.splitlines()] == [
        ["KIND", "COUNT"],
        ["organizations", "1"],
        ["users", "4"],
        ["groups", "1"],
        ["workspaces", "1"],
        ["Sharing", "is", "on", "in", "this", "deployment."],
    ]
    listed = alone.stack.sharebus("directory", "show", "--users", "--groups").done().out
    assert "\u001b" not in listed
    users, groups = listed.split("\n\n")
    assert users.splitlines()[0].split()[:3] == ["USERNAME", "NAME", "EMAIL"]
    assert len(users.splitlines()) == 1 + 4 and "?[31mred" in users and "A?B" in users
    assert [line.split() for line in groups.splitlines()] == [
        ["GROUP", "MEMBERS"],
        [f"{alone.org}/team", "2"],
    ]
    team = alone.shown("groups", "team")["id"]
    assert team in alone.stack.sharebus("directory", "show", "--groups", "--wide").done().out


def test_show_without_an_index_is_unavailable(alone):
    alone.people()
    before = alone.show()
    server = alone.stack.redis_client()
    alone.stack.down("consumer")
    try:
        for mark in ("sb:{dir}:mark", "sb:{7}:mark"):
            held = server.dump(mark)
            server.hset(mark, "state", "rebuilding")
            alone.stack.sharebus("directory", "show").failed(UNAVAILABLE, "rebuilt")
            server.restore(mark, 0, held, replace=True)
        assert alone.show() == before
    finally:
        alone.stack.up()


# ---- records that others write ----


class Author:
    """Writes to sharing.directory as a program of somebody else's would."""

    def __init__(self, directory):
        self.directory = directory
        self.server = directory.stack.redis_client()
        self.organization = directory.shown("organizations", directory.org)["id"]
        self.kept = None

    @contextlib.contextmanager
    def together(self):
        """What is written meanwhile is sent at the end."""
        self.kept = {bus.DIRECTORY: [], bus.COMMANDS: []}
        yield
        kept, self.kept = self.kept, None
        for topic, records in kept.items():
            bus.send_all(self.directory.stack.brokers, topic, records)
        self.wait()

    def user(self, id, name, status="active", key=None, full=""):
        memberships = [{"id": self.organization, "role": "member"}]
        self.plain_user(id, self.directory.name(name), memberships, status, key=key, name=full)

    def plain_user(self, id, username, memberships, status="active", key=None, name="", email=""):
        texts = {"username": username, "name": name, "email": email}
        roles = {"status": status, "kind": "user", "site_role": "member"}
        self.send("UserChanged", {"id": id, **texts, **roles, "organizations": memberships}, key)

    def group(self, id, name, key=None):
        self.plain_group(id, name, self.organization, [], key)

    def plain_group(self, id, name, organization, members, key=None):
        fields = {"id": id, "name": name, "organization_id": organization, "members": members}
        self.send("GroupChanged", fields, key)

    def other_organization(self, id, name):
        self.send("OrganizationChanged", {"id": id, "name": name, "sharing": "everyone"})

    def workspace(self, id, name, owner):
        self.plain_workspace(id, name, owner, self.organization)

    def plain_workspace(self, id, name, owner, organization):
        fields = {"organization_id": organization, "owner_id": owner, "name": name, "status": "active"}
        self.send(
            "WorkspaceChanged", {"workspace_id": id, **fields, "changed_at": 1}, id, topic=bus.COMMANDS
        )

    def send(self, name, fields, key=None, topic=bus.DIRECTORY):
        self.write(*foreign.record(name, fields, key), topic)

    def forget(self, *ids):
        for id in ids:
            self.write(id.encode(), None, [], bus.DIRECTORY)

    def write(self, key, value, headers, topic):
        if self.kept:
            self.kept[topic].append((key, value, headers))
            return
        bus.send_all(self.directory.stack.brokers, topic, [(key, value, headers)])
        self.wait()

    def wait(self):
        foreign.wait(self.directory.stack)

    def rebuild(self):
        """Empties Redis and waits for what a consumer makes of the topics."""
        self.server.flushall()
        self.wait()

    def log(self):
        return (self.directory.stack.dir / "consumer.log").read_text()


def test_a_record_under_another_key_is_passed_over(directory):
    """Compaction keeps one record for each key: two keys of one entity would outlive its tombstone."""
    directory.people()
    author, id = Author(directory), str(uuid.uuid4())
    for key in (str(uuid.uuid4()), id.upper(), "{" + id + "}", "deployment"):
        author.user(id, "ghost", key=key)
        assert directory.shown("users", directory.name("ghost")) is None
    assert author.log().count(f"its key is not {id}, the id of user {directory.name('ghost')}") == 2
    assert "its key is not written in lower case" in author.log()
    assert "its key is neither an id nor" in author.log()
    author.user(id, "ghost")
    assert directory.shown("users", directory.name("ghost"))["id"] == id
    author.forget(id.upper())
    assert directory.shown("users", directory.name("ghost"))
    author.forget(id)
    directory.run({"sharing_enabled": True}).done()  # the switch has a shadow, of the key deployment


def test_an_id_keeps_its_kind_and_apply_repairs_its_record(directory):
    """Coder's API lists everyone in an organization as a group with the organization's id."""
    content = directory.people()
    author = Author(directory)
    bob = directory.shown("users", directory.name("bob"))["id"]

    def check():
        return directory.stack.sharebus("check", bob, "read", f"{directory.name('alice')}/dev").code

    share = ("sharing", "share", "dev", "--user", directory.name("bob"))
    directory.stack.sharebus(*share, as_user=directory.name("alice")).done()
    author.group(author.organization, "Everyone")
    author.group(author.organization, "Everyone")
    author.group(bob, "crew")
    assert check() == DONE
    directory.stack.sharebus(*share, "--user", directory.name("carol"), as_user=directory.name("alice")).done()
    log = author.log()
    assert log.count(f"is the group of everyone in organization {author.organization}") == 1
    assert log.count(f"it gives group crew the id {bob} of user {directory.name('bob')}") == 1
    again = "again, because a later record under its key was passed over"
    assert directory.lines(content) == [f"~ organization org: {again}", f"~ user bob: {again}"]
    author.rebuild()
    assert len(directory.lines(content)) == 2
    assert counts(directory.apply(content))["organizations"] == (0, 1, 0, 0)
    assert directory.apply(content)["changes"] == []
    assert check() == DONE


def test_two_bearers_of_a_name_are_ambiguous_until_one_goes(directory):
    """Users, groups, organizations and workspaces alike; the same after a rebuild."""
    directory.people()
    author, ids = Author(directory), {n: sorted(str(uuid.uuid4()) for _ in range(2)) for n in KINDS}
    me = directory.name("alice")
    alice = directory.shown("users", me)["id"]
    for i in range(2):
        author.user(ids["users"][i], "twin")
        author.group(ids["groups"][i], "pair")
        author.other_organization(ids["organizations"][i], directory.name("double"))
        author.workspace(ids["workspaces"][i], "same", alice)
    asked = {
        "users": ("sharing", "share", "dev", "--user", directory.name("twin")),
        "groups": ("sharing", "share", "dev", "--group", "pair"),
        "organizations": ("list", "--search", f"shared_with_group:{directory.name('double')}/Everyone"),
        "workspaces": ("sharing", "show", "same"),
    }

    def ask(kind):
        return directory.stack.sharebus(*asked[kind], as_user=me)

    for _ in range(2):
        for kind in KINDS:
            ask(kind).failed(UNKNOWN, "is ambiguous", *ids[kind])
        author.rebuild()
    directory.run({"users": [directory.user("twin")]}).failed(USAGE, "is ambiguous", *ids["users"])
    author.user(ids["users"][1], "twin", status="deleted")
    author.forget(ids["groups"][0], ids["organizations"][1])
    author.send(
        "WorkspaceDeleted",
        {"workspace_id": ids["workspaces"][0], "deleted_at": 2},
        ids["workspaces"][0],
        topic=bus.COMMANDS,
    )
    for _ in range(2):
        for kind in KINDS:
            assert ask(kind).code == DONE
        author.rebuild()
    author.user(ids["users"][0], "twin", status="deleted")
    author.forget(ids["groups"][1], ids["organizations"][0])


# ---- input ----


ODD = ["a b", "'\"`$(x)", "line\nbreak", "😀𝔘", "\u001b]0;title\u0007", "\\", "%s%n", "a,b:c", "ü", "田中",
       "/team/dev", "a/b", "/", "", " ", "null\0byte", "me", "-", "a--b", "1:a/b", "Alice", "ALICE", "x" * 255,
       "00000000-0000-0000-0000-000000000001"]  # fmt: skip


def odd_records(author, alice):
    """Writes facts of any name, and with any ids, as others may; returns the ids of the users."""
    new = [str(uuid.uuid4()) for _ in range(3)]
    absent, nil = str(uuid.uuid4()), str(uuid.UUID(int=0))
    odd = {name: str(uuid.uuid4()) for name in ODD}
    places = {name: str(uuid.uuid4()) for name in ODD}
    with author.together():
        for name, id in places.items():
            author.other_organization(id, name)
        author.other_organization(new[0], "a b")  # twice
        for n, (name, id) in enumerate(odd.items()):
            member, admin = ({"id": i, "role": r} for i, r in ((list(places.values())[n], "member"), (new[0], "admin")))
            author.plain_user(id, name, [member, admin, admin | {"role": "member"}], name="n" * 1024, email=name * 3)
        author.plain_user(new[1], "a b", [{"id": i, "role": "member"} for i in (absent, nil, alice)])
        author.plain_user(new[2], "a b", [], status="deleted")
        many = [{"id": str(uuid.UUID(int=n + 1)), "role": "member"} for n in range(2000)]
        author.plain_user(str(uuid.uuid4()), "everywhere", many)
        members = [*odd.values(), odd["ü"], *new, absent, nil, author.organization]
        for name, id in [*places.items(), *places.items(), ("", absent), ("", nil), ("", alice)]:
            author.plain_group(str(uuid.uuid4()), name, id, members)
        for name, id in [*odd.items(), *odd.items(), ("dev", absent), ("dev", new[2]), ("dev", nil)]:
            author.plain_workspace(str(uuid.uuid4()), name, id, places["a/b"])
        for place in (absent, nil, alice, new[0]):
            author.plain_workspace(str(uuid.uuid4()), "DEV", alice, place)
        author.plain_workspace(nil, "nil", alice, author.organization)
    return odd


def test_whatever_others_announce_can_be_shown_and_applied(alone):
    """The file of show is one that apply takes, and nothing differs, whatever names and ids it has."""
    alone.people()
    author = Author(alone)
    odd = odd_records(author, alone.shown("users", alone.name("alice"))["id"])
    author.group(author.organization, "Everyone")  # shadows the organization, until apply repairs it
    assert [c["name"] for c in alone.apply(alone.show())["changes"]] == [alone.org]
    whole = alone.show()
    before = alone.ends()
    assert alone.lines(whole) == [] and alone.lines(whole, "--prune") == []
    assert alone.apply(whole)["changes"] == [] and alone.apply(whole, "--prune")["changes"] == []
    for section in KINDS:
        assert alone.apply(alone.show(f"--{section}"))["changes"] == []
    # A byte order mark may stand before it, and it may come from standard input.
    marked = "\ufeff" + json.dumps(whole)
    path = alone.write(marked)
    assert alone.lines(path) == []
    ran = alone.stack.sharebus("directory", "apply", "-", "-o", "json", stdin=path.open())
    assert ran.done().json["changes"] == []
    assert alone.ends() == before and alone.show() == whole
    # Names that can be said are said, and the others are ids.
    (group,) = [g for g in whole["groups"] if g["name"] == "ü"][:1]
    assert group["organization"] == "ü" and {"ü", "田中", "a,b:c", odd["a/b"], odd["a b"]} <= set(group["members"])
    # No terminal obeys what others announce.
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", alone.run({k: [] for k in KINDS}, "--prune", "--dry-run").out)
    # What refers to such entries by name, or is called like one, still finds it.
    assert alone.apply({"organizations": [{"name": "ü"}]})["changes"] == []
    alone.run({"users": [{"username": "a b"}]}).failed(USAGE, "is ambiguous")
    alone.run({"groups": [{"name": "g", "organization": "a b"}]}).failed(USAGE, "organization", "a b")
    # A name that is left alone may stay, and a new one may not.
    held = [u for u in whole["users"] if u["username"] == "a,b:c"][0]
    assert counts(alone.apply({"users": [held | {"email": "new"}]})) == {"users": (0, 1, 0, 0)}
    alone.run({"users": [held | {"username": "b,c"}]}).failed(USAGE, 'users[0] "b,c"', "no command could name")


def test_names_that_no_command_could_address_are_not_announced(directory):
    directory.people()
    before = directory.ends()
    alice = directory.shown("users", directory.name("alice"))
    dev = directory.shown("workspaces", "dev")
    plain = "letters and digits, joined by single hyphens"
    new = {
        "organizations": lambda name: {"name": name},
        "users": lambda name: {"username": name},
        "groups": lambda name: directory.group(name),
        "workspaces": lambda name: directory.workspace(name, "alice"),
    }
    for kind in KINDS:
        for name in ("x y", "a/b", "ü", "-a", "a-", "a--b", "a_b", "a.b", "a:b", "a,b", "a\u0130"):
            good = new[kind](directory.name("good"))
            ran = directory.run({kind: [good, new[kind](name)]})
            ran.failed(USAGE, f'{kind}[1] "{name}"', plain)
        directory.run({kind: [new[kind](str(uuid.uuid4()))]}).failed(USAGE, "take this name for an id")
    directory.run({"users": [new["users"]("me")]}).failed(USAGE, "whoever asks")
    directory.run({"groups": [new["groups"]("Everyone")]}).failed(USAGE, "all members")
    directory.run({"users": [alice | {"username": "x y"}]}).failed(USAGE, 'users[0] "x y"', plain)
    # Another's name, but for upper and lower case; in groups that is another name.
    called = [
        ("users", directory.user("Bob"), "is called bob"),
        ("users", directory.user("bob", id=str(uuid.uuid4())), "has this name already"),
        ("users", alice | {"username": directory.name("BOB")}, "is called bob"),
        ("organizations", {"name": directory.org.upper()}, "is called org"),
        ("groups", directory.group("team", id=str(uuid.uuid4())), "has this name already"),
        ("workspaces", directory.workspace("DEV", "alice"), "is called dev"),
    ]
    for kind, entry, said in called:
        name = entry.get("username") or entry["name"]
        directory.run({kind: [entry]}).failed(USAGE, f'{kind}[0] "{name}"', said)
    two = {"users": [directory.user("zoe"), directory.user("Zoe")]}
    directory.run(two).failed(USAGE, directory.name("Zoe"), "upper and lower case")
    assert directory.ends() == before
    # Whoever gives a name up makes room for another in the same file, and another place has names of its own.
    swap = [alice | {"username": directory.name("bob")},
            directory.shown("users", directory.name("bob")) | {"username": directory.name("ALICE")}]  # fmt: skip
    moved = [dev | {"owner": directory.name("carol")}, directory.workspace("DEV", "ALICE")]
    directory.apply({"users": swap, "workspaces": moved, "groups": [directory.group("TEAM")]})
    directory.run({"workspaces": [dev | {"owner": directory.name("ALICE")}]}).failed(USAGE, "is called DEV")

def test_an_id_of_another_kind_is_refused_wherever_it_stands(directory):
    """Of what the index knows, and of what the file itself states."""
    directory.people()
    ids = {kind: directory.shown(kind, name)["id"] for kind, name in (
        ("organizations", directory.org), ("users", directory.name("alice")), ("groups", "team"),
        ("workspaces", "dev"))}  # fmt: skip
    names = {
        "organizations": f"the organization {directory.org}",
        "users": f"the user {directory.name('alice')}",
        "groups": "the group team",
        "workspaces": "the workspace dev",
    }
    fresh = str(uuid.uuid4())
    in_file = {"groups": [directory.group("inner", id=fresh)]}

    def refusals(id, kinds, what, more):
        """Every place where an id of these kinds may not stand."""
        places = []
        if "users" in kinds:
            places += [("users", {"username": directory.name("zoe"), "organizations": [id]}, "organization")]
            places += [("groups", {"name": "outer", "organization": id}, "organization")]
            places += [("workspaces", directory.workspace("w", "alice") | {"organization": id}, "organization")]
        if "organizations" in kinds:
            places += [("groups", directory.group("outer") | {"members": [id]}, "members are users")]
            places += [("workspaces", directory.workspace("w", "alice") | {"owner": id}, "the owner is a user")]
        for kind, entry, said in places:
            file = {**more, kind: [*more.get(kind, []), entry]}
            name = entry.get("username") or entry["name"]
            directory.run(file).failed(USAGE, f'"{name}": ', said, id, what)

    before = directory.ends()
    refusals(ids["users"], ("users",), names["users"], {})
    refusals(ids["organizations"], ("organizations",), names["organizations"], {})
    for kind in ("groups", "workspaces"):
        refusals(ids[kind], ("users", "organizations"), names[kind], {})
    refusals(fresh, ("users", "organizations"), "the group inner", in_file)
    assert directory.ends() == before
    # An id that nothing has may be announced later.
    unknown = {"groups": [directory.group("later") | {"members": [str(uuid.uuid4())]}]}
    assert counts(directory.apply(unknown)) == {"groups": (1, 0, 0, 0)}
    nil = {"groups": [directory.group("nil") | {"members": [str(uuid.UUID(int=0))]}]}
    directory.run(nil).failed(USAGE, "members are users", "nobody's")


def test_of_two_files_applied_at_once_the_last_records_count(directory):
    """Entry by entry: what show says is what the topic's last records say, and another apply changes nothing."""
    content = directory.people()
    ids = {u["id"] for u in directory.show("--users")["users"] if u["username"].endswith(directory.tag)}
    for n in range(3):
        files = [{"users": [u | {"email": f"{n}{which}"} for u in content["users"]]} for which in "ab"]
        argv = [directory.stack.bin / "sharebus", "directory", "apply"]
        both = [subprocess.Popen([*argv, directory.write(f)], env=directory.stack.env(), stdout=subprocess.DEVNULL)
                for f in files]  # fmt: skip
        assert [p.wait(60) for p in both] == [DONE, DONE]
        (records,) = bus.read_topic(directory.stack.brokers, bus.DIRECTORY).values()
        last = {m.key().decode(): m.value() for m in records}
        said = {id: bus.decode(last[id])[1]["email"] for id in ids}
        shown = {u["id"]: u["email"] for u in directory.show("--users")["users"] if u["id"] in ids}
        assert shown == said and set(said.values()) <= {f"{n}a", f"{n}b"}
        assert directory.apply(directory.show("--users"))["changes"] == []


@pytest.mark.parametrize("taken", ["organizations", "users", "groups"])
@pytest.mark.parametrize("kind", ["organizations", "users", "groups"])
def test_an_id_belongs_to_one_thing_only(directory, taken, kind):
    """On the bus they would have the same key, and one would replace the other."""
    directory.people()
    id = str(uuid.uuid4())
    new = {
        "organizations": {"name": directory.name("new"), "id": id},
        "users": directory.user("new", id=id),
        "groups": directory.group("new", id=id),
    }
    directory.apply({taken: [new[taken]]})
    if kind == taken:
        assert directory.apply({kind: [new[kind]]})["changes"] == []
    else:
        ran = directory.run({kind: [new[kind]]})
        ran.failed(USAGE, f'{kind}[0] "new', id, f"is the {taken[:-1]} new")
        assert directory.run({kind: [new[kind]]}, "--dry-run").code == USAGE


def test_a_workspace_may_have_the_id_of_something_else(alone):
    """Workspaces have a topic of their own; what show prints can be applied."""
    alone.people()
    (organization,) = alone.show()["organizations"]
    alone.apply({"workspaces": [alone.workspace("twin", "alice", id=organization["id"])]})
    assert alone.shown("workspaces", "twin")["id"] == organization["id"]
    assert alone.apply(alone.show(), "--prune")["changes"] == []


def test_brokers_that_stop_taking_records_are_waited_for_once(alone):
    """The broker is frozen during the apply: --wait counts from when no record is taken any more. (Each
    record is a request of its own, so that the apply cannot be done before.)"""
    slow = alone.folder / "slow.ini"
    slow.write_text("[kafka]\nbatch.num.messages = 1\n")
    people = {
        "organizations": [{"name": alone.org}],
        "users": [alone.user(f"u{n}") for n in range(100_000)],
    }
    before = alone.ends()
    broker = int((alone.stack.dir / "run" / "kafka.pid").read_text().split()[0])
    begun = subprocess.Popen(
        [alone.stack.bin / "sharebus", "directory", "apply", alone.write(people), "--wait", "3s",
         "--config", slow],
        env=alone.stack.env(), stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        until("some of it is sent", lambda: alone.ends() != before)
        os.kill(broker, signal.SIGSTOP)
        try:
            said = begun.communicate(timeout=60)[1]
        finally:
            os.kill(broker, signal.SIGCONT)
    finally:
        begun.kill()
        begun.wait()
    assert begun.returncode == UNAVAILABLE and "brokers" in said, said


def test_a_redis_that_does_not_answer_in_time_costs_no_new_projection(alone):
    """Redis takes no writes for longer than a consumer waits for one. What was on its way and what was
    announced meanwhile is written afterwards, and readers are never told to wait for all of it."""
    people = {"organizations": [{"name": alone.org}], "users": [alone.user("ann")]}
    alone.apply(people)
    redis = alone.stack.redis_client()
    before = redis.hget(DIRECTORY_MARK, "epoch")
    log = alone.stack.dir / "consumer.log"
    told = log.stat().st_size

    def stalled():
        return b"no answer in time" in log.read_bytes()[told:]

    redis.execute_command("CLIENT", "PAUSE", 6500, "WRITE")
    for name in ("bob", "carol"):
        people["users"].append(alone.user(name))
        alone.apply(people, "--no-wait")
    until("the consumer gives the answer up", stalled)
    people["users"][0]["name"] = "Ann"
    alone.apply(people)
    assert [u["name"] for u in alone.show("--users")["users"]] == ["Ann", "", ""]
    assert redis.hget(DIRECTORY_MARK, "epoch") == before


def test_a_group_over_the_limit_is_refused_before_anything_is_sent(directory):
    directory.people()
    before = directory.ends()
    ids = [str(uuid.UUID(int=n + 1)) for n in range(250_001)]
    group = {"name": "huge", "organization": directory.org, "members": ids}
    ran = directory.run({"groups": [directory.group("one"), group]})
    ran.failed(USAGE, 'groups[1] "huge"', "250000")
    assert directory.ends() == before


def set_limit(stack, value):
    admin = AdminClient({"bootstrap.servers": stack.brokers})
    operation = AlterConfigOpType.SET if value else AlterConfigOpType.DELETE
    entry = ConfigEntry("max.message.bytes", value, incremental_operation=operation)
    resource = ConfigResource(ResourceType.TOPIC, "sharing.directory", incremental_configs=[entry])
    for future in admin.incremental_alter_configs([resource]).values():
        future.result(60)


def test_a_topic_with_too_small_a_limit_is_named_before_anything_is_sent(alone):
    """An older version made the topics, with the brokers' limit of 1 MB."""
    alone.people()
    ids = [str(uuid.UUID(int=n + 1)) for n in range(40_000)]
    group = {"name": "huge", "organization": alone.org, "members": ids}
    content = {"users": [alone.user("late")], "groups": [group]}
    set_limit(alone.stack, "1048588")
    before = alone.ends()
    try:
        ran = alone.run(content)
    finally:
        set_limit(alone.stack, str(16 * 2**20))
    ran.failed(UNAVAILABLE, "huge", "40000", "sharing.directory", "1048588", "max.message.bytes")
    assert alone.ends() == before
    alone.apply(content)
    assert len(alone.shown("groups", "huge")["members"]) == 40_000


# ---- scale ----


def large():
    rng = random.Random(1)
    users = [f"user{n:06}" for n in range(USERS)]
    groups = [
        {
            "name": f"group{n:05}",
            "organization": "acme",
            "members": sorted(
                set(rng.sample(users, rng.randint(MEMBERS - 10, MEMBERS + 10)))
                | ({users[7]} if n < BUSY else set())
            ),
        }
        for n in range(GROUPS)
    ]
    return {
        "organizations": [{"name": "acme"}, {"name": "globex"}],
        "users": [
            {
                "username": u,
                "name": f"User Number {n}",
                "email": f"{u}@acme.example",
                "organizations": ["acme"],
            }
            for n, u in enumerate(users)
        ],
        "groups": [*groups, {"name": "huge", "organization": "acme", "members": users}],
        "workspaces": [
            {"name": f"ws{n:06}", "owner": users[n], "organization": "acme"}
            for n in range(WORKSPACES)
        ],
    }


def test_a_hundred_thousand_of_each_kind_are_applied_and_shown(shipped):
    content = large()
    path = shipped.write(content)

    def apply(path, *flags):
        ran = shipped.run(path, "-o", "json", "--wait", SCALE_WAIT, *flags, seconds=SCALE_SECONDS)
        return ran.done().json

    def show():
        ran = shipped.stack.sharebus("directory", "show", "-o", "json", seconds=SCALE_SECONDS)
        return ran.done().json

    assert counts(apply(path)) == {
        "organizations": (2, 0, 0, 0),
        "users": (USERS, 0, 0, 0),
        "groups": (GROUPS + 1, 0, 0, 0),
        "workspaces": (WORKSPACES, 0, 0, 0),
    }
    assert apply(path)["changes"] == []
    shown = show()
    for kind, key in (("users", "username"), ("workspaces", "name"), ("organizations", "name")):
        assert [e[key] for e in shown[kind]] == [e[key] for e in content[kind]]
    assert {g["name"]: g["members"] for g in shown["groups"]} == {
        g["name"]: g["members"] for g in content["groups"]
    }
    held = {w["name"]: w["owner"] for w in shown["workspaces"]}
    assert held == {w["name"]: w["owner"] for w in content["workspaces"]}

    # Counted in Redis itself, so that nothing is missed that a reader would ignore.
    server = shipped.stack.redis_client()
    ids = {g["name"]: uuid.UUID(g["id"]).bytes for g in shown["groups"]}
    busy = uuid.UUID(shown["users"][7]["id"]).bytes
    assert server.scard(b"sb:{dir}:members:" + ids["huge"]) == USERS
    assert server.scard(b"sb:{dir}:of:" + busy) == sum(
        content["users"][7]["username"] in g["members"] for g in content["groups"]
    )

    # Another member of the huge group costs two commands and touches no other user.
    content["groups"][-1]["members"] = content["groups"][-1]["members"][:-1]
    server.config_resetstat()
    told = apply(shipped.write(content))
    assert [(c["name"], c["removed"]) for c in told["changes"]] == [
        ("acme/huge", [content["users"][-1]["username"]])
    ]
    assert server.info("commandstats")["cmdstat_srem"]["calls"] == 2
    assert "cmdstat_sadd" not in server.info("commandstats")
    assert server.scard(b"sb:{dir}:members:" + ids["huge"]) == USERS - 1

    # Show and apply everything; then the same after Redis has lost it all.
    shown = show()
    path = shipped.write(shown)
    assert apply(path, "--prune")["changes"] == []
    server.flushall()

    def back():
        ran = shipped.stack.sharebus("directory", "show", seconds=SCALE_SECONDS)
        return ran.code == DONE

    until("the index is back", back, SCALE_SECONDS)
    assert show() == shown
    ran = shipped.run({k: [] for k in KINDS}, "--prune", "--wait", SCALE_WAIT, seconds=SCALE_SECONDS)
    assert ran.code == DONE, (ran, shipped.stack.told_by("consumer"))
    assert f"workspaces: 0 created, 0 changed, {WORKSPACES} deleted" in ran.out
