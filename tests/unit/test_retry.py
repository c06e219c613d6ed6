"""Back-off: bounded, growing, and decided by chance."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretsync.retry import Backoff

SECONDS = st.floats(0.5, 1000.0)
BACKOFFS = st.tuples(SECONDS, SECONDS, SECONDS).map(sorted).map(lambda t: Backoff(floor=t[0], base=t[1], cap=t[2]))
CHANCES = st.floats(0.0, 1.0, exclude_max=True)


@given(BACKOFFS, st.integers(1, 10_000), CHANCES)
def test_never_beyond_the_cap_nor_below_the_floor(backoff: Backoff, failures: int, chance: float) -> None:
    assert backoff.floor <= backoff.delay(failures, lambda: chance) <= backoff.cap


@given(BACKOFFS, st.integers(1, 100), CHANCES)
def test_never_shorter_after_more_failures(backoff: Backoff, failures: int, chance: float) -> None:
    assert backoff.delay(failures, lambda: chance) <= backoff.delay(failures + 1, lambda: chance)


@pytest.mark.parametrize(
    ("failures", "chance", "seconds"),
    [(1, 0.0, 1.0), (1, 0.5, 3.0), (2, 0.5, 5.5), (3, 0.5, 10.5), (3, 0.0, 1.0), (50, 0.5, 150.5)],
)
def test_chance_decides_between(failures: int, chance: float, seconds: float) -> None:
    assert Backoff(base=5.0, cap=300.0, floor=1.0).delay(failures, lambda: chance) == seconds
