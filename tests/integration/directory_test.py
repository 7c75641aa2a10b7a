"""The directory: what a file says is made true in the index, by announcing the differences.

Each test has an organization of its own, but --prune looks at everything: those tests have a stack
of their own, which is empty at first.
"""

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
import redis
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import bus  # noqa: E402
from stack import _once, stack, until  # noqa: E402, F401

DONE, NO, USAGE, UNAVAILABLE = 0, 1, 2, 3
KINDS = ("organizations", "users", "groups", "workspaces")
SCALE_SECONDS = 300  # a wide margin: on two idle cores it takes ten

# The largest case, apart from an Everyone group.
USERS = 100_000
GROUPS = 10_000
WORKSPACES = 100_000
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
    one.run({k: [] for k in KINDS} | {"sharing_enabled": True}, "--prune").done()
    assert one.show() == {**{k: [] for k in KINDS}, "sharing_enabled": True}
    return one


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
            directory.user("zoe\n\u001b[31m", kind="agent"),
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
        "+ user zoe??[31m",
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


def test_pruning_leaves_nothing_in_redis(alone):
    alone.people()
    alone.apply({k: [] for k in KINDS}, "--prune")
    server = redis.Redis.from_url(f"redis://{alone.stack.redis}")
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
    alone.stack.sharebus(*share, as_user=alice).failed(NO, alone.name("carol"), "nothing was changed")
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
        alone.user("odd name \"quoted\" \n\t\u001b[31m😀", name="Ünï\u202e", email="é@x"),
        alone.user("boss", site_role="owner", kind="service_account", status="suspended"),
        alone.user("leaver"),
        alone.user("owner-who-left"),
    ]  # fmt: skip
    content["groups"] += [alone.group("crew", "leaver", "bob"), alone.group("empty")]
    content["workspaces"] += [
        alone.workspace("left", "owner-who-left"),
        alone.workspace("sleeping", "bob", status="dormant"),
    ]
    content["organizations"].append({"name": "with space", "sharing": "service_accounts"})
    content["users"][0]["organizations"].append({"name": "with space", "role": "admin"})
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
    alone.apply({"users": [alone.user("\u001b[31mred", name="A\nB")]})
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
    server = redis.Redis.from_url(f"redis://{alone.stack.redis}")
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
        self.server = redis.Redis.from_url(f"redis://{directory.stack.redis}")
        self.organization = directory.shown("organizations", directory.org)["id"]

    def user(self, id, name, status="active", key=None):
        memberships = [{"id": self.organization, "role": "member"}]
        texts = {"username": self.directory.name(name), "name": "", "email": ""}
        roles = {"status": status, "kind": "user", "site_role": "member"}
        self.send("UserChanged", {"id": id, **texts, **roles, "organizations": memberships}, key)

    def group(self, id, name, key=None):
        fields = {"id": id, "name": name, "organization_id": self.organization, "members": []}
        self.send("GroupChanged", fields, key)

    def other_organization(self, id, name):
        self.send("OrganizationChanged", {"id": id, "name": name, "sharing": "everyone"})

    def workspace(self, id, name, owner):
        fields = {"organization_id": self.organization, "owner_id": owner, "name": name, "status": "active"}
        self.send(
            "WorkspaceChanged", {"workspace_id": id, **fields, "changed_at": 1}, id, topic=bus.COMMANDS
        )

    def send(self, name, fields, key=None, topic=bus.DIRECTORY):
        codec = bus.CODECS[name]
        headers = {
            "ce_specversion": "1.0",
            "ce_id": str(uuid.uuid4()),
            "ce_source": "test",
            "ce_type": codec.event_type,
            "content-type": "application/avro",
        }
        value = codec.encode(fields)
        self.write((key or fields["id"]).encode(), value, [(k, v.encode()) for k, v in headers.items()], topic)

    def forget(self, *ids):
        for id in ids:
            self.write(id.encode(), None, [], bus.DIRECTORY)

    def write(self, key, value, headers, topic):
        brokers = self.directory.stack.brokers
        bus.send_all(brokers, topic, [(key, value, headers)])
        self.wait()

    def wait(self):
        """Waits until the index has all of both topics."""
        (directory,), commands = self.directory.ends()[0].values(), self.directory.ends()[1]
        wanted = {"dir": directory, **commands}
        until("the index has it", lambda: all(self._applied(p) >= end for p, end in wanted.items()))

    def _applied(self, p):
        state, applied = self.server.hmget(f"sb:{{{p}}}:mark", "state", "applied")
        return int(applied) if state == b"ready" else -1

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
            ask(kind).failed(NO, "is ambiguous", *ids[kind])
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


