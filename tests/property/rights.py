"""Who may do what, written only from the product document and the tables of rules and roles.

Ids are texts. Time is passed in, in milliseconds. What is deleted does not exist.
"""

from dataclasses import dataclass, field

from handoffs import covers, find_step

USE = {"read", "ssh", "app", "start", "stop", "logs", "stats", "update_on_start"}
ADMIN = USE | {"rename", "update", "share_use"}
OWNER = ADMIN | {"share_admin", "delete"}
ALLOWS = {"use": USE, "admin": ADMIN}
SHARING = {"share_use", "share_admin"}


@dataclass
class User:
    status: str = "active"
    kind: str = "user"
    site_role: str = "member"
    organizations: dict = field(default_factory=dict)  # id -> member | admin


@dataclass
class Group:
    organization: str
    members: set = field(default_factory=set)


@dataclass
class Grant:
    role: str
    expires_at: int | None = None

    def is_over(self, now):
        return self.expires_at is not None and self.expires_at <= now


@dataclass
class Workspace:
    organization: str
    owner: str
    status: str = "active"
    grants: dict = field(default_factory=dict)  # (kind, id) -> Grant


@dataclass
class Handoff:
    """One that is open; no other of its workspace is."""

    workspace: str
    author: str
    to: tuple  # (kind, id)
    role: str
    state: str = "offered"
    accepter: str | None = None
    own: bool = False  # is its holder's grant its own?
    had: Grant | None = None  # and what was there before

    def holder(self):
        return ("user", self.accepter) if self.accepter else self.to


