"""What has arrived at endpoints, compared with what is on the log. Pure: no Kafka, no clock."""

import collections
import dataclasses
import math

TOLD_MAX = 5  # problems of one kind that are told


@dataclasses.dataclass(frozen=True)
class Message:
    """What a notifier must tell. Times are monotonic seconds."""

    id: str
    topic: str
    recipient: str
    created: float  # it cannot have been sent before
    words: str  # that stand in what is told of it


@dataclasses.dataclass(frozen=True)
class Arrival:
    """A whole request at an endpoint."""

    id: str
    at: float
    accepted: bool  # the answer is 2xx
    body: bytes


@dataclasses.dataclass
class Disturbance:
    """What may make a notifier tell again: it was killed, frozen, or lost the brokers. What was on its way then is what
    was written before that ended and was not committed when it began, or stood in the ledger meanwhile."""

    kind: str
    began: float
    committed: dict  # {(topic, partition): offset}, no higher than it was then
    until: float = math.inf

    def end(self, now):
        self.until = now

    def caught(self, message, places, owed):
        """Was the message, which stands on the log at these (topic, partition, offset), and in the ledger in these
        times (from, to), on its way?"""
        if any(begin <= self.until and end >= self.began for begin, end in owed):
            return True
        return message.created <= self.until and any(
            offset >= self.committed.get((topic, partition), 0) for topic, partition, offset in places
        )


def times_owed(changes):
    """[(from, to)] in which something stood in the ledger, of its (time, is it owed then?) in their order."""
    out = []
    begun = None
    for at, owed in changes:
        if owed and begun is None:
            begun = at
        elif not owed and begun is not None:
            out.append((begun, at))
            begun = None
    return out if begun is None else [*out, (begun, math.inf)]


class Check:
    """Looks at one endpoint after another; `problems` has what is wrong, `on_their_way` the messages that
    were on their way to healthy endpoints at the disturbances of a kind, `repeated` those that came again."""

    def __init__(self, messages, log, disturbances, began=0.0):
        """`messages`: {id: Message}; `log`: {id: [(topic, partition, offset)]} of those that must be told; `began`:
        problems tell times from then on."""
        self.messages, self.log, self.disturbances, self.began = messages, log, disturbances, began
        self.problems = []
        self.on_their_way = collections.defaultdict(set)
        self.repeated = collections.defaultdict(set)
        self.arrived = collections.Counter()

    def look(self, name, arrivals, healthy, ordered, owed=None):
        """At the endpoint of that name; `owed`: {id: times_owed() of it there}. One that was faulty may have got anything
        any number of times."""
        by_id = collections.defaultdict(list)
        for one in sorted(arrivals, key=lambda a: a.at):
            by_id[one.id].append(one)
        self.arrived[name] = len(arrivals)
        self._tell(name, by_id, "was told nothing of", [id for id in self.log if not _accepted(by_id[id])])
        self._tell(name, by_id, "was told of what is not on the log:", [id for id in by_id if id not in self.log])
        self._tell(name, by_id, "was told something else of", [id for id, all in by_id.items() if not self._alike(id, all)])
        if healthy:
            reasons = self._find_reasons(owed or {})
            again = [id for id, all in by_id.items() if len(all) > 1 and not self._explain(id, all, reasons[id])]
            self._tell(name, by_id, "was told again, without a reason, of", again)
        if ordered:
            self._tell(name, by_id, "was told too early of", self._too_early(by_id))

    def _tell(self, name, by_id, what, ids):
        more = f", and {len(ids) - TOLD_MAX} more" if len(ids) > TOLD_MAX else ""
        if ids:
            told = ", ".join(self._describe(id, by_id[id]) for id in ids[:TOLD_MAX])
            self.problems.append((name, f"{what} {told}{more}"))

    def _describe(self, id, arrivals):
        places = " and ".join(f"{topic} {partition}:{offset}" for topic, partition, offset in self.log.get(id, []))
        times = ", ".join(f"{a.at - self.began:.2f}{'' if a.accepted else ' in vain'}" for a in arrivals)
        return f"{id} ({places}; at {times or 'no time'})"

    def _alike(self, id, arrivals):
        """Does each of them tell of this message, and in the same words?"""
        message = self.messages.get(id)
        words = message.words.encode() if message else b""
        return all(a.body == arrivals[0].body and words in a.body for a in arrivals)

    def _find_reasons(self, owed):
        """{id: the disturbances at which it was on its way}."""
        out = collections.defaultdict(list)
        for one in self.disturbances:
            for id, places in self.log.items():
                if one.caught(self.messages[id], places, owed.get(id, ())):
                    out[id].append(one)
                    self.on_their_way[one.kind].add(id)
        return out

    def _explain(self, id, arrivals, reasons):
        """Is there a reason for it to come more than once?"""
        if len(self.log.get(id, [])) > 1:  # its producer wrote it twice
            return True
        reasons = [one.kind for one in reasons if arrivals[-1].at >= one.began]
        for kind in reasons[:1]:
            self.repeated[kind].add(id)
        return bool(reasons)

    def _too_early(self, by_id):
        """Those that arrived before one that stands earlier on the same log for the same recipient."""
        rows = collections.defaultdict(list)
        for id, places in self.log.items():
            topic, partition, offset = min(places)
            first = _accepted(by_id.get(id, []))
            if first:
                rows[topic, partition, self.messages[id].recipient].append((offset, first.at, id))
        out = []
        for row in rows.values():
            row.sort()
            out += [b[2] for a, b in zip(row, row[1:]) if b[1] < a[1]]
        return out


def _accepted(arrivals):
    """The first that was answered with 2xx, or None."""
    return next((a for a in arrivals if a.accepted), None)


def inbox_problems(name, ids, wanted, maybe):
    """[(check, problem)] of an inbox that has these ids: each of `wanted` must be there, once, and nothing that is
    neither of them nor of `maybe`."""
    found = collections.Counter(ids)
    out = [(name, f"lacks {id}") for id in wanted if not found[id]]
    out += [(name, f"has {id} {count} times") for id, count in found.items() if count > 1]
    return out + [(name, f"has {id}, which is for somebody else") for id in found if id not in wanted and id not in maybe]
