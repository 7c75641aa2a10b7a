"""What the model knows of handoffs: the table of steps, what becomes of an offer's own grant, and who is told,
by ARCHITECTURE.md, Handing over."""

import dataclasses

HANDOFFS_MAX = 16
RANKS = {None: 0, "use": 1, "admin": 2}
NEVER = float("inf")
WAITING = ("offered", "accepted")
OPEN = (*WAITING, "returned")
CALLS_BACK = {"author", "authority"}

# (state, answer): [(by, becomes, what happens to the grant)]
STEPS = {
    ("offered", "accept"): [({"recipient"}, "accepted", "stays"), ({"member"}, "accepted", "to_member")],
    ("offered", "decline"): [({"recipient"}, "declined", "goes"), ({"member"}, "offered", "stays")],
    ("offered", "withdraw"): [(CALLS_BACK, "withdrawn", "goes")],
    ("offered", "expire"): [({"system"}, "expired", "goes")],
    ("accepted", "withdraw"): [(CALLS_BACK, "withdrawn", "goes")],
    ("accepted", "expire"): [({"system"}, "expired", "goes")],
    ("accepted", "return"): [({"accepter"}, "returned", "stays")],
    ("accepted", "complete"): [({"accepter"}, "completed", "stays")],
    ("accepted", "reassign"): [({"accepter"}, "offered", "moves")],
    ("returned", "offer"): [({"author"}, "offered", "moves")],
    ("returned", "withdraw"): [(CALLS_BACK, "withdrawn", "goes")],
}


@dataclasses.dataclass
class Handoff:
    id: str
    kind: str
    state: str
    step: int
    offered_by: dict
    to: tuple  # (kind, id)
    accepted_by: str | None
    role: str
    own_grant: bool  # did the offer give the holder's grant, or raise it?
    had_role: str | None  # what was there before
    had_until: int | None
    summary: str
    question: str | None
    task: dict | None
    artifacts: list
    answer_schema: str | None
    note: str | None  # of the last step
    offered_at: int
    expires_at: int | None

    def holder(self):
        return ("user", self.accepted_by) if self.accepted_by else self.to

    def end(self):
        return self.expires_at if self.state in WAITING else None

    def is_over(self, now):
        return self.end() is not None and self.end() <= now

    def had(self):
        """For comparing which of two was there before the other."""
        return RANKS[self.had_role], (self.had_until or NEVER) if self.had_role else 0


def find_step(state, answer, parties):
    """(becomes, what happens to the grant), or the code of the rejection."""
    rows = STEPS.get((state, answer), ())
    for by, becomes, grant in rows:
        if by & parties:
            return becomes, grant
    return "handoff_state" if parties and not rows else "handoff_not_yours"


def covers(grant, role, until):
    """Is a grant that has not expired as much as that role until then?"""
    if not grant or RANKS[grant.role] < RANKS[role]:
        return False
    return RANKS[grant.role] > RANKS[role] or (grant.expires_at or NEVER) >= (until or NEVER)


