"""The world of virtual time: what it does about those who never wait."""

from __future__ import annotations

import pytest

from secretsync.testing.world import Life, Stalled, World


@pytest.mark.parametrize("step", [0.0, 1e-7], ids=["at-once", "by-a-rounding"])
def test_who_comes_back_without_end_is_noticed(step):
    world = World(seed=1)

    def again():
        world.at(world.now + step, again)

    again()
    with pytest.raises(Stalled):
        world.run(10.0)


def test_a_task_that_is_abandoned_tidies_up_and_the_world_goes_on():
    world, life, seen = World(seed=1), Life("a process"), []

    def killed():
        try:
            seen.append(world.at_work.name)
            world.abandon()
        finally:
            seen.append("tidied up")
        seen.append("gone on")

    world.spawn(killed, life)
    world.at(1.0, lambda: seen.append(world.at_work.name))
    world.run(2.0)
    world.close()
    assert seen == ["a process", "tidied up", "the world"]
