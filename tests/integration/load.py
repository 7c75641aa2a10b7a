#!/usr/bin/env python3
"""Load for sharing.commands: a directory, workspaces, and commands of every kind, the same ones for
the same seed. It is a module for the tests; as a program it fills the topics of SHAREBUS_BROKERS."""

import argparse
import copy
import dataclasses
import os
import random
import shutil
import sys
import time

import bus

SOURCE = b"sharebus-test/load"
FAR_AHEAD_MS = 10 * 365 * 86_400_000
LIFETIME_MS = 30 * 86_400_000
LIMITED = 6  # workspaces of the organization where that is the limit
LATELY_OFFERED = 300  # of so many offers the next steps are mostly taken
SOON_MS = (500, 15_000)
DUPLICATE_REACH = 64  # a command may be repeated from so many commands back
KEEPS = 0.5  # of the wishes without an end, so many keep the one that there is

# The kinds of records in a mix, with their weights.
PLAIN = {"plain": 1}
MIX = {
    "plain": 7000,
    "two_users": 600,
    "group": 500,
    "everyone": 2,
    "by_admin": 300,
    "remove": 600,
    "leave": 60,
    "duplicate": 400,
    "expires": 100,
    "expected_version": 40,
    "unknown_user": 120,
    "forbidden": 150,
    "not_a_member": 40,
    "own_role": 40,
    "already_expired": 30,
    "unknown_workspace": 30,
    "half_wrong": 40,
    "rename": 20,
    "new_owner": 20,
    "dormant": 10,
    "delete": 10,
    "garbage": 80,
    "offer": 400,
    "offer_to_group": 120,
    "offer_to_same": 120,
    "offer_again": 80,
    "offer_wrongly": 60,
    "many_offers": 30,
    "answer": 700,
    "answer_wrongly": 150,
    "remove_offered": 80,
    "offer_by_admin": 40,
    "limited": 60,
}
# The same, and grants and offers that end while the load is being sent: then the log grows by itself.
ENDING = {**MIX, "ends_soon": 60}


@dataclasses.dataclass
class Shape:
    """How many of each there are."""

    users: int = 2000
    groups: int = 50
    workspaces: int = 20_000
    seed: int = 1


class Directory:
    """Two organizations, their people and groups. The last few users are special cases."""

    def __init__(self, shape, rng):
        self.ids = Ids(rng)
        self.organization = self.ids.any()
        self.elsewhere = self.ids.any()
        self.users = [self.ids.any() for _ in range(shape.users)]
        self.stranger = self.ids.any()  # members of the other organization only
        self.deleted = self.ids.any()
        self.suspended = self.ids.any()
        self.site_owner = self.ids.any()
        self.admin = self.ids.any()  # members of the organization
        self.strict = self.ids.any()  # an organization where no grant lasts longer than LIFETIME_MS
        self.careful = [self.ids.any() for _ in range(4)]  # its members
        self.records = []
        self._organizations()
        for n, user in enumerate(self.users):
            self._user(user, f"user{n}")
        self._user(self.stranger, "stranger", organizations=[(self.elsewhere, "member")])
        self._user(self.deleted, "deleted", status="deleted")
        self._user(self.suspended, "suspended", status="suspended")
        self._user(self.site_owner, "root", site_role="owner")
        self._user(self.admin, "boss", organizations=[(self.organization, "admin")])
        for n, user in enumerate(self.careful):
            self._user(user, f"careful{n}", organizations=[(self.strict, "member")])
        self.groups = [self.ids.any() for _ in range(shape.groups)]
        self.members = {}
        for n, group in enumerate(self.groups):
            self.members[group] = members = rng.sample(self.users, min(rng.randint(1, 6), len(self.users)))
            self._add(
                "GroupChanged",
                group,
                name=f"group{n}",
                organization_id=self.organization,
                members=members,
            )

    def add_users(self, count):
        """More members of the organization, whom no command is about; returns their ids."""
        more = [self.ids.any() for _ in range(count)]
        for n, user in enumerate(more):
            self._user(user, f"more{n}")
        return more

    def _add(self, record, key, /, **fields):
        self.records.append((key, record, {"id": key, **fields}))

    def _organizations(self):
        for organization, name in ((self.organization, "acme"), (self.elsewhere, "globex")):
            self._add("OrganizationChanged", organization, name=name, sharing="everyone")
        fields = {"name": "initech", "sharing": "everyone", "grant_lifetime_max_ms": LIFETIME_MS}
        self._add("OrganizationChanged", self.strict, **fields)

    def _user(self, user, username, organizations=None, **fields):
        organizations = organizations or [(self.organization, "member")]
        self._add(
            "UserChanged",
            user,
            username=username,
            name=username.title(),
            email=f"{username}@example.com",
            organizations=[{"id": o, "role": r} for o, r in organizations],
            **{"status": "active", "kind": "user", "site_role": "member", **fields},
        )


