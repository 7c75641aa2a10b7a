"""What the producers know of their records, and whether the log agrees."""

import collections
import dataclasses

import bus


@dataclasses.dataclass
class Ledger:
    """The records of some producers, by ce_id; each of them is in one of the first three sets at
    last. Only one thread writes to a ledger."""

    acknowledged: set = dataclasses.field(default_factory=set)
    aborted: set = dataclasses.field(default_factory=set)  # their transaction is known to be
    unknown: set = dataclasses.field(default_factory=set)  # either, as far as the producer knows
    sent: int = 0
    transactions: collections.Counter = dataclasses.field(default_factory=collections.Counter)

    def add(self, other):
        self.acknowledged |= other.acknowledged
        self.aborted |= other.aborted
        self.unknown |= other.unknown
        self.sent += other.sent
        self.transactions += other.transactions


def ids_on_log(log):
    """How often each ce_id is there, of {partition: {offset: message}}."""
    out = collections.Counter()
    for messages in log.values():
        out.update(bus.headers_of(m)["ce_id"] for m in messages.values())
    return out


def differences(ledger, found):
    """[(check, problem)]: whether a read_committed reader of the log finds what was acknowledged,
    once, and nothing that was aborted. `found`: how often each ce_id is there."""
    out = []
    for id in ledger.acknowledged - found.keys():
        out.append(("log", f"record {id} was acknowledged, and is not there"))
    for id in ledger.aborted & found.keys():
        out.append(("log", f"record {id} is there, and its transaction was aborted"))
    for id, count in found.items():
        if count > 1:
            out.append(("log", f"record {id} is there {count} times"))
    return out
