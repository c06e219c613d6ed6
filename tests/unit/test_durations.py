"""Durations as the KMS Agent reads them (agent §2.3)."""

from __future__ import annotations

import pytest

from secretsync.durations import seconds


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("200ms", 0.2), ("1000ms", 1), ("5s", 5), ("+5m", 300), ("2h", 7200), ("1d", 86400), ("1w", 604800),
        ("1h30m", 5400), ("1m500ms", 60.5), ("007s", 7), ("0h1s", 1),
    ],
)  # fmt: skip
def test_a_duration_is_so_many_seconds(text, length):
    assert seconds(text) == pytest.approx(length)


@pytest.mark.parametrize(
    "text",
    ["", "5", "60", "1.5s", "5 m", " 5m", "5m ", "-5m", "0s", "0ms0h", "5M", "5min", "m", "++5m", "1h+5m", "٣s", "5us", "9" * 16 + "s"],
)  # fmt: skip
def test_what_is_none_is_none(text):
    assert seconds(text) is None
