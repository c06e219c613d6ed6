"""What the storms of a test run hit, added up over all workers and shown at its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import pytest

from secretsync.testing.simulation.coverage import Chart, Hits, merge
from secretsync_agent.testing.simulation import coverage as agents
from secretsync_agent.testing.simulation.simulation import AREAS as AGENTS
from secretsync_k8s.testing.simulation.coverage import CHART
from secretsync_k8s.testing.simulation.simulation import AREAS

ENOUGH: Final = 200
"""Lives after which every possible pair of fault and phase must have been hit."""
_CHARTS: Final[Mapping[str, tuple[Chart, Mapping[str, str]]]] = {
    "operators": (CHART, AREAS),
    "agents": (agents.CHART, AGENTS),
}
"""Of whose lives there may be hits, and what there is to hit."""


def record(hits: Hits, record_property: Callable[[str, object], None], *, of: str = "operators") -> None:
    """Have the hits of a life told to whoever adds them up."""
    record_property(of, [[*pair, times] for pair, times in sorted(hits.items())])


class HitsOfTheRun:
    """A plugin of pytest: it shows the table, and fails the run where enough lives left a hole."""

    def __init__(self) -> None:
        self._lives: dict[str, list[Hits]] = {who: [] for who in _CHARTS}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        told = dict(report.user_properties) if report.when == "call" else {}
        for who, lives in self._lives.items():
            if isinstance(hits := told.get(who), list):
                lives.append(Hits({(fault, phase): times for fault, phase, times in hits}))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if any(map(self._holes, self._lives)):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for who, lives in self._lives.items():
            if not lives:
                continue
            chart, areas = _CHARTS[who]
            terminalreporter.section(f"hits of faults by phase, {len(lives)} lives of {who}")
            terminalreporter.write_line(chart.table(merge(lives), areas))
            for fault, phase in self._holes(who):
                terminalreporter.write_line(f"FAILED: no {fault} hit in phase {phase}", red=True)

    def _holes(self, who: str) -> list[tuple[str, str]]:
        (chart, areas), lives = _CHARTS[who], self._lives[who]
        return chart.missing(merge(lives), areas) if len(lives) >= ENOUGH else []
