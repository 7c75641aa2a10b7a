"""Producers that write commands, facts and garbage during a run, whatever happens to the brokers, and
keep a ledger of what became of each record."""

import functools
import random
import threading
import time

import bus
import kafka_rights
import load
from confluent_kafka import KafkaException

from history import Ledger

NAME = "sharebus-chaos-"
TRANSACTIONS = (
    "--add --allow-principal User:sharebus-sharer --operation Write"
    f" --transactional-id {NAME} --resource-pattern-type prefixed"
)
TICK_S = 0.02
PLAIN_SENDERS = 2
TRANSACTIONAL_SENDERS = 2
BACKLOG_S = 10  # how much may wait in a producer, in seconds of its rate
PATIENCE_MS = 1_800_000  # longer than any fault
TRANSACTION_TIMEOUT_MS = 30_000
TRANSACTION_MAX = 200  # records
HELD_OPEN_S = 0.4  # at most, from the first record of a transaction to its end
COMMITTED = 0.7  # share of the transactions; the others are aborted
CALL_S = 5
END_S = 120


def _ce_id(headers):
    return dict(headers)["ce_id"].decode()


class Pace:
    """So many records a second; makes up for missed ones, up to a second's worth."""

    def __init__(self, rate):
        self._rate = rate
        self._paid = time.monotonic()

    def due(self):
        now = time.monotonic()
        self._paid = max(self._paid, now - 1)
        count = int((now - self._paid) * self._rate)
        self._paid += count / self._rate
        return count


class Sender(threading.Thread):
    """A producer in a thread of its own. The error that it could not handle is in `failure`."""

    def __init__(self, world, made, rate, name):
        super().__init__(name=name, daemon=True)
        self.brokers, self.author = world.brokers, world.author()
        self.made, self.rate = made, rate
        self.ledger = Ledger()
        self.failure = None
        self._rng = random.Random(name)
        self._pace = Pace(rate)
        self._end = threading.Event()

    def run(self):
        try:
            self.work()
        except Exception as error:  # check() raises it
            self.failure = error

    def end(self):
        """Tells it to end; join() waits for that."""
        self._end.set()

    def ending(self):
        return self._end.is_set()

    def records(self, backlog, count_max=None):
        """The records that are due now, or none while too many wait to be sent."""
        count = self._pace.due()
        if backlog > self.rate * BACKLOG_S:
            return []
        return self.made.command_records(min(count, count_max or count), load.ENDING)


class PlainSender(Sender):
    """An idempotent producer without transactions: an acknowledged record is on the log."""

    def work(self):
        producer = self._open()
        while not self.ending():
            for key, value, headers in self.records(len(producer)):
                done = functools.partial(self._delivered, _ce_id(headers))
                producer.produce(bus.COMMANDS, value, key, headers=headers, on_delivery=done)
                self.ledger.sent += 1
            producer.poll(TICK_S)
        if producer.flush(END_S):
            raise RuntimeError(f"{self.name}: {len(producer)} records are not delivered")

    def _open(self):
        return bus.producer(self.brokers, **self.author, **{"message.timeout.ms": PATIENCE_MS})

    def _delivered(self, id, error, _):
        (self.ledger.unknown if error else self.ledger.acknowledged).add(id)


