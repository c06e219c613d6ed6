"""The examples work as they stand: their files are what they should be, and the agent takes configuration and flags."""

from __future__ import annotations

import re
import shlex
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from secretsync_agent.arguments import parse
from secretsync_agent.config import load
from secretsync_agent.settings import Arguments, Settings
from secretsync_agent.validation import validate

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "agent"
DOCS = (ROOT / "docs" / "agent.md").read_text("utf-8")


def objects(name: str) -> dict[str, Any]:
    return {one["kind"]: one for one in yaml.safe_load_all((EXAMPLES / name).read_text("utf-8"))}


def taken(text: str, words: list[str], folder: Path) -> tuple[Arguments, Settings]:
    """Return what the agent makes of a configuration and a command line; oddities are errors, and there are none."""
    (folder / "agent-config.yaml").write_text(text)
    arguments = parse(words, {})
    assert arguments
    settings = load(Arguments(config=str(folder / "agent-config.yaml"), strict=True), {})
    assert not settings.warnings
    assert validate(settings)
    return arguments, settings


def test_the_unit_starts_the_agent_with_its_configuration(tmp_path):
    unit = ConfigParser(strict=True, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(EXAMPLES / "secretsync-agent.service")
    program, *words = shlex.split(unit["Service"]["ExecStart"])
    assert program.endswith("/secretsync-agent")
    arguments, settings = taken((EXAMPLES / "agent-config.yaml").read_text("utf-8"), words, tmp_path)
    assert arguments.config == "/etc/secretsync/agent-config.yaml"
    assert unit["Service"]["Type"] == "notify"
    assert {path.split("/")[2] for path in (settings.sinks[0].path, settings.templates[0].destination)} == {
        unit["Service"]["RuntimeDirectory"]
    }


@pytest.mark.parametrize(
    ("name", "kind", "once"), [("sidecar.yaml", "Pod", False), ("init-container.yaml", "Job", True)]
)
def test_the_manifests_start_the_agent_with_their_configuration(tmp_path, name, kind, once):
    found = objects(name)
    spec = found[kind]["spec"] if kind == "Pod" else found[kind]["spec"]["template"]["spec"]
    (agent,) = spec["initContainers"]
    (program,) = spec["containers"]
    data = found["ConfigMap"]["data"]
    arguments, settings = taken(data["agent-config.yaml"], agent["args"], tmp_path)
    assert arguments.once is once
    mounts = {mount["name"]: mount["mountPath"] for mount in agent["volumeMounts"]}
    assert {volume["name"] for volume in spec["volumes"]} == set(mounts)
    assert arguments.config == f"{mounts['config']}/agent-config.yaml"
    assert settings.auth.values["identity-id"].path == f"{mounts['config']}/identity-id"  # type: ignore[union-attr]
    assert "identity-id" in data
    (template,) = settings.templates
    assert template.destination.startswith(f"{mounts['secrets']}/")
    assert {"name": "secrets", "mountPath": mounts["secrets"], "readOnly": True} in program["volumeMounts"]
    assert template.destination in str(program)


def test_the_sidecars_probes_ask_where_the_agent_answers(tmp_path):
    found = objects("sidecar.yaml")
    (agent,) = found["Pod"]["spec"]["initContainers"]
    _, settings = taken(found["ConfigMap"]["data"]["agent-config.yaml"], agent["args"], tmp_path)
    for probe, page in (("startupProbe", "/readyz"), ("livenessProbe", "/healthz")):
        asked = agent[probe]["httpGet"]
        assert (f":{asked['port']}", asked["path"]) == (settings.health_address, page)


def test_the_documentation_links_to_what_is_there():
    links = re.findall(r"\]\(\.\./([^)]+)\)", DOCS)
    assert len(links) == 4
    assert all((ROOT / link).is_file() for link in links)
    anchors = {
        re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^## (.*)$", DOCS, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", DOCS)) <= anchors


def test_the_documentations_lines_are_taken():
    lines = re.findall(r"^ *secretsync-agent (.*--config .*)$", DOCS, re.MULTILINE)
    assert len(lines) >= 2
    assert all(parse(shlex.split(line), {}) for line in lines if "[" not in line)


def test_the_documentations_program_is_taken(tmp_path):
    (text,) = (block for block in re.findall(r"```yaml\n(.*?)```", DOCS, re.DOTALL) if "exec:" in block)
    _, settings = taken(text, [], tmp_path)
    assert settings.program
    assert settings.variables.keys() == {"DB_PASSWORD"}
