"""Who may do what, asked of the index through the command line: check, explain, list.

Each test has an organization of its own, with people, a group and workspaces. Questions follow a
change at once: an answer that needs time to become true is wrong.
"""

import re
import shlex
import socket
import sys
import time
import uuid
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / folder) for folder in ("", "interop")]

import foreign  # noqa: E402
from reader import partition_of  # noqa: E402
from stack import bare_stack, stack, until  # noqa: E402, F401

DONE, NO, USAGE, UNAVAILABLE, UNKNOWN = range(5)
PARTITIONS = 12
ACTIONS = {
    "use": "read ssh app start stop logs stats update_on_start",
    "admin": "read ssh app start stop logs stats update_on_start rename update share_use",
    "owner": "read ssh app start stop logs stats update_on_start rename update share_use"
    " share_admin delete",
    "none": "",
}
TIME = r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


class Place:
    """An organization: erin owns workspaces; alice, bob, carol and dave are members, carol and dave
    in the group crew; ada is its admin. olga belongs to another organization, sue is a site owner."""

    MEMBERS = ("erin", "alice", "bob", "carol", "dave")

    def __init__(self, stack, directory):
        self.stack = stack
        self.directory = directory
        self.tag = uuid.uuid4().hex[:8]
        self.organization = {"name": self("acme"), "sharing": "everyone"}
        self.apply(
            organizations=[self.organization, {"name": self("other")}],
            users=[self.user(n) for n in self.MEMBERS]
            + [
                self.user("ada", organizations=[{"name": self("acme"), "role": "admin"}]),
                self.user("olga", organizations=[self("other")]),
                self.user("sue", organizations=[], site_role="owner"),
            ],
            groups=[self.crew("carol", "dave")],
            workspaces=[self.workspace("dev")],
        )

    def __call__(self, name):
        """The name with this organization's tag, which makes it unique."""
        return f"{name}-{self.tag}"

    def user(self, name, **fields):
        return {"username": self(name), "organizations": [self("acme")]} | fields

    def crew(self, *members):
        return {
            "name": self("crew"),
            "organization": self("acme"),
            "members": [self(m) for m in members],
        }

    def workspace(self, name, owner="erin", **fields):
        return {"name": name, "owner": self(owner), "organization": self("acme")} | fields

    def apply(self, **content):
        self.stack.apply(content, self.directory)

    def run(self, who, *args, **more):
        return self.stack.sharebus(*args, as_user=self(who), **more)

    def share(self, *flags, workspace="dev", who="erin"):
        names = [self.named(f) for f in flags]
        return self.run(who, "sharing", "share", f"{self('erin')}/{workspace}", *names)

    def remove(self, *flags, workspace="dev"):
        names = [self.named(f) for f in flags]
        return self.run("erin", "sharing", "remove", workspace, *names)

    def named(self, flag):
        """"bob:admin,alice" as "bob-1f2e3d4c:admin,alice-1f2e3d4c"; flags as they are."""
        return ",".join(
            re.sub(r"^(erin|alice|bob|carol|dave|ada|olga|sue|crew)(?=:|$)", rf"\1-{self.tag}", n)
            for n in flag.split(",")
        )

    def check(self, who, action, workspace="dev", *flags):
        return self.run("erin", "check", self(who), action, workspace, *flags)

    def answer(self, who, action="read", workspace="dev"):
        """("yes" or "no", why)"""
        ran = self.check(who, action, workspace, "-o", "json")
        assert not ran.err and ran.code == (DONE if ran.json["allowed"] else NO), ran
        return "yes" if ran.json["allowed"] else "no", ran.json["reason"]

    def explain(self, who, workspace="dev"):
        ran = self.run("erin", "explain", self(who), workspace, "-o", "json")
        return ran.done().json

    def listed(self, who, *args):
        """owner/name of what a list shows, without the tag; in its order."""
        found = self.run(who, "list", *args, "-o", "json")
        assert found.code == DONE, found
        return [
            f"{w['owner_name'].removesuffix('-' + self.tag)}/{w['name']}"
            for w in found.json
            if w["organization_name"] == self("acme")
        ]


@pytest.fixture
def place(stack, tmp_path):
    return Place(stack, tmp_path)


def id_of_workspace(place, name="dev"):
    return place.run("erin", "sharing", "show", name, "-o", "json").done().json["workspace"]["id"]


# ---- check ----