class TransactionalSender(Sender):
    """A producer with transactions, some of which it aborts. After any trouble it is replaced: a late copy
    of a lost request could otherwise end the next transaction."""

    def __init__(self, *args):
        super().__init__(*args)
        self._transactions = []  # (unix time of its end, ids) of each

    def doubt(self, unix_time):
        """The brokers ended a transaction at that time without telling the logs: nobody knows what becomes
        of its records. It is the one that ended last, as we see it, or the next one to end."""
        before = [t for t in self._transactions if t[0] <= unix_time][-1:]
        after = [t for t in self._transactions if t[0] > unix_time][:1]
        for _, ids in before + after:
            self.ledger.doubt(ids)

    def work(self):
        producer = None
        while not self.ending():
            producer = producer or self._open()
            if not self._transaction(producer):
                producer = None
        # The next producer of the same name ends what a broken one left open.
        producer = producer or self._open()

    def _open(self):
        limit = time.monotonic() + PATIENCE_MS / 1000
        while True:
            self._troubled = False
            producer = bus.producer(
                self.brokers,
                error_cb=self._on_error,
                **self.author,
                **{
                    "transactional.id": self.name,
                    "transaction.timeout.ms": TRANSACTION_TIMEOUT_MS,
                    "message.timeout.ms": TRANSACTION_TIMEOUT_MS,
                },
            )
            try:
                producer.init_transactions(TRANSACTION_TIMEOUT_MS / 1000)
                return producer
            except KafkaException:
                if time.monotonic() > limit:
                    raise

    def _on_error(self, _):
        self._troubled = True

    def _transaction(self, producer):
        """Makes one transaction; returns False if the producer must not be used again."""
        ids = []
        try:
            producer.begin_transaction()
            self._fill(producer, ids)
            outcome = self._finish(producer, self._rng.random() < COMMITTED)
        except KafkaException:
            outcome = "unknown"
        known = {"committed": self.ledger.acknowledged, "aborted": self.ledger.aborted}
        known.get(outcome, self.ledger.unknown).update(ids)
        self.ledger.transactional.update(ids)
        self._transactions.append((time.time(), ids))
        self.ledger.transactions[outcome] += 1
        return outcome != "unknown" and not self._troubled

    def _fill(self, producer, ids):
        size_max = self._rng.randint(1, TRANSACTION_MAX)
        until = time.monotonic() + self._rng.uniform(0, HELD_OPEN_S)
        while not self.ending() and (not ids or time.monotonic() < until) and len(ids) < size_max:
            for key, value, headers in self.records(len(producer), size_max - len(ids)):
                ids.append(_ce_id(headers))
                producer.produce(bus.COMMANDS, value, key, headers=headers)
                self.ledger.sent += 1
            producer.poll(TICK_S)

    def _finish(self, producer, commit):
        """Ends the transaction; returns how, and raises KafkaException if that is not known."""
        if commit:
            try:
                self._insist(producer.commit_transaction)
                return "committed"
            except KafkaException as error:
                if not error.args[0].txn_requires_abort():
                    raise
        producer.flush(CALL_S)  # aborted records shall be on the log, too
        self._insist(producer.abort_transaction)
        return "aborted"

    @staticmethod
    def _insist(call):
        limit = time.monotonic() + PATIENCE_MS / 1000
        while True:
            try:
                return call(CALL_S)
            except KafkaException as error:
                if not error.args[0].retriable() or time.monotonic() > limit:
                    raise


class Traffic:
    """All senders together, which write `rate` records a second."""

    def __init__(self, world, made, rate, seed):
        self._made = made
        if world.secured:
            kafka_rights.give(world.brokers, kafka_rights.rights([TRANSACTIONS]))
        kinds = [PlainSender] * PLAIN_SENDERS + [TransactionalSender] * TRANSACTIONAL_SENDERS
        self.senders = [
            kind(world, made.fork(f"{seed}-{n}"), rate / len(kinds), f"{NAME}{n}")
            for n, kind in enumerate(kinds)
        ]

    def start(self):
        for sender in self.senders:
            sender.start()

    def check(self):
        for sender in self.senders:
            if sender.failure:
                raise sender.failure

    def sent(self):
        return sum(sender.ledger.sent for sender in self.senders)

    def finish(self, forgotten):
        """Ends all senders; returns their ledgers merged into one. `forgotten` is asked then for the (unix
        time, name) of each transaction that the brokers ended without telling the logs."""
        for sender in self.senders:
            sender.end()
        for sender in self.senders:
            sender.join(2 * END_S)
            if sender.is_alive():
                raise RuntimeError(f"{sender.name} did not end")
        self.check()
        by_name = {s.name: s for s in self.senders if isinstance(s, TransactionalSender)}
        for unix_time, name in forgotten():
            if name in by_name:
                by_name[name].doubt(unix_time)
        whole = Ledger()
        for sender in self.senders:
            whole.add(sender.ledger)
        return whole


def seal(brokers, made):
    """Writes one more record to every partition, outside a transaction: then the committed offset can
    reach the log's end. It cannot where the log ends with the marker of a transaction."""
    missing = set(bus.partitions_of(brokers, bus.COMMANDS))
    producer = bus.producer(brokers)

    def on_delivery(error, message):
        if error:
            raise KafkaException(error)
        missing.discard(message.partition())

    while missing:
        (record,) = made.command_records(1, {"rename": 1})
        key, value, headers = record
        producer.produce(bus.COMMANDS, value, key, headers=headers, on_delivery=on_delivery)
        if producer.flush(END_S):
            raise RuntimeError("the last records were not delivered")
