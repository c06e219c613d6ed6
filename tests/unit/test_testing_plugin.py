"""The pytest plugin, as a project that installed secretsync uses it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PLAIN = """
import secretsync

def test_a_kms_is_there(secretsync_kms):
    secretsync_kms.model.put("test", "prod", "/app", {"PASSWORD": "x"})
    with secretsync.open(secretsync_kms.url, client_id="test", client_secret="test") as kms:
        assert kms.secret("test", "prod", "/app", "PASSWORD").text() == "x"

def test_it_is_another_one_for_each_test(secretsync_kms):
    with secretsync.open(secretsync_kms.url, client_id="test", client_secret="test") as kms:
        assert kms.folder("test", "prod") == {}
"""
OWN_SEED = """
import pytest

@pytest.fixture
def secretsync_seed(tmp_path):
    seed = tmp_path / "seed.yaml"
    seed.write_text("projects: [{id: p, slug: mine}]")
    return seed

def test_it_starts_with_another_seed(secretsync_kms):
    assert [project.slug for project in secretsync_kms.seed.projects] == ["mine"]
"""
LIGHT = """
import sys

def test_nothing_heavy_is_loaded_before_it_is_needed():
    assert not {"uvicorn", "httpx", "yaml", "secretsync.devserver"} & set(sys.modules)
"""


def run(tmp_path: Path, text: str) -> None:
    file = tmp_path / "test_it.py"
    file.write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_kms_is_there_and_new_for_each_test(tmp_path: Path) -> None:
    run(tmp_path, PLAIN)


def test_it_takes_a_seed_of_one_s_own(tmp_path: Path) -> None:
    run(tmp_path, OWN_SEED)


def test_it_costs_nothing_where_it_is_not_used(tmp_path: Path) -> None:
    run(tmp_path, LIGHT)
