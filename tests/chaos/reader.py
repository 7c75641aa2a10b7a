"""A reader that keeps asking who may use one workspace, which never changes. The answer must always be
the same, or unavailable."""

import subprocess
import threading
import uuid

import load
from environment import environment

EVERY_S = 0.3
CALL_S = 60
UNAVAILABLE = 3


class Reader(threading.Thread):
    def __init__(self, world, made):
        super().__init__(name="reader", daemon=True)
        self.answers = self.unavailable = 0
        self.wrong = None
        self._end = threading.Event()
        self._world = world
        self._choose(made)

    def _choose(self, made):
        """Takes a workspace from the load, so that no producer uses it, and shares it with two users."""
        users = made.directory.users
        workspace = made.workspaces.pop()
        owner = users.index(made.owner[workspace])
        one, two = (f"user{(owner + n) % len(users)}" for n in (1, 2))
        self._owner, self._workspace = f"user{owner}", made.name[workspace]
        self._world.spare(uuid.UUID(workspace).bytes, uuid.UUID(users[owner]).bytes)
        done = self._sharebus("share", self._workspace, "--user", f"{one}:admin,{two}")
        self._right = self._sharebus("show", self._workspace).stdout
        if done.returncode or one not in self._right or two not in self._right:
            raise RuntimeError(f"the reader's workspace could not be shared: {done.stderr}")

    def _sharebus(self, verb, *arguments):
        where = self._world.reach("reader" if verb == "show" else "sharer")
        program = [load.sharebus_program(), "sharing", verb, *arguments, *where, "-o", "json"]
        return subprocess.run(
            program,
            env=environment(SHAREBUS_USER=self._owner),
            capture_output=True,
            text=True,
            timeout=CALL_S,
            check=False,
        )

    def run(self):
        while not self._end.wait(EVERY_S) and not self.wrong:
            done = self._sharebus("show", self._workspace)
            if done.returncode == UNAVAILABLE and done.stdout.startswith('{"error": '):
                self.unavailable += 1
            elif done.returncode or done.stdout != self._right:
                self.wrong = f"exit {done.returncode}, {done.stdout}{done.stderr}"
            else:
                self.answers += 1

    def check(self):
        if self.wrong:
            raise AssertionError(
                f"a reader was given a wrong answer: {self.wrong}\nright is: {self._right}"
            )

    def finish(self):
        self._end.set()
        self.join(2 * CALL_S)
        self.check()
