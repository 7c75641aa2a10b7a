"""Handing over, as an agent, a developer and an operator see it: offers, answers, who sees what, and deliveries.

On an error: the exit code, one sentence on stderr, and nothing is changed.
"""

import json
import os
import re
import sys
import time
import uuid
from concurrent import futures
from pathlib import Path

import bus
import foreign
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "property"))

import library as public  # noqa: E402
from stack import bare_stack, stack, until  # noqa: E402, F401

DONE, NO, USAGE, UNAVAILABLE, UNKNOWN = range(5)
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
WORKSPACES = 200
ROUNDS = 6  # of two who accept at once


class World:
    """An agent with workspaces of its own; alice and bob, who are devs; carol, who is not; an organization's admin."""

    def __init__(self, stack, directory):  # noqa: F811
        self.stack = stack
        self.tag = uuid.uuid4().hex[:6]
        self.unused = iter(range(WORKSPACES))
        users = [{"username": n, "organizations": ["acme"]} for n in ("alice", "bob", "carol", "dave")]
        users += [
            {"username": "bot", "kind": "agent", "organizations": ["acme"]},
            {"username": "boss", "organizations": [{"name": "acme", "role": "admin"}]},
            {"username": "root-admin", "site_role": "owner"},
        ]
        content = {
            "organizations": [{"name": "acme"}],
            "users": users,
            "groups": [{"name": "devs", "organization": "acme", "members": ["alice", "bob"]}],
            "workspaces": [
                {"name": f"ws-{self.tag}-{n}", "owner": "bot", "organization": "acme"}
                for n in range(WORKSPACES)
            ],
        }
        stack.apply(content, directory)

    def workspace(self):
        return f"ws-{self.tag}-{next(self.unused)}"

    def run(self, user, *args, **more):
        return self.stack.sharebus(*args, as_user=user, **more)

    def offer(self, ws, *args, to=("--user", "alice")):
        """Offers, and gives back the handoff's id."""
        if "--handoff" not in args:
            args = ("--handoff", "ready", *args)
        ran = self.run("bot", "sharing", "share", ws, *to, *args, "-o", "json").done()
        return ran.json["handoff_id"]

    def show(self, user, handoff):
        return self.run(user, "handoff", "show", handoff, "-o", "json").done().json

    def listed(self, user, *args):
        return [h["id"] for h in self.run(user, "handoff", "list", *args, "-o", "json").done().json]

    def offered(self, ws):
        listed = self.run("bot", "handoff", "list", "--offered", "-o", "json").done().json
        return [h["id"] for h in listed if h["workspace"]["name"] == ws]

    def answer(self, user, verb, handoff, *args):
        return self.run(user, "handoff", verb, handoff, *args, "-o", "json")

    def grants(self, ws):
        shown = self.run("bot", "sharing", "show", ws, "-o", "json").done().json
        return sorted([u["username"] for u in shown["users"]] + [g["name"] for g in shown["group"]])


@pytest.fixture(scope="module")
def world(stack, tmp_path_factory):  # noqa: F811
    return World(stack, tmp_path_factory.mktemp("world"))


@pytest.fixture
def ws(world):
    return world.workspace()


# ---- offers ----


def test_an_offer_prints_its_id_and_the_resulting_list(world, ws):
    ran = world.run("bot", "sharing", "share", ws, "--user", "alice", "--handoff", "ready").done()
    first, *rest = ran.out.splitlines()
    assert re.fullmatch(f"handoff {ID.pattern}", first)
    assert rest == ["USER   GROUP  ROLE", "alice  -      use"]


def test_show_has_all_that_was_offered(world, ws, tmp_path):
    schema = tmp_path / "answer.json"
    schema.write_text('{"type": "object"}')
    handoff = world.offer(
        ws, "--handoff", "line one\nline two", "--kind", "input", "--question", "merge it?", "--task",
        "mcp:a=b=https://task.example/1", "--link", "https://page.example/", "--artifact", "pr=https://git.example/?a=b",
        "--answer-schema", schema, "--offer-expires", "8h", to=("--group", "devs:admin"),
    )  # fmt: skip
    shown = world.show("bob", handoff)
    assert (shown["workspace"]["name"], shown["workspace"]["owner_name"]) == (ws, "bot")
    assert (shown["kind"], shown["state"], shown["step"], shown["role"]) == ("input", "offered", 1, "admin")
    assert (shown["summary"], shown["question"]) == ("line one\nline two", "merge it?")
    assert shown["offered_by"]["username"] == "bot" and shown["accepted_by"] is None
    assert (shown["to"]["kind"], shown["to"]["name"]) == ("group", "devs")
    assert shown["task"] == {"system": "mcp", "id": "a=b", "url": "https://task.example/1"}
    assert shown["artifacts"] == [
        {"name": "link", "url": "https://page.example/"},
        {"name": "pr", "url": "https://git.example/?a=b"},
    ]
    assert json.loads(shown["answer_schema"]) == {"type": "object"}
    assert shown["expires_at"] > shown["offered_at"]
    text = world.run("bob", "handoff", "show", handoff).done().out
    assert f"handoff      {handoff}\n" in text and "task         mcp:a=b https://task.example/1\n" in text
    assert "summary      line one?line two\n" in text


