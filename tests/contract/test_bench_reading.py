"""`bench/kms.py` and `bench/devserver.py` in small: what they count, and that they run; times are no matter of a test."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BENCH = Path(__file__).parents[2] / "bench"


def told_by(script: str, *options: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(BENCH / script), *options], capture_output=True, text=True, timeout=100, check=False
    )
    assert done.stdout, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == bool(report["missed"])
    return report


def test_a_watched_folder_at_rest_is_one_conditional_request_an_interval_and_no_body() -> None:
    report = told_by("kms.py", "--part=quiet", "--folders=8", "--interval=3")
    assert report["missed"] == []
    assert report["quiet"] | {"bounds": ()} == {
        "bounds": (),
        "requests": 8,
        "folders": 8,
        "answers": {"304": 8},
        "bodies_parsed": 0,
    }


def test_a_read_is_one_request_as_it_is_of_httpx_alone() -> None:
    report = told_by("kms.py", "--part=reading", "--folders=32", "--rounds=1")
    found = report["reading"]
    assert [claim for claim in report["missed"] if "requests" in claim] == []
    assert found["anew"]["answers"] == found["anew"]["bare_answers"] == {"200": 32}
    assert found["again"]["bare_answers"] == {"304": 32}


def test_reads_open_no_more_connections_than_there_are_threads() -> None:
    report = told_by("kms.py", "--part=memory", "--folders=64", "--reads=640")
    assert [claim for claim in report["missed"] if "descriptors" in claim] == []


def test_the_development_server_is_measured_beside_the_same_bytes() -> None:
    report = told_by("devserver.py", "--part=lists", "--secrets=5", "--rounds=1", "--seconds=0.2")
    assert [claim for claim in report["missed"] if "CPU" not in claim] == []
    assert report["lists"]["ours"]["a_second"] > 0 < report["lists"]["bare"]["a_second"]


@pytest.mark.parametrize("script", ["kms.py", "devserver.py"])
def test_a_part_that_is_none_is_refused(script: str) -> None:
    done = subprocess.run([sys.executable, str(BENCH / script), "--part=none"], capture_output=True, check=False)
    assert done.returncode == 2
