"""What the producers know about their records, compared with the log."""

import collections
import dataclasses

import bus


@dataclasses.dataclass
class Ledger:
    """The records of some producers, by ce_id. In the end each is in one of the first three sets. Only
    one thread writes to a ledger."""

    acknowledged: set = dataclasses.field(default_factory=set)
    aborted: set = dataclasses.field(default_factory=set)  # in transactions known to be aborted
    unknown: set = dataclasses.field(default_factory=set)  # the producer does not know which
    sent: int = 0
    transactions: collections.Counter = dataclasses.field(default_factory=collections.Counter)

    def doubt(self, ids):
        """What was known of these records does not count any more."""
        self.acknowledged.difference_update(ids)
        self.aborted.difference_update(ids)
        self.unknown.update(ids)

    def add(self, other):
        self.acknowledged |= other.acknowledged
        self.aborted |= other.aborted
        self.unknown |= other.unknown
        self.sent += other.sent
        self.transactions += other.transactions


def ids_on_log(log):
    """How often each ce_id occurs in a log, {partition: {offset: message}}."""
    out = collections.Counter()
    for messages in log.values():
        out.update(bus.headers_of(m)["ce_id"] for m in messages.values())
    return out


def differences(ledger, found):
    """[(check, problem)] unless a read_committed reader finds every acknowledged record once, and no
    aborted one. `found` says how often each ce_id occurs on the log."""
    out = []
    for id in ledger.acknowledged - found.keys():
        out.append(("log", f"record {id} was acknowledged, but is not on the log"))
    for id in ledger.aborted & found.keys():
        out.append(("log", f"record {id} is on the log, but its transaction was aborted"))
    for id, count in found.items():
        if count > 1:
            out.append(("log", f"record {id} is on the log {count} times"))
    return out
