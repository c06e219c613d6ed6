"""Whatever a KMS answers, no file is emptied, the log says what is wrong, and all is right again when the KMS is.

In virtual time, against every fault of the development KMS that an agent can meet.
"""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from attrs import evolve

from agents import AgentLine, AgentStand, template
from canaries import canary, shown
from proxy import Proxy
from secretsync.client_policy import AGENT
from secretsync.devserver.faults import Fault
from secretsync.retry import Retries
from stand import eventually

INTERVAL = 60.0
LONG = 10 * INTERVAL
RECOVERS = 2 * INTERVAL
LIFE = 7200.0
"""Seconds that a token lives."""

LISTS = {
    "400": Fault("list", status=400),
    "403": Fault("list", status=403),
    "404": Fault("list", status=404),
    "no such route": Fault("list", status=404, body="route"),
    "408": Fault("list", status=408),
    "422": Fault("list", status=422),
    "429": Fault("list", status=429),
    "429 with patience": Fault("list", status=429, retry_after=7),
    "500": Fault("list", status=500),
    "502 of a proxy": Fault("list", status=502, body="html"),
    "503 with patience": Fault("list", status=503, retry_after=3600),
    "504": Fault("list", status=504),
    "a page": Fault("list", body="html"),
    "an error with 200": Fault("list", body="json"),
    "a redirection": Fault("list", status=302, location="https://elsewhere.example/"),
    "JSON that breaks off": Fault("list", body="truncated"),
    "a hundred megabytes": Fault("list", body="huge"),
    "a bomb": Fault("list", body="bomb"),
    "an approval": Fault("list", body="approval"),
    "no rows": Fault("list", body="empty"),
    "masked values": Fault("list", body="hidden"),
    "a reset": Fault("list", reset=True),
}
LOGINS = {
    "400": Fault("login", status=400),
    "401": Fault("login", status=401),
    "403": Fault("login", status=403),
    "404": Fault("login", status=404),
    "no such route": Fault("login", status=404, body="route"),
    "429 with patience": Fault("login", status=429, retry_after=9),
    "500": Fault("login", status=500),
    "a page": Fault("login", body="html"),
    "an error with 200": Fault("login", body="json"),
    "JSON that breaks off": Fault("login", body="truncated"),
    "a bomb": Fault("login", body="bomb"),
    "a redirection": Fault("login", status=307, location="https://elsewhere.example/"),
    "a reset": Fault("login", reset=True),
}
RENEWALS = {
    "401": Fault("renew", status=401),
    "404": Fault("renew", status=404, body="route"),
    "429": Fault("renew", status=429, retry_after=5),
    "500": Fault("renew", status=500),
    "a page": Fault("renew", body="html"),
    "JSON that breaks off": Fault("renew", body="truncated"),
    "a reset": Fault("renew", reset=True),
}
SILENCES = {
    "no answer": Fault("list", hang=True),
    "an answer that comes late": Fault("list", delay=0.5),
    "an answer that never ends": Fault("list", trickle=0.5),
}


