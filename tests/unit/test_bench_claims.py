"""What the scripts of bench/ say of their bounds."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def claims(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT)
    return import_module("bench.claims")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        pytest.param(2.0, [], id="at-the-bound"),
        pytest.param(2.1, ["seconds: 2.1, more than 2"], id="above"),
        pytest.param(None, ["seconds: None, more than 2"], id="not-to-be-had"),
    ],
)
def test_a_claim_holds_up_to_its_bound(claims: ModuleType, value: float | None, told: list[str]) -> None:
    claim = claims.Claim("seconds", value, 2.0)
    _, missed = claims.told_of(lambda: ({}, [claim]))
    assert missed == told


def test_what_cannot_be_measured_is_told(claims: ModuleType) -> None:
    def measure() -> object:
        raise RuntimeError("the operator does not serve")

    assert claims.told_of(measure) == ({}, ["nothing was measured: the operator does not serve"])


def test_a_report_has_the_figures_of_all_and_names_what_is_missed(claims: ModuleType) -> None:
    few, many = claims.Claim("requests", 3, 5), claims.Claim("requests", 7, 5)
    told = claims.report({"few": lambda: ({"asked": 3}, [few]), "many": lambda: ({"asked": 7}, [many])})
    assert (told["few"]["asked"], told["many"]["asked"]) == (3, 7)
    assert told["missed"] == ["many: requests: 7, more than 5"]
