"""What `import secretsync` costs: next to nothing, whatever is installed."""

import json
import subprocess
import sys

import pytest

HEAVY = frozenset(
    [
        "asyncio",
        "attr",
        "attrs",
        "boto3",
        "botocore",
        "cattrs",
        "cryptography",
        "azure",
        "grpc",
        "httpx",
        "hvac",
        "kubernetes",
        "prometheus_client",
        "socket",
        "ssl",
        "typing",
        "uvicorn",
        "yaml",
    ]
)

PROGRAM = """
import json, sys
before = set(sys.modules)
{statement}
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def loaded_by(statement: str) -> set[str]:
    """Return the modules that a statement loads in a fresh interpreter that has no site-packages' start-up code."""
    program = PROGRAM.format(statement=statement)
    paths = f"import sys; sys.path[:] = {sys.path!r}\n"  # -S skips .pth files, which import things of their own
    done = subprocess.run(
        [sys.executable, "-S", "-c", paths + program], check=True, capture_output=True, text=True, timeout=60
    )
    return set(json.loads(done.stdout))


def test_importing_the_root_loads_nothing_else() -> None:
    assert loaded_by("import secretsync") == {"secretsync"}


@pytest.mark.parametrize("name", ["SecretValue", "SecretSyncError"])
def test_a_value_or_an_error_needs_no_vendor(name: str) -> None:
    loaded = loaded_by(f"from secretsync import {name}")
    assert loaded & (HEAVY - {"attr", "attrs", "typing"}) == set()


def test_the_command_line_answers_without_loading_what_commands_need() -> None:
    loaded = loaded_by("import secretsync.cli.main")
    assert loaded & {"asyncio", "httpx", "kubernetes", "uvicorn", "yaml"} == set()
