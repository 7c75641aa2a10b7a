"""Carries a schedule out: begins faults, several at once where the schedule says so, and measures how
long after healing it takes until the consumers have caught up."""

import collections
import statistics
import time

import faults
import world as worlds

# How many faults may be unhealed at once, and how many not caught up with.
AT_ONCE = {False: (2, 3), True: (4, 10)}  # the key says whether the run is short
CAUGHT_UP_S = 240  # after the last fault healed


class Running:
    """One fault, from its beginning until the consumers have caught up."""

    def __init__(self, course, fault, now):
        self.fault = fault
        self.began = now
        self.healed = None  # at what time
        self.target = None  # the ends of the log after it healed
        self._course = course

    def breaks(self, now):
        """Takes the fault a step further; returns False once it has healed."""
        if self.healed is None:
            try:
                next(self._course)
            except StopIteration:
                self.healed = now
        return self.healed is None

    def is_over(self, look):
        """Is everything done that was on the log when it healed?"""
        if self.healed is None or look.at < self.healed:
            return False
        if self.target is None:
            self.target = look.ends
            return False
        return look.has_reached(self.target)

    def heal(self):
        self._course.close()


class Nemesis:
    """`begin` makes the course of a fault, as faults.begin() does."""

    def __init__(self, cluster, watch, schedule, tell, short=False, begin=faults.begin):
        self.cluster, self.watch, self.tell = cluster, watch, tell
        self._course_of = begin
        self.running = []
        self.times = collections.defaultdict(list)  # kind -> seconds until the consumers had caught up
        self._schedule = iter(schedule)
        self._next = next(self._schedule)
        self._unhealed_max, self._running_max = AT_ONCE[short]
        self._last = time.monotonic()  # when a fault last began or was over
        self._healed = self._last

    def step(self, more=True):
        """Takes all faults a step further; with `more`, another fault may begin."""
        now = time.monotonic()
        for one in list(self.running):
            self._go_on(one, now)
        if more and self._may_begin(now):
            self._begin(now)
        self._check_progress(now)

    def abandon(self):
        """Heals what is broken, after the run has failed."""
        for one in self.running:
            one.heal()

    def _go_on(self, one, now):
        if one.healed is None and not one.breaks(now):
            self._healed = now
            self.tell(f"{one.fault} healed after {now - one.began:.1f} s")
        elif one.is_over(self.watch.latest):
            self.running.remove(one)
            self._last = now
            self.times[one.fault.kind].append(now - one.healed)
            self.tell(f"{one.fault} caught up {now - one.healed:.1f} s later")

    def _may_begin(self, now):
        fault = self._next
        unhealed = [one.fault for one in self.running if one.healed is None]
        if now < self._last + fault.wait or (self.running and not fault.overlaps):
            return False
        if len(unhealed) >= self._unhealed_max or len(self.running) >= self._running_max:
            return False
        return not any(other.touches & fault.touches for other in unhealed)

    def _begin(self, now):
        beside = ", ".join(f"#{one.fault.number}" for one in self.running)
        self.tell(f"{self._next} begins" + (f", beside {beside}" if beside else ""))
        self.running.append(Running(self._course_of(self.cluster, self._next), self._next, now))
        self._next = next(self._schedule)
        self._last = now

    def _check_progress(self, now):
        waiting = [one for one in self.running if one.healed is not None]
        if len(waiting) < len(self.running) or now < self._healed + CAUGHT_UP_S:
            return
        for one in waiting:
            raise worlds.Stuck(
                f"{one.fault}: not caught up {CAUGHT_UP_S} s after all was healed; wanted"
                f" {one.target}, found {self.watch.latest}"
            )

    def report(self, kinds):
        """Yields a table with one line for each kind."""
        yield f"{'fault':24}{'times':>7}{'caught up after: median':>26}{'max':>9}"
        for kind in kinds:
            times = self.times.get(kind, [])
            if times:
                middle = statistics.median(times)
                yield f"{kind:24}{len(times):7}{middle:24.1f} s{max(times):7.1f} s"
            else:
                yield f"{kind:24}{0:7}"
