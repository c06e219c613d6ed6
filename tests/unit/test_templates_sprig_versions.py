"""Constraints of versions beyond what the oracle's cases show: time, whatever the text."""

import time

import pytest

from secretsync.templates import GO_SPRIG, ExecutionError, parse

HOSTILE = [
    "1 " * 500 + "!",
    " " * 1023 + "!",
    "1" * 1024 + "!",
    "1" * 1_000_000,
    "1.2.3-" + "a." * 500 + "!",
    "1-1-1-" * 160 + "!",
    ("1 " + " " * 50) * 18 + "!",
]


@pytest.mark.parametrize("constraint", HOSTILE, ids=range(len(HOSTILE)))
def test_no_constraint_takes_long(constraint: str) -> None:
    template = parse("t", '{{semverCompare . "1.2.3"}}', dialect=GO_SPRIG)
    began = time.process_time()
    with pytest.raises(ExecutionError, match=r"improper constraint: \[redacted\]"):
        template.render(constraint)
    assert time.process_time() - began < 0.5


def test_a_version_of_great_length_takes_no_time() -> None:
    template = parse("t", "{{semver .}}", dialect=GO_SPRIG)
    with pytest.raises(ExecutionError, match="Invalid Semantic Version"):
        template.render("1.2.3-" + "a." * 49_000)
