"""Tables: ages, JSONPaths, cells."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretsync_k8s.testing.table import age, find

NOW = datetime(2030, 1, 1, tzinfo=UTC)
MINUTE, HOUR, DAY = 60, 3600, 86400

AGES = {
    0: "0s",
    119: "119s",
    120: "2m",
    190: "3m10s",
    10 * MINUTE: "10m",
    179 * MINUTE: "179m",
    3 * HOUR: "3h",
    4 * HOUR + 5 * MINUTE: "4h5m",
    8 * HOUR: "8h",
    47 * HOUR: "47h",
    2 * DAY + 4 * HOUR: "2d4h",
    8 * DAY: "8d",
    729 * DAY: "729d",
    2 * 365 * DAY + 3 * DAY: "2y3d",
    9 * 365 * DAY: "9y",
    -5: "0s",
}


@pytest.mark.parametrize(("seconds", "text"), AGES.items(), ids=AGES.values())
def test_ages(seconds: int, text: str) -> None:
    assert age((NOW - timedelta(seconds=seconds)).isoformat(), NOW) == text


@pytest.mark.parametrize("text", ["", "yesterday", "2030-01-01T00:00:00"])
def test_an_age_that_cannot_be_told(text: str) -> None:
    assert age(text, NOW) == "<unknown>"


@given(st.integers(0, 30 * 365 * DAY), st.integers(0, 30 * 365 * DAY))
def test_an_older_object_never_looks_younger(one: int, other: int) -> None:
    old, young = max(one, other), min(one, other)
    assert told_seconds(old) >= told_seconds(young)


def told_seconds(seconds: int) -> int:
    units = {"s": 1, "m": MINUTE, "h": HOUR, "d": DAY, "y": 365 * DAY}
    total, digits = 0, ""
    for letter in age((NOW - timedelta(seconds=seconds)).isoformat(), NOW):
        if letter.isdigit():
            digits += letter
        else:
            total, digits = total + int(digits) * units[letter], ""
    return total


BODY = {
    "status": {
        "secretsCount": 3,
        "conditions": [{"type": "Ready", "status": "True"}, {"type": "a.b/C", "status": "False"}],
    }
}
PATHS = {
    ".status.secretsCount": [3],
    '.status.conditions[?(@.type=="Ready")].status': ["True"],
    '.status.conditions[?(@.type == "a.b/C")].status': ["False"],
    '.status.conditions[?(@.type=="Other")].status': [],
    ".status.nothing.deeper": [],
    ".status.secretsCount.deeper": [],
}


@pytest.mark.parametrize(("path", "found"), PATHS.items(), ids=PATHS)
def test_paths(path: str, found: list[Any]) -> None:
    assert list(find(BODY, path)) == found
