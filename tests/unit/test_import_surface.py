"""The public names of `secretsync`: recorded, so that a change of the surface is seen in a review."""

from pathlib import Path

import pytest

import secretsync

RECORDED = Path(__file__).with_name("surface.txt").read_text("utf-8").split()


def test_the_public_names_are_the_recorded_ones() -> None:
    assert list(secretsync.__all__) == RECORDED, "a wanted change: write the names into surface.txt, one a line"


def test_the_public_names_are_sorted() -> None:
    assert sorted(RECORDED) == RECORDED


@pytest.mark.parametrize("name", RECORDED)
def test_a_public_name_resolves_and_stays(name: str) -> None:
    assert getattr(secretsync, name) is getattr(secretsync, name)
    assert name in dir(secretsync)


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'secretsync' has no attribute 'nothing'"):
        _ = secretsync.nothing
