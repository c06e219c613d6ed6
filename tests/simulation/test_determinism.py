"""The same seed is the same history, byte for byte, in any process."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from secretsync_k8s.testing.simulation.simulation import Simulation

_LIFE = """
import sys
from secretsync_k8s.testing.simulation.simulation import Simulation

result = Simulation(int(sys.argv[1]), hours=4.0).run()
print(result.digest, *result.story, sep="\\n")
"""


def living(seed: int, hash_seed: str) -> subprocess.Popen[str]:
    """Begin a life in a fresh process, in which sets of texts have an order of their own."""
    env = {**os.environ, "PYTHONHASHSEED": hash_seed}
    return subprocess.Popen([sys.executable, "-c", _LIFE, str(seed)], env=env, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("seed", [2, 5])
def test_a_seed_tells_one_story_in_every_process(seed: int) -> None:
    with living(seed, "1") as one, living(seed, "2") as other:
        told, told_again = one.communicate()[0].splitlines(), other.communicate()[0].splitlines()
    assert (one.returncode, other.returncode) == (0, 0)
    parted = next((pair for pair in zip(told, told_again, strict=False) if pair[0] != pair[1]), None)
    assert parted is None  # not the stories as a whole: to show how long ones differ takes minutes
    assert len(told) == len(told_again)
    assert len(told) > 50


def test_seeds_tell_different_stories() -> None:
    assert Simulation(2, hours=0.5).run().digest != Simulation(5, hours=0.5).run().digest
