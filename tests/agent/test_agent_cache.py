"""Leases that outlive the agent, in sealed files (agent §9)."""

from __future__ import annotations

import json
import os
import random
import signal
from pathlib import Path

import pytest

from agents import DATABASE, LEASING_TEMPLATE, SEED_TEMPLATE, AgentLine, AgentStand, leases, revoke, template
from secretsync.devserver.faults import Fault
from secretsync.devserver.seed import Dynamic
from secretsync.files.sealed import Sealed
from secretsync.values import SecretValue
from secretsync_agent.settings import LeaseCache
from stand import eventually

A = {"/": {"A": "1"}}
DB = {"db": DATABASE}
OTHER = LEASING_TEMPLATE.replace('"1h"', '"60m"')
HOUR = 3600.0


def cache(line: AgentLine) -> LeaseCache:
    if line.read("key") is None:
        line.write("key", "the token of a service account")
    return LeaseCache(line.path("cache"), line.path("key"))


def entries(line: AgentLine) -> list[Path]:
    return sorted((line.directory / "cache").glob("*.sealed"))


def asked(line: AgentLine) -> list[tuple[str, int]]:
    """Return what was asked about leases since the last call, with the answers."""
    found = [(one.method, one.status) for one in line.sent if "/leases" in one.path]
    line.sent.clear()
    return found


@pytest.mark.row("agent-58")
def test_a_lease_that_lives_is_gone_on_with(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A, dynamic=DB) as line:
        line.start(templates=[line.template(LEASING_TEMPLATE)], cache=cache(line))
        lent = line.read("app.env")
        assert asked(line) == [("POST", 200)]
        for _ in range(2):
            line.run(600.0)
            line.restart(templates=[line.template(LEASING_TEMPLATE)], cache=cache(line))
            assert (asked(line), line.read("app.env"), len(line.users())) == ([("GET", 200)], lent, 1)
        line.run(HOUR - 1200.0)
        assert line.read("app.env") != lent, "it is looked after as if there had been no restart"
        assert (asked(line), len(line.users())) == ([("POST", 200)], 1)


def test_without_a_cache_a_restart_makes_another(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A, dynamic=DB) as line:
        for _ in range(2):
            line.start(templates=[line.template(LEASING_TEMPLATE)])
            assert asked(line) == [("POST", 200)]
        assert entries(line) == []


@pytest.mark.row("agent-59")
def test_a_lease_that_is_gone_is_replaced(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A, dynamic=DB) as line:
        line.start(templates=[line.template(LEASING_TEMPLATE)], cache=cache(line))
        (gone,) = line.leases()
        revoke(line.kms, gone)
        line.sent.clear()
        line.restart(templates=[line.template(LEASING_TEMPLATE)], cache=cache(line))
        assert asked(line) == [("GET", 404), ("POST", 200)]
        assert {(line.read("app.env") or "").partition(":")[0]} == line.users()


@pytest.mark.row("agent-59")
def test_a_lease_that_hardly_lives_is_given_back_and_replaced(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A, dynamic={"db": Dynamic("sql-database", default_ttl="1h", max_ttl="1h")}) as line:
        line.start(templates=[line.template(LEASING_TEMPLATE)], cache=cache(line))
        line.agent.close()
        line.run(HOUR - 20.0)
        line.sent.clear()
        line.start(templates=[line.template(LEASING_TEMPLATE)], cache=cache(line))
        assert asked(line) == [("GET", 200), ("DELETE", 200), ("POST", 200)]
        assert len(line.users()) == 1


@pytest.mark.row("agent-59")
def test_a_lease_that_nobody_can_tell_of_is_given_back_and_replaced(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A, dynamic=DB) as line:
        line.start(templates=[line.template(LEASING_TEMPLATE)], cache=cache(line))
        line.sent.clear()
        line.meet = lambda method, path: 500 if method == "GET" and "/leases/" in path else None
        line.agent.close()
        line.start(templates=[line.template(LEASING_TEMPLATE)], cache=cache(line))
        line.run(10.0)
        assert list(dict.fromkeys(asked(line))) == [("GET", 500), ("DELETE", 200), ("POST", 200)]
        assert len(line.users()) == 1


def test_a_kms_that_is_not_there_costs_no_lease(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A, dynamic=DB) as line:
        line.start(templates=[line.template(LEASING_TEMPLATE)], cache=cache(line))
        lent, fault = line.read("app.env"), Fault("leases", reset=True)
        line.kms.faults.add(fault)
        line.restart(templates=[line.template(LEASING_TEMPLATE)], cache=cache(line))
        line.run(120.0)
        assert (line.read("app.env"), {method for method, _ in asked(line)[1:]}) == (lent, {"GET"})
        line.kms.faults.discard(fault)
        line.run(60.0)
        assert (line.read("app.env"), len(line.users())) == (lent, 1)


@pytest.mark.row("agent-60")
def test_what_no_template_uses_is_not_kept_once_all_are_rendered(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A, dynamic=DB) as line:
        one, other = line.template(LEASING_TEMPLATE), line.template(OTHER, "other", 2)
        line.start(templates=[one, other], cache=cache(line))
        assert len(entries(line)) == 2
        fault = Fault("list", status=500)
        line.kms.faults.add(fault)
        line.restart(templates=[one, line.template(SEED_TEMPLATE, "late", 3)], cache=cache(line))
        line.run(60.0)
        assert len(entries(line)) == 2, "a template that is not rendered yet may use it"
        line.kms.faults.discard(fault)
        line.run(60.0)
        assert line.read("late")
        assert len(entries(line)) == 1
        assert len(line.users()) == 2, "nothing is revoked"


