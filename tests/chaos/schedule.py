"""The order and the parameters of faults, drawn from a seed in advance: the same seed, with the same
kinds, brokers and Redis and the same length, repeats them. No Kafka, Redis or clock here."""

import dataclasses
import random

CONSUMERS_MAX = 3
CONSUMERS_FIRST = 2  # running at the first fault
SLOTS = 13  # of the partitions, and of the directory, which is the last
SESSION_TIMEOUT_S = 10  # of the consumer group

CRASH_STEPS = (
    "after-read",
    "after-apply",
    "before-begin",
    "after-produce",
    "before-commit",
    "during-commit",
    "after-commit",
    "during-rebuild",
)
# How often the step is passed before the crash; each is passed several times a second.
CRASH_AFTER_MAX, CRASH_AFTER_MAX_SHORT = 20, 5

FORMS = ("server", "cluster", "sentinel")  # of Redis; the last is a master and a replica under a Sentinel
# What can only be done to some of them.
ONLY = {
    **dict.fromkeys(
        ("redis-empty", "redis-older", "redis-readonly", "redis-locked", "redis-trickles"), ("server",)
    ),
    "slot-moved": ("cluster",),
    "node-killed": ("cluster", "sentinel"),
    "master-failed-over": ("sentinel",),
}

CONSUMER, REDIS, BROKER = "consumer", "redis", "broker"


@dataclasses.dataclass(frozen=True)
class Fault:
    number: int
    kind: str
    numbers: dict  # the parameters; in seconds unless the name says otherwise
    touches: frozenset  # parts that no other fault may touch before this one has healed
    overlaps: bool  # may begin before the consumers have caught up after earlier ones
    wait: float  # seconds before it begins

    def __str__(self):
        numbers = " ".join(f"{name}={value}" for name, value in self.numbers.items())
        return f"#{self.number} {self.kind} {numbers}".rstrip()


