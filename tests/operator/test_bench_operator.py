"""`bench/operator.py` in small: what it counts, and that it tells every bound that is missed."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from urllib.parse import quote

import pytest

BENCH = Path(__file__).parents[2] / "bench"
OBJECTS = 34


@pytest.fixture(autouse=True)
def _root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(BENCH.parent)


@pytest.fixture
def script() -> ModuleType:
    return import_module("bench.operator")


def test_a_burst_in_small_keeps_to_its_counts() -> None:
    command = [sys.executable, str(BENCH / "operator.py"), "--part=a", f"--objects={OBJECTS}", "--delay=0.01"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert done.stdout, done.stderr
    report = json.loads(done.stdout)
    seconds = [claim for claim in report["missed"] if "seconds" in claim]  # a busy machine may take its time
    assert report["missed"] == seconds
    assert report["a.folder_each"]["kms"] == {"login": 1, "slug": 1, "list": OBJECTS}
    assert report["a.one_folder"]["kms"] == {"login": 1, "slug": 1, "list": 1}
    assert done.returncode == bool(report["missed"])


def test_the_longest_gap_reaches_until_now(script: ModuleType) -> None:
    assert script.longest_gap({"/a": [1.0, 2.0], "/b": [0.0, 1.5]}, 4.5) == 3.0


def test_the_busiest_slice_counts_every_folder(script: ModuleType) -> None:
    assert script.busiest({"/a": [10.0, 16.0], "/b": [10.5], "/c": [29.0]}, 10.0, 6.0) == 0.5
    assert script.busiest({}, 0.0, 6.0) == 0.0


class TestTheKms:
    """It must refuse what a real one refuses, or a count says nothing."""

    @pytest.fixture
    def module(self) -> ModuleType:
        return import_module("bench.late")

    @staticmethod
    def ask(module: ModuleType, kms: object, head: str) -> tuple[int, str]:
        answer, _ = kms.answer(module.parsed(head))  # type: ignore[attr-defined]
        return answer.status, answer.tag

    @pytest.fixture
    def token(self, module: ModuleType) -> tuple[object, str]:
        kms = module.Kms(0.05)
        answer, delay = kms.answer(module.parsed("POST /api/v1/auth/universal-auth/login HTTP/1.1"))
        assert delay == 0.05
        return kms, f"Authorization: Bearer {json.loads(answer.body)['accessToken']}"

    @staticmethod
    def listing(folder: str, *headers: str) -> str:
        return "\r\n".join([f"GET /api/v4/secrets?secretPath={quote(folder, safe='')} HTTP/1.1", *headers])

    def test_it_confirms_the_tag_of_this_folder_only(self, module: ModuleType, token: tuple[object, str]) -> None:
        kms, authorization = token
        status, tag = self.ask(module, kms, self.listing("/one", authorization))
        _, other = self.ask(module, kms, self.listing("/two", authorization))
        assert (status, tag == other) == (200, False)
        known = [f"If-None-Match: {one}" for one in (tag, other)]
        answers = [self.ask(module, kms, self.listing("/one", authorization, one))[0] for one in known]
        assert answers == [304, 200]

    def test_it_refuses_who_is_not_logged_in(self, module: ModuleType) -> None:
        kms = module.Kms(0.05)
        assert self.ask(module, kms, self.listing("/one", "Authorization: Bearer nobody"))[0] == 401

    def test_its_record_is_told_and_forgotten_and_not_part_of_itself(
        self, module: ModuleType, token: tuple[object, str]
    ) -> None:
        kms, authorization = token
        self.ask(module, kms, self.listing("/one", authorization))
        told, delay = kms.answer(module.parsed(f"GET {module.CONTROL} HTTP/1.1"))  # type: ignore[attr-defined]
        record = json.loads(told.body)["requests"]
        assert [(one["route"], one["folder"], one["status"]) for one in record] == [
            ("login", "", 200),
            ("list", "/one", 200),
        ]
        assert delay == 0.0
        kms.answer(module.parsed(f"DELETE {module.CONTROL} HTTP/1.1"))  # type: ignore[attr-defined]
        assert json.loads(kms.answer(module.parsed(f"GET {module.CONTROL} HTTP/1.1"))[0].body) == {"requests": []}  # type: ignore[attr-defined]
