"""What the tests of several tiers share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from secretsync.client_policy import SDK
from secretsync.http import Http
from secretsync.runtime.clock import SystemClock
from secretsync.testing import ManualClock

if TYPE_CHECKING:  # the libraries of servers take a while, and many runs need none
    from controlplane.plane import ControlPlane
    from secretsync.devserver import DevServer

# No deadline for an example: a busy machine is not a failing test. The same examples in every run of CI.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


def pytest_configure(config: pytest.Config) -> None:
    from hits import HitsOfTheRun  # late: it loads the simulation

    config.pluginmanager.register(HitsOfTheRun())


def pytest_collection_finish(session: pytest.Session) -> None:
    """Have the programs of a control plane built where they are needed: no test's time is enough for that."""
    if any(item.get_closest_marker("cluster") for item in session.items):
        from controlplane.build import Missing, programs

        with suppress(Missing):  # those tests fail by it, and no other
            programs()


@pytest.fixture(scope="session")
def plane() -> Iterator[ControlPlane]:
    """The control plane of this worker, which no test may stop.

    Each worker has its own, because operators in their usual form work in the whole cluster.
    """
    from controlplane.plane import ControlPlane
    from secretsync_k8s.manifests import crd

    with ControlPlane(crds=[crd("kmssecrets")]) as plane:
        yield plane


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[DevServer]:
    """A development KMS that begins with what `SEED` of the test's module says."""
    from secretsync.devserver import DevServer, parse_seed

    with DevServer(parse_seed(request.module.SEED)) as server:
        yield server


@pytest.fixture
def manual_clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def http() -> Iterator[Http]:
    """A client for HTTP as the SDK has it."""
    http = Http(SDK, SystemClock())
    yield http
    http.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many seconds the tests of each tier took, added up over the workers."""
    seconds: dict[str, float] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                tier = report.nodeid.split("/")[1]
                seconds[tier] = seconds.get(tier, 0.0) + report.duration
    terminalreporter.write_line(", ".join(f"{tier}: {took:.1f} s" for tier, took in sorted(seconds.items())))