def test_yes_is_exit_0_and_no_is_exit_1(place):
    place.share("--user", "alice", "--group", "crew:admin").done()
    for who, action, code, out in [
        ("erin", "delete", DONE, "yes (owner, owner: owns it)\n"),
        ("alice", "read", DONE, "yes (direct, use: it is shared with the user)\n"),
        ("carol", "rename", DONE, "yes (group, admin: it is shared with a group of the user)\n"),
        ("ada", "share_use", DONE, "yes (organization_admin: admin of its organization)\n"),
        ("sue", "share_admin", DONE, "yes (site_owner: site owner)\n"),
        ("alice", "rename", NO, "no (no_grant, use: the role does not allow it)\n"),
        ("carol", "share_admin", NO, "no (no_grant, admin: the role does not allow it)\n"),
        ("bob", "read", NO, "no (no_grant: it is not shared with the user)\n"),
        ("ada", "read", NO, "no (no_grant: it is not shared with the user)\n"),
        ("sue", "read", NO, "no (no_grant: it is not shared with the user)\n"),
        ("olga", "read", NO, "no (no_grant: it is not shared with the user)\n"),
    ]:
        ran = place.check(who, action)
        assert (ran.code, ran.out, ran.err) == (code, out, ""), ran


def test_every_action_is_allowed_as_the_table_of_roles_says(place):
    """As check reads it from the index, and as explain tells it for all actions at once."""
    place.share("--user", "alice:use,bob:admin").done()
    for who, role in (("alice", "use"), ("bob", "admin"), ("erin", "owner"), ("dave", "none")):
        allowed = ACTIONS[role].split()
        assert place.explain(who)["actions"] == allowed
        for action in ACTIONS["owner"].split():
            assert place.check(who, action).code == (DONE if action in allowed else NO)


def test_json_of_check_always_has_all_keys(place):
    place.share("--user", "alice", "--group", "crew", "--expires", "8h").done()
    direct = place.check("alice", "read", "dev", "-o", "json").done().json
    assert list(direct) == ["allowed", "reason", "role", "group_id", "expires_at"]
    assert (direct["allowed"], direct["reason"], direct["role"]) == (True, "direct", "use")
    assert direct["group_id"] is None and re.fullmatch(TIME, direct["expires_at"])
    uuid.UUID(place.check("carol", "read", "dev", "-o", "json").done().json["group_id"])
    no = place.check("bob", "read", "dev", "-o", "json")
    assert (no.code, no.err) == (NO, "")
    assert no.json == {
        "allowed": False,
        "reason": "no_grant",
        "role": "none",
        "group_id": None,
        "expires_at": None,
    }


def test_names_ids_and_me_mean_the_same(place):
    place.share("--user", "bob").done()
    dev = id_of_workspace(place)
    shown = place.run("erin", "sharing", "show", dev, "-o", "json").done().json
    bob = shown["users"][0]["id"]
    for who in (place("bob"), bob, bob.upper(), "me"):
        for workspace in (f"{place('erin')}/dev", dev):
            assert place.run("bob", "check", who, "read", workspace).done().out.startswith("yes ")
    assert place.run("erin", "check", "me", "delete", "dev").code == DONE


@pytest.mark.parametrize("verb", ["check", "explain"])
def test_unknown_names_are_an_error_that_names_them(place, verb):
    def ask(user, workspace):
        args = [user, "read", workspace] if verb == "check" else [user, workspace]
        return place.run("erin", verb, *args)

    bob = place("bob")
    ask("zoe", "dev").failed(UNKNOWN, "zoe")
    ask("", "dev").failed(UNKNOWN, "user")
    ask(f"{bob} ", "dev").failed(UNKNOWN, bob)
    ask(bob.upper(), "dev").failed(UNKNOWN, bob.upper())
    ask(bob, "nope").failed(UNKNOWN, "nope")
    ask(bob, "zoe/dev").failed(UNKNOWN, "zoe")
    ask(bob, f"{place('alice')}/dev").failed(UNKNOWN, "dev", place("alice"))
    ask(bob[:-1], "dev").failed(UNKNOWN, bob[:-1])


@pytest.mark.parametrize(
    "odd",
    [
        "0190163d-0000-7000-8000-00000000000",  # a digit too few
        "0190163d-0000-7000-8000-0000000000011",  # too many
        "0190163d000070008000000000000001",
        "{0190163d-0000-7000-8000-000000000001}",
        "0190163g-0000-7000-8000-000000000001",
        "0190163d-0000-7000-8000-000000000001\n",
    ],
)
def test_almost_an_id_counts_as_an_unknown_name(place, odd):
    place.run("erin", "check", odd, "read", "dev").failed(UNKNOWN, "there is no user")
    place.run("erin", "check", place("bob"), "read", odd).failed(UNKNOWN, "there is no workspace")


