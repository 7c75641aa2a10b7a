"""What a log of commands must lead to, by the design's rules alone: each record of sharing.commands,
in the order and with the timestamp of the log, gives an outcome, an event, the people to be told,
and the next state."""

import collections
import dataclasses
import uuid

import bus
from handoffs import NEVER, OPEN, RANKS, Handing

ABOUT_WORKSPACE = ("ownership_changed", "workspace_deleted")  # never told by the notice of a step
REMEMBERED_MIN, REMEMBERED_MAX = 16, 1000  # commands that a workspace remembers
HOUR_MS, MONTH_MS = 3_600_000, 30 * 86_400_000
GRANTS_MAX = 1000
PROVEN = {"expired", "user_deleted", "group_deleted"}  # reasons of removals that prove themselves


@dataclasses.dataclass
class Grant:
    role: str
    granted_by: str
    granted_at: int
    expires_at: int | None


def made_at(command_id):
    """The time in an id of version 7; None if it is of another."""
    value = uuid.UUID(command_id)
    return value.int >> 80 if value.version == 7 else None


@dataclasses.dataclass
class Remembered:
    id: str
    late_minutes: int  # from the time in the id to the record's, rounded up

    def is_over(self, now):
        return made_at(self.id) + self.late_minutes * 60_000 + HOUR_MS <= now


