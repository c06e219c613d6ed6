"""A life in which something broke becomes a small one that shows it, and a command that plays it again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from random import Random

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from secretsync.testing.simulation import shrink
from secretsync.testing.simulation.shrink import Result
from secretsync_k8s.kinds.kmssecret import reading
from secretsync_k8s.testing.simulation import scenario
from secretsync_k8s.testing.simulation.shrink import Case, tell
from secretsync_k8s.testing.simulation.simulation import length, plan

PEOPLE = scenario.draw(Random("small"), objects=3)


@pytest.fixture(scope="module")
def believes_emptiness() -> Iterator[None]:
    """An engine for which an empty answer is as good as any: what an empty list does to it is to wipe targets."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "_check", lambda spec, rows, host: None)
        yield


@pytest.fixture(scope="module")
def broken(believes_emptiness: None) -> tuple[Case, Result]:
    """A life with two storms that is over in the first."""
    for seed in range(100):
        case = Case(seed, length(2, PEOPLE), PEOPLE)
        kinds = {deed.kind for deed in plan(seed, case.hours, PEOPLE) if deed.at < 3600}
        if "kms empty list" in kinds and "people empty a folder" not in kinds:
            result = case.live()
            if result.violation and result.hours < length(1, PEOPLE):
                return case, result
    raise AssertionError("no seed breaks it")


@pytest.fixture(scope="module")
def shrunk(broken: tuple[Case, Result]) -> shrink.Shrunk[Case]:
    return shrink.shrink(*broken)


def test_only_the_deeds_and_objects_that_matter_are_left(shrunk: shrink.Shrunk[Case]) -> None:
    case, deeds = shrunk.case, shrunk.case.deeds or ()
    whole = plan(case.seed, case.hours, case.scenario)
    assert "kms empty list" in {whole[n].kind for n in deeds}
    assert len(deeds) <= 2 < len(whole)
    assert all(evolve(case, deeds=tuple(n for n in deeds if n != left)).live().violation is None for left in deeds)
    assert len(case.objects) == 1
    assert "nothing is removed without proof" in str(shrunk.violation)
    assert shrunk.replays <= shrink.REPLAYS


def test_the_small_life_breaks_the_same_when_it_is_lived_again(shrunk: shrink.Shrunk[Case]) -> None:
    again = shrunk.case.live()
    assert again.digest == shrunk.result.digest
    assert str(again.violation) == str(shrunk.violation)


def test_the_story_tells_what_matters_and_how_to_see_it_again(shrunk: shrink.Shrunk[Case]) -> None:
    story = tell(shrunk)
    (name,) = shrunk.case.objects
    assert story[0] == f"seed {shrunk.case.seed}: {shrunk.violation}"
    assert len(story) < 20
    assert any("begins to work" in line for line in story)
    assert any("answers empty list" in line for line in story)
    assert any(line.endswith(f"create secrets {name}-secret") for line in story)
    assert "VIOLATED" in story[-2]
    assert story[-1] == f"  Play it again: {shrunk.case.command}"
    assert shlex.split(shrunk.case.command)[:2] == ["secretsync", "simulate"]


def test_what_comes_after_the_violation_is_cut_first(broken: tuple[Case, Result]) -> None:
    whole, result = broken
    early = shrink.shrink(whole, result, replays=1)
    assert early.replays == 1
    assert early.case.hours == length(1, PEOPLE)
    assert len(early.case.deeds or ()) < len(plan(whole.seed, whole.hours, PEOPLE))


def test_a_life_without_a_violation_is_refused() -> None:
    case = Case(1, length(1, PEOPLE), PEOPLE, deeds=())
    with pytest.raises(ValueError, match="nothing is violated"):
        shrink.shrink(case, case.live())


def test_a_command_names_manifests_deeds_and_objects() -> None:
    case = Case(17, 24.0, PEOPLE, deeds=(3, 7), files=("my manifests/",), objects=("blue/app-1",))
    assert case.command == (
        "secretsync simulate -f 'my manifests/' --seed 17 --hours 24 --deeds 3,7 --objects blue/app-1"
    )
    assert Case(17, 24.0, PEOPLE, deeds=()).command.endswith("--deeds none")


@given(st.integers(1, 40), st.sets(st.integers(0, 39), max_size=4))
def test_what_must_stay_together_is_found(count: int, wanted: set[int]) -> None:
    needed = {n for n in wanted if n < count}
    assert set(shrink.fewest(range(count), lambda few: needed <= set(few))) == needed
