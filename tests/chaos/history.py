"""What the producers know about their records, compared with the log."""

import collections
import dataclasses

import bus

REPEATED_MAX = 0.001  # of all records: those in flight when a leader dies


@dataclasses.dataclass
class Ledger:
    """The records of some producers, by ce_id. In the end each is in one of the first three sets. Only
    one thread writes to a ledger.

    `transactional` are those that were sent in transactions. An idempotent producer without them may
    write a record twice when a partition gets another leader: librdkafka then goes on with a new epoch,
    in which the broker cannot know the first copy again (confluentinc/librdkafka#4953)."""

    acknowledged: set = dataclasses.field(default_factory=set)
    aborted: set = dataclasses.field(default_factory=set)  # in transactions known to be aborted
    unknown: set = dataclasses.field(default_factory=set)  # the producer does not know which
    transactional: set = dataclasses.field(default_factory=set)
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
        self.transactional |= other.transactional
        self.sent += other.sent
        self.transactions += other.transactions


def ids_on_log(log):
    """How often each ce_id occurs in a log, {partition: {offset: message}}."""
    out = collections.Counter()
    for messages in log.values():
        out.update(bus.headers_of(m)["ce_id"] for m in messages.values())
    return out


def repeated(ledger, found):
    """The records that stand on the log more than once because their producers have no transactions.
    What they ask for is done once all the same: the model judges the second copy as a duplicate."""
    return [id for id, count in found.items() if count > 1 and id not in ledger.transactional]


def differences(ledger, found):
    """[(check, problem)] unless a read_committed reader finds every acknowledged record, no aborted one,
    and none twice but a few of those without transactions. `found` says how often each ce_id occurs on
    the log."""
    out = []
    for id in ledger.acknowledged - found.keys():
        out.append(("log", f"record {id} was acknowledged, but is not on the log"))
    for id in ledger.aborted & found.keys():
        out.append(("log", f"record {id} is on the log, but its transaction was aborted"))
    for id in ledger.transactional & found.keys():
        if found[id] > 1:
            out.append(("log", f"record {id} is on the log {found[id]} times"))
    again = repeated(ledger, found)
    if len(again) > len(found) * REPEATED_MAX:
        out.append(("log", f"{len(again)} records are on the log more than once, as {again[0]}"))
    return out
