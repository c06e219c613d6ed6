"""The manual clock that is shipped in secretsync.testing."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretsync.clock import Clock, Deadline
from secretsync.testing import ManualClock

HOUR = timezone(timedelta(hours=1))


@given(st.lists(st.floats(min_value=0, max_value=1e6)))
def test_both_times_move_together_and_only_by_advance(steps: list[float]) -> None:
    clock = ManualClock()
    start = clock.now()
    for step in steps:
        clock.advance(step)
    assert clock.monotonic() == pytest.approx(sum(steps))
    assert clock.now() - start == timedelta(seconds=clock.monotonic())


def test_it_is_a_clock_for_deadlines() -> None:
    clock: Clock = (manual := ManualClock())
    deadline = Deadline.after(5.0, clock)
    manual.advance(4.0)
    assert deadline.remaining() == 1.0
    manual.advance(4.0)
    assert deadline.remaining() == 0.0


def test_it_starts_where_it_is_told_and_speaks_utc() -> None:
    clock = ManualClock(start=datetime(2026, 1, 1, 1, tzinfo=HOUR))
    assert clock.now().isoformat() == "2026-01-01T00:00:00+00:00"
    assert clock.now().tzinfo is UTC


def test_time_does_not_go_back(manual_clock: ManualClock) -> None:
    with pytest.raises(ValueError, match=r"time does not go back by 0\.5 s"):
        manual_clock.advance(-0.5)
    assert manual_clock.monotonic() == 0.0


def test_a_start_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        ManualClock(start=datetime(2026, 1, 1))  # noqa: DTZ001 - the mistake that is tested


def test_no_advance_is_lost_between_threads(manual_clock: ManualClock) -> None:
    with ThreadPoolExecutor(8) as pool:
        for _ in range(8):
            pool.submit(lambda: [manual_clock.advance(1.0) for _ in range(500)])
    assert manual_clock.monotonic() == 4000.0
