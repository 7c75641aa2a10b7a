"""A small agent: it prepares a workspace, asks a person to take over, and goes on when the person hands it back.
Usage: agent.py FOLDER WORKSPACE PERSON    (FOLDER as of receivers.py; SHAREBUS_USER says who the agent is)

It offers, waits until its hook hears that the handoff was returned, prints the note, and offers again. It ends
when that offer is on its way; its exit code is that of the last command."""

import json
import pathlib
import subprocess
import sys
import time

PATIENCE_S = 60


def offer(workspace, person, summary, *more):
    """Runs the command as a person would type it; returns what it printed."""
    command = ["sharebus", "sharing", "share", workspace, "--user", person, "--handoff", summary, *more]
    print("agent$", " ".join(f"'{word}'" if " " in word else word for word in command), flush=True)
    done = subprocess.run([*command, "-o", "json"], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"agent: {done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def heard(hook, handoff_id, state):
    """What the hook was told of the handoff when it came into that state."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if hook.exists():
            data = json.loads(hook.read_text())["data"]
            if data["handoff_id"] == handoff_id and data["state"] == state:
                return data
        time.sleep(0.05)
    sys.exit(f"agent: the hook has not heard within {PATIENCE_S} s that the handoff was {state}")


def main():
    folder, workspace, person = sys.argv[1:]
    task = ("--task", "other:task-7", "--artifact", "pr=https://git.acme.example/dev/pulls/7")
    first = offer(
        workspace, person, "The login form works again; ready for review.", "--kind", "review",
        "--question", "Shall I merge it?", *task,
    )  # fmt: skip
    handoff_id = first["handoff_id"]
    (pathlib.Path(folder) / "handoff").write_text(handoff_id)
    note = heard(pathlib.Path(folder) / "hook.json", handoff_id, "returned")["note"]
    print(f"agent: it came back with the note: {note}", flush=True)
    offer(workspace, person, "Tests added; ready again.", "--handoff-id", handoff_id, "--kind", "review", *task)


if __name__ == "__main__":
    main()