class Schedule:
    """An endless sequence of faults: each kind once, in random order, and then any."""

    def __init__(self, seed, kinds, short=False, brokers=1):
        self.kinds = list(kinds)
        self._brokers = brokers
        self._rng = random.Random(seed)
        self._short = short
        self._consumers = CONSUMERS_FIRST

    def __iter__(self):
        first = self._first()
        number = 0
        while True:
            number += 1
            kind = first.pop() if first else self._rng.choice(self.kinds)
            yield self._draw(number, kind)

    def _first(self):
        """The kinds in the order of their first time, the last one first."""
        return self._rng.sample(self.kinds, len(self.kinds))

    def _seconds(self, low, high):
        """Short runs have short faults."""
        return round(self._rng.uniform(low, low + (high - low) / 3 if self._short else high), 1)

    def _victim(self):
        return self._rng.randrange(self._consumers)

    def _draw(self, number, kind):
        what, touches = self._parameters(kind)
        overlaps = self._rng.random() < 0.5 or self._short
        wait = self._seconds(0.2, 3.0)
        return Fault(number, kind, what, frozenset(touches), overlaps, wait)

    def _parameters(self, kind):
        if kind.startswith("crash-"):
            return self._crash(kind.removeprefix("crash-"))
        return {
            "kill": self._kill,
            "freeze": self._freeze,
            "join-leave": self._join_leave,
            "redis-empty": self._redis_down,
            "redis-older": self._redis_older,
            "redis-flushed": self._redis_moment,
            "redis-paused": self._redis_while,
            "redis-full": self._redis_while,
            "redis-readonly": self._redis_while,
            "redis-locked": self._redis_locked,
            "redis-trickles": self._redis_while,
            "redis-damaged": self._redis_damaged,
            "slot-moved": self._slot_moved,
            "node-killed": self._redis_down,
            "master-failed-over": self._redis_down,
            "topic-narrowed": self._topic_narrowed,
            "offsets-moved": self._offsets_moved,
            "broker-restored": self._broker_restored,
            "broker-killed": self._broker_killed,
            "broker-killed-in-commit": self._broker_killed_in_commit,
            "broker-frozen": self._broker_frozen,
            "broker-fenced": self._broker_fenced,
            "leader-killed": self._leader_killed,
        }[kind]()

    # ---- consumers ----

    def _of_consumer(self, victim, **numbers):
        return {"victim": victim, **numbers}, {f"{CONSUMER}-{victim}"}

    def _kill(self):
        return self._of_consumer(self._victim(), down=self._seconds(0.2, 4))

    def _freeze(self):
        """Redis pauses before, so that the consumer is frozen, and wakes up, with work in hand."""
        seconds = self._seconds(SESSION_TIMEOUT_S + 1, SESSION_TIMEOUT_S + 7)
        what, touches = self._of_consumer(
            self._victim(), before=self._seconds(0.3, 2), seconds=seconds
        )
        return what, touches | {REDIS}

    def _join_leave(self):
        """Up to three consumers join, then some leave until `rest` are left. Those are mostly two, so
        that another consumer can take over."""
        self._consumers = 1 if self._rng.random() < 0.25 else 2
        everybody = {f"{CONSUMER}-{n}" for n in range(CONSUMERS_MAX)}
        return {"rest": self._consumers, "stay": self._seconds(2, 8)}, everybody

    def _crash(self, step):
        if step == "during-rebuild":
            what, touches = self._of_consumer(self._victim(), times=1, down=self._seconds(0.2, 4))
            return what, touches | {REDIS}
        times_max = CRASH_AFTER_MAX_SHORT if self._short else CRASH_AFTER_MAX
        times = self._rng.randint(1, times_max)
        return self._of_consumer(self._victim(), times=times, down=self._seconds(0.2, 4))

    # ---- Redis ----

    def _redis_moment(self):
        return {}, {REDIS}

    def _redis_down(self):
        return {"down": self._seconds(0, 5)}, {REDIS}

    def _redis_older(self):
        return {"age": self._seconds(1, 8), "down": self._seconds(0, 5)}, {REDIS}

    def _redis_while(self):
        return {"seconds": self._seconds(1, 12)}, {REDIS}

    def _redis_locked(self):
        """Touches all consumers: at its start a consumer refuses what it waits for later."""
        everybody = {f"{CONSUMER}-{n}" for n in range(CONSUMERS_MAX)}
        return {"seconds": self._seconds(1, 12)}, everybody | {REDIS}

    def _slot_moved(self):
        return {"slot": self._rng.randrange(SLOTS)}, {REDIS}

    def _redis_damaged(self):
        """Touches all of Redis: if it were emptied meanwhile, nothing would be left to repair."""
        return {"seed": self._rng.randrange(10**6), "count": self._rng.randint(1, 4)}, {REDIS}

    # ---- topics and the group ----

    def _topic_narrowed(self):
        return {"seconds": self._seconds(1, 10)}, {BROKER}

    def _offsets_moved(self):
        by = self._rng.choice((-1, 1)) * self._rng.randint(1, 5000)
        everybody = {f"{CONSUMER}-{n}" for n in range(CONSUMERS_MAX)}
        return {"by": by}, everybody | {BROKER}

    # ---- brokers ----

    def _broker_restored(self):
        node = self._rng.randint(1, self._brokers)
        return {"node": node, "age": self._seconds(2, 8), "down": self._seconds(0, 5)}, {BROKER}

    def _node(self):
        return {"node": self._rng.randint(1, self._brokers)} if self._brokers > 1 else {}

    def _broker_killed(self):
        return {**self._node(), "down": self._seconds(0, 6)}, {BROKER}

    def _broker_killed_in_commit(self):
        """Several times: how far a commit has come then is luck."""
        numbers = {"times": self._rng.randint(2, 4), "after_ms": self._rng.randint(0, 100)}
        return {**self._node(), **numbers, "down": self._seconds(0, 2)}, {BROKER}

    def _broker_frozen(self):
        return {**self._node(), "seconds": self._seconds(2, 14)}, {BROKER}

    def _broker_fenced(self):
        """Longer than its session, or it is not noticed."""
        return {**self._node(), "seconds": self._seconds(3.5, 8)}, {BROKER}

    def _leader_killed(self):
        return {"partition": self._rng.randrange(12), "down": self._seconds(1, 8)}, {BROKER}


def kinds(brokers=1, redis="server"):
    """All kinds of faults that are possible with so many brokers and that form of Redis."""
    out = [
        "kill",
        "freeze",
        "join-leave",
        "redis-empty",
        "redis-older",
        "redis-flushed",
        "redis-paused",
        "redis-full",
        "redis-readonly",
        "redis-locked",
        "redis-trickles",
        "redis-damaged",
        "topic-narrowed",
        "offsets-moved",
        "broker-killed",
        "broker-killed-in-commit",
        "broker-frozen",
        "broker-fenced",
        *(f"crash-{step}" for step in CRASH_STEPS),
        "slot-moved",
        "node-killed",
        "master-failed-over",
        *(("leader-killed", "broker-restored") if brokers > 1 else ()),
    ]
    return [kind for kind in out if redis in ONLY.get(kind, FORMS)]
