"""Hostile templates, two thousand of them: `nox -s oracle` tries more."""

import resource
from random import Random

import pytest

import hostile

SLOW = 2.0
"""Seconds that no template may take."""
GROWTH = 400 * 1024
"""KiB by which the process may grow."""


@pytest.mark.parametrize("seed", range(4))
def test_nothing_but_our_errors_comes_of_hostile_templates(seed: int) -> None:
    chance = Random(seed)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tried = [(text, hostile.tried(text)) for text in (hostile.written(chance) for _ in range(500))]
    assert not [(text, verdict.escaped) for text, verdict in tried if verdict.escaped]
    assert not [(text, verdict.seconds) for text, verdict in tried if verdict.seconds > SLOW]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < GROWTH
    assert sum(bool(verdict.parsed) for _, verdict in tried) > 50


@pytest.mark.parametrize("shape", hostile.GREEDY)
def test_who_asks_for_too_much_gets_an_answer_in_time(shape: str) -> None:
    for number in hostile.NUMBERS if "#" in shape else (0,):
        verdict = hostile.tried(shape.replace("#", str(number)))
        assert verdict.escaped is None
        assert verdict.seconds < SLOW