@pytest.mark.parametrize(
    "args, words",
    [
        (("--user", "alice,bob", "--handoff", "x"), "exactly one user or group (got 2)"),
        (("--user", "alice", "--handoff", ""), "a handoff must have a summary"),
        (("--user", "alice", "--handoff", "x" * 2001), "the summary has 2001 bytes; at most 2000"),
        (("--user", "alice", "--handoff", "\udcff"), "the summary must be UTF-8"),
        (("--user", "alice", "--handoff", "x", "--question", "x" * 2001), "the question has 2001 bytes"),
        (("--user", "alice", "--handoff", "x", "--kind", "chat"), '"chat"; it must be review, takeover or input'),
        (("--user", "alice", "--handoff", "x", "--task", "jira:1"), '"jira:1"'),
        (("--user", "alice", "--handoff", "x", "--task", "a2a:1=ftp://x"), "begin with http:// or https://"),
        (("--user", "alice", "--handoff", "x", "--task", f"a2a:{'x' * 256}"), "the id of the task has 256 bytes"),
        (("--user", "alice", "--handoff", "x", "--artifact", "pr"), '--artifact is "pr"'),
        (("--user", "alice", "--handoff", "x", "--artifact", "pr=javascript:x"), "begin with http:// or https://"),
        (("--user", "alice", "--handoff", "x", "--link", "http://" + "x" * 2048), "2055 bytes; at most 2048"),
        (("--user", "alice", "--handoff", "x", *["--link", "http://x"] * 21), "21 artifacts; at most 20"),
        (("--user", "alice", "--handoff", "x", "--answer-schema", "/nowhere"), "/nowhere"),
        (("--user", "alice", "--handoff", "x", "--offer-expires", "soon"), '--offer-expires is "soon"'),
        (("--user", "alice", "--handoff", "x", "--handoff-id", "7"), '--handoff-id is "7"'),
        (("--user", "alice", "--kind", "review"), "--kind needs --handoff"),
        (("--user", "alice", "--offer-expires", "8h"), "--offer-expires needs --handoff"),
    ],
)
def test_an_offer_that_makes_no_sense_is_not_sent(world, ws, args, words):
    world.run("bot", "sharing", "share", ws, *args).failed(USAGE, words)
    assert world.grants(ws) == [] and world.offered(ws) == []


@pytest.mark.parametrize("text, words", [("{", "this is no JSON"), ("[]", "must be a JSON object"), ("x" * 20000, "16384")])
def test_the_schema_of_an_answer_is_looked_at(world, ws, tmp_path, text, words):
    schema = tmp_path / "schema.json"
    schema.write_text(text)
    args = ("--user", "alice", "--handoff", "x", "--answer-schema", schema)
    world.run("bot", "sharing", "share", ws, *args).failed(USAGE, words)


def test_an_offer_that_was_sent_twice_is_one(world, ws):
    command = bus.new_id()
    args = ("sharing", "share", ws, "--user", "alice", "--handoff", "x", "--command-id", command, "-o", "json")
    first, again = (world.run("bot", *args).done().json for _ in range(2))
    assert (first["outcome"], again["outcome"]) == ("applied", "duplicate")
    assert first["handoff_id"] == again["handoff_id"] == command
    assert world.show("alice", command)["step"] == 1


def test_without_waiting_the_id_is_told_as_well(world, ws):
    ran = world.run("bot", "sharing", "share", ws, "--user", "alice", "--handoff", "x", "--no-wait").done()
    position, handoff = ran.out.splitlines()
    assert re.fullmatch(r"\d+:\d+", position)
    until("the offer", lambda: handoff.removeprefix("handoff ") in world.listed("alice", "--mine"))


# ---- the way of a handoff ----


