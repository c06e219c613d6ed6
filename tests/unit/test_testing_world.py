"""The world of virtual time: what it does about those who never wait."""

from __future__ import annotations

import pytest

from secretsync.testing.world import Stalled, World


@pytest.mark.parametrize("step", [0.0, 1e-7], ids=["at-once", "by-a-rounding"])
def test_who_comes_back_without_end_is_noticed(step):
    world = World(seed=1)

    def again():
        world.at(world.now + step, again)

    again()
    with pytest.raises(Stalled):
        world.run(10.0)
