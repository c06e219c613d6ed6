"""Files as the agent leaves them, and what it says when it cannot: the whole process (agent §6, §7, §18)."""

from __future__ import annotations

import json
import shutil
import signal
import ssl
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import authority
from agents import CLIENT_ID, CLIENT_SECRET, AgentStand, Running, template
from canaries import canary
from loopback import one_secret, serving
from stand import eventually

AB = {"/": {"A": "1", "B": "2"}}
MAY_MOUNT = subprocess.run(["unshare", "-rm", "true"], check=False, capture_output=True).returncode == 0


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def once(stand: AgentStand, *argv: str, **told: Any) -> Running:
    return stand.agent("--once", *argv, **told)


@pytest.mark.row("agent-40")
def test_a_mode_is_kept_and_a_link_stays(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "file").write_text("old")
    (tmp_path / "real" / "file").chmod(0o600)
    (tmp_path / "app.env").symlink_to("real/file")
    with AgentStand(tmp_path, AB) as stand:
        assert once(stand, templates=[template()]).wait() == 0
        assert (tmp_path / "app.env").is_symlink()
        assert (tmp_path / "real" / "file").read_text() == "\nA=1\nB=2"
        assert mode(tmp_path / "real" / "file") == 0o600


@pytest.mark.row("agent-27", "agent-39")
def test_folders_are_created_unless_that_is_not_wanted(tmp_path: Path) -> None:
    with AgentStand(tmp_path, AB) as stand:
        bad = template(path="no/such/file", create_directories=False)
        agent = once(stand, sinks=["deep/er/token"], templates=[template(path="a/b/c"), bad])
        assert agent.wait() == 1
        assert stand.read("deep/er/token")
        assert stand.read("a/b/c") == "\nA=1\nB=2"
        assert mode(tmp_path / "a") == 0o755
        line = agent.line("unable to process template because")
        assert f"File {tmp_path}/no/such/file cannot be written: the folder is not there; create it" in line
        assert not (tmp_path / "no").exists()


def test_a_folder_in_a_files_place_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "app.env").mkdir()
    with AgentStand(tmp_path, AB) as stand:
        agent = once(stand, templates=[template(), template(path="two")])
        assert agent.wait() == 1
        assert f"File {tmp_path}/app.env cannot be read: it is a folder; name a file in it" in agent.line("unable to")
        assert stand.read("two") == "\nA=1\nB=2"


def test_a_template_that_is_no_text_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "bad.tmpl").write_bytes(b"\xff\xfe{{")
    (tmp_path / "app.env").write_text("old")
    with AgentStand(tmp_path, AB) as stand:
        bad = {"source-path": "bad.tmpl", "destination-path": "app.env"}
        agent = once(stand, templates=[bad])
        assert agent.wait() == 1
        assert f"the template {tmp_path}/bad.tmpl is not UTF-8 text" in agent.line("unable to process template")
        assert stand.read("app.env") == "old"


def test_two_agents_on_one_file_do_not_fight(tmp_path: Path) -> None:
    with AgentStand(tmp_path, AB) as stand:
        first = stand.agent(templates=[template()])
        first.line("saved to path")
        stand.put(A="3")
        second = stand.agent(templates=[template("other")])
        said = second.line("unable to process template because")
        assert f"File {tmp_path}/app.env belongs to another process, which holds its lock" in said
        eventually(lambda: stand.read("app.env") == "\nA=3\nB=2")
        assert first.stop() == 0
        eventually(lambda: stand.read("app.env") == "other")


def test_a_file_that_a_new_configuration_does_not_name_is_free_for_another_agent(tmp_path: Path) -> None:
    with AgentStand(tmp_path, AB) as stand:
        first = stand.agent(templates=[template(), template(path="given up")])
        first.line("given up [template-id=2]")  # it is told when the write is over
        stand.write("agent-config.yaml", json.dumps(stand.document(templates=[template(), template("x", "new")])))
        first.signal(signal.SIGHUP)
        eventually(lambda: stand.read("new") == "x")
        assert once(stand, templates=[template("of another", "given up")]).wait() == 0
        assert stand.read("given up") == "of another"
        assert first.stop() == 0


def test_a_dry_run_beside_an_agent_at_work_says_what_would_change_and_changes_nothing(tmp_path: Path) -> None:
    with AgentStand(tmp_path, AB) as stand:
        ready = str(tmp_path / "ready")
        agent = stand.agent(sinks=["token"], templates=[template()], ready_file=ready)
        eventually(lambda: Path(ready).exists())
        same = stand.agent("--dry-run", templates=[template()], ready_file=ready)
        assert same.wait() == 0
        assert not [line for line in same.lines if line.startswith("would")]
        other = stand.agent("--dry-run", templates=[template("x"), template("x", "new")], ready_file=ready)
        assert other.wait() == 0
        assert [line for line in other.lines if line.startswith("would")] == [
            f"would change {tmp_path}/app.env",
            f"would create {tmp_path}/new",
        ]
        assert stand.read("app.env") == "\nA=1\nB=2"
        assert stand.read("new") is None
        assert Path(ready).exists()
        assert agent.stop() == 0


def test_what_a_killed_agent_left_is_removed_at_the_next_start(tmp_path: Path) -> None:
    (tmp_path / ".secretsync-left.tmp").write_text(canary())
    with AgentStand(tmp_path, AB) as stand:
        agent = once(stand, templates=[template()])
        assert agent.wait() == 0
        agent.line("1 files removed that were never finished")
        assert not (tmp_path / ".secretsync-left.tmp").exists()


@pytest.mark.row("agent-40")
@pytest.mark.skipif(not MAY_MOUNT, reason="unshare -rm is not allowed here")
def test_a_file_that_is_mounted_by_itself_is_written_in_place(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "app.env").touch()
    with AgentStand(tmp_path, AB) as stand:
        stand.write("agent-config.yaml", json.dumps(stand.document(templates=[template()])))
        script = 'mount --bind real app.env && exec "$0" --once --log-format plain'
        program = Path(sys.executable).with_name("secretsync-agent")
        ran = subprocess.run(
            ["unshare", "-rm", "sh", "-c", script, program], capture_output=True, text=True, check=False, cwd=tmp_path
        )
        assert ran.returncode == 0, ran.stderr
        assert (tmp_path / "real").read_text() == "\nA=1\nB=2"
        assert f"{tmp_path}/app.env is mounted by itself and written in place" in ran.stderr


# -- whom it trusts


def agent_at(tmp_path: Path, address: str, **more: str) -> Running:
    document = {
        "kms": {"address": address, "retry-strategy": {"max-retries": 0}, **more},
        "auth": {"type": "universal-auth", "config": {"client-id": "id", "client-secret": "secret"}},
        "templates": [template()],
    }
    (tmp_path / "id").write_text(CLIENT_ID)
    (tmp_path / "secret").write_text(CLIENT_SECRET)
    (tmp_path / "agent-config.yaml").write_text(json.dumps(document))
    return Running("--once", home=tmp_path)


@pytest.mark.row("agent-72")
@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl command")
def test_a_private_authority_is_trusted_where_it_is_named(tmp_path: Path) -> None:
    authority.made(tmp_path, address="127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    with serving(one_secret(), tls=context) as server:
        refused = agent_at(tmp_path, server.url)
        assert refused.wait() == 1
        refused.line("certificate")
        assert not server.asked
        named = agent_at(tmp_path, server.url, **{"ca-certificate": "ca.pem"})
        assert named.wait() == 0
        assert (tmp_path / "app.env").read_text() == "\nA=1"