class Handing:
    """The part of a decision that concerns handoffs. Like the others, it looks at the workspace as it was before
    the command; `kept` are the handoffs that are different after it, `steps` the HandoffChanged records."""

    def _parties(self, h):
        actor = self.record["actor"]
        if actor["kind"] == "system":
            return {"system", "authority"}
        user = self.directory.users.get(actor["id"])
        if not user or user["status"] != "active":
            return set()
        out = {"authority"} if self._authority() == 2 else set()
        if h.offered_by["id"] == actor["id"]:
            out.add("author")
        home = self.workspace.organization_id
        if self.directory.role_in(user["id"], home) is None:
            return out
        if h.accepted_by == user["id"]:
            out.add("accepter")
        if h.to == ("user", user["id"]):
            out.add("recipient")
        if h.to[0] == "group" and self.directory.is_in(user["id"], h.to[1], home):
            out.add("member")
        return out

    # ---- grants ----

    def _take_back(self, h):
        """The offer's own grant goes: to another handoff of the same holder, or back to what was before."""
        holder = h.holder()
        if not h.own_grant or holder not in self.workspace.grants:
            return
        heir = self._heir(h)
        if heir and not (heir.own_grant and h.had() > heir.had()):
            left = dataclasses.replace(heir, own_grant=True)
            if not heir.own_grant or h.had() < heir.had():
                left.had_role, left.had_until = h.had_role, h.had_until
            self.kept[left.id] = left
        elif h.had_role and (h.had_until or NEVER) > self.now:
            self._change(*holder, h.had_role, h.had_until)
        else:
            self._remove_grant(*holder)

    def _heir(self, h):
        """First who has raised the same grant above h, then who was offered more than would come back, then who gave
        what comes back, then anybody."""

        def rank(other):
            if other.own_grant:
                return 2 if h.had() > other.had() else 0
            return 1 if RANKS[other.role] > RANKS[h.had_role] else 3

        others = [o for o in self.workspace.handoffs.values() if o.id != h.id and o.holder() == h.holder()]
        return min(others, key=lambda o: (rank(o), o.had(), o.id), default=None)

    def _give(self, h, role, until):
        """The holder gets that, unless they have as much."""
        grant = self._live(*h.holder())
        h.own_grant = not covers(grant, role, until)
        raised = grant if h.own_grant else None
        h.had_role, h.had_until = (raised.role, raised.expires_at) if raised else (None, None)
        if h.own_grant:
            self._change(*h.holder(), role, until)

    def _base(self, h):
        """The subject whose grant the handoff rests on."""
        return h.holder() if h.holder() in self.workspace.grants else h.to

    def _disown(self, kind, subject):
        for h in self.workspace.handoffs.values():
            if h.own_grant and h.holder() == (kind, subject) and h.id not in self.kept:
                self.kept[h.id] = dataclasses.replace(h, own_grant=False, had_role=None, had_until=None)

    # ---- steps ----

    def _step(self, after, previous, artifacts=()):
        self.kept[after.id] = after
        self.steps.append(
            {
                "handoff_id": after.id,
                "step": after.step,
                "state": after.state,
                "previous": previous,
                "kind": after.kind,
                "offered_by": after.offered_by,
                "to": {"kind": after.to[0], "id": after.to[1]},
                "accepted_by": after.accepted_by,
                "actor": self._actor(),
                "summary": after.summary,
                "question": after.question,
                "task": after.task,
                "note": after.note,
                "artifacts": [*after.artifacts, *artifacts],
                "answer_schema": after.answer_schema,
                "role": after.role,
                "expires_at": after.expires_at,
                "command_id": self.record.get("command_id"),
                "at": self.now,
                "signed_by": None,
            }
        )

    def _end_handoff(self, h, state):
        self._step(dataclasses.replace(h, state=state, step=h.step + 1, note=None), h.state)

    def _end_resting_on(self, kind, subject, state):
        """What waits and rests on the grant of that subject, or has it as its holder, ends."""
        for h in self.workspace.handoffs.values():
            if h.state in WAITING and (kind, subject) in (h.holder(), self._base(h)):
                self._end_handoff(h, state)
        self._disown(kind, subject)

    # ---- answers ----

    def _answer(self):
        r = self.record
        code = self._common()
        if code:
            return code
        h = self.workspace.handoffs.get(r["handoff_id"])
        if self._proves_itself() and not (h and h.is_over(self.now)):
            return None
        return self._answer_to(h) if h else "unknown_handoff"

    def _answer_to(self, h):
        r = self.record
        found = find_step(h.state, r["answer"], self._parties(h))
        if isinstance(found, str):
            return found
        if r["expected_step"] not in (None, h.step):
            return "handoff_state"
        if r["answer"] != "expire" and h.is_over(self.now):
            return "handoff_state"
        becomes, grant = found
        if becomes == h.state:
            return None
        after, code = dataclasses.replace(h, state=becomes, step=h.step + 1, note=r["note"]), None
        if becomes == "accepted":
            after.accepted_by = r["actor"]["id"]
        if grant == "to_member":
            self._give_member(h, after)
        elif grant == "moves":
            code = self._reassign(h, after)
        elif grant == "goes":
            self._take_back(h)
        self._step(after, h.state, r["artifacts"])
        return code

    def _give_member(self, h, after):
        """A group's own grant turns into one for the member, unless that is the owner."""
        grant = self._live(*h.to)
        after.own_grant, after.had_role, after.had_until = False, None, None
        if not h.own_grant or not grant:
            return
        self._take_back(h)
        if after.accepted_by != self.workspace.owner_id:
            self._give(after, h.role, grant.expires_at)

    def _reassign(self, h, after):
        """Nobody passes on more than they still have by the grant that the handoff rests on; the owner has all."""
        base = self._base(h)
        grant = self._live(*base)
        until = grant.expires_at if grant else None
        role = h.role
        if h.accepted_by != self.workspace.owner_id:
            home = self.workspace.organization_id
            if not grant or (base[0] == "group" and not self.directory.is_in(h.accepted_by, base[1], home)):
                return "handoff_not_yours"
            role = min(role, grant.role, key=RANKS.get)
        to = (self.record["to"]["kind"], self.record["to"]["id"])
        after.to, after.accepted_by, after.offered_at, after.role = to, None, self.now, role
        code = self._recipient(*to)
        if not code and not covers(self._live(*to), role, until):
            if until is not None and until <= self.now:
                code = "already_expired"
            code = code or self._ends(until, None)
        if not code:
            self._take_back(h)
            self._give(after, role, until)
        return code

    # ---- offers ----

    def _offer(self, authority):
        r, offer = self.record, self.record["handoff"]
        if len(r["grants"]) != 1:
            return "invalid_command"
        (wish,) = r["grants"]
        before = self.workspace.handoffs.get(offer["handoff_id"])
        to = (wish["subject"]["kind"], wish["subject"]["id"])
        grant = self._live(*to)
        until = grant.expires_at if grant and wish["keep_expiry"] else wish["expires_at"]
        code = self._may_offer(before, offer) or self._recipient(*to) or self._end_of(wish)
        has = covers(grant, wish["role"], until)
        if not code and not has:
            code = self._ceiling(wish["role"], grant, authority) or self._ends(until, authority)
        if code:
            return code
        after = self._offered(before, wish["role"], to)
        if not before or before.holder() != to:
            if before:
                self._take_back(before)
            self._give(after, wish["role"], until)
        elif not has:
            self._give(after, wish["role"], until)
            if before.own_grant:
                after.had_role, after.had_until = before.had_role, before.had_until
        self._step(after, before.state if before else None)
        return None

    def _may_offer(self, before, offer):
        if before:
            found = find_step(before.state, "offer", self._parties(before))
            if isinstance(found, str):
                return found
        elif len(self.workspace.handoffs) >= HANDOFFS_MAX:
            return "too_many_handoffs"
        over = offer["expires_at"] is not None and offer["expires_at"] <= self.now
        return "already_expired" if over else None

    def _offered(self, before, role, to):
        offer = self.record["handoff"]
        return Handoff(
            id=offer["handoff_id"],
            **{k: offer[k] for k in ("kind", "summary", "question", "task", "artifacts", "answer_schema")},
            note=None,
            expires_at=offer["expires_at"],
            state="offered",
            step=before.step + 1 if before else 1,
            offered_by=self.record["actor"],
            to=to,
            accepted_by=None,
            role=role,
            own_grant=bool(before) and before.own_grant,
            had_role=before.had_role if before else None,
            had_until=before.had_until if before else None,
            offered_at=self.now,
        )

    # ---- who is told ----

    def _told_of_step(self, step):
        """[(user, as the one who offered it)]: an offer, a withdrawal and an expiry to the recipients, all to
        whoever offered it."""
        out, author = [], step["offered_by"]["id"]
        if step["state"] in ("offered", "withdrawn", "expired"):
            if step["state"] != "offered" and step["accepted_by"]:
                people = [step["accepted_by"]]
            elif step["to"]["kind"] == "group":
                members = self.directory.members(step["to"]["id"])
                people = [u for u in members if self.directory.users.get(u, {}).get("status") == "active"]
            else:
                people = [step["to"]["id"]]
            out = [(user, False) for user in people]
        if (author, False) not in out:
            out.append((author, True))
        actor = self._actor()["id"]
        return [(user, author) for user, author in out if user != actor and self.directory.exists(user)]

    def _tell_of_steps(self, out, access):
        """Adds to {user: [(kind, group, role, handoff, step)]}. `access` says {user: (what, group, role)} of what
        changes for them; what the notice of a step says as well is taken from it."""
        for step in self.steps:
            for user, as_author in self._told_of_step(step):
                _, group, role = access.pop(user, (None, None, None))
                group = group if role else None  # it says what they have now, not what they had
                if step["state"] == "offered" and not as_author:
                    role = step["role"]
                    group = step["to"]["id"] if step["to"]["kind"] == "group" else group
                told = (f"handoff_{step['state']}", group, role, step["handoff_id"], step["step"])
                out.setdefault(user, []).append(told)