def test_accept_return_offer_again_and_complete(world, ws):
    handoff = world.offer(ws, "--offer-expires", "8h")
    assert world.show("alice", handoff)["expires_at"]
    accepted = world.answer("alice", "accept", handoff).done().json
    assert (accepted["outcome"], accepted["state"], accepted["handoff"]["accepted_by"]["username"]) == (
        "applied", "accepted", "alice")  # fmt: skip
    for note in ((), ("--note", "")):
        world.answer("alice", "return", handoff, *note).failed_json(USAGE, "usage", "--note")
    returned = world.answer("alice", "return", handoff, "--note", "no tests").done().json
    assert (returned["state"], returned["handoff"]["expires_at"]) == ("returned", None), "nothing ends it now"
    assert returned["handoff"]["note"] == world.show("bot", handoff)["note"] == "no tests"
    assert "note         no tests\n" in world.run("bot", "handoff", "show", handoff).done().out
    assert handoff not in world.listed("alice", "--mine") and handoff in world.listed("bot", "--offered")
    assert world.offer(ws, "--handoff", "with tests", "--handoff-id", handoff) == handoff
    shown = world.show("alice", handoff)
    assert (shown["summary"], shown["step"], shown["note"]) == ("with tests", 4, None)
    assert "note" not in world.run("alice", "handoff", "show", handoff).done().out
    world.answer("alice", "accept", handoff).done()
    done = world.run("alice", "handoff", "complete", handoff, "--artifact", "pr=https://git.example/9").done()
    assert done.out == f"handoff {handoff} is completed\n"
    assert world.grants(ws) == ["alice"]
    steps = [c for c in changes(world) if c["handoff_id"] == handoff]
    assert [c["state"] for c in steps] == ["offered", "accepted", "returned", "offered", "accepted", "completed"]
    assert [c["step"] for c in steps] == [1, 2, 3, 4, 5, 6]
    assert steps[2]["note"] == "no tests"
    assert steps[5]["artifacts"] == [{"name": "pr", "url": "https://git.example/9"}]


@pytest.mark.parametrize("answer", [("--note", "yes"), ("--artifact", "reply=https://git.example/9")], ids=str)
def test_what_asks_for_an_answer_is_completed_with_one(world, ws, answer):
    handoff = world.offer(ws, "--handoff", "merge it?", "--kind", "input")
    world.answer("alice", "accept", handoff).done()
    for nothing in ((), ("--note", "")):
        world.answer("alice", "complete", handoff, *nothing).failed_json(USAGE, "usage", "--artifact")
    assert world.answer("alice", "complete", handoff, *answer).done().json["state"] == "completed"


def test_what_was_said_with_the_last_step_is_shown_also_after_a_rebuild(world, ws):
    handoff = world.offer(ws)
    world.answer("alice", "accept", handoff, "--note", "mine").done()
    assert world.show("bot", handoff)["note"] == "mine"
    world.answer("alice", "return", handoff, "--note", "no \u00e4 tests\nat all").done()
    before = world.show("bot", handoff)
    assert (before["state"], before["step"], before["note"]) == ("returned", 3, "no \u00e4 tests\nat all")
    world.stack.redis_client().flushall()
    foreign.wait(world.stack)
    assert world.show("bot", handoff) == before
    assert "note         no \u00e4 tests?at all\n" in world.run("bot", "handoff", "show", handoff).done().out


def changes(world):
    """All HandoffChanged records, those of a workspace in their order."""
    topic = bus.read_topic(world.stack.brokers, "sharing.handoffs")
    return [bus.decode(m.value())[1] for p in sorted(topic) for m in topic[p]]


def test_watch_shows_each_step(world, ws, tmp_path):
    def seen():
        ran = world.stack.sharebus("watch", "--state", tmp_path / "state", "--settled", "--wait", "30s").done()
        return [n for n in ran.out.splitlines() if n.startswith("handoff")]

    assert seen() == []
    handoff = world.offer(ws, "--handoff", "look at\x1b[31m it")
    world.answer("alice", "accept", handoff).done()
    world.answer("alice", "return", handoff, "--note", "no tests").done()
    assert seen() == [
        f"handoff       bot/{ws} step 1 offered to alice, by bot: look at?[31m it",
        f"handoff       bot/{ws} step 2 accepted, by alice: look at?[31m it",
        f"handoff       bot/{ws} step 3 returned, by alice: no tests",
    ]


def test_declining_takes_the_access_that_only_the_offer_gave(world, ws):
    handoff = world.offer(ws)
    assert world.grants(ws) == ["alice"]
    ran = world.run("alice", "handoff", "decline", handoff, "--note", "ask bob").done()
    assert ran.out == f"handoff {handoff} is declined\n"
    assert world.grants(ws) == []


def test_of_a_group_the_first_member_gets_it(world, ws):
    handoff = world.offer(ws, to=("--group", "devs"))
    assert handoff in world.listed("alice", "--mine") and handoff in world.listed("bob", "--mine")
    unchanged = world.run("alice", "handoff", "decline", handoff)
    assert (unchanged.code, unchanged.err) == (DONE, "Nothing has changed.\n")
    assert "state        offered\n" in unchanged.out
    world.answer("bob", "accept", handoff).done()
    assert world.grants(ws) == ["bob"]
    assert handoff not in world.listed("alice")
    second = world.answer("alice", "accept", handoff)
    assert second.code == UNKNOWN, "she no longer sees it"


