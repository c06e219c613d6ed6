"""The agent as its users start it: a process, real HTTP, real files, signals and exit codes (agent §1, §12, §18)."""

from __future__ import annotations

import http.client
import json
import signal
import socket
from contextlib import closing
from pathlib import Path
from time import monotonic

import pytest

from agents import SEED_TEMPLATE, AgentStand, template
from canaries import canary
from secretsync.devserver.faults import Fault
from stand import eventually

AB = {"/": {"A": "1", "B": "2"}}


@pytest.mark.row("agent-1")
def test_the_seeds_example(tmp_path: Path) -> None:
    value = canary()
    with AgentStand(tmp_path, {"/": {"A": value}}) as stand:
        agent = stand.agent(sinks=["deep/token"], templates=[template()])
        agent.line("saved to path")
        agent.line("new access token saved to file at path")
        assert stand.read("app.env") == f"\nA={value}"
        assert [one.status for one in stand.kms.asked("login")] == [200]
        changed = canary()
        stand.put(A=changed)
        eventually(lambda: stand.read("app.env") == f"\nA={changed}")
        assert agent.stop() == 0


@pytest.mark.row("agent-37")
def test_once_writes_everything_and_ends(tmp_path: Path) -> None:
    with AgentStand(tmp_path, AB) as stand:
        agent = stand.agent(sinks=["token"], templates=[template(), template(path="two")], exit_after_auth=True)
        assert agent.wait() == 0
        assert stand.read("app.env") == stand.read("two") == "\nA=1\nB=2"
        assert stand.read("token")
        assert not stand.kms.asked("revoke")
        agent.line("agent is exiting after all templates have finished rendering once...")


@pytest.mark.row("agent-38")
def test_once_without_templates_ends_too(tmp_path: Path) -> None:
    with AgentStand(tmp_path, AB) as stand:
        assert stand.agent("--once", sinks=["token"]).wait() == 0
        assert stand.read("token")


@pytest.mark.row("agent-36", "agent-39")
@pytest.mark.parametrize(
    "bad", [template("{{ bad", "bad"), template(path="client-id/file"), template("{{ fail `x` }}", "bad")]
)
def test_once_fails_if_one_template_does(tmp_path: Path, bad: dict[str, object]) -> None:
    with AgentStand(tmp_path, AB) as stand:
        assert stand.agent("--once", templates=[template(), bad]).wait() == 1
        assert stand.read("app.env") == "\nA=1\nB=2"


@pytest.mark.row("agent-19")
def test_once_fails_with_wrong_credentials(tmp_path: Path) -> None:
    with AgentStand(tmp_path, AB) as stand:
        stand.kms.faults.add(Fault("login", status=401))
        assert stand.agent("--once", templates=[template()]).wait() == 1
        assert len(stand.kms.asked("login")) == 1


@pytest.mark.row("agent-20")
def test_a_token_that_hardly_lives_ends_it(tmp_path: Path) -> None:
    with AgentStand(tmp_path, AB, ttl=30) as stand:
        agent = stand.agent(sinks=["token"])
        assert agent.wait() == 1
        agent.line("lives 30 s")


@pytest.mark.row("agent-62", "agent-73")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_a_signal_ends_it_within_a_second_even_during_a_poll(tmp_path: Path, number: signal.Signals) -> None:
    with AgentStand(tmp_path, AB) as stand:
        agent = stand.agent(templates=[template()])
        agent.line("saved to path")
        stand.kms.faults.add(Fault("list", hang=True))
        before = len(stand.kms.asked("list"))
        eventually(lambda: len(stand.kms.asked("list")) > before)
        began = monotonic()
        agent.signal(number)
        assert agent.wait() == 0
        assert monotonic() - began < 1.0
        assert not stand.kms.asked("revoke")


@pytest.mark.row("agent-67")
def test_a_signal_before_the_first_login_where_credentials_were_to_be_revoked(tmp_path: Path) -> None:
    with AgentStand(tmp_path, AB) as stand:
        stand.kms.faults.add(Fault("login", hang=True))
        agent = stand.agent(templates=[template()], revoke_credentials_on_shutdown=True)
        eventually(lambda: stand.kms.asked("login"))
        agent.signal(signal.SIGTERM)
        assert agent.wait() == 1


