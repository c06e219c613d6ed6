"""What ends with the agent: leases and tokens, and the files that hold them (agent §12)."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from agents import DATABASE, LEASING_TEMPLATE, SEED_TEMPLATE, AgentLine, AgentStand, Running, revoke, template, users
from secretsync.devserver.faults import Fault
from stand import eventually

A = {"/": {"A": "1"}}
DB = {"db": DATABASE}
OTHER = LEASING_TEMPLATE.replace('"1h"', '"60m"')
RAN = {"command": "echo >> ran"}


def told(stand: AgentStand, method: str) -> list[int]:
    """Return how the KMS answered what revokes."""
    asked = stand.kms.asked("leases") if method == "DELETE" else stand.kms.asked("revoke")
    return [one.status for one in asked if one.method == method]


def stopped(agent: Running) -> int | None:
    agent.signal(signal.SIGTERM)
    return agent.wait()


@pytest.mark.row("agent-63")
def test_leases_and_token_are_revoked_and_the_files_that_hold_them_emptied(tmp_path: Path) -> None:
    with AgentStand(tmp_path, A, dynamic=DB) as stand:
        templates = [template(LEASING_TEMPLATE, execute=RAN), template(OTHER, "other"), template(path="static")]
        (tmp_path / "other").touch(0o640)
        agent = stand.agent(sinks=["token"], templates=templates, revoke_credentials_on_shutdown=True)
        eventually(lambda: all(stand.read(name) for name in ("token", "app.env", "other", "static")))
        assert stopped(agent) == 0
        assert (told(stand, "DELETE"), told(stand, "POST")) == ([200, 200], [200])
        assert users(stand.kms) == set()
        assert [stand.read(name) for name in ("token", "app.env", "other", "static")] == ["", "", "", "\nA=1"]
        assert (tmp_path / "other").stat().st_mode & 0o777 == 0o640
        assert stand.read("ran") is None, "no command runs for what is emptied"
        assert len([line for line in agent.lines if "successfully revoked dynamic secret lease [id=" in line]) == 2
        agent.line("all dynamic secret leases have been revoked")
        agent.line("successfully revoked 1 access tokens")
    order = [one.route for one in stand.kms.asked() if one.method == "DELETE" or one.route == "revoke"]
    assert order == ["leases", "leases", "revoke"]


@pytest.mark.row("agent-64")
def test_without_leases_the_token_is_revoked_at_once(tmp_path: Path) -> None:
    with AgentStand(tmp_path, A, dynamic=DB) as stand:
        agent = stand.agent(templates=[template()], revoke_credentials_on_shutdown=True)
        eventually(lambda: stand.read("app.env"))
        assert stopped(agent) == 0, "and 1 at the end of the time that it may take"
        assert (told(stand, "POST"), stand.read("app.env")) == ([200], "\nA=1")


def test_a_token_that_was_refused_one_thing_is_revoked_like_others(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A, dynamic=DB) as line:
        fault = Fault("list", status=403)
        line.kms.faults.add(fault)
        templates = [line.template(LEASING_TEMPLATE), line.template(SEED_TEMPLATE, "static", 2)]
        line.start(templates=templates, revoke_on_shutdown=True)
        line.run(600.0)
        assert line.users()
        assert line.stop() == 0
        assert (line.users(), line.asked("revoke")) == (set(), [("revoke", 200)])


@pytest.mark.row("agent-65")
def test_what_is_not_confirmed_keeps_its_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with AgentLine(tmp_path, A, dynamic=DB) as line:
        templates = [line.template(LEASING_TEMPLATE)]
        line.start(sinks=[line.sink()], templates=templates, revoke_on_shutdown=True)
        (gone,) = line.leases()
        line.agent.apply(
            line.settings(
                sinks=(line.sink(),),
                templates=(*templates, line.template(OTHER, "other", 2)),
                revoke_on_shutdown=True,
            )
        )
        line.run(1.0)
        kept, (_, broken) = line.read("other"), line.leases()
        assert kept
        revoke(line.kms, gone)
        line.meet = lambda method, path: 500 if method == "DELETE" and path.endswith(broken) else None
        assert line.stop() == 1
        assert [line.read(name) for name in ("app.env", "other", "token")] == ["", kept, ""]
        answers = {one.path.rpartition("/")[2]: one.status for one in line.sent if one.method == "DELETE"}
        assert answers == {gone: 404, broken: 500}
        refused = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
        assert len(refused) == 2, "the lease, and the file that keeps it"
        assert all("is not revoked because revoke a lease of / in dev" in line for line in refused)


@pytest.mark.row("agent-65")
def test_a_lease_that_the_server_could_not_take_back_keeps_its_file(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A, dynamic=DB) as line:
        line.start(sinks=[line.sink()], templates=[line.template(LEASING_TEMPLATE)], revoke_on_shutdown=True)
        lent = line.read("app.env")
        line.kms.model.provider.broken = True
        assert line.stop() == 1
        assert (line.read("app.env"), line.read("token")) == (lent, "")


def test_a_token_that_is_not_revoked_stays_in_its_sink(tmp_path: Path) -> None:
    with AgentStand(tmp_path, A) as stand:
        agent = stand.agent(sinks=["token"], templates=[template()], revoke_credentials_on_shutdown=True)
        token = eventually(lambda: stand.read("token"))
        stand.kms.faults.add(Fault("revoke", status=422))
        assert stopped(agent) == 1
        assert stand.read("token") == token
        agent.line("the access token is not revoked because")


@pytest.mark.row("agent-66")
def test_a_token_in_two_sinks_is_revoked_once_and_both_are_emptied(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A) as line:
        line.start(sinks=[line.sink("one"), line.sink("two")], revoke_on_shutdown=True)
        assert line.read("one") == line.read("two") != ""
        assert line.stop() == 0
        assert (line.asked("revoke"), line.read("one"), line.read("two")) == ([("revoke", 200)], "", "")


def test_another_token_in_a_sink_is_revoked_too(tmp_path: Path) -> None:
    with AgentStand(tmp_path, A) as stand:
        agent = stand.agent(sinks=["one", "two"], revoke_credentials_on_shutdown=True)
        for name in ("one", "two"):  # until then the agent looks at what it wrote, and would write it again
            agent.line(f"saved to file at path '{tmp_path}/{name}'")
        stand.write("two", "another")
        assert stopped(agent) == 0
        assert len(told(stand, "POST")) == 2
        assert (stand.read("one"), stand.read("two")) == ("", "")


def test_the_end_takes_no_longer_than_it_may_and_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    with AgentStand(tmp_path, A, dynamic=DB) as stand:
        for name, expected in (("slow", 1), ("impatient", 130)):
            limit = "500ms" if expected == 1 else "1h"
            one = template(LEASING_TEMPLATE, name)
            agent = stand.agent(templates=[one], revoke_credentials_on_shutdown=True, shutdown_timeout=limit)
            lent = eventually(lambda name=name: stand.read(name))
            stand.kms.faults.add(Fault("leases", hang=True))
            agent.signal(signal.SIGTERM)
            if expected == 130:
                eventually(lambda: told(stand, "DELETE"))
                agent.signal(signal.SIGTERM)
            assert agent.wait() == expected
            assert stand.read(name) == lent
            stand.kms.faults.clear()
            stand.kms.journal.clear()


def test_a_lease_that_is_just_being_made_is_given_back(tmp_path: Path) -> None:
    with AgentStand(tmp_path, A, dynamic=DB) as stand:
        stand.kms.faults.add(Fault("leases", count=1, delay=1.0))
        agent = stand.agent(templates=[template(LEASING_TEMPLATE)], revoke_credentials_on_shutdown=True)
        eventually(lambda: stand.kms.asked("leases"))
        assert stopped(agent) == 0
        assert (told(stand, "DELETE"), users(stand.kms)) == ([200], set())


def test_what_was_replaced_and_lives_still_is_revoked_too(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A, dynamic=DB) as line:
        line.start(templates=[line.template(LEASING_TEMPLATE)], revoke_on_shutdown=True)
        line.until(lambda: len(line.made()) == 2, most=3600.0)
        assert len(line.users()) == 2
        assert line.stop() == 0
        assert (line.users(), line.read("app.env")) == (set(), "")


def test_files_that_are_gone_are_not_made_again(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A, dynamic=DB) as line:
        line.start(sinks=[line.sink()], templates=[line.template(LEASING_TEMPLATE)], revoke_on_shutdown=True)
        for name in ("token", "app.env"):
            Path(line.path(name)).unlink()
        assert line.stop() == 0
        assert (line.read("token"), line.read("app.env")) == (None, None)


def test_nothing_is_revoked_unless_that_is_wanted(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A, dynamic=DB) as line:
        line.start(sinks=[line.sink()], templates=[line.template(LEASING_TEMPLATE + SEED_TEMPLATE)])
        assert line.stop() == 0
        assert not [one for one in line.sent if one.method == "DELETE" or one.path.endswith("/revoke")]
        assert line.read("token")
        assert len(line.users()) == 1