def accept_at_once(world, handoff):
    """alice and bob accept by a program each, and both answers are on the log before either is decided: {user: Ran}."""
    length = log_length(world)
    with futures.ThreadPoolExecutor(2) as pool:
        assert world.stack.ops("freeze", "consumer").returncode == 0
        try:
            both = {u: pool.submit(world.answer, u, "accept", handoff) for u in ("alice", "bob")}
            until("both answers on the log", lambda: log_length(world) == length + 2)
        finally:
            assert world.stack.ops("thaw", "consumer").returncode == 0
        return {user: ran.result() for user, ran in both.items()}


def log_length(world):
    return sum(bus.log_ends(world.stack.brokers, bus.COMMANDS).values())


def test_of_two_members_who_accept_at_once_one_gets_it_and_the_other_is_told_by_whom_it_was_taken(world):
    for _ in range(ROUNDS):
        ws = world.workspace()
        handoff = world.offer(ws, to=("--group", "devs"))
        ran = accept_at_once(world, handoff)
        (first,) = (user for user in ran if ran[user].code == DONE)
        (second,) = ran.keys() - {first}
        assert ran[first].json["handoff"]["accepted_by"]["username"] == first
        refused = ran[second]
        assert (refused.code, refused.json["code"]) == (NO, "handoff_state"), refused
        assert f"it is accepted by {first}" in refused.err, refused
        assert world.grants(ws) == [first]
        steps = [c for c in changes(world) if c["handoff_id"] == handoff]
        assert [c["state"] for c in steps] == ["offered", "accepted"]


def test_reassigning_moves_the_handoff_and_its_access(world, ws):
    handoff = world.offer(ws)
    world.answer("alice", "accept", handoff).done()
    for wrong in ("carol", "user:", "user:carol,dave", "team:devs", "user:carol:admin"):
        world.run("alice", "handoff", "reassign", handoff, "--to", wrong).failed(USAGE, "")
    world.run("alice", "handoff", "reassign", handoff).failed(USAGE, "--to")
    world.run("alice", "handoff", "reassign", handoff, "--to", "user:zoe").failed(UNKNOWN, "zoe")
    ran = world.run("alice", "handoff", "reassign", handoff, "--to", "user:carol").done()
    assert ran.out == f"handoff {handoff} is offered\n", "she no longer sees it"
    assert (world.listed("carol", "--mine"), world.grants(ws)) == ([handoff], ["carol"])
    world.answer("carol", "decline", handoff).done()


def test_who_offered_it_withdraws_it_and_so_do_admins_and_nobody_else(world, ws):
    handoff = world.offer(ws)
    rejected = world.answer("alice", "withdraw", handoff)
    assert (rejected.code, rejected.json["code"]) == (NO, "handoff_not_yours")
    assert world.answer("bot", "withdraw", handoff).done().json["state"] == "withdrawn"
    other = world.offer(ws)
    world.answer("boss", "withdraw", other, "--note", "no").done()
    assert world.grants(ws) == []


def test_a_step_that_the_table_forbids_is_rejected_and_changes_nothing(world, ws):
    handoff = world.offer(ws)
    rejected = world.answer("alice", "complete", handoff)
    assert (rejected.code, rejected.json["code"]) == (NO, "handoff_state")
    stale = world.answer("alice", "accept", handoff, "--expected-step", "7")
    assert (stale.code, stale.json["code"]) == (NO, "handoff_state")
    assert world.show("alice", handoff)["step"] == 1
    world.answer("alice", "accept", handoff, "--expected-step", "1").done()


def test_an_answer_that_ended_the_handoff_is_repeated_safely(world, ws):
    handoff = world.offer(ws)
    command = bus.new_id()
    args = (handoff, "--command-id", command)
    assert world.answer("alice", "decline", *args).done().json["outcome"] == "applied"
    world.run("alice", "handoff", "decline", *args).failed(UNKNOWN, "there is no open handoff")
    again = world.answer("alice", "decline", *args, "--workspace", f"bot/{ws}").done().json
    assert (again["outcome"], again["handoff"], again["state"]) == ("duplicate", None, None)


def test_an_offer_whose_time_is_over_is_not_shown_and_its_access_ends(world, ws):
    handoff = world.offer(ws, "--offer-expires", "2s")
    until("the end of the offer", lambda: not world.grants(ws))
    assert handoff not in world.listed("bot")
    assert [c["state"] for c in changes(world) if c["handoff_id"] == handoff] == ["offered", "expired"]