def test_unknown_ids_are_denied(place):
    """Ids are not looked up by name; only the index can tell that nothing has the id."""
    nobody = str(uuid.uuid4())
    ran = place.run("erin", "check", nobody, "read", "dev")
    assert (ran.code, ran.out) == (NO, "no (unknown_user: there is no such user)\n")
    ran = place.run("erin", "check", place("bob"), "read", nobody)
    assert (ran.code, ran.out) == (NO, "no (unknown_workspace: there is no such workspace)\n")
    place.run("erin", "explain", nobody, "dev").failed(UNKNOWN, nobody)
    place.run("erin", "explain", place("bob"), nobody).failed(UNKNOWN, nobody)


def test_a_deleted_user_may_do_nothing(place):
    place.share("--user", "bob:admin").done()
    bob = place.run("erin", "sharing", "show", "dev", "-o", "json").done().json["users"][0]["id"]
    place.apply(users=[place.user("bob", id=bob, status="deleted")])
    place.check("bob", "read").failed(UNKNOWN, place("bob"))
    ran = place.run("erin", "check", bob, "read", "dev")
    assert (ran.code, ran.out) == (NO, "no (unknown_user: there is no such user)\n")


# ---- servers that do not answer: never a no ----


def test_no_redis_is_no_answer(place):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nowhere = f"127.0.0.1:{taken.getsockname()[1]}"
        for args in (["check", place("bob"), "read", "dev"], ["explain", place("bob"), "dev"]):
            place.run("erin", *args, "--redis", nowhere).failed(UNAVAILABLE, nowhere)


def test_an_empty_redis_is_no_answer(place, bare_stack):
    dev, nobody = id_of_workspace(place), str(uuid.uuid4())
    for args in (["check", nobody, "read", dev], ["explain", nobody, dev]):
        ran = place.run("erin", *args, "--redis", bare_stack.redis)
        ran.failed(UNAVAILABLE, bare_stack.redis)


def test_no_broker_is_needed(place):
    place.share("--user", "bob").done()
    ran = place.check("bob", "read", "dev", "--brokers", "127.0.0.1:1")
    assert (ran.code, ran.err) == (DONE, "")


# ---- explain ----


def test_explain_shows_every_path_and_every_denial(place):
    place.share("--user", "carol", "--expires", "8h").done()
    place.share("--group", "crew:admin,Everyone").done()
    place.apply(workspaces=[place.workspace("dev", status="dormant")])
    place.apply(organizations=[place.organization | {"sharing": "none"}])
    ran = place.run("erin", "explain", place("carol"), "dev").done()
    head, *rows, one, two, last = ran.out.splitlines()
    assert head.split() == ["THROUGH", "ROLE", "BY", "SINCE", "EXPIRES"]
    erin, crew = re.escape(place("erin")), re.escape(place("crew"))
    patterns = [
        rf"direct +use +{erin} +{TIME} +{TIME}",
        rf"group {crew} +admin +{erin} +{TIME} +-",
        rf"group Everyone +use +{erin} +{TIME} +-",
    ]
    assert len(rows) == 3
    for pattern in patterns:
        assert [r for r in rows if re.fullmatch(pattern, r)], (pattern, rows)
    assert one == "denied: workspace sharing is disabled for this organization"
    assert two == "denied: the workspace is dormant"
    assert last == "allowed: nothing"


def test_json_of_explain_has_each_path_and_action(place):
    place.share("--group", "crew:admin").done()
    told = place.explain("carol")
    assert list(told) == ["actions", "paths", "denials"]
    assert told["actions"] == ACTIONS["admin"].split() and told["denials"] == []
    (path,) = told["paths"]
    assert list(path) == [
        "through", "role", "group", "granted_by", "granted_at", "expires_at", "expired",
    ]  # fmt: skip
    assert path["group"]["name"] == place("crew") and uuid.UUID(path["group"]["id"])
    assert re.fullmatch(TIME, path["granted_at"])
    assert {k: path[k] for k in ("through", "role", "granted_by", "expires_at", "expired")} == {
        "through": "group",
        "role": "admin",
        "granted_by": place("erin"),
        "expires_at": None,
        "expired": False,
    }


def test_explain_names_the_rank_or_nothing(place):
    def paths(who):
        return [(p["through"], p["role"], p["group"]) for p in place.explain(who)["paths"]]

    assert paths("erin") == [("owner", "owner", None)]
    assert paths("ada") == [("organization_admin", "none", None)]
    assert paths("sue") == [("site_owner", "none", None)]
    assert place.explain("sue")["actions"] == ["share_use", "share_admin"]
    told = place.explain("olga")
    assert (told["paths"], told["actions"]) == ([], [])
    ran = place.run("erin", "explain", place("bob"), "dev").done()
    assert ran.out == "Nothing gives the user any rights.\nallowed: nothing\n"