@dataclasses.dataclass
class Workspace:
    id: str
    organization_id: str
    owner_id: str
    name: str
    status: str
    version: int = 0
    grants: dict = dataclasses.field(default_factory=dict)  # (kind, id) -> Grant
    handoffs: dict = dataclasses.field(default_factory=dict)  # the open ones, by their id
    recent: list = dataclasses.field(default_factory=list)  # of Remembered, the oldest first
    forgotten_until: int = 0  # the latest time in the id of a forgotten command
    touched_at: int = -1  # offset of the last record that changed the workspace

    def remember(self, command_id, now):
        while len(self.recent) >= REMEMBERED_MAX or (
            len(self.recent) >= REMEMBERED_MIN and self.recent[0].is_over(now)
        ):
            self.forgotten_until = max(self.forgotten_until, made_at(self.recent.pop(0).id))
        self.recent.append(Remembered(command_id, max(0, -((made_at(command_id) - now) // 60_000))))

    def ref(self):
        return {
            "id": self.id,
            "name": self.name,
            "owner_id": self.owner_id,
            "organization_id": self.organization_id,
        }


class Directory:
    """Users, groups and organizations as written; in these tests they never change."""

    def __init__(self, records, end):
        self.end = end
        self.users, self.groups, self.organizations = {}, {}, {}
        tables = {
            "UserChanged": self.users,
            "GroupChanged": self.groups,
            "OrganizationChanged": self.organizations,
        }
        for name, fields in records:
            tables[name][fields["id"]] = fields
        self._sets = {g: set(fields["members"]) for g, fields in self.groups.items()}
        self._everyone = {o: [] for o in self.organizations}
        for user in self.users.values():
            for membership in user["organizations"]:
                if user["status"] != "deleted":
                    self._everyone[membership["id"]].append(user["id"])

    def exists(self, user):
        return user in self.users and self.users[user]["status"] != "deleted"

    def role_in(self, user, organization):
        for membership in self.users[user]["organizations"]:
            if membership["id"] == organization:
                return membership["role"]
        return None

    def members(self, group):
        if group in self.groups:
            return self.groups[group]["members"]
        return self._everyone.get(group, [])

    def is_in(self, user, group, organization):
        """Is the user in the group? Of the Everyone groups only that of the organization counts."""
        if group in self.groups:
            return user in self._sets[group]
        return group == organization and self.role_in(user, group) is not None

    def may_use(self, user, organization, owner):
        """Does policy let the user use what is shared with her in that organization?"""
        policy = self.organizations[organization]["sharing"]
        service = policy == "service_accounts" and self.users[owner]["kind"] == "service_account"
        return (
            self.users[user]["status"] == "active"
            and self.role_in(user, organization) is not None
            and (policy == "everyone" or service)
        )

    def home(self, group):
        """The organization of a group; the id of an organization stands for its Everyone group."""
        if group in self.groups:
            return self.groups[group]["organization_id"]
        return group if group in self.organizations else None


class Model:
    def __init__(self, directory, partitions):
        self.directory = directory
        self.workspaces = {p: {} for p in range(partitions)}
        self.deleted = {p: set() for p in range(partitions)}
        self.events = {p: [] for p in range(partitions)}  # (offset, name, record)
        self.handoffs = {p: [] for p in range(partitions)}  # (offset, HandoffChanged)
        self.notices = {}  # (partition, offset) -> {recipient: [(kind, group, role, handoff, step)]}
        self.dead = {p: {} for p in range(partitions)}  # offset -> message
        self.outcomes = {p: {} for p in range(partitions)}  # offset -> (outcome, code, version)
        self.ends = {p: 0 for p in range(partitions)}

    def take(self, message):
        """Takes the next record of its partition."""
        p, offset = message.partition(), message.offset()
        self.ends[p] = offset + 1
        try:
            name, record = bus.decode(message.value())
        except bus.Unreadable:
            self.dead[p][offset] = message
            self._note(p, offset, "unreadable")
            return
        _Decision(self, p, offset, message.timestamp()[1], name, record).run()

    def _note(self, p, offset, outcome, code="", version=0):
        assert offset not in self.outcomes[p]
        self.outcomes[p][offset] = (outcome, code, version)

    def counts(self):
        out = collections.Counter()
        for of_partition in self.outcomes.values():
            for outcome, code, _ in of_partition.values():
                out[f"{outcome} {code}".strip()] += 1
        return dict(sorted(out.items()))


class _Decision(Handing):
    """The decision on one record."""

    def __init__(self, model, p, offset, now, name, record):
        self.model, self.directory = model, model.directory
        self.p, self.offset, self.now = p, offset, now
        self.name, self.record = name, record
        self.all = model.workspaces[p]
        self.workspace = self.all.get(record["workspace_id"])
        self.before = self._state()
        self.previous_owner = None  # of a workspace that changes hands
        self.changes = []
        self.steps, self.kept = [], {}  # of handoffs

    def run(self):
        {
            "ShareWorkspace": self._command,
            "RemoveSharing": self._command,
            "AnswerHandoff": self._command,
            "WorkspaceChanged": self._changed,
            "WorkspaceDeleted": self._deleted,
        }[self.name]()

    # ---- facts ----

    def _changed(self):
        r, w = self.record, self.workspace
        fields = {k: r[k] for k in ("organization_id", "owner_id", "name", "status")}
        if w and all(getattr(w, k) == v for k, v in fields.items()):
            return self._note("unchanged")
        if not w:
            w = self.workspace = self.all[r["workspace_id"]] = Workspace(r["workspace_id"], **fields)
            self.model.deleted[self.p].discard(w.id)
        if w.owner_id != r["owner_id"]:
            self.previous_owner = w.owner_id
        for k, v in fields.items():
            setattr(w, k, v)
        self._remove_grant("user", w.owner_id)
        if self.previous_owner:
            self._end_resting_on("user", w.owner_id, "withdrawn")
        self._fold()
        return self._conclude("owner_changed")

    def _deleted(self):
        w = self.workspace
        if not w:
            return self._note("unchanged")
        for kind, subject in list(w.grants):
            self._remove_grant(kind, subject)
        for h in w.handoffs.values():
            self._end_handoff(h, "withdrawn")
        self._fold()
        del self.all[w.id]
        self.model.deleted[self.p].add(w.id)
        return self._conclude("workspace_deleted")

    # ---- commands ----

    def _command(self):
        r, w = self.record, self.workspace
        if w and any(c.id == r["command_id"] for c in w.recent):
            return self._note("duplicate")
        by_name = {"ShareWorkspace": self._share, "RemoveSharing": self._remove, "AnswerHandoff": self._answer}
        code = by_name[self.name]()
        if code:
            return self._reject(code)
        if not self._proves_itself():
            w.remember(r["command_id"], self.now)
            w.touched_at = self.offset
        if not self.changes and not self.steps:
            return self._note("unchanged")
        self._fold()
        return self._conclude("handoff" if self.name == "AnswerHandoff" else r.get("reason", "command"))

    def _proves_itself(self):
        r = self.record
        return r["actor"]["kind"] == "system" and (r.get("reason") in PROVEN or r.get("answer") == "expire")

    def _common(self):
        r, w = self.record, self.workspace
        made = None if self._proves_itself() else made_at(r["command_id"])
        if not self._proves_itself() and (made is None or made > self.now + HOUR_MS):
            return "invalid_command"
        if self.name == "AnswerHandoff" and (r["answer"] == "reassign") != bool(r["to"]):
            return "invalid_command"
        if not w:
            return "unknown_workspace"
        if made is not None and (made <= w.forgotten_until or made < self.now - MONTH_MS):
            return "command_too_old"
        if r["directory_offset"] is not None and r["directory_offset"] > self.directory.end:
            return "directory_ahead"
        if r["expected_version"] is not None and r["expected_version"] != w.version:
            return "version_conflict"
        return None

    def _authority(self):
        """How much the actor may share: 0 nothing, 1 as an admin of the workspace until self.until, 2 everything."""
        actor, w = self.record["actor"], self.workspace
        if actor["kind"] == "system":
            return 2
        user = self.directory.users.get(actor["id"])
        if not user or user["status"] != "active":
            return 0
        if (
            user["id"] == w.owner_id
            or user["site_role"] == "owner"
            or self.directory.role_in(user["id"], w.organization_id) == "admin"
        ):
            return 2
        ends = [
            grant.expires_at or NEVER
            for (kind, subject), grant in w.grants.items()
            if grant.role == "admin"
            and not self._has_expired(grant)
            and (subject == user["id"] or (kind == "group" and user["id"] in self.directory.members(subject)))
        ]
        self.until = max(ends, default=0)
        return 1 if ends else 0

    def _share(self):
        code = self._common()
        if code:
            return code
        authority = self._authority()
        if not authority:
            return "forbidden"
        if self.record["handoff"]:
            code = self._offer(authority)
        else:
            for wish in self.record["grants"]:
                code = code or self._wish(wish, authority)
        if code:
            return code
        fresh = sum(change["before"] is None for change in self.changes)
        live = sum(not self._has_expired(g) for g in self.workspace.grants.values())
        return "too_many_grants" if live + fresh > GRANTS_MAX else None

    def _wish(self, wish, authority):
        kind, subject = wish["subject"]["kind"], wish["subject"]["id"]
        grant = self._live(kind, subject)
        code = (
            self._recipient(kind, subject)
            or self._ceiling(wish["role"], grant, authority)
            or self._end_of(wish)
        )
        if code:
            return code
        expires_at = grant.expires_at if grant and wish["keep_expiry"] else wish["expires_at"]
        if not grant or (grant.role, grant.expires_at) != (wish["role"], expires_at):
            code = self._ends(expires_at, authority)
            if code:
                return code
            self._change(kind, subject, wish["role"], expires_at)
            self._disown(kind, subject)
        return None

    def _recipient(self, kind, subject):
        w = self.workspace
        if kind == "user":
            if not self.directory.exists(subject):
                return "unknown_subject"
            if self.directory.role_in(subject, w.organization_id) is None:
                return "not_a_member"
            if subject in (w.owner_id, self.record["actor"]["id"]):
                return "own_role"
        elif self.directory.home(subject) != w.organization_id:
            return "not_a_member" if self.directory.home(subject) else "unknown_subject"
        return None

    @staticmethod
    def _ceiling(role, grant, authority):
        if authority == 1 and (role == "admin" or grant and grant.role == "admin"):
            return "role_ceiling"
        return None

    def _end_of(self, wish):
        if wish["keep_expiry"] and wish["expires_at"] is not None:
            return "invalid_command"
        if wish["expires_at"] is not None and wish["expires_at"] <= self.now:
            return "already_expired"
        return None

    def _ends(self, expires_at, authority):
        """Does a grant that is given end early enough?"""
        if authority == 1 and (expires_at or NEVER) > self.until:
            return "beyond_own_expiry"
        organization = self.directory.organizations[self.workspace.organization_id]
        if (expires_at or NEVER) > self.now + (organization.get("grant_lifetime_max_ms") or NEVER):
            return "lifetime_exceeded"
        return None

    def _remove(self):
        code = self._common()
        if code:
            return code
        actor = self.record["actor"]["id"]
        subjects = [(s["kind"], s["id"]) for s in self.record["subjects"]]
        authority = self._authority()
        if not authority and subjects != [("user", actor)]:
            return "forbidden"
        for kind, subject in subjects:
            grant = self.workspace.grants.get((kind, subject))
            live = grant and not self._has_expired(grant)
            if live and grant.role == "admin" and authority == 1 and subject != actor:
                code = "role_ceiling"
            expired = self.record["reason"] == "expired"
            if grant and (not expired or self._has_expired(grant)):
                self._remove_grant(kind, subject)
                self._end_resting_on(kind, subject, "expired" if expired else "withdrawn")
        return code

    def _live(self, kind, subject):
        """A grant that has expired does not count as one before this command."""
        grant = self.workspace.grants.get((kind, subject))
        return None if self._has_expired(grant) else grant

    def _has_expired(self, grant):
        return bool(grant) and grant.expires_at is not None and grant.expires_at <= self.now

    # ---- results ----

    def _change(self, kind, subject, after, expires_at):
        grant = self._live(kind, subject) if after else self.workspace.grants.get((kind, subject))
        self.changes.append(
            {
                "subject": {"kind": kind, "id": subject},
                "before": grant.role if grant else None,
                "after": after,
                "expires_at": expires_at,
            }
        )

    def _remove_grant(self, kind, subject):
        if (kind, subject) in self.workspace.grants:
            self._change(kind, subject, None, None)

    def _actor(self):
        return self.record.get("actor") or {"id": bus.NIL_ID, "kind": "system"}

    def _fold(self):
        w = self.workspace
        w.version += 1
        w.touched_at = self.offset
        for c in self.changes:
            key = (c["subject"]["kind"], c["subject"]["id"])
            if c["after"] is None:
                del w.grants[key]
            else:
                w.grants[key] = Grant(c["after"], self._actor()["id"], self.now, c["expires_at"])
        w.handoffs = {id: h for id, h in {**w.handoffs, **self.kept}.items() if h.state in OPEN}

    def _note(self, outcome, code=""):
        version = self.workspace.version if self.workspace else 0
        self.model._note(self.p, self.offset, outcome, code, version)

    def _reject(self, code):
        r = self.record
        event = {
            "command_id": r["command_id"],
            "actor": r["actor"],
            "workspace_id": r["workspace_id"],
            "code": code,
            "at": self.now,
            "signed_by": None,
        }
        self.model.events[self.p].append((self.offset, "CommandRejected", event))
        self._note("rejected", code)

    def _conclude(self, reason):
        self._note("applied")
        w = self.workspace
        for step in self.steps:
            self.model.handoffs[self.p].append((self.offset, {**step, "workspace": w.ref()}))
        if self._changes_sharing():
            event = {
                "workspace": w.ref(),
                "version": w.version,
                "actor": self._actor(),
                "command_id": self.record.get("command_id"),
                "reason": reason,
                "changes": self.changes,
                "previous_owner_id": self.previous_owner,
                "at": self.now,
                "signed_by": None,  # signed_test.py has keys
            }
            self.model.events[self.p].append((self.offset, "SharingChanged", event))
        told = self._told()
        if told:
            self.model.notices[self.p, self.offset] = told

    def _changes_sharing(self):
        return bool(self.changes or self.previous_owner) or self._is_deleted()

    def _told(self):
        """{user: [(kind, group, role, handoff, step)]}: whom the steps of handoffs concern, and each person for whom
        the command as a whole changes what they may do, or for how long; never the actor. What a step changes of
        somebody's access stands in the notice of the step."""
        w, actor, out = self.workspace, self._actor(), {}
        access = self._access_changes() if self._changes_sharing() else {}
        about_workspace = {u: access.pop(u) for u, what in list(access.items()) if what[0] in ABOUT_WORKSPACE}
        self._tell_of_steps(out, access)
        for user, what in {**access, **about_workspace}.items():
            out.setdefault(user, []).append((*what, None, None))
        owner_told = w.owner_id in out
        if self.directory.exists(w.owner_id):
            if self._is_deleted():
                out.setdefault(w.owner_id, []).append(("workspace_deleted", None, None, None, None))
            elif self.previous_owner:
                out.setdefault(w.owner_id, []).append(("ownership_changed", None, None, None, None))
            elif self.changes and actor["kind"] != "system" and not owner_told:
                out[w.owner_id] = [("owner_notice", None, None, None, None)]
        out.pop(actor["id"], None)
        return out

    def _access_changes(self):
        """{user: (what, group, role)}, of all but the owner."""
        out, gone = {}, self._is_deleted()
        removed = {(c["subject"]["kind"], c["subject"]["id"]) for c in self.changes if not c["after"]}
        for user in self._concerned():
            was = self._access(self.before, user, removed)
            now = (0, 0, None) if gone else self._access(self._state(), user, set())
            what = "ownership_changed" if user == self.previous_owner else self._difference(was, now)
            if what:
                role = {rank: role for role, rank in RANKS.items()}[now[0]]
                out[user] = (what, (now if now[0] else was)[2], role)
        return out

    def _is_deleted(self):
        return self.workspace.id not in self.all

    def _state(self):
        w = self.workspace
        return w and (dict(w.grants), w.status, w.organization_id, w.owner_id)

    def _concerned(self):
        people = {self.previous_owner} if self.previous_owner else set()
        for c in self.changes:
            subject = c["subject"]
            people.update(
                [subject["id"]] if subject["kind"] == "user" else self.directory.members(subject["id"])
            )
        return {u for u in people if u != self.workspace.owner_id and self.directory.exists(u)}

    def _access(self, state, user, removed):
        """(rank of the role, its end, the group that it comes through): what the grants allow. An expired
        grant counts only if it is removed here."""
        grants, status, organization, owner = state
        if status != "active" or not self.directory.may_use(user, organization, owner):
            return 0, 0, None
        ways = [
            (RANKS[g.role], g.expires_at or NEVER, None if kind == "user" else subject)
            for (kind, subject), g in grants.items()
            if (not self._has_expired(g) or (kind, subject) in removed)
            and (subject == user if kind == "user" else self.directory.is_in(user, subject, organization))
        ]
        if not ways:
            return 0, 0, None
        rank = max(way[0] for way in ways)
        best = [way for way in ways if way[0] == rank]
        return rank, max(way[1] for way in best), min((way[2] or "" for way in best)) or None

    def _difference(self, was, now):
        if not now[0]:
            expired = self.record.get("reason") == "expired"
            lost = "workspace_deleted" if self._is_deleted() else "access_removed"
            return was[0] and ("access_expired" if expired else lost)
        if not was[0]:
            return "workspace_shared"
        if was[0] != now[0]:
            return "role_changed"
        return was[1] != now[1] and "expiry_changed"