@pytest.mark.row("agent-68")
def test_sighup_takes_the_configuration_as_it_is_now(tmp_path: Path) -> None:
    with AgentStand(tmp_path, AB) as stand:
        agent = stand.agent(templates=[template(), template(path="gone")])
        eventually(lambda: stand.read("app.env") and stand.read("gone"))
        before = (tmp_path / "app.env").stat()
        stand.write("agent-config.yaml", json.dumps(stand.document(templates=[template(), template("new", "new")])))
        agent.signal(signal.SIGHUP)
        eventually(lambda: stand.read("new") == "new")
        assert stand.read("gone") == "\nA=1\nB=2"
        stand.put(A="2")
        eventually(lambda: stand.read("app.env") == "\nA=2\nB=2")
        assert stand.read("gone") == "\nA=1\nB=2"
        assert before.st_ino != (tmp_path / "app.env").stat().st_ino
        assert len(stand.kms.asked("login")) == 1
        stand.write("agent-config.yaml", "kms: [")
        agent.signal(signal.SIGHUP)
        agent.line("the configuration is not taken over")
        stand.put(A="3")
        eventually(lambda: stand.read("app.env") == "\nA=3\nB=2")


@pytest.mark.row("agent-6")
@pytest.mark.parametrize("end", ["", "/", "/api"])
def test_an_address_in_any_form(tmp_path: Path, end: str) -> None:
    with AgentStand(tmp_path, AB) as stand:
        assert stand.agent("--once", templates=[template()], address=stand.kms.url + end).wait() == 0
        assert [one.path for one in stand.kms.asked()] == ["/api/v1/auth/universal-auth/login", "/api/v4/secrets"]


@pytest.mark.row("agent-51")
def test_list_secrets_works_in_a_template_of_the_configuration(tmp_path: Path) -> None:
    with AgentStand(tmp_path, AB) as stand:
        assert stand.agent("--once", templates=[template(SEED_TEMPLATE.replace("secret ", "listSecrets "))]).wait() == 0
        assert stand.read("app.env") == "\nA=1\nB=2"


def test_a_dry_run_says_what_would_change_and_changes_nothing(tmp_path: Path) -> None:
    value = canary()
    with AgentStand(tmp_path, {"/": {"A": value}}) as stand:
        stand.write("same", f"\nA={value}")
        stand.write("other", "old")
        templates = [template(path=name) for name in ("same", "other", "new")]
        agent = stand.agent("--dry-run", sinks=["token"], templates=templates)
        assert agent.wait() == 0
        said = {line for line in agent.lines if line.startswith("would")}
        assert said == {
            f"would change {tmp_path}/other",
            f"would create {tmp_path}/new",
            f"would create {tmp_path}/token",
        }
        assert stand.read("other") == "old"
        assert stand.read("new") is None
        assert stand.read("token") is None


def test_readiness_is_told_once_everything_is_there(tmp_path: Path) -> None:
    with AgentStand(tmp_path, AB) as stand, closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(10.0)
        agent = stand.agent(
            templates=[template()],
            ready_file="ready",
            health_address="127.0.0.1:0",
            environ={"NOTIFY_SOCKET": str(tmp_path / "notify")},
        )
        assert manager.recv(100) == b"READY=1"
        assert stand.read("ready") == ""
        port = int(agent.line("serving").rpartition(" ")[-1])
        assert page(port, "/readyz") == 200
        assert page(port, "/healthz") == 200
        stand.kms.faults.add(Fault(status=500))
        eventually(lambda: page(port, "/readyz") == 503)
        assert page(port, "/healthz") == 200
        agent.signal(signal.SIGHUP)
        assert manager.recv(100).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
        assert manager.recv(100) == b"READY=1"
        assert agent.stop() == 0
        assert manager.recv(100) == b"STOPPING=1"
        assert stand.read("ready") is None


def page(port: int, path: str) -> int:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10.0)) as connection:
        connection.request("GET", path)
        return connection.getresponse().status
