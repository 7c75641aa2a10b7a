"""The data sets of `ops/bench apply`: who shares what with whom, the same for the same seed."""

import bisect
import itertools
import random
import struct
import uuid

import bench
from bench import bus, load

PER_WORKSPACE = 5
PER_USER = 10
PIPELINE = 1000

# Of 100 commands of the second data set; the rejected ones are the last three.
ZIPF_MIX = {
    "plain": 62,
    "two_users": 6,
    "group": 5,
    "by_admin": 3,
    "remove": 12,
    "leave": 1,
    "duplicate": 4,
    "forbidden": 4,
    "unknown_user": 2,
    "not_a_member": 1,
}


class Plain(load.Load):
    """Every command comes from the workspace's owner and is one grant to one user; five a workspace and ten a user
    in the middle. It notes the grants in the order of the log."""

    mix = load.PLAIN

    def __init__(self, commands, seed=1, users=20, per_workspace=PER_WORKSPACE):
        """`users` is how many there are at least, `per_workspace` how many commands a workspace has in the middle."""
        shape = load.Shape(
            users=max(commands // PER_USER, users), workspaces=max(commands // per_workspace, 4), groups=50, seed=seed
        )
        self.grants = []
        super().__init__(shape)

    def _share(self, w, grants, actor=None, **fields):
        self.grants += [(w, subject, role) for kind, subject, role, _ in grants if kind == "user"]
        return super()._share(w, grants, actor, **fields)

    def notifications(self):
        """How many people are told: whoever has another role than before."""
        roles, told = {}, 0
        for w, user, role in self.grants:
            told += roles.get((w, user)) != role
            roles[w, user] = role
        return told

    def commands(self, count):
        self.grants.clear()
        return self.command_records(count, self.mix)


class Fresh(Plain):
    """The same, but nobody is given a workspace twice: every command changes something and is told."""

    def _other(self, w):
        while (user := super()._other(w)) in self.shared[w]:
            pass
        return user


class Sized(Plain):
    """Every workspace has `size` grants, and keeps as many: each command gives the other role to one who has one."""

    def __init__(self, commands, size, users, per_workspace):
        super().__init__(commands, users=users, per_workspace=per_workspace)
        self.held = {w: self._holders(w, size) for w in self.workspaces}
        self.roles = {}  # of those who have another than `use` by now

    def _holders(self, w, size):
        others = self.rng.sample(self.directory.users, size + 1)
        return [user for user in others if user != self.owner[w]][:size]

    def _plain(self):
        w = self._any()
        user = self.rng.choice(self.held[w])
        self.roles[w, user] = role = "use" if self.roles.get((w, user)) == "admin" else "admin"
        return self._share(w, [("user", user, role, None)])


class Zipf(Plain):
    """Few workspaces and few users are in most commands: the one at place n as often as 1/n says. Also groups,
    removals, what is rejected, and commands that are sent twice."""

    mix = ZIPF_MIX

    def __init__(self, commands, seed=1):
        super().__init__(commands, seed)
        self.ranks = {len(places): _harmonic(len(places)) for places in (self.workspaces, self.directory.users)}

    def _drawn(self, places):
        ranks = self.ranks[len(places)]
        return places[bisect.bisect_left(ranks, self.rng.random() * ranks[-1])]

    def _any(self):
        return self._drawn(self.workspaces)

    def _other(self, w):
        while True:
            user = self._drawn(self.directory.users)
            if user != self.owner[w]:
                return user

    def notifications(self):
        """Only the model could say."""
        return None


SETS = {"plain": Plain, "zipf": Zipf}


def _harmonic(count):
    return list(itertools.accumulate(1 / n for n in range(1, count + 1)))


# ---- the same for Redis alone ----


def write_pipeline(path, grants):
    """Writes two HSETs for each grant, with the keys and fields of the index, in MULTI and EXEC, as pipeline.c
    reads them."""
    with path.open("wb") as out:
        for at in range(0, len(grants), PIPELINE):
            part = grants[at : at + PIPELINE]
            commands = b"".join(_hsets(*grant) for grant in part)
            data = b"*1\r\n$5\r\nMULTI\r\n" + commands + b"*1\r\n$4\r\nEXEC\r\n"
            out.write(struct.pack("=II", 2 * len(part) + 2, len(data)) + data)


def _hsets(workspace, user, role):
    w, u = uuid.UUID(workspace).bytes, uuid.UUID(user).bytes
    # the value of the owner's grant is its role and its time: cache/layout.h
    grant = (b"1" if role == "use" else b"2") + w[:6]
    return (
        b"*4\r\n$4\r\nHSET\r\n$26\r\nsb:{0}:ws:" + w + b"\r\n$17\r\nu" + u + b"\r\n$7\r\n" + grant + b"\r\n"
        b"*4\r\n$4\r\nHSET\r\n$25\r\nsb:{0}:u:" + u + b"\r\n$16\r\n" + w + b"\r\n$1\r\n" + grant[:1] + b"\r\n"
    )
