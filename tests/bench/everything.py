#!/usr/bin/env python3
"""Everything that `ops/bench` measures but the soak and how cost grows, one after the other, as one table."""

import json
import pathlib
import subprocess
import sys

import bench
import figures

FOLDER = pathlib.Path(__file__).parent


def measurements(args):
    """(program, its arguments): the order of the table."""
    rounds, grants = ("--rounds", str(args.rounds)), ("--grants", str(args.grants))
    return [
        ("apply", ("--commands", str(args.commands), *rounds)),
        ("apply", ("--commands", str(args.commands), "--data", "zipf", *rounds)),
        ("latency", rounds),
        ("check", rounds),
        ("rebuild", (*rounds, *grants)),
        ("memory", grants),
        ("notify", rounds),
    ]


def measure(name, arguments):
    """What it reports, as JSON; None if it could not measure."""
    bench.say(f"--- {name} {' '.join(arguments)}")
    command = [sys.executable, "-B", str(FOLDER / f"{name}.py"), *arguments, "-o", "json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    try:
        return json.loads(done.stdout)
    except json.JSONDecodeError:
        bench.say(f"{name} ended with {done.returncode} and without a report")
        return None


def main():
    parser = bench.arguments(__doc__)
    parser.add_argument("--commands", type=int, default=400_000, help="of apply (%(default)s)")
    parser.add_argument("--grants", type=int, default=1_000_000, help="of rebuild and memory (%(default)s)")
    args = parser.parse_args()
    wanted = measurements(args)
    reports = [measure(*each) for each in wanted]
    found = [report for report in reports if report]
    if args.output == "json":
        print(json.dumps({"machine": bench.machine(), "reports": found}, indent=1))
    else:
        print(figures.table(found))
        print("\n" + ", ".join(f"{name} {value}" for name, value in bench.machine().items()))
    return 0 if len(found) == len(wanted) and all(report["met"] for report in found) else 1


if __name__ == "__main__":
    sys.exit(main())