# ---- who sees it ----


def test_a_handoff_is_seen_by_whom_it_concerns_and_is_unknown_to_all_others(world, ws):
    handoff = world.offer(ws)
    for user in ("alice", "bot", "boss", "root-admin"):
        assert world.show(user, handoff)["id"] == handoff
    never = "01900000-0000-7000-8000-000000000000"
    for user in ("bob", "carol"):
        hidden = world.run(user, "handoff", "show", handoff).failed(UNKNOWN)
        unknown = world.run(user, "handoff", "show", never).failed(UNKNOWN)
        assert hidden.err.replace(handoff, never) == unknown.err
        world.run(user, "handoff", "accept", handoff).failed(UNKNOWN)
        assert handoff not in world.listed(user)
    world.run("zoe", "handoff", "list").failed(UNKNOWN, "zoe")


def test_whoever_may_read_the_workspace_sees_its_handoffs_but_they_do_not_wait_for_her(world, ws):
    handoff = world.offer(ws)
    world.run("bot", "sharing", "share", ws, "--user", "carol").done()
    assert handoff in world.listed("carol")
    assert handoff not in world.listed("carol", "--mine") + world.listed("carol", "--offered")
    rejected = world.answer("carol", "accept", handoff)
    assert (rejected.code, rejected.json["code"]) == (NO, "handoff_not_yours")


def test_an_agent_finds_what_it_offered_in_a_workspace_of_another(world, ws):
    world.run("bot", "sharing", "share", ws, "--user", "carol:admin").done()
    args = ("sharing", "share", f"bot/{ws}", "--user", "bob", "--handoff", "x", "-o", "json")
    handoff = world.run("carol", *args).done().json["handoff_id"]
    assert handoff in world.listed("carol", "--offered") and handoff in world.listed("bot", "--offered")


def test_the_list_is_a_table_and_says_when_it_is_empty(world, ws):
    handoff = world.offer(ws, "--handoff", "x" * 70, to=("--user", "dave"))
    head, row = world.run("dave", "handoff", "list", "--mine").done().out.splitlines()
    assert head.split() == ["HANDOFF", "WORKSPACE", "STATE", "KIND", "FROM", "TO", "EXPIRES", "SUMMARY"]
    assert row.split() == [handoff, f"bot/{ws}", "offered", "review", "bot", "dave", "-", "x" * 60 + "…"]
    assert "x" * 70 in world.run("dave", "handoff", "list", "--wide").done().out
    world.answer("dave", "decline", handoff).done()
    empty = world.run("dave", "handoff", "list", "--mine")
    assert (empty.code, empty.out, empty.err) == (DONE, "", "No open handoffs.\n")
    world.run("dave", "handoff", "list", "--mine", "--offered").failed(USAGE, "either --mine or --offered")


def test_texts_that_a_terminal_would_obey_are_shown_without_harm(world, ws):
    handoff = world.offer(ws, "--handoff", "a\x1b[2Jb", "--question", "c\x9b\u202ed", to=("--user", "dave"))
    for args in (("list",), ("list", "--wide"), ("show", handoff)):
        out = world.run("dave", "handoff", *args).done().out
        assert not any(c in out for c in "\x1b\x9b\u202e") and "a?[2Jb" in out
    world.answer("dave", "accept", handoff, "--note", "e\x1b]0;f\u202eg").done()
    out = world.run("dave", "handoff", "show", handoff).done().out
    assert not any(c in out for c in "\x1b\u202e") and "note         e?]0;f?g\n" in out
    assert world.show("dave", handoff)["note"] == "e\x1b]0;f\u202eg"
    world.answer("dave", "complete", handoff).done()


# ---- beginnings of ids ----


def test_the_beginning_of_an_id_is_enough_if_it_is_that_of_one(world, ws):
    now = int(time.time() * 1000)
    one, two = bus.id_made_at(now), bus.id_made_at(now)  # they begin with the time
    same = len(os.path.commonprefix([one, two]))
    for handoff in (one, two):  # a handoff has the id of its command
        assert world.offer(ws, "--command-id", handoff, to=("--user", "dave")) == handoff
    assert world.show("dave", one[: same + 1].upper())["id"] == one
    several = world.run("dave", "handoff", "show", one[:13]).failed(UNKNOWN, f"2 handoffs begin with {one[:13]}")
    assert one in several.err and two in several.err
    world.run("alice", "handoff", "show", one[: same + 1]).failed(UNKNOWN, "no open handoff that begins with")
    for short in (one[:7], one[:8] + "g", one.replace("-", "")[:12], one + "0", "", one[:-1] + "g"):
        world.run("dave", "handoff", "show", short).failed(USAGE, "neither the id of a handoff")
    for handoff in (one, two):
        world.answer("dave", "decline", handoff[: same + 1]).done()


