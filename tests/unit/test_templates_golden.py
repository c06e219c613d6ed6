"""The engine beside Go's: tests/oracle holds the cases and Go's answers."""

import pytest

import golden

FILES = sorted(path.stem for path in (golden.ORACLE / "cases").glob("*.jsonl"))
DIFFERENT = frozenset(["{{.p.Key.x}}"])
"""Whose error names a type: a record does not say of its fields that Go holds them in no interface."""


@pytest.mark.parametrize("file", FILES)
def test_templates_come_to_what_go_makes_of_them(file: str) -> None:
    found = list(golden.cases("cases", file))
    assert found
    differing = [
        f"{case['id']} {case['text']!r}\n  ours {golden.ours(case)}\n  Go   {case.get('shape') or golden.theirs(case)}"
        for case in found
        if not golden.right(case) and case["text"] not in DIFFERENT
    ]
    assert not differing, "\n".join(differing)
