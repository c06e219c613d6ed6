"""What is said of a host that takes more time than its checks have: once at the start, once at the end."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from threading import Event

import pytest

from secretsync.errors import EngineStopped
from secretsync.reconcile.reads import Lateness
from secretsync_k8s.operator.delays import Delays


def late(periods: float) -> Lateness:
    return Lateness(periods * 60.0, periods)


def never() -> Mapping[str, Lateness]:
    raise AssertionError


@pytest.fixture(autouse=True)
def verbose(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "secretsync.operator")


def said(records: list[logging.LogRecord]) -> list[tuple[str, str]]:
    return [(record.levelname, record.getMessage().partition(";")[0]) for record in records]


def test_start_and_end_are_told_once_for_each_host(caplog):
    delays = Delays(never)
    for kms, slow in [(0.0, 0.0), (0.9, 1.0), (1.0, 2.0), (0.6, 0.6), (0.4, 1.5), (0.0, 0.0), (0.0, 0.0)]:
        delays.tell({"kms": late(kms), "slow": late(slow)})
    takes = "takes more time than its checks have: the oldest is late by 60 s and all periods stretch"
    assert said(caplog.records) == [
        ("WARNING", f"slow {takes}"),
        ("WARNING", f"kms {takes}"),
        ("INFO", "the checks of kms are made in time again"),
        ("INFO", "the checks of slow are made in time again"),
    ]


@pytest.mark.parametrize("trouble", [TimeoutError(), EngineStopped("a fault of ours")], ids=["busy", "stopped"])
def test_it_looks_again_and_again_and_an_engine_in_trouble_is_no_end_of_it(caplog, trouble):
    looks: Iterator[Mapping[str, Lateness]] = iter([{}, {"kms": late(3.0)}, {"kms": late(0.0)}])
    done = Event()

    def look() -> Mapping[str, Lateness]:
        if (now := next(looks, None)) is None:
            done.set()
            return {}
        if not now:
            raise trouble
        return now

    delays = Delays(look, every=0.001)
    delays.start()
    assert done.wait(10)
    delays.stop()
    assert [level for level, _ in said(caplog.records)] == ["WARNING", "INFO"]


def test_it_stops_at_once_however_long_it_would_wait():
    delays = Delays(never, every=3600.0)
    delays.start()
    delays.stop()
