"""Each test has a deployment of its own. Without Kafka the tests say so and are skipped (exit code
77); with CI=true that is a failure."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import world as worlds  # noqa: E402

SKIPPED = 77


@pytest.fixture
def world(tmp_path):
    try:
        one = worlds.World(tmp_path)
    except worlds.NoStack as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"there is no Kafka to test with: {error}")
        pytest.skip(f"there is no Kafka to test with: {error}")
    yield one
    one.close()


def pytest_sessionfinish(session, exitstatus):
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if exitstatus == 0 and reporter and "skipped" in reporter.stats:
        session.exitstatus = SKIPPED
