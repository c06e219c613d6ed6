"""Whatever a KMS answers, no file is emptied, the log says what is wrong, and all is right again when the KMS is.

In virtual time, against every fault of the development KMS that an agent can meet.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

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

FAULTS: dict[str, dict[str, Any]] = {
    "400": {"status": 400},
    "401": {"status": 401},
    "403": {"status": 403},
    "404": {"status": 404},
    "no such route": {"status": 404, "body": "route"},
    "408": {"status": 408},
    "422": {"status": 422},
    "429": {"status": 429},
    "429 with patience": {"status": 429, "retry_after": 7},
    "500": {"status": 500},
    "502 of a proxy": {"status": 502, "body": "html"},
    "503 with patience": {"status": 503, "retry_after": 3600},
    "504": {"status": 504},
    "a page": {"body": "html"},
    "an error with 200": {"body": "json"},
    "a redirection": {"status": 302, "location": "https://elsewhere.example/"},
    "a redirection of the body": {"status": 307, "location": "https://elsewhere.example/"},
    "JSON that breaks off": {"body": "truncated"},
    "a hundred megabytes": {"body": "huge"},
    "a bomb": {"body": "bomb"},
    "an approval": {"body": "approval"},
    "no rows": {"body": "empty"},
    "masked values": {"body": "hidden"},
    "a reset": {"reset": True},
}
OF_LISTS = [name for name in FAULTS if name not in {"401", "a redirection of the body"}]
OF_LOGINS = (
    *("400", "401", "403", "404", "no such route", "429 with patience", "500", "a page", "an error with 200"),
    *("a redirection of the body", "JSON that breaks off", "a bomb", "a reset"),
)
OF_RENEWALS = ("401", "no such route", "429 with patience", "500", "a page", "JSON that breaks off", "a reset")
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


def recovers(line: AgentLine, values: dict[str, str]) -> None:
    """Take every fault away, and check that all is right again by the second look."""
    line.kms.faults.clear()
    line.run(RECOVERS)
    assert line.read("app.env") == text_of(values)
    assert line.fatal == []


@pytest.mark.parametrize("name", OF_LISTS)
def test_a_fault_of_a_read_leaves_every_file_and_passes(tmp_path: Path, name: str, complaints: Complaints) -> None:
    before, after = rows("A", "B", "C", "D"), rows("A", "B", "C", "D")
    with AgentLine(tmp_path, {"/": before}) as line:
        line.start(sinks=[line.sink()], templates=[line.template()])
        assert line.read("app.env") == text_of(before)
        inode = (tmp_path / "app.env").stat().st_ino
        assert not complaints.lines
        line.put(**after)
        line.kms.faults.add(Fault("list", **FAULTS[name]))
        for _ in range(int(LONG / INTERVAL)):
            line.run(INTERVAL)
            assert line.read("app.env") == text_of(before)
            assert (tmp_path / "app.env").stat().st_ino == inode
            assert line.read("token")
        told_of(complaints, "unable to process template because ")
        recovers(line, after)


@pytest.mark.parametrize("name", OF_LOGINS)
def test_a_fault_of_logins_leaves_what_an_earlier_agent_wrote_and_passes(
    tmp_path: Path, name: str, complaints: Complaints
) -> None:
    values = rows("A", "B")
    with AgentLine(tmp_path, {"/": values}) as line:
        line.write("app.env", "of an earlier agent")
        line.kms.faults.add(Fault("login", **FAULTS[name]))
        line.start(sinks=[line.sink()], templates=[line.template()])
        line.run(LONG)
        assert line.read("app.env") == "of an earlier agent"
        assert line.read("token") is None
        told_of(complaints, "unable to authenticate because ")
        recovers(line, values)
        assert line.read("token")


@pytest.mark.parametrize("name", OF_RENEWALS)
def test_a_fault_of_renewals_is_followed_by_a_login_in_time(tmp_path: Path, name: str, complaints: Complaints) -> None:
    before, after = rows("A", "B"), rows("A", "B")
    with AgentLine(tmp_path, {"/": before}, ttl=int(LIFE)) as line:
        line.start(sinks=[line.sink()], templates=[line.template()])
        line.kms.faults.add(Fault("renew", **FAULTS[name]))
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
        recovers(line, after)


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
        recovers(line, after)


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
