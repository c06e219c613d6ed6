"""What the tests of several tiers share."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from secretsync.testing import ManualClock

# No deadline for an example: a busy machine is not a failing test. The same examples in every run of CI.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


def pytest_configure(config: pytest.Config) -> None:
    from hits import HitsOfTheRun  # late: it loads the simulation

    config.pluginmanager.register(HitsOfTheRun())


@pytest.fixture
def manual_clock() -> ManualClock:
    return ManualClock()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many seconds the tests of each tier took, added up over the workers."""
    seconds: dict[str, float] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                tier = report.nodeid.split("/")[1]
                seconds[tier] = seconds.get(tier, 0.0) + report.duration
    terminalreporter.write_line(", ".join(f"{tier}: {took:.1f} s" for tier, took in sorted(seconds.items())))