def test_names_may_be_odd_and_are_kept_as_they_are(directory):
    odd = ["a b", "'\"`$(x)", "line\nbreak", "😀𝔘", "\u001b]0;title\u0007", "\\", "%s%n", "a,b:c"]
    content = {
        "organizations": [{"name": directory.org}],
        "users": [directory.user(n) for n in odd],
        "groups": [directory.group(directory.name(n), *odd) for n in odd],
        "workspaces": [directory.workspace(n, odd[0]) for n in odd],
    }
    ran = directory.run(content, "--dry-run").done()
    assert len(ran.out.splitlines()) == 1 + 3 * len(odd)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", ran.out)
    directory.apply(content)
    assert directory.apply(content)["changes"] == []
    shown = directory.show()
    mine = [u["username"] for u in shown["users"] if u["username"].endswith(directory.tag)]
    assert sorted(mine) == sorted(directory.name(n) for n in odd)
    group = directory.shown("groups", directory.name("%s%n"))
    assert sorted(group["members"]) == sorted(mine)


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
        ran.failed(USAGE, id, "new", f"another {taken[:-1]} has already")
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
    slow.write_text("[kafka]\nbatch.num.messages = 1\nmax.in.flight.requests.per.connection = 1\n")
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


def test_a_hundred_thousand_of_each_kind_are_applied_and_shown(alone):
    content = large()
    path = alone.write(content)

    def apply(path, *flags):
        ran = alone.run(path, "-o", "json", *flags, seconds=SCALE_SECONDS)
        return ran.done().json

    def show():
        ran = alone.stack.sharebus("directory", "show", "-o", "json", seconds=SCALE_SECONDS)
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
    server = redis.Redis.from_url(f"redis://{alone.stack.redis}")
    ids = {g["name"]: uuid.UUID(g["id"]).bytes for g in shown["groups"]}
    busy = uuid.UUID(shown["users"][7]["id"]).bytes
    assert server.scard(b"sb:{dir}:members:" + ids["huge"]) == USERS
    assert server.scard(b"sb:{dir}:of:" + busy) == sum(
        content["users"][7]["username"] in g["members"] for g in content["groups"]
    )

    # Another member of the huge group costs two commands and touches no other user.
    content["groups"][-1]["members"] = content["groups"][-1]["members"][:-1]
    server.config_resetstat()
    told = apply(alone.write(content))
    assert [(c["name"], c["removed"]) for c in told["changes"]] == [
        ("acme/huge", [content["users"][-1]["username"]])
    ]
    assert server.info("commandstats")["cmdstat_srem"]["calls"] == 2
    assert "cmdstat_sadd" not in server.info("commandstats")
    assert server.scard(b"sb:{dir}:members:" + ids["huge"]) == USERS - 1

    # Show and apply everything; then the same after Redis has lost it all.
    shown = show()
    path = alone.write(shown)
    assert apply(path, "--prune")["changes"] == []
    server.flushall()

    def back():
        ran = alone.stack.sharebus("directory", "show", seconds=SCALE_SECONDS)
        return ran.code == DONE

    until("the index is back", back, SCALE_SECONDS)
    assert show() == shown
    ran = alone.run({k: [] for k in KINDS}, "--prune", seconds=SCALE_SECONDS).done()
    assert f"workspaces: 0 created, 0 changed, {WORKSPACES} deleted" in ran.out
