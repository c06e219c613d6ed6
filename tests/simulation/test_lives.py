"""Many lives at once are the same lives as one by one, and end when nobody wants more."""

from __future__ import annotations

from itertools import count

from secretsync.testing.simulation.many import CORES
from secretsync_k8s.testing.simulation.lives import live, live_all


def test_lives_in_other_processes_are_the_same_as_in_this() -> None:
    lives = sorted(live_all(range(2), hours=0.5), key=lambda life: life.seed)
    assert lives == [live(seed, hours=0.5) for seed in range(2)]


def test_when_nobody_wants_more_lives_those_under_way_are_the_last() -> None:
    wanted = iter([True] * 3)
    lives = live_all(count(), hours=0.1, go_on=lambda: next(wanted, False))
    assert sorted(life.seed for life in lives) == list(range(min(3, CORES * 2)))