@pytest.mark.row("agent-61")
def test_a_key_that_is_another_after_a_restart_costs_the_entry_and_nothing_else(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A, dynamic=DB) as line:
        line.start(templates=[line.template(LEASING_TEMPLATE)], cache=cache(line))
        lent = line.read("app.env") or ""
        (entry,) = entries(line)
        raw, (user, password) = entry.read_bytes(), lent.split(":")
        assert not [text for text in (user, password, *line.leases()) if text.encode() in raw]
        assert (entry.stat().st_mode & 0o777, entry.parent.stat().st_mode & 0o777) == (0o600, 0o700)
        line.sent.clear()
        line.agent.close()
        line.write("key", "another token")
        line.start(templates=[line.template(LEASING_TEMPLATE)], cache=cache(line))
        assert asked(line) == [("POST", 200)]
        assert line.agent.reports.all_right
        assert (len(entries(line)), line.read("app.env") != lent) == (1, True)


def test_a_token_that_is_rotated_while_the_agent_runs_costs_nothing(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A, dynamic=DB) as line:
        line.start(templates=[line.template(LEASING_TEMPLATE)], cache=cache(line))
        lent = line.read("app.env")
        line.write("key", "the next token")
        line.run(60.0)
        line.sent.clear()
        line.restart(templates=[line.template(LEASING_TEMPLATE)], cache=cache(line))
        assert (asked(line), line.read("app.env")) == ([("GET", 200)], lent)


def test_a_clock_that_is_wrong_loses_no_entry(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A, dynamic=DB) as line:
        line.start(templates=[line.template(LEASING_TEMPLATE)], cache=cache(line))
        for wrong in (300.0, -300.0):
            line.clock = type(line.clock)(line.world, wrong=wrong)
            line.sent.clear()
            line.restart(templates=[line.template(LEASING_TEMPLATE)], cache=cache(line))
            line.run(60.0)
            assert asked(line) == [("GET", 200)]


def test_what_ended_long_ago_is_swept_away(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A, dynamic=DB) as line:
        line.start(templates=[line.template(LEASING_TEMPLATE)], cache=cache(line))
        fault = Fault("list", status=500)  # so that not everything is ever rendered
        line.kms.faults.add(fault)
        line.restart(templates=[line.template(SEED_TEMPLATE)], cache=cache(line))
        line.run(HOUR)
        assert len(entries(line)) == 1
        line.run(HOUR + 60.0)
        assert entries(line) == []


def test_what_is_revoked_at_the_end_is_not_kept(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A, dynamic=DB) as line:
        told = {"cache": cache(line), "revoke_on_shutdown": True}
        line.start(templates=[line.template(LEASING_TEMPLATE), line.template(OTHER, "other", 2)], **told)
        (kept, _) = line.leases()
        line.meet = lambda method, path: 500 if method == "DELETE" and path.endswith(kept) else None
        assert line.stop() == 1
        assert len(entries(line)) == 1
        line.meet = lambda method, path: None
        line.restart(templates=[line.template(LEASING_TEMPLATE), line.template(OTHER, "other", 2)], **told)
        assert line.stop() == 0, "what could not be revoked is known to the next process"
        assert (line.users(), entries(line)) == (set(), [])


def test_what_a_lease_took_the_place_of_is_known_to_the_next_process(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A, dynamic=DB) as line:
        told = {"cache": cache(line), "revoke_on_shutdown": True, "templates": [line.template(LEASING_TEMPLATE)]}
        line.start(**told)
        line.until(lambda: len(line.users()) == 2, most=HOUR)
        line.restart(**told)
        assert line.stop() == 0
        assert line.users() == set()


@pytest.mark.parametrize("seed", range(3))
def test_no_lease_that_was_kept_is_lost_however_often_it_is_killed(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    brief = Dynamic("sql-database", default_ttl="18s", max_ttl="18s")  # is replaced three seconds later
    texts = [LEASING_TEMPLATE, OTHER, LEASING_TEMPLATE.replace('"db" "1h"', '"brief"')]
    told = {
        "templates": [template(text, f"f{n}") for n, text in enumerate(texts)],
        "cache": {"persistent": {"type": "file", "path": "cache", "key-path": "key"}},
    }
    with AgentStand(tmp_path, A, dynamic={"db": DATABASE, "brief": brief}) as stand:
        stand.write("key", "the key")
        known: set[str] = set()
        for n in range(4):
            agent = stand.agent(**told)
            seen = len(stand.kms.asked("leases")) + chance.randrange(1, 4)
            eventually(lambda seen=seen: len(stand.kms.asked("leases")) >= seen)
            if n == 0:
                eventually(lambda: list((tmp_path / "cache").glob("*.sealed")))
            agent.signal(signal.SIGKILL)
            agent.wait()
            known |= kept(tmp_path)
            found = b"".join(path.read_bytes() for path in (tmp_path / "cache").iterdir())
            assert not [word for word in lent(stand) if word.encode() in found]
        agent = stand.agent(**told, revoke_credentials_on_shutdown=True)
        for n in range(3):
            agent.line(f"[template-id={n + 1}]")
        assert agent.stop() == 0
        assert known
        assert not known & set(leases(stand.kms))


def lent(stand: AgentStand) -> list[str]:
    """Return the users and passwords that stand in the files."""
    return [word for n in range(3) for word in (stand.read(f"f{n}") or "").split(":") if word]


def kept(directory: Path) -> set[str]:
    """Return the leases that the cache knows."""
    files = Sealed(str(directory / "cache"), key=lambda: SecretValue("the key"), entropy=os.urandom)
    known: set[str] = set()
    for name in files.names():
        entry = json.loads(files.read(name) or b"{}")
        known |= {entry["lease"], *entry["left"]}
    return known
