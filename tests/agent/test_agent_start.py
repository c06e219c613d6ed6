"""What an agent loads until its first files are there: a start is little else than loading modules."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agents import DATABASE, LEASING_TEMPLATE, AgentStand, template

MODES = frozenset(["secretsync_agent.validation", "secretsync_agent.dry"])
LEASES = frozenset(
    [
        "secretsync.backends.kms.lease_book",
        "secretsync.backends.kms.leases",
        "secretsync.backends.kms.lending",
        "secretsync.backends.kms.session",
    ]
)
KEEPING = frozenset(["cryptography", "secretsync.backends.kms.lease_files", "secretsync.files.sealed"])
CHILDREN = frozenset(["secretsync_agent.children", "secretsync_agent.commands", "subprocess"])
OTHERS = frozenset(
    [
        "asyncio",
        "difflib",
        "kubernetes",
        "prometheus_client",
        "secretsync.auth.aws",
        "secretsync.auth.azure",
        "secretsync.auth.gcp",
        "secretsync.auth.kubernetes",
        "secretsync.auth.methods",
        "secretsync.runtime.feeds",
        "secretsync.runtime.pages",
        "secretsync.templates.kmssecret",
        "secretsync.templates.sprig.strings",
    ]
)


PROGRAM = """
import gc, sys
from secretsync_agent import main
main.leave = lambda code, grace: code
print(main.main(sys.argv[1:]), gc.isenabled(), gc.get_freeze_count() > 10_000)
"""


def loaded(stand: AgentStand, **told: Any) -> set[str]:
    """Return the modules that an agent loads which writes its files once."""
    agent = stand.agent("--once", environ={"PYTHONPROFILEIMPORTTIME": "1"}, **told)
    assert agent.wait() == 0
    return {line.rpartition("|")[2].strip() for line in agent.lines if line.startswith("import time:")}


def test_a_plain_start_loads_only_what_it_needs(tmp_path: Path) -> None:
    with AgentStand(tmp_path, {"/": {"A": "1"}}) as stand:
        found = loaded(stand, sinks=["token"], templates=[template()])
    assert {"httpx", "yaml", "secretsync_agent.app"} <= found
    assert found & (MODES | LEASES | KEEPING | CHILDREN | OTHERS) == set()


@pytest.mark.parametrize(
    ("wanted", "modules", "others"),
    [
        ({"templates": [template(LEASING_TEMPLATE)]}, LEASES, KEEPING | CHILDREN),
        (
            {"templates": [template(execute={"command": "true"}, run_on_first_render=True)]},
            CHILDREN,
            LEASES | KEEPING,
        ),
    ],
    ids=["leases", "commands"],
)
def test_what_is_asked_for_is_loaded_then(
    tmp_path: Path, wanted: dict[str, Any], modules: frozenset[str], others: frozenset[str]
) -> None:
    with AgentStand(tmp_path, {"/": {"A": "1"}}, dynamic={"db": DATABASE}) as stand:
        found = loaded(stand, **wanted)
    assert modules <= found
    assert found & others == set()


def test_what_was_loaded_is_left_out_of_the_search_for_garbage(tmp_path: Path) -> None:
    with AgentStand(tmp_path, {"/": {"A": "1"}}) as stand:
        stand.write("agent-config.yaml", json.dumps(stand.document(templates=[template()])))
        command = [sys.executable, "-c", PROGRAM, "--once"]
        done = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["0", "True", "True"]
