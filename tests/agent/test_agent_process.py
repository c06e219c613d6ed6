"""The agent as its users start it: a process, real HTTP, real files, signals and exit codes (agent §1, §12, §18)."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from time import monotonic

import pytest

from agents import SEED_TEMPLATE, AgentLine, AgentStand, template
from authority import SERVER, made
from canaries import canary
from loopback import one_secret, serving
from secretsync.client_policy import AGENT
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


def test_signals_are_heard_whichever_thread_is_handed_them(tmp_path: Path) -> None:
    with AgentStand(tmp_path, AB) as stand:
        agent = stand.agent(templates=[template()])
        agent.line("saved to path")
        stand.write("agent-config.yaml", json.dumps(stand.document(templates=[template(path="other")])))
        agent.signal_another_thread(signal.SIGHUP)
        eventually(lambda: stand.read("other"))
        agent.signal_another_thread(signal.SIGTERM)
        assert agent.wait(timeout=20.0) == 0


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
        assert [line for line in agent.lines if line.startswith("would")] == [
            f"would create {tmp_path}/token",
            f"would change {tmp_path}/other",
            f"would create {tmp_path}/new",
        ], "in the order of the configuration"
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


def test_a_ready_file_that_cannot_be_one_is_told_and_holds_nothing_up(tmp_path: Path) -> None:
    with AgentStand(tmp_path, AB) as stand:
        (tmp_path / "ready").mkdir()
        agent = stand.agent(templates=[template()], ready_file="ready")
        agent.line(f"the ready file {tmp_path}/ready cannot be removed: Is a directory")
        agent.line("saved to path")
        assert agent.stop() == 0


def page(port: int, path: str) -> int:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10.0)) as connection:
        connection.request("GET", path)
        return connection.getresponse().status


def test_with_events_a_change_is_written_long_before_the_next_poll(tmp_path: Path) -> None:
    slow = template()
    slow["config"] = {"polling-interval": "1h"}
    with AgentStand(tmp_path, AB, may_subscribe=True) as stand:
        agent = stand.agent(templates=[slow], events=True)
        agent.line("saved to path")
        eventually(lambda: stand.kms.asked("events"))
        stand.put(A="2")
        eventually(lambda: stand.read("app.env") == "\nA=2\nB=2")
        assert agent.stop() == 0


@pytest.mark.row("agent-42")
def test_modes_of_new_files(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        with AgentStand(tmp_path, AB) as stand:
            strict = template(path="strict", permission="0600")
            agent = stand.agent("--once", sinks=["token"], templates=[template(), strict])
            assert agent.wait() == 0
            agent.line("every user of this machine may read the token")
    finally:
        os.umask(before)
    modes = {name: (tmp_path / name).stat().st_mode & 0o777 for name in ("token", "app.env", "strict")}
    assert modes == {"token": 0o644, "app.env": 0o644, "strict": 0o600}


@pytest.mark.row("agent-72")
def test_a_proxy_of_the_environment_is_used(tmp_path: Path) -> None:
    with AgentStand(tmp_path, AB) as stand, serving(one_secret()) as proxy:
        address = "http://kms.invalid"
        agent = stand.agent(
            "--once", templates=[template()], address=address, environ={"HTTP_PROXY": proxy.url, "NO_PROXY": "other"}
        )
        assert agent.wait() == 0
        assert [one.headers["host"] for one in proxy.asked] == ["kms.invalid"] * 2


@pytest.mark.row("agent-71")
def test_headers_of_the_environment_go_with_every_request_but_for_ours(tmp_path: Path) -> None:
    with AgentStand(tmp_path, AB) as stand, serving(one_secret()) as server:
        environ = {"KMS_CUSTOM_HEADERS": 'A=1 B="x y" User-Agent=z'}
        agent = stand.agent("--once", templates=[template()], address=server.url, environ=environ)
        assert agent.wait() == 0
        assert [(one.headers["a"], one.headers["b"]) for one in server.asked] == [("1", "x y")] * 2
        assert {one.headers["user-agent"] for one in server.asked} == {AGENT.user_agent}


@pytest.mark.row("agent-72")
def test_a_private_authority_is_trusted(tmp_path: Path) -> None:
    made(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    with AgentLine(tmp_path, AB) as line, serving(one_secret(), tls=context) as server:
        address, resolve = f"https://{SERVER}", {(SERVER, 443): ("127.0.0.1", server.port)}
        trusted = (tmp_path / "ca.pem").read_bytes()
        line.start(templates=[line.template()], address=address, ca_certificate=trusted, resolve=resolve)
        assert line.read("app.env") == "\nA=1"


WITH_A_FAULT = """
import sys
from secretsync.reconcile.engine import Engine
from secretsync_agent.main import main

def step(self, events, now):
    raise ZeroDivisionError("canary-4711")

Engine.step = step
sys.exit(main())
"""


def test_an_engine_that_stops_by_a_fault_ends_the_agent(tmp_path: Path) -> None:
    with AgentStand(tmp_path, AB) as stand:
        stand.write("agent-config.yaml", json.dumps(stand.document(templates=[template()])))
        command, env = [sys.executable, "-c", WITH_A_FAULT], {"HOME": str(tmp_path), "PATH": os.defpath}
        ran = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False, timeout=100)
    assert ran.returncode == 1
    assert "the engine stopped by a fault of ours: ZeroDivisionError at" in ran.stdout + ran.stderr
    assert "canary-4711" not in ran.stdout + ran.stderr


def test_once_ends_with_2_where_something_else_answers(tmp_path: Path) -> None:
    with AgentStand(tmp_path, AB) as stand:
        stand.kms.faults.add(Fault("login", body="html"))
        agent = stand.agent("--once", templates=[template()])
        assert agent.wait() == 2
        agent.line("this is not the KMS API")