class Ids:
    """UUIDs of version 7 as text, made now; the rest of each is drawn from one seed."""

    def __init__(self, rng):
        self._rng = rng
        self.now_ms = int(time.time() * 1000)

    def any(self):
        bits = self._rng.getrandbits(74)
        h = f"{int(time.time() * 1000):012x}7{bits >> 62:03x}{0x8000 | (bits >> 48 & 0x3FFF):04x}{bits & 0xFFFFFFFFFFFF:012x}"
        return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"


@dataclasses.dataclass
class Offer:
    """A handoff as its author supposes that it stands."""

    workspace: str
    id: str
    author: str
    to: tuple  # (kind, id)
    state: str = "offered"
    accepter: str | None = None


class Load:
    """Makes records for sharing.commands. It remembers roughly what it has shared, so that removals
    and the like mostly have an effect; only the model knows the outcome of a command."""

    def __init__(self, shape=None):
        self.shape = shape or Shape()
        self.rng = random.Random(self.shape.seed)
        self.directory = Directory(self.shape, self.rng)
        self.ids = self.directory.ids
        self.directory_end = None  # the next offset of sharing.directory, once that is written
        self.workspaces = [self.ids.any() for _ in range(self.shape.workspaces)]
        self.owner = {w: self.rng.choice(self.directory.users) for w in self.workspaces}
        self.name = {w: f"workspace{n}" for n, w in enumerate(self.workspaces)}
        self.shared = {w: [] for w in self.workspaces}  # users it was shared with
        self.admins = []  # (workspace, user)
        self.lately = []  # records that may be sent again
        self.offers = []  # of Offer
        self.limited = {self.ids.any(): self.rng.choice(self.directory.careful) for _ in range(LIMITED)}
        self.announced = set()  # of these

    def fork(self, seed):
        """Another author for the same directory and workspaces, with its own seed and memory."""
        other = copy.copy(self)
        other.rng = random.Random(seed)
        other.ids = Ids(other.rng)
        other.owner, other.name = dict(self.owner), dict(self.name)
        other.shared = {w: list(users) for w, users in self.shared.items()}
        other.admins, other.lately = list(self.admins), []
        other.offers = [dataclasses.replace(offer) for offer in self.offers]
        other.announced = set()
        return other

    # ---- records ----

    def directory_records(self):
        for key, name, fields in self.directory.records:
            yield self._record(name, key, fields, self.ids.any())

    def workspace_records(self):
        for w in self.workspaces:
            yield self._workspace(w)

    def command_records(self, count, mix=None):
        """`count` records: commands and, as the mix says, facts and garbage."""
        if not mix or set(mix) == {"plain"}:
            return [self._plain() for _ in range(count)]
        kinds = self.rng.choices(list(mix), list(mix.values()), k=count)
        return [getattr(self, "_" + kind)() for kind in kinds]

    def _record(self, name, key, fields, event_id):
        codec = bus.CODECS[name]
        headers = [
            ("ce_specversion", b"1.0"),
            ("ce_id", event_id.encode()),
            ("ce_source", SOURCE),
            ("ce_type", codec.event_type.encode()),
            ("content-type", b"application/avro"),
        ]
        return key.encode(), codec.encode(fields), headers

    def _workspace(self, w, status="active", **more):
        fields = {
            "workspace_id": w,
            "organization_id": self.directory.organization,
            "owner_id": self.owner.get(w),
            "name": self.name.get(w),
            "status": status,
            "changed_at": self.ids.now_ms,
            **more,
        }
        return self._record("WorkspaceChanged", w, fields, self.ids.any())

    def _command(self, name, w, actor, kind="user", **fields):
        command_id = self.ids.any()
        record = self._record(
            name,
            w,
            {
                "command_id": command_id,
                "issued_at": self.ids.now_ms,
                "actor": {"id": actor, "kind": kind},
                "workspace_id": w,
                "directory_offset": self.directory_end,
                **fields,
            },
            command_id,
        )
        self.lately.append(record)
        if len(self.lately) > 2 * DUPLICATE_REACH:
            del self.lately[:DUPLICATE_REACH]
        return record

    def _share(self, w, grants, actor=None, **fields):
        """`grants` are (kind, id, role, end)."""
        wishes = [
            {
                "subject": {"kind": kind, "id": subject},
                "role": role,
                "expires_at": expires_at,
                "keep_expiry": expires_at is None and self.rng.random() < KEEPS,
            }
            for kind, subject, role, expires_at in grants
        ]
        return self._command("ShareWorkspace", w, actor or self.owner[w], grants=wishes, **fields)

    def _remove(self, w=None, subjects=None, actor=None):
        w = w or self._any_shared()
        if subjects is None:
            held = self.shared[w]
            user = self.rng.choice(held) if held else self._other(w)
            subjects = [("user", user)]
        wanted = [{"kind": kind, "id": subject} for kind, subject in subjects]
        return self._command(
            "RemoveSharing", w, actor or self.owner[w], subjects=wanted, reason="command"
        )

    # ---- records that tests ask for ----

    def share_until(self, w, subjects, expires_at):
        """The owner shares the workspace with these (kind, id)."""
        return self._share(w, [(kind, subject, "use", expires_at) for kind, subject in subjects])

    def deletion(self, subject):
        """The directory's tombstone that deletes a user or group."""
        return subject.encode(), None, []

    def status_of_user(self, user, status):
        for key, name, fields in self.directory.records:
            if key == user:
                return self._record(name, key, {**fields, "status": status}, self.ids.any())
        raise KeyError(user)

    # ---- who and what a command is about ----

    def _any(self):
        return self.workspaces[int(self.rng.random() * len(self.workspaces))]

    def _any_shared(self):
        for _ in range(20):
            w = self._any()
            if self.shared[w]:
                return w
        return self._any()

    def _other(self, w):
        """A user that does not own the workspace."""
        users = self.directory.users
        while True:
            user = users[int(self.rng.random() * len(users))]
            if user != self.owner[w]:
                return user

    def _role(self, w, user):
        role = "use" if self.rng.random() < 0.8 else "admin"
        self.shared[w].append(user)
        if role == "admin":
            self.admins.append((w, user))
        return role

    # ---- the kinds ----

    def _plain(self):
        w = self._any()
        user = self._other(w)
        return self._share(w, [("user", user, self._role(w, user), None)])

    def _two_users(self):
        w = self._any()
        first, second = self._other(w), self._other(w)
        while second == first:
            second = self._other(w)
        users = ((u, self._role(w, u)) for u in (first, second))
        return self._share(w, [("user", u, role, None) for u, role in users], message="Have a look.")

    def _group(self):
        w = self._any()
        grants = [("group", self.rng.choice(self.directory.groups), "use", None)]
        if self.rng.random() < 0.3:
            user = self._other(w)  # perhaps a member of the group, too
            grants.append(("user", user, self._role(w, user), None))
        return self._share(w, grants)

    def _everyone(self):
        """The Everyone group has many members, and each of them is told."""
        w = self.workspaces[int(self.rng.random() * min(3, len(self.workspaces)))]
        everyone = self.directory.organization
        if self.rng.random() < 0.5:
            return self._remove(w, [("group", everyone)])
        return self._share(w, [("group", everyone, "use", None)])

    def _by_admin(self):
        """An admin of the workspace shares; an admin may give only `use`."""
        if not self.admins:
            return self._plain()
        w, actor = self.rng.choice(self.admins[-1000:])
        user = self._other(w)
        role = "admin" if self.rng.random() < 0.2 else "use"
        if self.rng.random() < 0.2:
            return self._remove(w, [("user", self.rng.choice(self.shared[w]))], actor)
        if user == actor:
            return self._plain()
        return self._share(w, [("user", user, role, None)], actor)

    def _leave(self):
        w = self._any_shared()
        if not self.shared[w]:
            return self._plain()
        user = self.rng.choice(self.shared[w])
        return self._remove(w, [("user", user)], user)

    def _duplicate(self):
        if not self.lately:
            return self._plain()
        key, value, headers = self.rng.choice(self.lately[-DUPLICATE_REACH:])
        again = [(n, v if n != "ce_id" else self.ids.any().encode()) for n, v in headers]
        return key, value, again

    def _expires(self):
        w = self._any()
        user = self._other(w)
        at = self.ids.now_ms + FAR_AHEAD_MS + int(self.rng.random() * 1e9)
        return self._share(w, [("user", user, self._role(w, user), at)])

    def _expected_version(self):
        w = self._any()
        return self._share(
            w, [("user", self._other(w), "use", None)], expected_version=self.rng.randint(1, 6)
        )

    def _unknown_user(self):
        nobody = self.rng.choice([self.ids.any(), self.directory.deleted])
        return self._share(self._any(), [("user", nobody, "use", None)])

    def _forbidden(self):
        w = self._any()
        actor = self.rng.choice([self._other(w), self.directory.suspended, self.ids.any()])
        user = self._other(w)
        while user == actor:
            user = self._other(w)
        if self.rng.random() < 0.3:
            return self._remove(w, [("user", user)], actor)
        return self._share(w, [("user", user, "use", None)], actor)

    def _not_a_member(self):
        return self._share(self._any(), [("user", self.directory.stranger, "use", None)])

    def _own_role(self):
        w = self._any()
        if self.rng.random() < 0.5:
            return self._share(w, [("user", self.owner[w], "use", None)])
        boss = self.rng.choice([self.directory.admin, self.directory.site_owner])
        return self._share(w, [("user", boss, "use", None)], boss)

    def _already_expired(self):
        w = self._any()
        return self._share(w, [("user", self._other(w), "use", 1_000_000_000_000)])

    def _unknown_workspace(self):
        w = self.ids.any()
        actor = self.rng.choice(self.directory.users)
        return self._share(w, [("user", self.rng.choice(self.directory.users), "use", None)], actor)

    def _half_wrong(self):
        """A good grant and a wrong one; the command is rejected as a whole."""
        w = self._any()
        return self._share(
            w, [("user", self._other(w), "use", None), ("user", self.directory.stranger, "use", None)]
        )

    def _rename(self):
        w = self._any()
        self.name[w] = f"renamed-{self.ids.any()[-12:]}"
        return self._workspace(w)

    def _new_owner(self):
        w = self._any_shared()
        self.owner[w] = self.rng.choice(self.shared[w] or self.directory.users)
        return self._workspace(w)

    def _dormant(self):
        return self._workspace(self._any(), self.rng.choice(["dormant", "active"]))

    def _delete(self):
        w = self._any()
        fields = {"workspace_id": w, "deleted_at": self.ids.now_ms}
        return self._record("WorkspaceDeleted", w, fields, self.ids.any())

    # ---- handoffs ----

    def _offered(self, w, to, actor=None, role=None, ends=None, handoff_id=None, grant_ends=None):
        """An offer, which the load remembers."""
        id = handoff_id or self.ids.any()
        if self.offers and not handoff_id and self.rng.random() < 0.01:
            id = self._some_offer().id  # of another workspace, most likely
        actor = actor or self.owner[w]
        self.offers.append(Offer(w, id, actor, to))
        del self.offers[: -2 * LATELY_OFFERED]
        handoff = {
            "handoff_id": id,
            "kind": self.rng.choice(("review", "takeover", "input")),
            "summary": "The migration is written.",
            "question": self.rng.choice((None, "May it run?", "")),
            "task": self.rng.choice((None, {"system": "a2a", "id": "t-1", "url": None})),
            "artifacts": [{"name": "the change", "url": "https://example.com/1"}][: self.rng.randrange(2)],
            "answer_schema": self.rng.choice((None, "{}")),
            "expires_at": ends,
        }
        role = role or ("use" if self.rng.random() < 0.7 else "admin")
        return self._share(w, [(*to, role, grant_ends)], actor, handoff=handoff)

    def _some_offer(self):
        return self.rng.choice(self.offers[-LATELY_OFFERED:])

    def _far_or_never(self):
        return self.rng.choice((None, self.ids.now_ms + FAR_AHEAD_MS + int(self.rng.random() * 1e9)))

    def _offer(self):
        w = self._any()
        user = self.rng.choice(self.shared[w] or self.directory.users)
        if user == self.owner[w] or self.rng.random() < 0.7:
            user = self._other(w)
        self.shared[w].append(user)
        return self._offered(w, ("user", user), ends=self._far_or_never(), grant_ends=self._far_or_never())

    def _offer_to_group(self):
        group = self.rng.choice(self.directory.groups)
        return self._offered(self._any(), ("group", group), ends=self._far_or_never(), grant_ends=self._far_or_never())

    def _offer_to_same(self):
        """To somebody to whom the same workspace was offered before, perhaps for longer or with more."""
        if not self.offers:
            return self._offer()
        offer = self._some_offer()
        to = ("user", offer.accepter) if offer.accepter else offer.to
        w = offer.workspace
        if w not in self.owner:
            return self._offer()
        return self._offered(w, to, ends=self._far_or_never(), grant_ends=self._far_or_never())

    def _offer_by_admin(self):
        if not self.admins:
            return self._offer()
        w, actor = self.rng.choice(self.admins[-1000:])
        return self._offered(w, ("user", self._other(w)), actor)

    def _offer_again(self):
        returned = [o for o in self.offers[-LATELY_OFFERED:] if o.state == "returned" and o.workspace in self.owner]
        if not returned:
            return self._answer()
        offer = self.rng.choice(returned)
        w, how = offer.workspace, self.rng.random()
        to = ("user", offer.accepter) if how < 0.5 else offer.to if how < 0.7 else ("user", self._other(w))
        actor = offer.author if self.rng.random() < 0.9 else self.owner[w]
        return self._offered(w, to, actor, handoff_id=offer.id, grant_ends=self._far_or_never())

    def _offer_wrongly(self):
        w = self._any()
        directory = self.directory
        wrong = self.rng.randrange(6)
        if wrong == 0:
            to = self.rng.choice((directory.stranger, directory.deleted, self.ids.any(), self.owner[w]))
            return self._offered(w, ("user", to))
        if wrong == 1:
            return self._offered(w, ("group", directory.elsewhere))
        if wrong == 2:
            return self._offered(w, ("user", self._other(w)), self._other(w))
        if wrong == 3:
            return self._offered(w, ("user", self._other(w)), ends=1_000_000_000_000)
        if wrong == 4:
            return self._offered(w, ("user", self._other(w)), grant_ends=1_000_000_000_000)
        if not self.offers:
            return self._offer()
        offer = self._some_offer()  # which is open, most likely
        return self._offered(offer.workspace, offer.to, offer.author, handoff_id=offer.id)

    def _many_offers(self):
        """Of one workspace: at some time there are as many as may be."""
        w = self.workspaces[0]
        return self._offered(w, ("user", self._other(w)))

    def _people_of(self, to):
        return [to[1]] if to[0] == "user" else self.directory.members.get(to[1], [])

    def _answered(self, offer, actor, answer, kind="user", **fields):
        return self._command(
            "AnswerHandoff",
            offer.workspace,
            actor,
            kind,
            handoff_id=offer.id,
            answer=answer,
            **{
                "note": self.rng.choice((None, "Done.")),
                "artifacts": [{"name": "log", "url": "https://example.com/2"}][: self.rng.randrange(2)],
                **fields,
            },
        )

    def _answer(self):
        """The next step of a handoff, by somebody who may take it, if it stands as the load supposes."""
        open = [o for o in self.offers[-LATELY_OFFERED:] if o.state in ("offered", "accepted", "returned")]
        if not open:
            return self._offer()
        offer = self.rng.choice(open)
        if offer.state == "returned" or self.rng.random() < 0.15:
            everybody = (offer.author, self.owner.get(offer.workspace), self.directory.admin, self.directory.site_owner)
            offer.state = "withdrawn"
            return self._answered(offer, self.rng.choice([a for a in everybody if a]), "withdraw")
        if offer.state == "offered":
            actor = self.rng.choice(self._people_of(offer.to) or self.directory.users)
            if self.rng.random() < 0.8:
                offer.state, offer.accepter = "accepted", actor
                return self._answered(offer, actor, "accept")
            if offer.to[0] == "user":
                offer.state = "declined"
            return self._answered(offer, actor, "decline")
        return self._accepted_goes_on(offer)

    def _accepted_goes_on(self, offer):
        actor, answer = offer.accepter, self.rng.choice(("return", "return", "complete", "reassign"))
        if answer != "reassign":
            offer.state = answer + ("ed" if answer == "return" else "d")
            return self._answered(offer, actor, answer)
        users = self.directory.users if offer.workspace in self.owner else self.directory.careful
        to = ("user", self.rng.choice(users))
        if self.rng.random() < 0.2:
            to = ("group", self.rng.choice(self.directory.groups))
        offer.state, offer.accepter, offer.to = "offered", None, to
        return self._answered(offer, actor, "reassign", to={"kind": to[0], "id": to[1]})

    def _answer_wrongly(self):
        if not self.offers:
            return self._offer()
        offer, directory = self._some_offer(), self.directory
        answers = ("accept", "decline", "return", "complete", "withdraw", "expire")
        answer = self.rng.choice(answers)
        people = [*self._people_of(offer.to), offer.author, offer.accepter or offer.author]
        wrong = self.rng.randrange(7)
        if wrong == 0:
            return self._answered(offer, self.rng.choice(directory.users), answer)
        if wrong == 1:
            stranger = self.rng.choice((directory.stranger, directory.suspended, directory.deleted, self.ids.any()))
            return self._answered(offer, stranger, answer)
        if wrong == 2:
            return self._answered(dataclasses.replace(offer, id=self.ids.any()), self.rng.choice(people), answer)
        if wrong == 3:
            return self._answered(offer, self.rng.choice(people), answer, expected_step=self.rng.randint(1, 4))
        if wrong == 4:
            return self._answered(offer, bus.NIL_ID, "expire", "system")  # perhaps its time is not over
        if wrong == 5:
            to = {"kind": "user", "id": self.rng.choice((directory.stranger, offer.author, self.rng.choice(people)))}
            return self._answered(offer, self.rng.choice(people), self.rng.choice(("reassign", "accept")), to=to)
        return self._answered(offer, self.rng.choice(people), self.rng.choice((*answers, "reassign")))

    def _remove_offered(self):
        """What a handoff rests on is taken away, or given once more."""
        known = [o for o in self.offers[-LATELY_OFFERED:] if o.workspace in self.owner]
        if not known:
            return self._offer()
        offer = self.rng.choice(known)
        subjects = [offer.to] if self.rng.random() < 0.7 else [("user", offer.accepter or offer.to[1]), offer.to]
        subjects = list(dict.fromkeys(subjects))
        how = self.rng.random()
        if how < 0.2:
            return self._share(offer.workspace, [(*offer.to, self.rng.choice(("use", "admin")), self._far_or_never())])
        if how < 0.4 and offer.accepter:
            return self._remove(offer.workspace, [("user", offer.accepter)], offer.accepter)
        return self._remove(offer.workspace, subjects)

    def _ends_soon(self):
        """A grant, an offer, or both, that end in a few seconds."""
        w = self._any()
        at = int(time.time() * 1000) + self.rng.randint(*SOON_MS)
        to = ("user", self._other(w)) if self.rng.random() < 0.7 else ("group", self.rng.choice(self.directory.groups))
        how = self.rng.randrange(4)
        if how == 0:
            return self._share(w, [(*to, "use", at)])
        grant_ends = at + self.rng.choice((0, 1000))
        return self._offered(w, to, ends=None if how == 1 else at, grant_ends=None if how == 2 else grant_ends)

    def _limited(self):
        """In the organization where grants must end in time: shares, offers, and their workspaces."""
        w = self.rng.choice(list(self.limited))
        owner = self.limited[w]
        if w not in self.announced:
            self.announced.add(w)
            return self._workspace(w, organization_id=self.directory.strict, owner_id=owner, name="limited")
        end = self.rng.choice((None, LIFETIME_MS // 2, 2 * LIFETIME_MS))
        end = end and self.ids.now_ms + end
        user = self.rng.choice([u for u in self.directory.careful if u != owner])
        if self.rng.random() < 0.5:
            return self._share(w, [("user", user, self.rng.choice(("use", "admin")), end)], owner)
        return self._offered(w, ("user", user), owner, grant_ends=end)

    def _garbage(self):
        key, value, headers = self._plain()
        self.lately.pop()
        how = self.rng.randrange(6)
        broken = (
            self.rng.randbytes(self.rng.randint(1, 200)),
            value[:2] + self.rng.randbytes(8) + value[10:],  # a schema that is not ours
            value[: self.rng.randint(11, len(value) - 1)],
            value + b"\0",
            b"",
            None,
        )[how]
        return key, broken, headers


# ---- writing the load ---------------------------------------------------------------------------------


def write_members(brokers, organization, users):
    """A directory of one organization and its members, as plain as can be; returns how many records that is."""
    fields = {"id": organization, "name": "acme", "sharing": "everyone"}
    records = [(organization, bus.encode("OrganizationChanged", fields), [])]
    for n, user in enumerate(users):
        fields = {
            "id": user,
            "username": f"user{n}",
            "name": "",
            "email": "",
            "status": "active",
            "kind": "user",
            "site_role": "member",
            "organizations": [{"id": organization, "role": "member"}],
        }
        records.append((user, bus.encode("UserChanged", fields), []))
    bus.send_all(brokers, bus.DIRECTORY, records)
    return len(records)


def write_directory(brokers, load):
    """Writes the directory and notes its end: later commands say that their authors have seen it."""
    bus.send_all(brokers, bus.DIRECTORY, load.directory_records())
    load.directory_end = bus.log_ends(brokers, bus.DIRECTORY)[0]


def write_workspaces(brokers, load):
    bus.send_all(brokers, bus.COMMANDS, load.workspace_records())


def write_commands(brokers, load, count, mix=None):
    bus.send_all(brokers, bus.COMMANDS, load.command_records(count, mix))


def sharebus_program(name="sharebus"):
    """The path of the program, from SHAREBUS_RELEASE_BIN, the PATH or the release build."""
    folder = os.environ.get("SHAREBUS_RELEASE_BIN")
    if folder:
        return os.path.join(folder, name)
    return shutil.which(name) or str(bus.REPO / "build" / "release" / "bin" / name)


def crashing_consumer():
    """The path of a consumer that has crash points, which what we ship has not."""
    folder = os.environ.get("SHAREBUS_CRASH_BIN", bus.REPO / "build" / "crash" / "bin")
    return os.path.join(folder, "sharebus-consumer")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--brokers", default=os.environ.get("SHAREBUS_BROKERS"))
    parser.add_argument("--commands", type=int, default=100_000)
    parser.add_argument("--workspaces", type=int, default=20_000)
    parser.add_argument("--users", type=int, default=2000)
    parser.add_argument("--groups", type=int, default=50)
    parser.add_argument("--partitions", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plain", action="store_true", help="shares with one user, nothing else")
    parser.add_argument("--sharebus", default=sharebus_program(), help="the program (%(default)s)")
    args = parser.parse_args()
    if not args.brokers:
        parser.error("say where: --brokers or SHAREBUS_BROKERS")
    began = time.monotonic()
    load = Load(Shape(args.users, args.groups, args.workspaces, args.seed))
    bus.create_topics(args.brokers, args.sharebus, args.partitions)
    write_directory(args.brokers, load)
    write_workspaces(args.brokers, load)
    print(f"directory and workspaces: {time.monotonic() - began:.1f} s", file=sys.stderr)
    began = time.monotonic()
    write_commands(args.brokers, load, args.commands, PLAIN if args.plain else MIX)
    print(f"{args.commands} commands: {time.monotonic() - began:.1f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
