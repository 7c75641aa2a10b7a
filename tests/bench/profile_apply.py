#!/usr/bin/env python3
"""Where the consumer spends its time while it applies commands: a flame graph of what `ops/bench apply` measures."""

import pathlib
import signal
import subprocess
import sys

import apply
import bench
import flame
import shares

HERTZ = 499
FOLDER = bench.bus.REPO / "build" / "bench" / "profile"
TOP = 15


class Recording:
    """`perf record` of one process, by its frame pointers."""

    def __init__(self, path):
        self.path, self.process = path, None

    def begin(self, pid):
        command = ["perf", "record", "-q", "-F", str(HERTZ), "--call-graph", "fp", "-o", self.path, "-p", str(pid)]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def end(self):
        """It ends with the process that it watches, or now."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        self.process.wait(bench.PATIENCE_S)

    def stacks(self):
        # as it was built: sources are not looked up for each address
        command = ["perf", "script", "--no-inline", "-i", self.path]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=bench.PATIENCE_S)
        return flame.fold(done.stdout.splitlines())


def main():
    parser = bench.arguments(__doc__, rounds=None)
    parser.add_argument("--commands", type=int, default=400_000, help="(%(default)s)")
    parser.add_argument("--data", choices=tuple(shares.SETS), default="plain", help="(%(default)s)")
    parser.add_argument("--out", type=pathlib.Path, default=FOLDER, help="folder of apply.folded and apply.svg (%(default)s)")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    with bench.deployment() as world:
        recording = Recording(world.folder / "perf.data")
        bed = apply.Bed(world, shares.SETS[args.data](args.commands), args.commands)
        bed.prepare()
        measured = apply.apply_sharebus(bed, recording.begin)
        recording.end()
        stacks = recording.stacks()
    flame.write_folded(args.out / "apply.folded", stacks)
    title = f"sharebus-consumer, {args.commands:,} commands ({args.data}), {measured.cpu['consumer']:.2f} s of CPU for 100,000"
    (args.out / "apply.svg").write_text(flame.draw(stacks, title))
    told = {
        "bench": "profile",
        "settings": {**bench.settings_of(args), "out": str(args.out)},
        "samples": sum(stacks.values()),
        "innermost": [{"function": name, "part": part} for name, part in flame.innermost(stacks, TOP)],
        "cpu": measured.cpu,
    }
    if args.output == "json":
        bench.print_json(told)
    else:
        print(f"{title}: {told['samples']:,} samples in {args.out}/apply.svg")
        print("\n".join(f"{part:6.1%}  {name}" for name, part in flame.innermost(stacks, TOP)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