def test_what_has_ended_is_not_offered_again(world, ws):
    """It would begin anew, at step 1, under the id of one that is over."""
    handoff = world.offer(ws)
    offer = ("sharing", "share", ws, "--user", "alice", "--handoff", "again", "--handoff-id", handoff)
    world.run("bot", *offer).failed(NO, "nobody can offer the handoff now: it is offered to alice")
    world.answer("alice", "decline", handoff).done()
    world.run("bot", *offer).failed(UNKNOWN, "no open handoff")
    world.run("bot", *offer, "--command-id", bus.new_id()).failed(NO, "has no open handoff")


# ---- the library ----

USAGE_RESULT, NOT_FOUND = -6, -1


@pytest.fixture
def client(stack):  # noqa: F811
    one = public.Client(**stack.library())
    yield one
    one.close()


def test_the_library_offers_answers_and_lists(world, ws, client):
    bot, alice, carol = (client.find("user", n) for n in ("bot", "alice", "carol"))
    place = client.find("workspace", f"bot/{ws}")
    offer = {"kind": 2, "summary": b"take over", "artifacts": [(b"pr", b"https://git.example/1")]}
    verdict, code, command = client.offer(bot, place, ("user", alice, "use", None), **offer)
    assert (verdict, code) == ("applied", "")
    shown = client.handoff(None, command)
    assert (shown.summary, shown.kind, shown.state, shown.step) == (b"take over", 2, 1, 1)
    assert (shown.artifacts[0].name, shown.artifact_count, shown.question, shown.note) == (b"pr", 1, None, None)
    assert client.handoffs(alice, 1)[-1:] == client.handoffs(bot, 2)[-1:] == [command]
    with pytest.raises(public.Failed) as failed:
        client.handoff(carol, command)
    assert failed.value.code == NOT_FOUND
    assert client.answer(alice, command, 1, note=b"mine")[:2] == ("applied", "")
    assert client.handoff(alice, command).note == b"mine"
    assert client.answer(carol, command, 4)[:2] == ("rejected", "handoff_not_yours")
    assert client.answer(alice, command, 4)[:2] == ("applied", "")
    with pytest.raises(public.Failed) as failed:
        client.answer(alice, command, 4)
    assert failed.value.code == NOT_FOUND


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({"kind": 0}, "must be review, takeover or input (got 0)"),
        ({"kind": 4}, "got 4"),
        ({"summary": None}, "must have a summary"),
        ({"expires_at": -1}, "expires_at must not be negative"),
        ({"task_system": 9}, "there is no system of tasks 9"),
        ({"task_system": 1}, "a task must have an id"),
        ({"task_id": b"7"}, "a task must have a system"),
        ({"answer_schema": b"x" * 16385}, "16385 bytes; at most 16384"),
        ({"artifacts": [(b"", b"http://x")]}, "must have a name and an address"),
        ({"artifacts": [(b"x", None)]}, "must have a name and an address"),
        ({"artifacts": [(b"x" * 256, b"http://x")]}, "256 bytes; at most 255"),
    ],
)
def test_an_offer_of_the_library_that_makes_no_sense_is_not_sent(world, ws, client, wrong, words):
    bot, alice = (client.find("user", n) for n in ("bot", "alice"))
    place = client.find("workspace", f"bot/{ws}")
    with pytest.raises(public.Failed) as failed:
        client.offer(bot, place, ("user", alice, "use", None), **{"kind": 1, "summary": b"x", **wrong})
    assert failed.value.code == USAGE_RESULT and words in str(failed.value)
    assert client.show(place) == {}


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({"answer": 0}, "there is no answer 0"),
        ({"answer": 7}, "there is no answer 7"),
        ({"answer": 5}, "say to whom"),
        ({"answer": 1, "to": ("user", None)}, "only a handoff that is reassigned"),
        ({"answer": 1, "step": -1}, "expected_step must not be negative"),
        ({"answer": 1, "note": b"x" * 2001}, "2001 bytes; at most 2000"),
        ({"answer": 1, "wait_ms": -1}, "wait_ms must not be negative"),
    ],
)
def test_an_answer_of_the_library_that_makes_no_sense_is_not_sent(world, ws, client, wrong, words):
    handoff = world.offer(ws)
    with pytest.raises(public.Failed) as failed:
        client.answer(client.find("user", "alice"), handoff, **wrong)
    assert failed.value.code == USAGE_RESULT and words in str(failed.value)
    assert client.handoff(None, handoff).step == 1


# ---- what the notifier owes ----


