"""Every mutant still fits the code, and its killer is there; `nox -s mutants` tries whether it kills."""

from __future__ import annotations

import pytest
from attrs import evolve

from mutants.catalogue import MUTANTS
from mutants.mutant import Mutant, complaints
from mutants.table import is_current
from mutants.trial import notices

KILLER = "unit/test_mutants_apply.py::test_the_table_is_that_of_the_mutants"
MUTANT = Mutant(
    "one", "secretsync/clock.py", "FOREVER: Final = ", "FOREVER: Final = 2 * ", "Longer than for ever.", KILLER
)


def test_every_mutant_applies_once_and_its_killer_is_there() -> None:
    assert list(complaints(MUTANTS)) == []


def test_the_table_is_that_of_the_mutants() -> None:
    assert is_current(MUTANTS), "run `nox -s mutants -- --write`"


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"before": "no such text"}, "stands 0 times"),
        ({"before": "e"}, "not once"),
        ({"after": "FOREVER: Final = "}, "changes nothing"),
        ({"after": "FOREVER: Final = ("}, "no Python"),
        ({"killer": "unit/test_mutants_apply.py::test_that_is_not_there"}, "there is no"),
        ({"killer": "simulation:seven"}, "there is no"),
    ],
)
def test_what_keeps_a_mutant_from_being_tried_is_said(changed: dict[str, str], complaint: str) -> None:
    assert list(complaints([MUTANT])) == []
    (said,) = complaints([evolve(MUTANT, **changed)])
    assert said.startswith("one: ")
    assert complaint in said
    assert len(list(complaints([MUTANT, MUTANT]))) == 1, "a name is taken once"


@pytest.mark.parametrize(
    "message",
    [
        "assert 1 == 2",
        "AssertionError: twice at once",
        "Failed: DID NOT RAISE <class 'KeyError'>",
        "TimeoutError",
        "secretsync_k8s.testing.simulation.oracle.Violated: one leader: a and b lead at once",
        "Violated: one leader",
    ],
)
def test_who_says_what_is_wrong_kills(message: str) -> None:
    assert notices(message)


@pytest.mark.parametrize(
    "message", ["ImportError: no name", "NameError: name 'x' is not defined", "collection failure", "survived", ""]
)
def test_who_merely_falls_over_kills_nothing(message: str) -> None:
    assert not notices(message)
