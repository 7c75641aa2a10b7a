#!/usr/bin/env python3
"""How many instructions a command takes, stage by stage, as callgrind counts them: the same on every machine of a kind
and with every load, unlike time.

    instructions.py PATH_BENCH [-o json]

Exits 1 when a stage takes more than its bound, which leaves room for other compilers and C libraries. A bound that is
broken says where to look; it is not to be raised without knowing why."""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

SHORT, LONG = 500, 1500  # commands; what the two runs differ by is what as many commands take
TIMEOUT_S = 300

# stage: (the function that does all of it, instructions per command at most)
STAGES = {
    "decode": ("codec_decode", 3_400),
    "decide": ("decide", 6_200),
    "encode": ("emit_decision", 13_000),
    "RESP, workspaces": ("apply_workspace", 4_200),
    "RESP, outputs and marks": ("apply_run", 3_800),
    "all": ("runner_run", 44_000),
}


def count(program, commands, folder):
    """{function: instructions, those of what it calls included} of a run."""
    out = Path(folder) / f"{commands}.out"
    tool = ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={out}"]
    subprocess.run([*tool, program, str(commands)], check=True, stdout=subprocess.DEVNULL, timeout=TIMEOUT_S)
    annotate = ["callgrind_annotate", "--inclusive=yes", "--threshold=100", "--show-percs=no", out]
    text = subprocess.run(annotate, check=True, capture_output=True, text=True, timeout=TIMEOUT_S).stdout
    found = {}
    for line in text.splitlines():
        match = re.match(r"\s*([\d,]+)\s+\S*:(\w+)(?:\s|$)", line)
        if match:  # one line for each file that its code comes from
            found[match[2]] = found.get(match[2], 0) + int(match[1].replace(",", ""))
    return found


def measure(program):
    """{stage: instructions per command}."""
    with tempfile.TemporaryDirectory() as folder:
        short, long = (count(program, commands, folder) for commands in (SHORT, LONG))
    lacking = [function for function, _ in STAGES.values() if function not in long]
    if lacking:
        sys.exit(f"instructions.py: {program} has no function {', '.join(lacking)}: name what does that stage now")
    return {
        stage: (long[function] - short.get(function, 0)) / (LONG - SHORT) for stage, (function, _) in STAGES.items()
    }


def main():
    program, *options = sys.argv[1:]
    found = measure(program)
    if options == ["-o", "json"]:
        print(json.dumps(found, indent=2))
        return 0
    for stage, number in found.items():
        function, bound = STAGES[stage]
        verdict = "ok" if number <= bound else "TOO MANY"
        print(f"{stage:24} {number:8,.0f} of {bound:6,} instructions per command, in {function}(): {verdict}")
    return int(any(number > STAGES[stage][1] for stage, number in found.items()))


if __name__ == "__main__":
    sys.exit(main())
