"""The command as it is typed: under each of its names, with its exit codes (agent §1, §19)."""

from __future__ import annotations

import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import pytest

from canaries import canary, shown

BIN = Path(sys.executable).parent
NAMES = {
    "secretsync-agent": [str(BIN / "secretsync-agent")],
    "kms agent": [str(BIN / "kms"), "agent"],
    "python -m": [sys.executable, "-m", "secretsync_agent"],
}
WORKS = """
kms: {address: https://kms.example}
auth: {type: universal-auth, config: {client-id: id, client-secret: secret}}
templates: [{template-content: "{{ secret `p` `e` `/` }}", destination-path: app.env}]
"""


def run(folder: Path, *argv: str, name: str = "secretsync-agent", **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*NAMES[name], *argv], capture_output=True, text=True, check=False, cwd=folder, env=environ, timeout=60
    )


@pytest.mark.parametrize("name", NAMES)
def test_each_name_is_the_same_command(tmp_path, name):
    ran = run(tmp_path, "--config", "no.yaml", name=name)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == "secretsync-agent: no.yaml: cannot be read: No such file or directory\n"
    assert run(tmp_path, "--help", name=name).returncode == 0


@pytest.mark.row("agent-3", "agent-8")
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("kms: [", "not valid YAML"),
        ("version: v1\n" + WORKS, "certificates are not supported yet"),
        (WORKS + "certificates: [{}]", "certificates are not supported yet"),
        (WORKS + "sinks: [{type: http, config: {path: x}}]", "sinks[0].type"),
        (WORKS.replace("universal-auth", "ldap"), "auth.type"),
        (WORKS.replace("app.env", "app.env, config: {polling-interval: 59s}"), "polling-interval"),
    ],
)
def test_a_wrong_configuration_ends_with_2_and_says_why(tmp_path, text, why):
    (tmp_path / "agent-config.yaml").write_text(text)
    ran = run(tmp_path)
    assert (ran.returncode, ran.stdout) == (2, "")
    (line,) = ran.stderr.splitlines()
    assert line.startswith("secretsync-agent: agent-config.yaml:")
    assert why in line
    assert not (tmp_path / "app.env").exists()


@pytest.mark.row("agent-2", "agent-3")
def test_a_configuration_in_the_environment_counts(tmp_path):
    encoded = b64encode(WORKS.encode()).decode()
    ran = run(tmp_path, "validate", "--config", "no.yaml", INFISICAL_AGENT_CONFIG_BASE64=encoded)
    assert ran.returncode == 0
    bad = run(tmp_path, KMS_AGENT_CONFIG_BASE64="{}")
    assert bad.returncode == 2
    assert bad.stderr.startswith("secretsync-agent: KMS_AGENT_CONFIG_BASE64: holds no UTF-8 text in standard base64")


@pytest.mark.row("agent-70")
def test_retries_that_are_no_number_end_with_2(tmp_path):
    (tmp_path / "agent-config.yaml").write_text(WORKS)
    ran = run(tmp_path, KMS_RETRY_MAX_RETRIES="x")
    assert ran.returncode == 2
    assert ran.stderr == "secretsync-agent: KMS_RETRY_MAX_RETRIES: write a whole number, 0 for no retry\n"


@pytest.mark.row("agent-4")
def test_oddities_are_told_and_strictness_makes_them_errors(tmp_path):
    (tmp_path / "agent-config.yaml").write_text(WORKS + "other: 1")
    fine = run(tmp_path, "validate")
    assert fine.returncode == 0
    assert "agent-config.yaml:5:1: other: unknown key" in fine.stderr
    assert "template 1: text in the configuration -> " in fine.stdout
    strict = run(tmp_path, "validate", "--strict")
    assert (strict.returncode, strict.stderr) == (2, fine.stderr)


def test_a_template_that_is_none_is_found_by_validate(tmp_path):
    (tmp_path / "agent-config.yaml").write_text(WORKS.replace("{{ secret", "{{ nosuch"))
    ran = run(tmp_path, "validate")
    assert ran.returncode == 2
    assert 'function "nosuch" not defined' in ran.stderr


def test_a_wrong_line_ends_with_2(tmp_path):
    ran = run(tmp_path, f"--xyz={canary()}")
    assert ran.returncode == 2
    assert ran.stderr == "secretsync-agent: --xyz is no flag; secretsync-agent --help lists what there is\n"
    assert not shown(ran.stderr)


def test_help_loads_nothing_heavy(tmp_path):
    code = "import sys; from secretsync_agent.main import main; main(['--help']); print(*sys.modules, file=sys.stderr)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("usage: secretsync-agent")
    assert not {"httpx", "yaml", "secretsync_agent.app", "secretsync.templates"} & set(ran.stderr.split())
