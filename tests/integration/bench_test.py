"""`ops/bench` itself: that its measurements run and report in the form that is documented. Figures of so little work say
nothing, and none is judged."""

import json
import os
import subprocess
import sys

import bus
import pytest
import stack

MEASUREMENTS = bus.REPO / "tests" / "bench"


def report_of(name, *arguments):
    """The report of a measurement that may miss what is wanted."""
    folder = str(stack.programs())
    done = subprocess.run(
        [sys.executable, "-B", MEASUREMENTS / f"{name}.py", *arguments, "-o", "json"],
        env={**os.environ, "SHAREBUS_RELEASE_BIN": folder},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


def check_form(report, rounds):
    for row in report["rows"]:
        assert len(row["rounds"]) == rounds and 0 < row["min"] <= row["median"] <= row["max"], row
        if row["beside"]:
            assert len(row["beside"]["rounds"]) == rounds and row["beside"]["median"] > 0, row
            assert row["ratio"]["min"] <= row["ratio"]["median"] <= row["ratio"]["max"], row
        judged = row["verdict"] == "met" or row["verdict"].startswith("missed by ")
        assert judged if row["wanted"] else row["verdict"] == "not judged" and row["met"] is None, row
    assert report["met"] == all(row["met"] for row in report["rows"] if row["wanted"])
    assert report["machine"]["cores"] > 0 and report["machine"]["kafka"][0].isdigit()


@pytest.fixture(scope="module", autouse=True)
def kafka():
    stack.kafka_or_skip()


def test_apply_is_measured_beside_its_limits():
    report = report_of("apply", "--commands", "2000", "--rounds", "1")
    check_form(report, 1)
    assert {row["beside"]["what"] for row in report["rows"] if row["beside"]} == {"weekend's program", "bare pipeline"}
    assert set(report["cpu"]["of"]["sharebus"]) == set(report["cpu"]["of"]["weekend"]) == {"consumer", "broker", "redis"}


def test_latency_is_measured_of_every_command():
    report = report_of("latency", "--grants", "2000", "--rate", "100", "--seconds", "2", "--rounds", "2")
    check_form(report, 2)
    assert [row["what"][-3:] for row in report["rows"]] == ["p50", "p99"] * 2


def test_growth_is_measured_along_every_series(tmp_path):
    sizes = {"consumers": "1,2", "grants": "1000", "shared": "1,20", "partitions": "8"}
    chosen = [word for name, values in sizes.items() for word in (f"--{name}", values)]
    report = report_of("scale", "--commands", "500", "--rounds", "1", *chosen, "--out", str(tmp_path))
    check_form(report, 1)
    places = ["1 consumer", "2 consumers", "1,000 grants in the index"]
    places += ["1 grant a workspace", "20 grants a workspace", "8 partitions"]
    told = [row["what"].partition(", ")[2] for row in report["rows"] if row["what"].startswith("commands")]
    assert told == places
    assert {row["beside"]["what"] for row in report["rows"] if row["beside"]} == {"1 consumer", "1 grant a workspace"}
    document, drawing = ((tmp_path / name).read_text() for name in ("scale.md", "scale.svg"))
    assert "## partitions" in document and drawing.count("<circle") == 4 * len(places)