# ---- policies: off and on again ----

POLICIES = {
    "organization": (
        lambda p: {"organizations": [p.organization | {"sharing": "none"}]},
        lambda p: {"organizations": [p.organization]},
        "policy",
        "workspace sharing is disabled for this organization",
    ),
    "service accounts": (
        lambda p: {"organizations": [p.organization | {"sharing": "service_accounts"}]},
        lambda p: {"organizations": [p.organization]},
        "policy",
        "only workspaces of service accounts may be shared in this organization",
    ),
    "deployment": (
        lambda p: {"sharing_enabled": False},
        lambda p: {"sharing_enabled": True},
        "policy",
        "workspace sharing is disabled for this deployment",
    ),
    "suspended": (
        lambda p: {"users": [p.user("carol", status="suspended")]},
        lambda p: {"users": [p.user("carol")]},
        "suspended",
        "the user is suspended",
    ),
    "dormant": (
        lambda p: {"workspaces": [p.workspace("dev", status="dormant")]},
        lambda p: {"workspaces": [p.workspace("dev")]},
        "policy",
        "the workspace is dormant",
    ),
    "left the organization": (
        lambda p: {"users": [p.user("carol", organizations=[p("other")])]},
        lambda p: {"users": [p.user("carol")]},
        "policy",
        "the user is not a member of the workspace's organization",
    ),
}


@pytest.mark.parametrize("what", POLICIES)
def test_a_policy_denies_at_once_and_erases_nothing(place, what):
    off, on, reason, sentence = POLICIES[what]
    place.share("--group", "crew:admin").done()
    before = place.run("erin", "sharing", "show", "dev", "-o", "json").done().json
    try:
        for _ in range(3):
            place.apply(**off(place))
            assert place.answer("carol") == ("no", reason)
            assert place.explain("carol")["denials"] == [sentence]
            assert place.explain("carol")["actions"] == []
            assert place.listed("carol", "--shared-with-me") == []
            assert place.answer("erin", "delete") == ("yes", "owner")
            place.apply(**on(place))
            assert place.answer("carol") == ("yes", "group")
            assert place.explain("carol")["denials"] == []
            assert place.listed("carol", "--shared-with-me") == ["erin/dev"]
    finally:
        place.apply(**on(place))
    after = place.run("erin", "sharing", "show", "dev", "-o", "json").done().json
    assert (after["users"], after["group"]) == (before["users"], before["group"])


def test_workspaces_of_service_accounts_stay_shared_where_only_those_may_be(place):
    place.apply(
        users=[place.user("robot", kind="service_account")],
        workspaces=[place.workspace("job", owner="robot")],
    )
    job = f"{place('robot')}/job"
    place.run("robot", "sharing", "share", "job", "--user", place("bob")).done()
    place.share("--user", "bob").done()
    place.apply(organizations=[place.organization | {"sharing": "service_accounts"}])
    assert place.answer("bob", "read", job) == ("yes", "direct")
    assert place.answer("bob") == ("no", "policy")
    assert place.listed("bob", "--shared-with-me") == ["robot/job"]
    place.apply(users=[place.user("robot")])  # a person now
    assert place.answer("bob", "read", job) == ("no", "policy")


def test_membership_of_a_group_changes_the_answer_at_once(place):
    place.share("--group", "crew").done()
    for _ in range(5):
        assert place.answer("bob") == ("no", "no_grant")
        place.apply(groups=[place.crew("carol", "dave", "bob")])
        assert place.answer("bob") == ("yes", "group")
        place.apply(groups=[place.crew("carol", "dave")])
    assert place.answer("bob") == ("no", "no_grant")
    assert place.answer("carol") == ("yes", "group")


def test_granting_and_removing_change_the_answer_at_once(place):
    for _ in range(5):
        place.share("--user", "bob").done()
        assert place.answer("bob") == ("yes", "direct")
        place.remove("--user", "bob")
        assert place.answer("bob") == ("no", "no_grant")


def test_a_new_owner_has_access_at_once_and_the_old_one_no_longer(place):
    place.share("--user", "bob,alice").done()
    dev = id_of_workspace(place)
    place.apply(workspaces=[place.workspace("dev", owner="bob", id=dev)])
    assert place.answer("bob", "delete", dev) == ("yes", "owner")
    assert place.answer("erin", "read", dev) == ("no", "no_grant")
    assert place.answer("alice", "read", dev) == ("yes", "direct")