class Complaints(logging.Handler):
    """What was told at warning and above, without the announcements of further attempts."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if "Request failed" not in text and "Retrying in" not in text:
            self.lines.append(text)


@pytest.fixture
def complaints():
    handler = Complaints()
    logging.getLogger("secretsync").addHandler(handler)
    yield handler
    logging.getLogger("secretsync").removeHandler(handler)


def rows(*keys: str) -> dict[str, str]:
    return {key: canary() for key in keys}


def text_of(values: dict[str, str]) -> str:
    return "".join(f"\n{key}={value}" for key, value in sorted(values.items()))


def told_of(complaints: Complaints, beginning: str) -> None:
    """Check that one thing is complained of, in one way, and that nobody learns a secret from it."""
    assert len(set(complaints.lines)) == 1, complaints.lines
    assert complaints.lines[0].startswith(beginning)
    assert complaints.lines[0].count("\n") == 0
    assert not shown("\n".join(complaints.lines))


@pytest.mark.parametrize("name", LISTS)
def test_a_fault_of_a_read_leaves_every_file_and_passes(tmp_path: Path, name: str, complaints: Complaints) -> None:
    before, after = rows("A", "B", "C", "D"), rows("A", "B", "C", "D")
    with AgentLine(tmp_path, {"/": before}) as line:
        line.start(sinks=[line.sink()], templates=[line.template()])
        assert line.read("app.env") == text_of(before)
        inode = (tmp_path / "app.env").stat().st_ino
        assert not complaints.lines
        line.put(**after)
        line.kms.faults.add(LISTS[name])
        for _ in range(int(LONG / INTERVAL)):
            line.run(INTERVAL)
            assert line.read("app.env") == text_of(before)
            assert (tmp_path / "app.env").stat().st_ino == inode
            assert line.read("token")
        told_of(complaints, "unable to process template because ")
        line.kms.faults.clear()
        line.run(RECOVERS)
        assert line.read("app.env") == text_of(after)
        assert line.fatal == []


@pytest.mark.parametrize("name", LOGINS)
def test_a_fault_of_logins_leaves_what_an_earlier_agent_wrote_and_passes(
    tmp_path: Path, name: str, complaints: Complaints
) -> None:
    values = rows("A", "B")
    with AgentLine(tmp_path, {"/": values}) as line:
        line.write("app.env", "of an earlier agent")
        line.kms.faults.add(LOGINS[name])
        line.start(sinks=[line.sink()], templates=[line.template()])
        line.run(LONG)
        assert line.read("app.env") == "of an earlier agent"
        assert line.read("token") is None
        told_of(complaints, "unable to authenticate because ")
        line.kms.faults.clear()
        line.run(RECOVERS)
        assert line.read("app.env") == text_of(values)
        assert line.read("token")
        assert line.fatal == []


@pytest.mark.parametrize("name", RENEWALS)
def test_a_fault_of_renewals_is_followed_by_a_login_in_time(tmp_path: Path, name: str, complaints: Complaints) -> None:
    before, after = rows("A", "B"), rows("A", "B")
    with AgentLine(tmp_path, {"/": before}, ttl=int(LIFE)) as line:
        line.start(sinks=[line.sink()], templates=[line.template()])
        line.kms.faults.add(RENEWALS[name])
        line.run(LIFE / 2)
        first = line.read("token")
        line.put(**after)
        for _ in range(int(LIFE / INTERVAL)):
            line.run(INTERVAL)
            assert line.read("app.env") in {text_of(before), text_of(after)}
            assert line.read("token")
        assert line.read("token") != first
        assert line.read("app.env") == text_of(after)
        assert not shown("\n".join(complaints.lines))
        assert line.fatal == []


def test_a_kms_that_gives_no_tokens_any_more_leaves_every_file(tmp_path: Path, complaints: Complaints) -> None:
    before, after = rows("A"), rows("A")
    with AgentLine(tmp_path, {"/": before}, ttl=3600) as line:
        line.start(sinks=[line.sink()], templates=[line.template()])
        for route in ("login", "renew"):
            line.kms.faults.add(Fault(route, status=503))  # type: ignore[arg-type]
        line.run(4 * 3600.0)
        assert line.read("app.env") == text_of(before)
        assert line.read("token")
        assert complaints.lines
        assert not shown("\n".join(complaints.lines))
        line.put(**after)
        line.kms.faults.clear()
        line.run(RECOVERS)
        assert line.read("app.env") == text_of(after)


@pytest.mark.row("agent-73")
@pytest.mark.parametrize("name", SILENCES)
def test_silence_is_given_up_and_asked_again(tmp_path: Path, name: str, complaints: Complaints) -> None:
    before, after = rows("A"), rows("A")
    with AgentLine(tmp_path, {"/": before}) as line:
        line.policy = evolve(AGENT, read_timeout=0.1)
        line.start(templates=[line.template()], retries=Retries(most=0))
        line.put(**after)
        line.kms.faults.add(SILENCES[name])
        line.run(2 * INTERVAL)
        assert line.read("app.env") == text_of(before)
        told_of(complaints, "unable to process template because ")
        line.kms.faults.clear()
        line.run(RECOVERS)
        assert line.read("app.env") == text_of(after)


def test_a_network_that_falls_silent_leaves_the_file_and_brings_the_change_when_it_is_back(tmp_path: Path) -> None:
    before, after = rows("A"), rows("A")
    with AgentStand(tmp_path, {"/": before}) as stand, Proxy(stand.kms.url) as way:
        agent = stand.agent(address=way.url, sinks=["token"], templates=[template()])
        agent.line("saved to path")
        eventually(lambda: len(way.passed) > 3)
        way.cut()
        stand.put(**after)
        assert stand.read("app.env") == text_of(before)
        assert stand.read("token")
        way.heal()
        eventually(lambda: stand.read("app.env") == text_of(after))
        assert agent.stop() == 0