def owe(world, endpoint, ident, state, **more):
    """Writes a delivery as the notifier does."""
    record = {
        "endpoint": endpoint, "id": ident, "state": state, "attempts": 5, "next_at": None, "last_at": 1_700_000_000_000,
        "last_error": "HTTP 500 \x1b[2J", "since": 1_600_000_000_000, "notification": None, "handoff": None, **more,
    }  # fmt: skip
    put(world, f"{endpoint}/{ident}", bus.encode("Delivery", record))
    return record


def put(world, key, value, partition=3):
    producer = bus.producer(world.stack.brokers)
    producer.produce("sharing.deliveries", value, key, partition=partition)
    assert producer.flush(60) == 0


def owed(world, key):
    """(partition, record) of the newest record under the key, or (partition, None) for a tombstone."""
    topic = bus.read_topic(world.stack.brokers, "sharing.deliveries")
    found = [m for p in topic for m in topic[p] if m.key() == key.encode()]
    last = found[-1]
    return last.partition(), last.value() and bus.decode(last.value())[1]


@pytest.fixture
def hook(world):
    return f"hook-{uuid.uuid4().hex[:6]}"


def configuration(world, hook, folder):
    """A file that has the endpoint."""
    section = f"[endpoint {hook}]\ntype = webhook\nurl = https://hook.example/\n"
    return world.stack.configure(folder / "sharebus.conf", section)


def one_handoff(world, ws):
    """A HandoffChanged that is on the topic: (ce_id, partition, record)."""
    handoff = world.offer(ws)

    def find():
        topic = bus.read_topic(world.stack.brokers, "sharing.handoffs")
        for m in (m for p in topic for m in topic[p]):
            record = bus.decode(m.value())[1]
            if record["handoff_id"] == handoff:
                return dict(m.headers())["ce_id"].decode(), m.partition(), record
        return None

    return until("the offer's record", find)


def test_deliveries_are_listed_as_they_stand_last(world, ws, hook):
    _, _, record = one_handoff(world, ws)
    owe(world, hook, "3-1-0", "waiting", handoff=record, next_at=1_800_000_000_000)
    owe(world, hook, "3-1-0", "dead", handoff=record)
    owe(world, hook, "3-2-0", "waiting")
    owe(world, hook, "3-3-0", "waiting")
    put(world, f"{hook}/3-3-0", None)
    all_ = world.stack.sharebus("deliveries", "list", "--endpoint", hook, "-o", "json").done().json
    assert [(d["id"], d["state"], d["what"], d["attempts"]) for d in all_] == [
        ("3-1-0", "dead", "handoff offered", 5),
        ("3-2-0", "waiting", None, 5),
    ]
    dead = world.stack.sharebus("deliveries", "list", "--endpoint", hook, "--dead").done().out
    head, row = dead.splitlines()
    assert head.split()[:4] == ["DELIVERY", "STATE", "WHAT", "ATTEMPTS"]
    assert row.startswith(f"{hook}/3-1-0") and "HTTP 500 ?[2J" in row and "\x1b" not in row
    put(world, f"{hook}/3-2-0", None)
    none = world.stack.sharebus("deliveries", "list", "--endpoint", hook, "--dead", "--limit", "5")
    assert none.done().out == f"{head}\n{row}\n"


def test_the_list_of_deliveries_has_a_limit_and_says_what_it_leaves_out(world, ws, hook):
    for n in range(3):
        owe(world, hook, f"3-{n}-0", "waiting")
    ran = world.stack.sharebus("deliveries", "list", "--endpoint", hook, "--limit", "2", "-o", "json")
    assert (ran.code, [d["id"] for d in ran.json]) == (DONE, ["3-0-0", "3-1-0"])
    assert ran.err == "1 more; --limit shows them\n"
    assert len(world.stack.sharebus("deliveries", "list", "--endpoint", hook, "--limit", "3", "-o", "json").done().json) == 3
    world.stack.sharebus("deliveries", "list", "--limit", "0").failed(USAGE, "limit")
    for n in range(3):
        put(world, f"{hook}/3-{n}-0", None)


def test_deliveries_of_an_endpoint_that_nobody_knows_are_no_empty_list(world, tmp_path):
    world.stack.sharebus("deliveries", "list", "--endpoint", "no-such").failed(
        UNKNOWN, "the configuration has no endpoint no-such"
    )
    config = tmp_path / "sharebus.conf"
    config.write_text("[endpoint inbox]\ntype = inbox\n")
    world.stack.sharebus("deliveries", "list", "--endpoint", "inbx", "--config", config).failed(
        UNKNOWN, "the configuration has no endpoint inbx; did you mean inbox?"
    )
    none = world.stack.sharebus("deliveries", "list", "--endpoint", "inbox", "--config", config)
    assert (none.code, none.out, none.err) == (DONE, "", "Nothing is owed.\n")