# ---- list ----


def many(place, count, owner="erin"):
    names = [f"w{n:03}" for n in range(count)]
    place.apply(workspaces=[place.workspace(n, owner=owner) for n in names])
    return names


def test_shared_with_me_lists_what_reaches_me_and_is_not_mine(place):
    many(place, 6)
    many(place, 2, owner="carol")
    for flags, name in [
        (["--user", "carol"], "w000"),
        (["--group", "crew"], "w001"),
        (["--group", "Everyone"], "w002"),
        (["--user", "bob"], "w003"),
        (["--user", "carol", "--group", "crew:admin,Everyone"], "w004"),
    ]:
        place.share(*flags, workspace=name).done()
    place.run("carol", "sharing", "share", "w000", "--group", "Everyone").done()
    theirs = [f"erin/w00{n}" for n in (0, 1, 2, 4)]
    assert place.listed("carol", "--shared-with-me") == theirs
    assert place.listed("bob", "--shared-with-me") == ["carol/w000", "erin/w002", "erin/w003",
                                                       "erin/w004"]  # fmt: skip
    assert place.listed("olga", "--shared-with-me") == []
    assert place.listed("erin", "--shared-with-me") == ["carol/w000"]
    assert place.listed("carol", "--shared") == ["carol/w000"]


def test_a_rank_does_not_count_as_sharing(place):
    """Admins may see every workspace of their organization, but none of them is shared with them."""
    place.share("--user", "bob").done()
    for who in ("ada", "sue"):
        assert place.listed(who, "--shared-with-me") == []
        assert place.listed(who, "--search", f"owner:{place('erin')}") == ["erin/dev"]
        assert place.listed(who, "--search", f"shared_with_user:{place('bob')}") == ["erin/dev"]
    assert place.listed("olga", "--search", f"owner:{place('erin')}") == []
    assert place.listed("alice", "--search", f"shared_with_user:{place('bob')}") == []


def test_search_keys_combined_must_all_hold(place):
    many(place, 4)
    place.share("--user", "bob,carol", workspace="w000").done()
    place.share("--user", "bob", "--group", "crew", workspace="w001").done()
    place.share("--group", "crew", workspace="w002").done()
    bob, crew, erin = place("bob"), place("crew"), place("erin")

    def found(*words, who="erin", flags=()):
        return place.listed(who, *flags, "--search", " ".join(words))

    assert found(f"owner:{erin}") == ["erin/dev", *(f"erin/w00{n}" for n in range(4))]
    assert found("owner:me", "shared:true") == ["erin/w000", "erin/w001", "erin/w002"]
    assert found("owner:me", "shared:false") == ["erin/dev", "erin/w003"]
    assert found(f"shared_with_user:{bob}") == ["erin/w000", "erin/w001"]
    assert found(f"shared_with_user:{bob}", f"shared_with_group:{crew}") == ["erin/w001"]
    assert found(f"shared_with_group:{crew}", f"shared_with_user:{bob}", "owner:me") == [
        "erin/w001"
    ]
    assert found(f"shared_with_user:{bob}", f"owner:{bob}") == []
    assert found(f"shared_with_user:{bob}", "shared:false") == []
    assert found(f"shared_with_user:{bob}", flags=["--shared"]) == ["erin/w000", "erin/w001"]
    assert found(f"shared_with_group:{crew}", flags=["--shared"]) == ["erin/w001", "erin/w002"]
    assert found("shared_with_user:me", who="bob") == ["erin/w000", "erin/w001"]
    assert found("owner:me", who="bob") == []
    assert found(f"owner:{erin}", who="bob", flags=["--shared-with-me"]) == [
        "erin/w000",
        "erin/w001",
    ]
    assert found(f"shared_with_group:{crew}", who="bob") == ["erin/w001"]
    assert found(f'owner:"{erin}"', '\tshared:"true"') == ["erin/w000", "erin/w001", "erin/w002"]


def test_searches_given_several_times_must_all_hold(place):
    many(place, 2)
    place.share("--user", "bob", workspace="w000").done()
    both = ("--search", "owner:me", "--search", f"shared_with_user:{place('bob')}")
    assert place.listed("erin", *both) == ["erin/w000"]
    assert place.listed("erin", *both[2:], *both[:2]) == ["erin/w000"]
    place.run("erin", "list", *both, *both).failed(USAGE, "twice")


NIL = str(uuid.UUID(int=0))
SOMEBODY = str(uuid.UUID(int=7))


