"""The burst of `bench/burst.py` in small: what it asks and writes, whatever time it takes on this machine."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

BENCH = Path(__file__).parents[2] / "bench"
OBJECTS = 34

ASKED_OF_THE_CLUSTER = {
    "create events": OBJECTS,
    "create secrets": OBJECTS,
    "get configmaps": 1,
    "get secrets": 1,
    "patch kmssecrets/status": OBJECTS,
}


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(BENCH.parent)
    return import_module("bench.burst")


def test_a_burst_costs_one_login_one_lookup_one_list_a_folder_and_one_write_each() -> None:
    command = [sys.executable, str(BENCH / "burst.py"), f"--objects={OBJECTS}", "--delay=0.01", "--within=240"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert done.stdout, done.stderr
    report = json.loads(done.stdout)
    assert (done.returncode, report["missed"]) == (0, [])
    assert report["folder_each"]["kms"] == {"login": 1, "slug": 1, "list": OBJECTS}
    assert report["one_folder"]["kms"] == {"login": 1, "slug": 1, "list": 1}
    assert report["folder_each"]["cluster"] == report["one_folder"]["cluster"] == ASKED_OF_THE_CLUSTER


@pytest.mark.parametrize(
    ("part", "change", "claim"),
    [
        pytest.param("seconds", {"targets": 10.5}, "the last target came after 10.5 s, not within 10 s", id="late"),
        pytest.param("seconds", {"targets": None}, "not every target came", id="incomplete"),
        pytest.param("seconds", {"statuses": None}, "not every object became ready", id="not-ready"),
        pytest.param("kms", {"login": 2}, "2 times login, not 1", id="second-login"),
        pytest.param("kms", {"slug": 34}, "34 times slug, not 1", id="lookups"),
        pytest.param("kms", {"list": 35}, "35 times list, not 34", id="one-list-too-many"),
        pytest.param("cluster", {"create secrets": 0}, "0 times create secrets, not 34", id="nothing-made"),
        pytest.param("cluster", {"get secrets": 2}, "2 times get secrets, more than 1", id="read-again"),
        pytest.param(
            "cluster", {"patch kmssecrets/status": 68}, "68 times patch kmssecrets/status, not 34", id="two-statuses"
        ),
    ],
)
def test_every_bound_that_is_missed_is_told(
    script: ModuleType, part: str, change: dict[str, object], claim: str
) -> None:
    result = {
        "seconds": {"targets": 2.0, "statuses": 2.0},
        "kms": {"login": 1, "slug": 1, "list": OBJECTS},
        "cluster": ASKED_OF_THE_CLUSTER,
    }
    burst = script.Burst(OBJECTS, OBJECTS, 0.01, script.OURS)
    assert list(script.missed(burst, result, within=10.0)) == []
    assert list(script.missed(burst, result | {part: result[part] | change}, within=10.0)) == [claim]