def test_the_list_of_handoffs_has_a_limit_and_says_what_it_leaves_out(world):
    for _ in range(2):
        world.offer(world.workspace())
    ran = world.run("alice", "handoff", "list", "--limit", "1", "-o", "json")
    assert ran.code == DONE and len(ran.json) == 1 and ran.err.endswith(" more; --limit shows them\n")


def test_one_delivery_is_shown_with_what_it_tells(world, ws, hook):
    _, _, record = one_handoff(world, ws)
    owe(world, hook, "3-1-0", "dead", handoff=record)
    shown = world.stack.sharebus("deliveries", "show", f"{hook}/3-1-0", "-o", "json").done().json
    assert shown["content"]["handoff_id"] == record["handoff_id"] and shown["last_error"] == "HTTP 500 \x1b[2J"
    text = world.stack.sharebus("deliveries", "show", f"{hook}/3-1-0").done().out
    assert record["handoff_id"] in text and "\x1b" not in text
    world.stack.sharebus("deliveries", "show", f"{hook}/3-9-0").failed(UNKNOWN, "it has arrived, or never was")
    for wrong in (hook, f"{hook}/", "/3-1-0", "a/b/c", ""):
        world.stack.sharebus("deliveries", "show", wrong).failed(USAGE, "is no delivery; give ENDPOINT/ID")


def test_a_dead_delivery_is_tried_again_and_one_on_its_way_is_left_alone(world, ws, hook):
    _, _, record = one_handoff(world, ws)
    before = time.time() * 1000
    old = owe(world, hook, "3-1-0", "dead", handoff=record)
    ran = world.stack.sharebus("deliveries", "retry", f"{hook}/3-1-0")
    assert (ran.code, ran.out) == (DONE, f"{hook}/3-1-0 is tried again\n")
    assert f"has an endpoint {hook}: {hook}/3-1-0 waits until one has" in ran.err
    partition, new = owed(world, f"{hook}/3-1-0")
    assert partition == 3 and before - 1000 < new["next_at"] == new["since"]
    changed = {"state": "waiting", "attempts": 0, "last_at": None, "last_error": None}
    assert new == {**old, **changed, "next_at": new["next_at"], "since": new["since"]}
    refused = world.stack.sharebus("deliveries", "retry", f"{hook}/3-1-0", "-o", "json")
    assert (refused.code, refused.json["error"]["code"]) == (NO, "on_its_way")
    assert "is on its way" in refused.err and owed(world, f"{hook}/3-1-0")[1] == new


def test_what_has_arrived_is_delivered_again_only_if_that_is_said(world, ws, hook, tmp_path):
    ident, partition, record = one_handoff(world, ws)
    config = configuration(world, hook, tmp_path)
    again = ("deliveries", "retry", f"{hook}/{ident}", "--config", config)
    world.stack.sharebus(*again).failed(UNKNOWN, "it has arrived, or never was; --again")
    world.stack.sharebus(*again, "--again").done()
    where, new = owed(world, f"{hook}/{ident}")
    assert (where, new["state"], new["handoff"], new["notification"]) == (partition, "waiting", record, None)
    other = ("deliveries", "retry", f"no-such/{ident}", "--again", "--config", config)
    world.stack.sharebus(*other).failed(UNKNOWN, "the configuration has no endpoint no-such")
    never = ("deliveries", "retry", f"{hook}/0-999999-0", "--again", "--config", config)
    world.stack.sharebus(*never).failed(UNKNOWN, "has a record 0-999999-0")


def test_a_notification_that_has_arrived_is_found_as_well(world, ws, hook, tmp_path):
    config = configuration(world, hook, tmp_path)
    world.run("bot", "sharing", "share", ws, "--user", "carol").done()

    def find():
        topic = bus.read_topic(world.stack.brokers, "sharing.notifications")
        for m in (m for p in topic for m in topic[p]):
            if bus.decode(m.value())[1]["workspace"]["name"] == ws:
                return m
        return None

    m = until("the notification", find)
    ident = dict(m.headers())["ce_id"].decode()
    world.stack.sharebus("deliveries", "retry", f"{hook}/{ident}", "--again", "--config", config).done()
    where, new = owed(world, f"{hook}/{ident}")
    assert (where, new["notification"]) == (m.partition(), bus.decode(m.value())[1])


def test_a_record_that_cannot_be_read_is_named_and_hides_no_other(world, hook):
    put(world, f"{hook}/3-1-0", b"nonsense", partition=2)
    ran = world.stack.sharebus("deliveries", "list", "--endpoint", hook)
    put(world, f"{hook}/3-1-0", None, partition=2)
    assert ran.code == DONE and re.search(r"sharing\.deliveries at 2:\d+ cannot be read", ran.err)