@pytest.mark.parametrize("key", ["owner", "shared_with_user", "shared_with_group"])
@pytest.mark.parametrize("id", [NIL, SOMEBODY])
def test_a_list_for_an_unknown_id_is_an_error(place, key, id):
    place.share("--group", "Everyone").done()
    place.run("sue", "list", "--search", f"{key}:{id}").failed(UNKNOWN, id)
    place.share("--user", "bob").done()
    for other in (f"owner:{place('erin')}", f"shared_with_user:{place('bob')}", "shared:true"):
        if not other.startswith(key + ":"):
            place.run("sue", "list", "--search", f"{key}:{id} {other}").failed(UNKNOWN, id)


@pytest.mark.parametrize("id", [NIL, SOMEBODY])
@pytest.mark.parametrize("wanted", [["--shared-with-me"], ["--shared"], ["--search", "shared:true"]])
def test_an_unknown_user_is_an_error_and_not_an_empty_list(place, id, wanted):
    place.share("--group", "Everyone").done()
    place.stack.sharebus("list", *wanted, as_user=id).failed(UNKNOWN, id)


def test_a_group_called_everyone_does_not_hide_the_real_one(place):
    """The name Everyone means everyone in the organization, even if a group has it by mistake."""
    group = {"name": "Everyone", "organization": place("acme"), "members": [place("carol")]}
    foreign.announce(place.stack, groups=[group])
    shared = place.share("--group", "Everyone", "-o", "json").done().json
    assert [g["id"] for g in shared["group"]] == [shared["workspace"]["organization_id"]]
    assert place.answer("bob") == ("yes", "group")


def test_everyone_can_be_searched_for(place):
    many(place, 2)
    place.share("--group", "Everyone", workspace="w001").done()
    search = f"shared_with_group:{place('acme')}/Everyone"
    assert place.listed("erin", "--search", search) == ["erin/w001"]
    ran = place.run("erin", "list", "--search", "shared_with_group:Everyone")
    ran.failed(UNKNOWN, "organizations have a group Everyone", "organization/group")


@pytest.mark.parametrize(
    "search, word",
    [
        ("owner:zoe", "user zoe"),
        ("shared_with_user:zoe", "user zoe"),
        ("shared_with_group:zoe", "group zoe"),
        ("shared_with_group:zoe/crew", "organization zoe"),
        ('owner:"two words"', "user two words"),
        ("shared:true owner:me shared_with_user:zoe", "user zoe"),
    ],
)
def test_unknown_names_in_a_search_are_an_error(place, search, word):
    place.run("erin", "list", "--search", search).failed(UNKNOWN, f"there is no {word}")


def pages(place, who, limit, *args):
    """The rows of all pages in their order, and the number of pages."""
    found, after = [], []
    for number in range(1, 1000):
        ran = place.run(who, "list", *args, "--limit", str(limit), *after, "-o", "json")
        assert ran.code == DONE, ran
        found += [f"{w['owner_name']}/{w['name']}" for w in ran.json]
        if not ran.err:
            return found, number
        more = re.fullmatch(r"(\d+) more; continue with (--after [^\n]+)\n", ran.err)
        assert more and len(ran.json) == limit, ran
        after = shlex.split(more[2])
    raise AssertionError("the pages do not end")


@pytest.mark.parametrize("limit, count", [(1, 23), (7, 4), (22, 2), (23, 1), (1000, 1)])
def test_pages_show_each_workspace_exactly_once(place, limit, count):
    many(place, 20)
    many(place, 2, owner="alice")
    whole = place.run("ada", "list", "--search", "shared:false", "-o", "json").done().json
    whole = [f"{w['owner_name']}/{w['name']}" for w in whole]
    assert len(whole) == 23 and whole == sorted(set(whole))
    assert pages(place, "ada", limit, "--search", "shared:false") == (whole, count)


@pytest.mark.parametrize("limit", [1, 4])
def test_pages_of_odd_names_also_show_each_workspace_once(place, limit):
    """--after takes a name as it was shown."""
    names = sorted(set(ODD.values()))
    foreign.announce(place.stack, workspaces=[place.workspace(n) for n in names])
    found, _ = pages(place, "erin", limit, "--search", "owner:me")
    assert sorted(found) == sorted(f"{place('erin')}/{n}" for n in ["dev", *names])


def test_a_page_after_something_deleted_goes_on_there(place):
    many(place, 3)
    args = ("--search", "owner:me", "--after")
    assert place.listed("erin", *args, f"{place('erin')}/w000x") == ["erin/w001", "erin/w002"]
    assert place.listed("erin", *args, f"{place('erin')}/") == [
        "erin/dev", "erin/w000", "erin/w001", "erin/w002",
    ]  # fmt: skip
    assert place.listed("erin", *args, f"{place('erin')}/w002") == []
    ran = place.run("erin", "list", *args, f"{place('erin')}/w002")
    assert (ran.code, ran.out, ran.err) == (DONE, "", "No workspaces found.\n")


