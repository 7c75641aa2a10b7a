"""Random histories: after each step, the library must answer as the rules say.

SHAREBUS_PROPERTY_SEED repeats a history, SHAREBUS_PROPERTY_STEPS makes it shorter or longer.
"""

import os
import pathlib
import random
import sys
import time
import uuid

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import bus  # noqa: E402
import library  # noqa: E402
import world as worlds  # noqa: E402
from conftest import world  # noqa: E402, F401
from handoffs import OPEN  # noqa: E402
from rights import Grant, Group, Rights, User, Workspace  # noqa: E402

STEPS = int(os.environ.get("SHAREBUS_PROPERTY_STEPS", "10000"))
SEED = int(os.environ.get("SHAREBUS_PROPERTY_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)
DAY_MS = 24 * 3600 * 1000
SOON_MS = (40, 400)
PARTITIONS = 4
ANSWERS = [answer for answer in library.ANSWERS if answer != "reassign"]
ASKED = ("read", "ssh", "rename", "share_use", "share_admin", "delete")


def now_ms():
    return int(time.time() * 1000)


class Facts:
    """Writes facts of elsewhere, and waits until they are in the index."""

    def __init__(self, world, client):
        self._world = world
        self._client = client
        self._redis = world.redis()
        self._producer = bus.producer(world.brokers, **{"linger.ms": 0})

    def _write(self, topic, key, value):
        at = []

        def on_delivery(error, message):
            assert error is None, error
            at.append((message.partition(), message.offset()))

        self._producer.produce(topic, value, key, on_delivery=on_delivery)
        assert self._producer.flush(60) == 0
        return at[0]

    def directory(self, name, id, fields):
        value = None if fields is None else bus.encode(name, fields)
        _, offset = self._write(bus.DIRECTORY, id, value)

        def is_known():
            return int(self._redis.hget("sb:{dir}:mark", "applied") or 0) > offset

        self._world.wait("directory applied", is_known, alive=self._world.consumers)

    def workspace(self, name, id, fields):
        self._client.wait(*self._write(bus.COMMANDS, id, bus.encode(name, fields)))

    def grants_in_redis(self, partitions, workspaces):
        """{workspace: {(kind, id)}} of the grants in Redis, expired or not."""
        found = {}
        for w in workspaces:
            raw = uuid.UUID(w).bytes
            for p in range(partitions):
                for name in self._redis.hgetall(b"sb:{%d}:ws:" % p + raw):
                    if len(name) == 17 and name[:1] in b"ug":
                        kind = "user" if name[:1] == b"u" else "group"
                        found.setdefault(w, set()).add((kind, str(uuid.UUID(bytes=name[1:]))))
        return found


class History:
    def __init__(self, world, seed):
        self.rng = random.Random(seed)
        self.rights = Rights()
        self.world = world
        self.redis = world.redis()
        bus.create_topics(world.brokers, worlds.load.sharebus_program(), partitions=PARTITIONS)
        world.start_consumer()
        self.client = self._connect()
        self.facts = Facts(world, self.client)
        self.did = []
        self.counts = {}
        self.organizations = [self._id() for _ in range(2)]
        self.people = [self._id() for _ in range(8)]
        self.teams = [self._id() for _ in range(3)]
        self.places = [self._id() for _ in range(6)]
        self._populate()

    def _connect(self):
        """Opens the library, once the consumer has taken its partitions and so made the index."""

        def try_it():
            client = library.Client(**self.world.library("sharer"))
            try:
                client.wait(0, 0, 1)
            except library.Failed as failed:
                if failed.code == library.STALE:
                    return client
                client.close()
                return None
            return client

        return self.world.wait("an index", try_it, alive=self.world.consumers, every_s=0.05)

    def _id(self):
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))

    # ---- facts: the model first, then the bus ----

    def _tell_user(self, id):
        u = self.rights.users.get(id)
        fields = {
            "id": id,
            "username": "user" + id[:8],
            "name": "",
            "email": "",
            "status": u.status if u else "deleted",
            "kind": u.kind if u else "user",
            "site_role": u.site_role if u else "member",
            "organizations": [{"id": o, "role": r} for o, r in u.organizations.items()] if u else [],
        }
        self.facts.directory("UserChanged", id, fields)

    def _tell_group(self, id):
        g = self.rights.groups.get(id)
        fields = g and {
            "id": id,
            "name": "group" + id[:8],
            "organization_id": g.organization,
            "members": sorted(g.members),
        }
        self.facts.directory("GroupChanged", id, fields)

    def _tell_organization(self, id):
        sharing = self.rights.organizations[id]
        fields = {"id": id, "name": "org" + id[:8], "sharing": sharing}
        self.facts.directory("OrganizationChanged", id, fields)

    def _tell_workspace(self, id):
        w = self.rights.workspaces[id]
        fields = {
            "workspace_id": id,
            "organization_id": w.organization,
            "owner_id": w.owner,
            "name": "ws" + id[:8],
            "status": w.status,
            "changed_at": now_ms(),
        }
        self.facts.workspace("WorkspaceChanged", id, fields)

    def _populate(self):
        r = self.rights
        for o in self.organizations:
            r.organizations[o] = "everyone"
            self._tell_organization(o)
        for n, u in enumerate(self.people):
            kind = "service_account" if n == 0 else "user"
            r.users[u] = User(kind=kind, organizations={self.organizations[0]: "member"})
            self._tell_user(u)
        for n, g in enumerate(self.teams):
            r.groups[g] = Group(self.organizations[n == 2])
            self._tell_group(g)
        for n, w in enumerate(self.places):
            r.workspaces[w] = Workspace(self.organizations[n == 5], self.people[n % 4])
            self._tell_workspace(w)

    # ---- what can happen ----

    def _actor(self, workspace):
        """An actor, mostly one who is allowed to share the workspace."""
        w = self.rights.workspaces.get(workspace)
        admins = [i for (k, i), g in w.grants.items() if k == "user" and g.role == "admin"] if w else []
        roll = self.rng.random()
        if w and roll < 0.6:
            return w.owner
        if admins and roll < 0.8:
            return self.rng.choice(admins)
        return self.rng.choice(self.people)

    def _subject(self):
        roll = self.rng.random()
        if roll < 0.65:
            return "user", self.rng.choice(self.people)
        if roll < 0.9:
            return "group", self.rng.choice(self.teams)
        return "group", self.rng.choice(self.organizations)

    def _can_ask(self, actor, workspace, ask, what):
        """Does the workspace exist? If not, asserts that the library itself says so."""
        if workspace in self.rights.workspaces:
            return True
        with pytest.raises(library.Failed) as failed:
            ask(actor, workspace, what)
        assert failed.value.code == library.NOT_FOUND
        return False

    def _share(self, actor, workspace, grants):
        if not self._can_ask(actor, workspace, self.client.share, grants):
            return "not there"
        before = now_ms()
        verdict, code, _ = self.client.share(actor, workspace, grants)
        self._expect(
            (verdict, code),
            [self.rights.share(actor, workspace, grants, t) for t in (before, now_ms())],
        )
        if verdict == "applied":
            self.rights.do_share(workspace, grants)
        return verdict

    def _expect(self, outcome, wanted):
        verdict, code = outcome
        assert any(v == verdict and (not codes or code in codes) for v, codes in wanted), (
            outcome,
            wanted,
        )

    def step_share(self, expires_in=None):
        workspace = self.rng.choice(self.places)
        subjects = {self._subject() for _ in range(self.rng.choice((1, 1, 1, 2, 3)))}
        expires_at = None
        if expires_in or self.rng.random() < 0.1:
            expires_at = now_ms() + (expires_in or self.rng.choice((DAY_MS, 10 * DAY_MS, -1)))
        grants = [
            (k, i, self.rng.choice(("use", "use", "admin")), expires_at) for k, i in sorted(subjects)
        ]
        return self._share(self._actor(workspace), workspace, grants)

    def step_share_for_a_moment(self):
        return self.step_share(self.rng.randint(*SOON_MS))

    def _remove(self, actor, workspace, subjects):
        if not self._can_ask(actor, workspace, self.client.remove, subjects):
            return "not there"
        before = now_ms()
        verdict, code, _ = self.client.remove(actor, workspace, subjects)
        wanted = {
            outcome
            for t in (before, now_ms())
            for outcome in self.rights.remove(actor, workspace, subjects, t)
        }
        assert (verdict, code) in wanted, (verdict, code, wanted)
        if verdict in ("applied", "unchanged"):
            self.rights.do_remove(workspace, subjects)
        return verdict

    def step_remove(self):
        workspace = self.rng.choice(self.places)
        w = self.rights.workspaces.get(workspace)
        subjects = [self._subject()]
        if w and w.grants and self.rng.random() < 0.8:
            subjects = self.rng.sample(sorted(w.grants), min(len(w.grants), self.rng.choice((1, 1, 2))))
        actor = self._actor(workspace)
        if self.rng.random() < 0.1 and subjects[0][0] == "user":
            actor = subjects[0][1]  # the user leaves
        return self._remove(actor, workspace, subjects)

    def step_remove_undoes_share(self):
        workspace = self.rng.choice(self.places)
        w = self.rights.workspaces.get(workspace)
        subject = self._subject()
        if not w or subject in w.grants:
            return "-"
        shown = self.client.show(workspace)
        if self._share(w.owner, workspace, [(*subject, "use", None)]) != "applied":
            return "rejected"
        assert self._remove(w.owner, workspace, [subject]) == "applied"
        again = self.client.show(workspace)
        now = now_ms()  # a grant that expired in between is in only one of the two
        assert self._lasting(again, now) == self._lasting(shown, now)
        return "same"

    @staticmethod
    def _lasting(shown, now):
        return {s: (role, end) for s, (role, end) in shown.items() if end is None or end > now}

    def step_handoff(self):
        """Somebody offers, and some answer, rightly or not, until it is over or the author withdraws it."""
        workspace, subject = self.rng.choice(self.places), self._subject()
        w = self.rights.workspaces.get(workspace)
        if not w or any(g.expires_at for g in w.grants.values()):
            return "-"  # what an offer gives would rest on the millisecond
        actor = w.owner if self.rng.random() < 0.5 else self._actor(workspace)
        grant = (*subject, self.rng.choice(("use", "use", "admin")), None)
        verdict, code, handoff = self.client.offer(actor, workspace, grant, kind=1, summary=b"x")
        self._expect((verdict, code), [self.rights.offer(actor, workspace, grant, now_ms())])
        if verdict != "applied":
            return verdict
        h = self.rights.do_offer(actor, workspace, grant)
        for _ in range(self.rng.randint(0, 6)):
            if h.state in OPEN:
                self._answer(h, handoff, self._answerer(h), self.rng.choice(ANSWERS))
        if h.state in OPEN:
            self._answer(h, handoff, h.author, "withdraw")
        return h.state

    def _answerer(self, h):
        """Mostly somebody whom the handoff is for."""
        concerned = [u for u in self.rights.users if self.rights.reaches(u, h.holder())]
        return self.rng.choice(concerned if concerned and self.rng.random() < 0.7 else [h.author, *self.people])

    def _answer(self, h, handoff, user, answer):
        note = self.rng.choice((None, b"x", "\u00e4\n".encode()))
        outcome = self.client.answer(user, handoff, library.ANSWERS.index(answer) + 1, note=note)
        assert outcome == self.rights.answer(h, user, answer), (h, user, answer, outcome)
        if outcome[0] == "applied":
            self.rights.do_answer(h, user, answer)
            assert h.state not in OPEN or self.client.handoff(None, handoff).note == note, (h, user, answer)
        now = now_ms()
        assert self.client.show(h.workspace) == self.rights.show(h.workspace, now), (h, user, answer)

    def step_order_of_strangers_does_not_matter(self):
        one, two = self.rng.sample(self.places, 2)
        first = [(*self._subject(), "use", None)]
        second = [(*self._subject(), "admin", None)]
        seen = []
        for order in (((one, first), (two, second)), ((two, second), (one, first))):
            saved = {w: dict(self.rights.workspaces[w].grants) for w in (one, two) if w in self.rights.workspaces}
            done = {
                w: self._share(self.rights.workspaces[w].owner, w, grants)
                for w, grants in order
                if w in self.rights.workspaces
            }
            seen.append((done, self.client.show(one), self.client.show(two)))
            for w, grants in order:  # undo
                if done.get(w) == "applied":
                    owner = self.rights.workspaces[w].owner
                    old = saved[w].get(grants[0][:2])
                    self._remove(owner, w, [grants[0][:2]])
                    if old and not old.is_over(now_ms() + SOON_MS[1]):
                        self._share(owner, w, [(*grants[0][:2], old.role, old.expires_at)])
        if any(g.expires_at for s in saved.values() for g in s.values()):
            return "-"  # a temporary grant may have expired in between
        assert seen[0] == seen[1]
        return "same"

    def step_group_membership(self):
        g = self.rng.choice(self.teams)
        if g in self.rights.groups:
            self.rights.groups[g].members ^= {self.rng.choice(self.people)}
            self._tell_group(g)

    def _missing_or_any(self, ids, there):
        """An id that is missing, to be restored first; otherwise any."""
        return next((i for i in ids if i not in there), None) or self.rng.choice(ids)

    def step_group_comes_or_goes(self):
        g = self._missing_or_any(self.teams, self.rights.groups)
        if self.rights.groups.pop(g, None):
            self._tell_group(g)
            self._settle(("group", g))
        else:
            self.rights.groups[g] = Group(self.rng.choice(self.organizations))
            self._tell_group(g)

    def step_user_comes_or_goes(self):
        u = self._missing_or_any(self.people, self.rights.users)
        if self.rights.users.pop(u, None):
            self._tell_user(u)
            self._settle(("user", u))
        else:
            member = {self.organizations[0]: "member"}
            self.rights.users[u] = User(organizations=member)
            self._tell_user(u)

    def _settle(self, subject):
        """Waits until the consumer has removed the grants of a deleted subject, including expired ones,
        which are not shown any more."""

        def are_gone():
            found = self.facts.grants_in_redis(PARTITIONS, self.places)
            return not any(subject in grants for grants in found.values())

        self.world.wait(f"removals of {subject}", are_gone, alive=self.world.consumers)
        self.rights.forget_subject(subject)

    def step_suspension(self):
        suspended = [i for i, u in self.rights.users.items() if u.status == "suspended"]
        id = self.rng.choice(suspended if len(suspended) > 1 else self.people)
        u = self.rights.users.get(id)
        if u:
            u.status = "suspended" if u.status == "active" else "active"
            self._tell_user(id)

    def step_organization_membership(self):
        id = self.rng.choice(self.people)
        u = self.rights.users.get(id)
        if u:
            o = self.rng.choice(self.organizations)
            role = self.rng.choice((None, "member", "member", "member", "member", "admin"))
            u.organizations.pop(o, None)
            if role:
                u.organizations[o] = role
            self._tell_user(id)

    def step_site_role(self):
        id = self.rng.choice(self.people)
        u = self.rights.users.get(id)
        if u:
            u.site_role = "owner" if u.site_role == "member" and self.rng.random() < 0.3 else "member"
            self._tell_user(id)

    def step_policy(self):
        off = [o for o, sharing in self.rights.organizations.items() if sharing != "everyone"]
        o = self.rng.choice(off or self.organizations)
        policy = "everyone" if off else self.rng.choice(("everyone", "service_accounts", "none"))
        self.rights.organizations[o] = policy
        self._tell_organization(o)

    def step_switch(self):
        self.rights.sharing_enabled = not self.rights.sharing_enabled
        fields = {"sharing_enabled": self.rights.sharing_enabled}
        self.facts.directory("DeploymentChanged", "deployment", fields)

    def step_dormancy(self):
        id = self.rng.choice(self.places)
        w = self.rights.workspaces.get(id)
        if w:
            w.status = "dormant" if w.status == "active" else "active"
            self._tell_workspace(id)

    def step_new_owner(self):
        id = self.rng.choice(self.places)
        if id in self.rights.workspaces:
            self.rights.set_owner(id, self.rng.choice(self.people))
            self._tell_workspace(id)

    def step_workspace_comes_or_goes(self):
        id = self._missing_or_any(self.places, self.rights.workspaces)
        if self.rights.workspaces.pop(id, None):
            self.facts.workspace(
                "WorkspaceDeleted", id, {"workspace_id": id, "deleted_at": now_ms()}
            )
        else:
            self.rights.workspaces[id] = Workspace(
                self.organizations[0], self.rng.choice(self.people)
            )
            self._tell_workspace(id)

    STEPS = {
        step_share: 36,
        step_share_for_a_moment: 4,
        step_remove: 20,
        step_remove_undoes_share: 4,
        step_handoff: 6,
        step_order_of_strangers_does_not_matter: 2,
        step_group_membership: 8,
        step_group_comes_or_goes: 0.6,
        step_user_comes_or_goes: 0.6,
        step_suspension: 4,
        step_organization_membership: 4,
        step_site_role: 1.5,
        step_policy: 3,
        step_switch: 2,
        step_dormancy: 3,
        step_new_owner: 2,
        step_workspace_comes_or_goes: 2,
    }

    def _back_on(self):
        """The step that enables sharing again, mostly taken soon: otherwise little could be shared."""
        if self.rng.random() < 0.7:
            return None
        if not self.rights.sharing_enabled:
            return History.step_switch
        off = any(sharing != "everyone" for sharing in self.rights.organizations.values())
        return History.step_policy if off else None

    # ---- what must hold afterwards ----

    def _last_look(self):
        """When the consumer has looked at all of the index, at the earliest: what ends is judged by that."""
        pipeline = self.redis.pipeline(transaction=False)
        for p in range(PARTITIONS):
            pipeline.hget(f"sb:{{{p}}}:mark", "looked")
        return min(int(looked or 0) for looked in pipeline.execute())

    def _moments(self, begin):
        """The times from then until now at which the model may say something else."""
        end = now_ms()
        ends = {
            g.expires_at
            for w in self.rights.workspaces.values()
            for g in w.grants.values()
            if g.expires_at and begin < g.expires_at <= end
        }
        return [begin, *sorted(ends), end]

    def compare(self):
        questions = [(u, w, a) for u in self.people for w in self.places for a in ASKED]
        self.looked = self._last_look()
        answers = self.client.check(questions)
        moments = self._moments(self.looked)
        for question, (allowed, reason) in zip(questions, answers):
            wanted = [self.rights.check(*question, t) for t in moments]
            assert any(allowed == yes and reason in why for yes, why in wanted), (
                question,
                (allowed, reason),
                wanted,
            )

    def _listed(self, as_, **wanted):
        """What the user sees; for a user who does not exist, asserts that listing is an error."""
        if as_ in self.rights.users:
            return set(self.client.list(as_=as_, **wanted))
        with pytest.raises(library.Failed) as failed:
            self.client.list(as_=as_, **wanted)
        assert failed.value.code == library.NOT_FOUND
        return set()

    def _in_time(self, answer, model):
        """Asserts that answer() is what the model says, at times between the consumer's last look and now. Each
        partition is looked at by itself, so that each item is compared by itself."""
        given = answer()
        models = [model(t) for t in self._moments(self.looked)]
        if given is None or None in models:
            assert given in models, (given, models)
            return given
        items = [set(m.items() if isinstance(m, dict) else m) for m in models]
        found = set(given.items() if isinstance(given, dict) else given)
        assert set.intersection(*items) <= found <= set.union(*items), (given, models)
        return given

    def compare_lists(self):
        user, workspace = self.rng.choice(self.people), self.rng.choice(self.places)
        shared = self._in_time(
            lambda: self._listed(as_=user, with_me=True),
            lambda now: self.rights.shared_with_me(user, now),
        )
        self._in_time(
            lambda: self._listed(as_=user), lambda now: self.rights.visible(user, now)
        )
        self._in_time(lambda: self.client.show(workspace), lambda now: self.rights.show(workspace, now))
        explained = self.client.explain(user, workspace)
        if explained is None:
            assert user not in self.rights.users or workspace not in self.rights.workspaces
        else:
            self._in_time(
                lambda: {a for a, yes in self.client.explain(user, workspace).items() if yes},
                lambda now: {
                    a for a in library.ACTIONS if self.rights.check(user, workspace, a, now)[0]
                },
            )
        return shared

    def run(self, steps):
        kinds, weights = zip(*self.STEPS.items())
        for n in range(steps):
            kind = self._back_on() or self.rng.choices(kinds, weights)[0]
            try:
                what = kind(self)
                self.compare()
                self.compare_lists()
            except (AssertionError, library.Failed, worlds.Stuck) as error:
                raise AssertionError(f"seed {SEED}, step {n}, {kind.__name__}: {error}") from error
            name = f"{kind.__name__[5:]} {what or ''}".strip()
            self.counts[name] = self.counts.get(name, 0) + 1
        self._finish()

    def _finish(self):
        """Waits until the index has lost every expired grant, and no other."""
        wanted = {
            id: {s for s, g in w.grants.items() if not g.is_over(now_ms() + SOON_MS[1])}
            for id, w in self.rights.workspaces.items()
        }

        def is_so():
            found = self.facts.grants_in_redis(PARTITIONS, self.places)
            return all(found.get(id, set()) == grants for id, grants in wanted.items())

        self.world.wait("expired grants to be removed", is_so, alive=self.world.consumers)


@pytest.mark.parametrize("seed", [SEED])
def test_every_answer_is_what_the_rules_say(world, seed):  # noqa: F811
    history = History(world, seed)
    try:
        history.run(STEPS)
    finally:
        history.client.close()
        history.redis.close()
        for name, count in sorted(history.counts.items()):
            print(f"{count:6} {name}")
