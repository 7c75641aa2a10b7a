"""Webhooks that can be made to refuse, to hang, to fail, to ask for patience and to reset connections."""

import errno
import itertools
import random
import threading
import time

import receivers
from arrivals import Arrival
from receivers import Answer, Raw

WORKS, REFUSES, HANGS, FAILS, BUSY, RESETS = "works", "refuses", "hangs", "fails", "busy", "resets"
HANG_S = 60  # longer than any timeout of an endpoint here
PACE_S = 0.2  # an answer takes up to so long, so that something is on its way at any time


class Endpoint:
    """A webhook under one address, with all that arrives at it. One that is not `healthy` may be broken."""

    def __init__(self, name, healthy, ordered):
        self.name, self.healthy, self.ordered = name, healthy, ordered
        self._arrivals = []
        self._lock = threading.Lock()
        self._rng = random.Random(name)
        self._mood = WORKS
        self._changed = threading.Event()
        self._receiver = receivers.Receiver(self._answer)
        self.url, self._port = self._receiver.url, self._receiver.port

    def arrivals(self):
        with self._lock:
            return list(self._arrivals)

    def accepted_since(self, moment):
        """The ids of what was accepted since then."""
        late = itertools.takewhile(lambda a: a.at > moment, reversed(self.arrivals()))
        return [a.id for a in late if a.accepted]

    def set_mood(self, mood):
        """Returns whether it has that mood now: the port may not be free at once."""
        if self._mood == REFUSES and mood != REFUSES:
            try:
                self._receiver = receivers.Receiver(self._answer, port=self._port)
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
                return False
        before, self._mood = self._mood, mood
        self._changed.set()  # what hangs ends
        self._changed = threading.Event()
        if mood == REFUSES and before != REFUSES:
            self._receiver.close()
        return True

    def close(self):
        self._changed.set()
        if self._mood != REFUSES:
            self._receiver.close()

    def _answer(self, request):
        mood, changed = self._mood, self._changed
        if not request.whole:  # who sent it is dead
            return Raw(lambda connection: None)
        with self._lock:
            self._arrivals.append(Arrival(request.id, request.at, mood == WORKS, request.body))
        if mood == WORKS:
            time.sleep(self._rng.uniform(0, PACE_S))
            return Answer()
        return {
            REFUSES: Raw(lambda connection: None),  # of a connection that is older than the mood
            HANGS: Raw(lambda connection: changed.wait(HANG_S)),
            FAILS: Answer(500),
            BUSY: Answer(429, {"Retry-After": "1"}),
            RESETS: Raw(receivers.reset),
        }[mood]
