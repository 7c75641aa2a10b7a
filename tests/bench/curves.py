"""How cost grows along a series, in which one thing varies: its rows, its table and its plot. Knows no Kafka, Redis or
clock."""

import dataclasses
import functools
import math

import figures
import svg
from figures import Row, maximum

PROCESSES = ("consumer", "broker", "redis")
GROWTH_MAX = 1.2  # of the consumer's CPU for a command, from JUDGED_BASE grants in the index to any other number
JUDGED_BASE = 100_000


@dataclasses.dataclass(frozen=True)
class Axis:
    """What varies. `base` is the value that the others are told beside; `judged`: is growth along it?"""

    name: str
    noun: str  # after a number: "4 partitions"
    one: str  # after 1
    base: int
    judged: bool = False


AXES = {
    axis.name: axis
    for axis in (
        Axis("consumers", "consumers", "consumer", 1),
        Axis("grants", "grants in the index", "grant in the index", JUDGED_BASE, judged=True),
        Axis("shared", "grants a workspace", "grant a workspace", 10),
        Axis("partitions", "partitions", "partition", 4),
    )
}


@dataclasses.dataclass(frozen=True)
class Found:
    """Of one value in one round: commands a second, and {process: CPU seconds for figures.PER commands}."""

    rate: float
    cpu: dict


@dataclasses.dataclass
class Series:
    """`found` has for each value, in order, what each round found."""

    axis: Axis
    found: dict

    def base(self):
        """The axis' own base, or the first value of a series without it."""
        return self.axis.base if self.axis.base in self.found else next(iter(self.found))

    def name_of(self, value):
        return f"{value:,} {self.axis.one if value == 1 else self.axis.noun}"

    def rates(self, value):
        return [f.rate for f in self.found[value]]

    def cpu(self, process, value):
        return [f.cpu[process] for f in self.found[value]]


# ---- rows ----


def _bound(series, value, process):
    judged = series.axis.judged and process == "consumer" and series.base() == JUDGED_BASE
    return maximum(GROWTH_MAX, ratio=True) if judged and value != series.base() else None


def _row(series, value, what, unit, pick, bound=None):
    """What pick(value) has in each round, beside the base of the same round."""
    base = series.base()
    beside = (None, None) if value == base else (series.name_of(base), pick(base))
    return Row(f"{what}, {series.name_of(value)}", unit, pick(value), bound, *beside)


def rows(series):
    """The rows of `ops/bench scale`: the rate and each process' CPU at each value."""
    out = [_row(series, value, "commands", "/s", series.rates) for value in series.found]
    for process in PROCESSES:
        for value in series.found:
            pick = functools.partial(series.cpu, process)
            out.append(_row(series, value, f"CPU of the {process}", "s/100k", pick, _bound(series, value, process)))
    return out


# ---- the table ----


def _spread(values):
    told = figures.spread(values)
    return f"{figures.number(told['median'])} ({figures.number(told['min'])}–{figures.number(told['max'])})"


def _ratio(series, value):
    """The consumer's CPU beside the base of the same rounds."""
    if value == series.base():
        return "1"
    return _spread(_row(series, value, "", "", functools.partial(series.cpu, "consumer")).ratios())


def table(series):
    """One line for each value, in Markdown: medians, and the least and the greatest."""
    head = (series.axis.noun, "commands/s", *(f"{p}, CPU s/100k" for p in PROCESSES), "consumer beside base")
    lines = [
        (
            f"{value:,}",
            _spread(series.rates(value)),
            *(_spread(series.cpu(p, value)) for p in PROCESSES),
            _ratio(series, value),
        )
        for value in series.found
    ]
    return figures.markdown(head, lines)


def document(all_series, title, picture):
    """The tables of all series as a page that shows the picture."""
    parts = [f"# {title}", f"![{title}]({picture})"]
    for series in all_series:
        parts += [f"## {series.axis.noun}", table(series)]
    return "\n\n".join(parts) + "\n"


# ---- the plot ----

