"""What a measurement says: each figure with its spread over several rounds, what it is compared with in the same
rounds, what is wanted of it, and whether that is met. Knows no Kafka, Redis or clock."""

import dataclasses
import json
import statistics

PER = 100_000  # commands for which CPU seconds are told


def spread(values):
    """{min, median, max} of the rounds."""
    return {"min": min(values), "median": statistics.median(values), "max": max(values)}


def quantile(values, of):
    """Of values in any order: the smallest that so large a part of them does not exceed."""
    ordered = sorted(values)
    return ordered[max(-(-len(ordered) * int(of * 1000) // 1000) - 1, 0)]


@dataclasses.dataclass(frozen=True)
class Bound:
    """What is wanted of a figure, or of its ratio to what stands beside it."""

    limit: float
    is_minimum: bool
    ratio: bool = False

    def missed_by(self, value):
        """0 if it is met, else by what part of the limit it is missed."""
        over = self.limit - value if self.is_minimum else value - self.limit
        return max(over, 0) / self.limit

    def __str__(self):
        return f"{'at least' if self.is_minimum else 'at most'} {number(self.limit)}{' ×' if self.ratio else ''}"


def minimum(limit, ratio=False):
    return Bound(limit, True, ratio)


def maximum(limit, ratio=False):
    return Bound(limit, False, ratio)


@dataclasses.dataclass
class Row:
    """One figure: its value in each round, and the value of what stands beside it in each of the same rounds."""

    what: str
    unit: str
    values: list
    bound: Bound | None = None
    beside: str | None = None
    beside_values: list | None = None

    def ratios(self):
        return [v / b for v, b in zip(self.values, self.beside_values, strict=True)] if self.beside else None

    def judged(self):
        """The median that the bound is about."""
        return statistics.median(self.ratios() if self.bound.ratio else self.values)

    def missed_by(self):
        return self.bound.missed_by(self.judged()) if self.bound else 0

    def verdict(self):
        if not self.bound:
            return "not judged"
        missed = self.missed_by()
        return f"missed by {missed:.0%}" if missed >= 0.005 else "missed by less than 1%" if missed else "met"

    def as_json(self):
        return {
            "what": self.what,
            "unit": self.unit,
            **spread(self.values),
            "rounds": self.values,
            "beside": self.beside and {"what": self.beside, **spread(self.beside_values), "rounds": self.beside_values},
            "ratio": self.beside and spread(self.ratios()),
            "wanted": self.bound and str(self.bound),
            "verdict": self.verdict(),
            "met": self.bound and not self.missed_by(),
        }


@dataclasses.dataclass
class Report:
    """What one measurement found. `cpu` has for each program that was measured the CPU seconds of each process in
    each round, for PER commands (or grants, as `per` says)."""

    bench: str
    settings: dict
    rows: list
    cpu: dict = dataclasses.field(default_factory=dict)
    per: str = "commands"
    more: dict = dataclasses.field(default_factory=dict)

    def met(self):
        return not any(row.missed_by() for row in self.rows)

    def as_json(self):
        return {
            "bench": self.bench,
            "settings": self.settings,
            "rows": [row.as_json() for row in self.rows],
            "cpu": {
                "per": f"{PER} {self.per}",
                "of": {name: {p: spread(v) for p, v in processes.items()} for name, processes in self.cpu.items()},
            },
            "more": self.more,
            "met": self.met(),
        }


# ---- as text ----


def number(value):
    """Three or four digits that count, and commas between thousands."""
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


HEAD = ("what", "unit", "min", "median", "max", "beside", "its median", "ratio", "wanted", "verdict")


def cells_of(row):
    """The cells of one row of JSON, as texts under HEAD."""
    beside, ratio = row["beside"], row["ratio"]
    return [
        row["what"],
        row["unit"],
        *(number(row[key]) for key in ("min", "median", "max")),
        beside["what"] if beside else "",
        number(beside["median"]) if beside else "",
        "{} ({}–{})".format(*(number(ratio[k]) for k in ("median", "min", "max"))) if ratio else "",
        row["wanted"] or "",
        row["verdict"],
    ]


def markdown(head, lines):
    """A table whose columns are aligned."""
    widths = [max(len(line[n]) for line in [head, *lines]) for n in range(len(head))]
    padded = [[cell.ljust(width) for cell, width in zip(line, widths)] for line in [head, *lines]]
    padded.insert(1, ["-" * width for width in widths])
    return "\n".join(f"| {' | '.join(line)} |" for line in padded)


def table(reports):
    """All rows of reports that are JSON, and the CPU seconds under them."""
    text = markdown(HEAD, [cells_of(row) for report in reports for row in report["rows"]])
    lines = [
        (report["bench"], name, process, *(number(spent[key]) for key in ("min", "median", "max")), report["cpu"]["per"])
        for report in reports
        for name, processes in report["cpu"]["of"].items()
        for process, spent in processes.items()
    ]
    if lines:
        head = ("bench", "program", "process", "min", "median", "max", "CPU seconds for")
        text += "\n\n" + markdown(head, lines)
    return text


def print_report(report, output, machine=None):
    """Prints it as `output` says: json or text. Returns the exit status: 1 if something is missed."""
    told = report.as_json()
    if machine:
        told["machine"] = machine
    if output == "json":
        print(json.dumps(told, indent=1))
    else:
        print(table([told]))
        for name, value in told["more"].items():
            print(f"{name}: {value}")
    return 0 if report.met() else 1