def test_workspaces_of_the_same_owner_and_name_share_a_page(place):
    """Only their ids tell them apart, and --after takes none. (They are in different partitions: in
    one partition the owner's index holds a name once, as an owner never has two of the same name.)"""
    many(place, 3)
    listed = place.run("erin", "list", "--search", "owner:me", "-o", "json").done().json
    taken = {partition_of(w["id"].encode(), PARTITIONS) for w in listed if w["name"] == "w001"}
    while len(taken) < 4:
        other = str(uuid.uuid4())
        if partition_of(other.encode(), PARTITIONS) not in taken:
            taken.add(partition_of(other.encode(), PARTITIONS))
            foreign.announce(place.stack, workspaces=[place.workspace("w001", id=other)])
    whole = [f"erin/{n}" for n in ("dev", "w000", "w001", "w001", "w001", "w001", "w002")]
    assert place.listed("erin", "--search", "owner:me") == whole
    first = place.run("erin", "list", "--search", "owner:me", "--limit", "3", "-o", "json")
    assert len(first.json) == 6
    assert first.err == f"1 more; continue with --after {place('erin')}/w001\n"
    rest = place.listed("erin", "--search", "owner:me", "--after", f"{place('erin')}/w001")
    assert rest == ["erin/w002"]


def test_a_list_of_a_thousand_is_complete(place):
    """The library reads fewer in one step."""
    names = many(place, 1100)
    whole = ["erin/dev"] + [f"erin/{n}" for n in sorted(names)]
    assert place.listed("erin", "--search", "owner:me") == whole


# ---- answers as fresh as a position ----


def test_an_answer_is_at_least_as_fresh_as_a_position(place):
    for _ in range(5):
        ran = place.run("erin", "sharing", "share", "dev", "--user", place("bob"), "-o", "json")
        at = ran.done().json["position"]
        assert place.check("bob", "read", "dev", "--at-least", at).done().out.startswith("yes ")
        args = ("sharing", "remove", "dev", "--user", place("bob"), "--no-wait")
        at = place.run("erin", *args).done().out.strip()
        ran = place.check("bob", "read", "dev", "--at-least", at)
        assert (ran.code, ran.out[:3]) == (NO, "no "), ran
        explained = place.run("erin", "explain", place("bob"), "dev", "--at-least", at).done()
        assert "allowed: nothing" in explained.out


def test_a_position_that_is_not_reached_gives_no_answer(place):
    ran = place.run("erin", "sharing", "share", "dev", "--user", place("bob"), "-o", "json")
    partition, offset = ran.done().json["position"].split(":")
    beyond = f"{partition}:{int(offset) + 1000}"
    for verb in (["check", place("bob"), "read", "dev"], ["explain", place("bob"), "dev"]):
        begun = time.monotonic()
        ran = place.run("erin", *verb, "--at-least", beyond, "--wait", "300ms")
        ran.failed(UNAVAILABLE, f"partition {partition}", str(int(offset) + 1001))
        assert time.monotonic() - begun > 0.3
    for nowhere in ("12:0", "99:5", f"{2**31 - 1}:0"):
        place.check("bob", "read", "dev", "--at-least", nowhere).failed(USAGE, nowhere)
    for odd in ("", ":", "1:", ":1", "1:-1", "-1:1", "1:1:1", " 1:1", "1:1 ", "0x1:1", f"1:{2**63}"):
        place.check("bob", "read", "dev", "--at-least", odd).failed(USAGE, "--at-least")


# ---- grants that expire ----


def test_a_temporary_grant_says_when_it_expires_and_does(place):
    place.share("--user", "bob:admin").done()
    ran = place.share("--user", "alice", "--expires", "8h")
    head, alice, bob = place.run("erin", "sharing", "show", "dev", "--wide").done().out.splitlines()
    assert ran.code == DONE
    assert head.split() == ["USER", "GROUP", "ROLE", "EXPIRES", "BY", "SINCE"]
    erin = re.escape(place("erin"))
    assert re.fullmatch(rf"{place('alice')} +- +use +{TIME} +{erin} +{TIME}", alice)
    assert re.fullmatch(rf"{place('bob')} +- +admin +- +{erin} +{TIME}", bob)
    place.share("--user", "alice", "--expires", "2s").done()
    assert place.answer("alice") == ("yes", "direct")
    until("alice's grant is over", lambda: place.answer("alice")[0] == "no")
    # The consumer may have revoked it by now.
    assert place.answer("alice")[1] in ("expired", "no_grant")
    shown = place.run("erin", "sharing", "show", "dev", "-o", "json").done().json
    assert [u["username"] for u in shown["users"]] == [place("bob")]
    assert place.listed("alice", "--shared-with-me") == []
    place.share("--user", "alice").done()
    assert place.answer("alice") == ("yes", "direct")