class Rights:
    def __init__(self):
        self.sharing_enabled = True
        self.organizations = {}  # id -> everyone | service_accounts | none
        self.users = {}
        self.groups = {}
        self.workspaces = {}

    # ---- which grants reach a user ----

    def in_group(self, user, group):
        if group in self.groups:
            return user in self.groups[group].members
        return group in self.users[user].organizations  # the Everyone group

    def reaches(self, user, subject):
        kind, id = subject
        return id == user if kind == "user" else self.in_group(user, id)

    def sharing_is_on(self, w):
        policy = self.organizations[w.organization]
        owner = self.users.get(w.owner)
        return self.sharing_enabled and (
            policy == "everyone"
            or (policy == "service_accounts" and owner and owner.kind == "service_account")
        )

    def counts(self, user, w):
        """Do grants on this workspace count for this user now?"""
        member = w.organization in self.users[user].organizations
        return self.sharing_is_on(w) and w.status == "active" and member

    def _admin_of_all(self, user, w):
        u = self.users[user]
        return u.site_role == "owner" or u.organizations.get(w.organization) == "admin"

    # ---- check, list, show ----

    def check(self, user, workspace, action, now):
        """(allowed, the possible reasons)"""
        w, u = self.workspaces.get(workspace), self.users.get(user)
        if not w:
            return False, {"unknown_workspace"}
        if not u:
            return False, {"unknown_user"}
        if u.status == "suspended":
            return False, {"suspended"}
        if action in SHARING and (user == w.owner or self._admin_of_all(user, w)):
            if not self.sharing_is_on(w):
                return False, {"policy"}
            return True, {"owner" if user == w.owner else "site_owner", "organization_admin"}
        if user == w.owner:
            return True, {"owner"}
        mine = {s: g for s, g in w.grants.items() if self.reaches(user, s)}
        allowing = {s for s, g in mine.items() if action in ALLOWS[g.role] and not g.is_over(now)}
        if not allowing:
            over = any(action in ALLOWS[g.role] for g in mine.values())
            return False, {"expired", "no_grant"} if over else {"no_grant"}
        if not self.counts(user, w):
            return False, {"policy"}
        best = max((g.role == "admin" for s, g in mine.items() if not g.is_over(now)))
        through = {s[0] for s in mine if not mine[s].is_over(now) and (mine[s].role == "admin") == best}
        return True, {"direct" if "user" in through else "group"}

    def shared_with_me(self, user, now):
        return {
            id
            for id, w in self.workspaces.items()
            if w.owner != user and self.check(user, id, "read", now)[0]
        }

    def visible(self, user, now):
        u = self.users.get(user)
        if not u or u.status != "active":
            return set()
        return {
            id
            for id, w in self.workspaces.items()
            if self.check(user, id, "read", now)[0] or self._admin_of_all(user, w)
        }

    def show(self, workspace, now):
        w = self.workspaces.get(workspace)
        if not w:
            return None
        return {s: (g.role, g.expires_at) for s, g in w.grants.items() if not g.is_over(now)}

    # ---- commands ----

    def _authority(self, actor, w, now):
        u = self.users.get(actor)
        if not u or u.status != "active":
            return None
        if actor == w.owner or self._admin_of_all(actor, w):
            return "full"
        if w.organization not in u.organizations:
            return None
        admin = any(
            g.role == "admin" and not g.is_over(now) and self.reaches(actor, s)
            for s, g in w.grants.items()
        )
        return "admin" if admin else None

    def _subject_problem(self, subject, w):
        kind, id = subject
        if kind == "user":
            if id not in self.users:
                return "unknown_subject"
            return None if w.organization in self.users[id].organizations else "not_a_member"
        if id in self.groups:
            return None if self.groups[id].organization == w.organization else "not_a_member"
        if id not in self.organizations:
            return "unknown_subject"
        return None if id == w.organization else "not_a_member"

    def _own_end(self, actor, w, now):
        """When what makes the actor an admin of the workspace ends; None: never."""
        ends = [
            g.expires_at
            for s, g in w.grants.items()
            if g.role == "admin" and not g.is_over(now) and self.reaches(actor, s)
        ]
        return None if None in ends else max(ends)

    def share(self, actor, workspace, grants, now):
        """(verdict, the possible codes) for grants, [(kind, id, role, expires_at)]. The caller carries an
        applied share out with do_share()."""
        w = self.workspaces.get(workspace)
        if not w:
            return "rejected", {"unknown_workspace"}
        authority = self._authority(actor, w, now)
        problems = set() if self.sharing_is_on(w) else {"sharing_disabled"}
        if not authority:
            problems.add("forbidden")
        if problems:
            return "rejected", problems
        for kind, id, role, expires_at in grants:
            old = w.grants.get((kind, id))
            problem = self._subject_problem((kind, id), w)
            if problem:
                problems.add(problem)
            if kind == "user" and id in (w.owner, actor):
                problems.add("own_role")
            had_admin = old and old.role == "admin" and not old.is_over(now)
            if authority == "admin" and (role == "admin" or had_admin):
                problems.add("role_ceiling")
            if expires_at is not None and expires_at <= now:
                problems.add("already_expired")
            same = old == Grant(role, expires_at) and not old.is_over(now)
            end = self._own_end(actor, w, now) if authority == "admin" else None
            if end is not None and not same and (expires_at is None or expires_at > end):
                problems.add("beyond_own_expiry")
        if problems:
            return "rejected", problems
        same = all(
            w.grants.get((k, i)) == Grant(r, e) and not Grant(r, e).is_over(now)
            for k, i, r, e in grants
        )
        return ("unchanged" if same else "applied"), set()

    def do_share(self, workspace, grants):
        for kind, id, role, expires_at in grants:
            self.workspaces[workspace].grants[kind, id] = Grant(role, expires_at)

    # ---- handoffs, of grants without an end ----

    def offer(self, actor, workspace, grant, now):
        """(verdict, the possible codes) of an offer with that (kind, id, role, None)."""
        kind, id, role, _ = grant
        verdict, problems = self.share(actor, workspace, [grant], now)
        if verdict == "rejected" and covers(self.workspaces[workspace].grants.get((kind, id)), role, None):
            problems = problems - {"role_ceiling", "beyond_own_expiry"}  # nothing is given
        return ("rejected", problems) if problems else ("applied", set())

    def do_offer(self, actor, workspace, grant):
        kind, id, role, _ = grant
        h = Handoff(workspace, actor, (kind, id), role)
        self._give(h)
        return h

    def _give(self, h):
        grants = self.workspaces[h.workspace].grants
        h.had = grants.get(h.holder())
        h.own = not covers(h.had, h.role, None)
        if h.own:
            grants[h.holder()] = Grant(h.role)

    def _take_back(self, h):
        grants = self.workspaces[h.workspace].grants
        if h.own and h.had:
            grants[h.holder()] = h.had
        elif h.own:
            grants.pop(h.holder(), None)
        h.own = False

    def _parties(self, h, user):
        u, w = self.users.get(user), self.workspaces[h.workspace]
        if not u or u.status != "active":
            return set()
        out = {"authority"} if user == w.owner or self._admin_of_all(user, w) else set()
        if user == h.author:
            out.add("author")
        if w.organization in u.organizations:
            out |= {"accepter"} if user == h.accepter else set()
            out |= {"recipient" if h.to[0] == "user" else "member"} if self.reaches(user, h.to) else set()
        return out

    def answer(self, h, user, answer):
        """(verdict, code)"""
        found = find_step(h.state, answer, self._parties(h, user))
        if isinstance(found, str):
            return "rejected", found
        return ("unchanged" if found[0] == h.state else "applied"), ""

    def do_answer(self, h, user, answer):
        h.state, grant = find_step(h.state, answer, self._parties(h, user))
        if grant == "goes":
            self._take_back(h)
        elif grant == "to_member":
            own = h.own
            self._take_back(h)
            h.accepter = user
            if own and user != self.workspaces[h.workspace].owner:
                self._give(h)
        elif answer == "accept":
            h.accepter = user

    def remove(self, actor, workspace, subjects, now):
        w = self.workspaces.get(workspace)
        if not w:
            return {("rejected", "unknown_workspace")}
        authority = self._authority(actor, w, now)
        if not authority and any(s != ("user", actor) for s in subjects):
            return {("rejected", "forbidden")}
        standing = [s for s in subjects if s in w.grants]
        over = [s for s in standing if w.grants[s].is_over(now)]  # the system may have removed it first
        ceiling = [
            s
            for s in standing
            if authority == "admin" and w.grants[s].role == "admin" and s != ("user", actor)
        ]
        outcomes = set()
        if ceiling:
            outcomes.add(("rejected", "role_ceiling"))
        if not [s for s in ceiling if s not in over]:
            if [s for s in standing if s not in over]:
                outcomes.add(("applied", ""))
            else:
                outcomes.add(("unchanged", ""))
            if over:
                outcomes.add(("applied", ""))
        return outcomes

    def do_remove(self, workspace, subjects):
        for s in subjects:
            self.workspaces[workspace].grants.pop(s, None)

    # ---- facts ----

    def forget_subject(self, subject):
        for w in self.workspaces.values():
            w.grants.pop(subject, None)

    def set_owner(self, workspace, owner):
        w = self.workspaces[workspace]
        w.owner = owner
        w.grants.pop(("user", owner), None)