PANEL_WIDTH, PANEL_HEIGHT, TITLE_HEIGHT = 500, 260, 24
LEFT, RIGHT, TOP, BOTTOM = 70, 30, 34, 36  # from a panel's edges to its axes
TICKS = 4
NAME_WIDTH = 66  # of a process, in the legend
COLOURS = {"consumer": "rgb(200,60,30)", "broker": "rgb(40,90,190)", "redis": "rgb(30,140,70)", "commands": "black"}


def nice_top(value):
    """The end of an axis that has room for it: 1, 2 or 5 with noughts."""
    power = 10 ** math.floor(math.log10(value)) if value > 0 else 1
    return next(n * power for n in (1, 2, 5, 10) if n * power >= value)


def place(values, value):
    """From 0 to 1 along a logarithmic axis from the least to the greatest; in the middle if there is but one."""
    low, high = math.log(min(values)), math.log(max(values))
    return (math.log(value) - low) / (high - low) if high > low else 0.5


class _Panel:
    """One plot in the page: lines over the values of a series, with ends of the rounds."""

    def __init__(self, left, top, values, highest):
        self.left, self.top, self.values = left, top, list(values)
        self.highest = nice_top(highest)

    def x(self, value):
        return self.left + LEFT + place(self.values, value) * (PANEL_WIDTH - LEFT - RIGHT)

    def y(self, height):
        return self.top + PANEL_HEIGHT - BOTTOM - height / self.highest * (PANEL_HEIGHT - TOP - BOTTOM)

    def axes(self, title, unit):
        yield svg.text(self.left + LEFT, self.top + 14, title)
        yield svg.text(self.left + LEFT, self.top + 27, unit, fill="gray")
        ends = (self.left + LEFT, self.left + PANEL_WIDTH - RIGHT)
        for n in range(TICKS + 1):
            height = self.highest * n / TICKS
            yield svg.line([(end, self.y(height)) for end in ends], "lightgray")
            yield svg.text(ends[0] - 6, self.y(height) + 4, figures.number(height), text_anchor="end")
        for value in self.values:
            yield svg.text(self.x(value), self.y(0) + 16, f"{value:,}", text_anchor="middle")

    def curve(self, name, points):
        """`points` are {value: [of each round]}."""
        colour = COLOURS[name]
        told = {value: figures.spread(rounds) for value, rounds in points.items()}
        yield svg.line([(self.x(v), self.y(t["median"])) for v, t in told.items()], colour, stroke_width=2)
        for v, t in told.items():
            yield svg.line([(self.x(v), self.y(t["min"])), (self.x(v), self.y(t["max"]))], colour)
            yield svg.dot(self.x(v), self.y(t["median"]), colour, f"{name}, {v:,}: {figures.number(t['median'])}")

    def legend(self, names):
        right = self.left + PANEL_WIDTH - RIGHT
        for n, name in enumerate(reversed(names)):
            yield svg.text(right - n * NAME_WIDTH, self.top + 27, name, fill=COLOURS[name], text_anchor="end")


def _drawn(series, top):
    """Both panels of a series: CPU to the left, the rate to the right."""
    values = list(series.found)
    curves = {p: {v: series.cpu(p, v) for v in values} for p in PROCESSES}
    rate = {v: series.rates(v) for v in values}
    highest = max(max(rounds) for points in curves.values() for rounds in points.values())
    cpu = _Panel(0, top, values, highest)
    right = _Panel(PANEL_WIDTH, top, values, max(max(rounds) for rounds in rate.values()))
    yield from cpu.axes(series.axis.noun, "CPU seconds for 100,000 commands")
    yield from cpu.legend(PROCESSES)
    for name, points in curves.items():
        yield from cpu.curve(name, points)
    yield from right.axes(series.axis.noun, "commands a second")
    yield from right.curve("commands", rate)


def plot(all_series, title):
    """All series under each other, as the text of an SVG."""
    drawn = [part for n, series in enumerate(all_series) for part in _drawn(series, TITLE_HEIGHT + n * PANEL_HEIGHT)]
    return svg.page(2 * PANEL_WIDTH, TITLE_HEIGHT + len(all_series) * PANEL_HEIGHT, title, "\n".join(drawn))