def test_a_point_in_time_is_exact_to_the_millisecond(place):
    for text, at in [
        ("2190-12-01T18:00Z", "2190-12-01T18:00:00.000Z"),
        ("2190-12-01T18:00:30.1239+01:00", "2190-12-01T17:00:30.123Z"),
    ]:
        place.share("--user", "bob", "--expires", text).done()
        shown = place.run("erin", "sharing", "show", "dev", "-o", "json").done().json
        assert shown["users"][0]["expires_at"] == at
    place.share("--user", "bob", "--expires", "2020-01-01T00:00Z").failed(NO, "(already_expired)")


def test_an_expected_version_must_be_the_current_one(place):
    version = place.share("--user", "bob", "-o", "json").done().json["version"]
    stale = place.share("--user", "alice", "--expected-version", str(version + 1))
    stale.failed(NO, "(version_conflict)", f"version {version}, not {version + 1}")
    place.share("--user", "alice", "--expected-version", str(version)).done()
    args = ("sharing", "remove", "dev", "--user", place("bob"), "--expected-version", str(version))
    place.run("erin", *args).failed(NO, "(version_conflict)")


# ---- names from elsewhere ----

ODD = {
    "blanks": "two  words",
    "quotes": "o\"brien 'x'",
    "newline": "a\nyes (owner)",
    "four bytes": "\U0001f600\U00010348",
    "escape": "\x1b[31mred\x1b]0;title\x07",
    "C1": "\x9b31mred",
    "turned": "\u202eevil\u2066",
    "tab": "a\tb",
    "delete": "a\x7f\x08b",
    "dashes": "--help",
    "percent": "%s%n%1$s",
    "star": "*?[a]",
    "colon": "a:b",
    "unseen": "a\u200bb\ufeff\u061c",
}


def harmless(text):
    """Is the text safe for a terminal: one line, no control characters, nothing invisible?"""
    return re.sub(
        "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]", "?", text
    )


@pytest.mark.parametrize("what", ODD)
def test_odd_names_are_found_as_they_are_and_printed_harmlessly(place, what):
    odd, erin = ODD[what], place("erin")
    who, workspace = f"{odd}-{place.tag}", f"{erin}/{odd}"
    user = {"username": who, "name": odd, "organizations": [place("acme")]}
    group = {"name": who, "organization": place("acme"), "members": [who]}
    workspaces = [place.workspace(odd)]
    foreign.announce(place.stack, users=[user], groups=[group], workspaces=workspaces)
    place.run("erin", "sharing", "share", "--group", "Everyone", "--", workspace).done()
    for args in (["check", "--", who, "read", workspace], ["explain", "--", who, workspace]):
        out = place.run("erin", *args).done().out
        assert harmless(out.replace("\n", "")) == out.replace("\n", "")
    table = place.run("erin", "list", "--shared").done().out
    (row,) = [r for r in table.split("\n") if r.startswith(harmless(workspace) + " ")]
    assert harmless(row) == row and "Everyone" in row
    place.run("erin", "check", "--", f"{who}x", "read", "dev").failed(UNKNOWN, harmless(who))
    place.run("erin", "check", "--", place("bob"), "read", f"{workspace}x").failed(
        UNKNOWN, harmless(odd)
    )


def test_json_has_odd_names_as_they_are(place):
    names = sorted(ODD.values())
    foreign.announce(place.stack, workspaces=[place.workspace(n) for n in names])
    listed = place.run("erin", "list", "--search", "owner:me", "-o", "json").done()
    assert sorted(w["name"] for w in listed.json) == sorted(["dev", *names])
    assert "\x1b" not in listed.out


def test_a_quoted_value_finds_a_name_with_blanks(place):
    who = f"two  words {place.tag}"
    foreign.announce(
        place.stack,
        users=[{"username": who, "organizations": [place("acme")]}],
        workspaces=[{"name": "his own", "owner": who, "organization": place("acme")}],
    )
    found = place.run("ada", "list", "--search", f'owner:"{who}"', "-o", "json").done().json
    assert [w["name"] for w in found] == ["his own"]
    place.run("ada", "list", "--search", f"owner:{who}").failed(USAGE, "--search")
