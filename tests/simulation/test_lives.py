"""Many lives at once are the same lives as one by one, and end when nobody wants more."""

from __future__ import annotations

from itertools import count
from weakref import ref

from secretsync.testing.simulation.living import leave_loaded
from secretsync.testing.simulation.many import CORES
from secretsync_k8s.testing.simulation.lives import live, live_all
from secretsync_k8s.testing.simulation.simulation import Simulation


def test_lives_in_other_processes_are_the_same_as_in_this() -> None:
    lives = sorted(live_all(range(2), hours=0.5), key=lambda life: life.seed)
    assert lives == [live(seed, hours=0.5) for seed in range(2)]


def test_when_nobody_wants_more_lives_those_under_way_are_the_last() -> None:
    wanted = iter([True] * 3)
    lives = live_all(count(), hours=0.1, go_on=lambda: next(wanted, False))
    assert sorted(life.seed for life in lives) == list(range(min(3, CORES * 2)))


def test_nothing_is_left_of_a_life_when_the_next_begins() -> None:
    leave_loaded()
    life = Simulation(0, hours=0.1)
    life.run()
    world, oracle = ref(life.stage.world), ref(life.oracle)
    del life
    leave_loaded()
    assert (world(), oracle()) == (None, None)
