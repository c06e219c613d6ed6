"""tests/matrix.py: the markers it finds, and what it says about them."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import matrix

TESTS = Path(matrix.__file__).parent

SOURCE = """
import pytest

@pytest.mark.row("kmssecret-1", "csi-3")
def test_decorated(): ...

@pytest.mark.parametrize("n", [pytest.param(1, marks=pytest.mark.row("kmssecret-3"))])
def test_one_case(n): ...
"""


@pytest.fixture
def some_tests(tmp_path: Path) -> Path:
    (tmp_path / "unit").mkdir()
    (tmp_path / "operator").mkdir()
    (tmp_path / "unit" / "test_a.py").write_text(SOURCE)
    (tmp_path / "operator" / "test_b.py").write_text('@pytest.mark.row("kmssecret-1")\ndef test_b(): ...\n')
    return tmp_path


def test_every_marker_of_this_project_names_a_row() -> None:
    assert matrix.unknown(matrix.markers(TESTS)) == []


def test_every_untestable_row_is_a_row() -> None:
    assert matrix.unknown(matrix.Marker(row, "", "UNTESTABLE") for row in matrix.UNTESTABLE) == []


def test_markers_are_found_on_tests_and_on_cases(some_tests: Path) -> None:
    found = [(marker.row, marker.tier) for marker in matrix.markers(some_tests)]
    assert sorted(found) == [
        ("csi-3", "unit"),
        ("kmssecret-1", "operator"),
        ("kmssecret-1", "unit"),
        ("kmssecret-3", "unit"),
    ]


@pytest.mark.parametrize(
    "argument",
    [
        pytest.param('"kmssecret-0"', id="no row zero"),
        pytest.param('"kmssecret-67"', id="past the last row"),
        pytest.param('"kmssecret-07"', id="another spelling"),
        pytest.param('"kms-1"', id="no such matrix"),
        pytest.param("ROW", id="not a literal, so it cannot be counted"),
    ],
)
def test_a_row_that_does_not_exist_is_named_with_its_place(tmp_path: Path, argument: str) -> None:
    (tmp_path / "unit").mkdir()
    (tmp_path / "unit" / "test_c.py").write_text(f"\n@pytest.mark.row({argument})\ndef test_c(): ...\n")
    (line,) = matrix.unknown(matrix.markers(tmp_path))
    assert line == "unit/test_c.py:2: no matrix has a row " + argument.strip('"')


def test_the_report_counts_rows_and_says_where_each_is_covered(
    some_tests: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matrix, "ROWS", {"kmssecret": 6, "csi": 3})
    monkeypatch.setattr(matrix, "UNTESTABLE", {"kmssecret-5": "needs a real cloud"})
    assert list(matrix.report(matrix.markers(some_tests))) == [
        "kmssecret 2/6",
        "  operator + unit: 1",
        "  missing, not built yet: 2, 4, 6",
        "  unit: 3",
        "  missing, needs a real cloud: 5",
        "csi 1/3",
        "  missing, not built yet: 1-2",
        "  unit: 3",
    ]


@given(st.sets(st.integers(min_value=1, max_value=99)))
def test_ranges_lose_nothing(numbers: set[int]) -> None:
    text = matrix.ranges(sorted(numbers))
    ends = [[int(end) for end in run.split("-")] for run in text.split(", ") if run]
    assert [n for run in ends for n in range(run[0], run[-1] + 1)] == sorted(numbers)
    assert all(len(run) <= 2 for run in ends)
    assert all(before[-1] + 1 < after[0] for before, after in pairwise(ends))
