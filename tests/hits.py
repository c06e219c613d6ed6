"""What the storms of a test run hit, added up over all workers and shown at its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest

from secretsync.testing.simulation.coverage import Hits, merge
from secretsync_k8s.testing.simulation.coverage import CHART
from secretsync_k8s.testing.simulation.simulation import AREAS

ENOUGH: Final = 200
"""Lives after which every possible pair of fault and phase must have been hit."""
_PROPERTY: Final = "hits"


def record(hits: Hits, record_property: Callable[[str, object], None]) -> None:
    """Have the hits of a life told to whoever adds them up."""
    record_property(_PROPERTY, [[*pair, times] for pair, times in sorted(hits.items())])


class HitsOfTheRun:
    """A plugin of pytest: it shows the table, and fails the run where enough lives left a hole."""

    def __init__(self) -> None:
        self._lives: list[Hits] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        told = dict(report.user_properties).get(_PROPERTY) if report.when == "call" else None
        if isinstance(told, list):
            self._lives.append(Hits({(fault, phase): times for fault, phase, times in told}))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._holes():
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self._lives:
            return
        terminalreporter.section(f"hits of faults by phase, {len(self._lives)} lives")
        terminalreporter.write_line(CHART.table(merge(self._lives), AREAS))
        for fault, phase in self._holes():
            terminalreporter.write_line(f"FAILED: no {fault} hit in phase {phase}", red=True)

    def _holes(self) -> list[tuple[str, str]]:
        return CHART.missing(merge(self._lives), AREAS) if len(self._lives) >= ENOUGH else []
