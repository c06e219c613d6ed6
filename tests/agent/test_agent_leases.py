"""What dynamic secrets lend to templates (agent §9), in virtual time over real HTTP."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from agents import DATABASE, LEASING_TEMPLATE, PROJECT, SEED_TEMPLATE, AgentLine, AgentStand, template
from secretsync.devserver.faults import Fault
from secretsync.devserver.seed import Dynamic
from secretsync.errors import InvalidRequest, SecretSyncError
from secretsync_agent.settings import Command, LeaseStrategy
from stand import eventually

A = {"/": {"A": "1"}}
DB = {"db": DATABASE}
MINUTE = {"db": Dynamic("sql-database", default_ttl="60s", max_ttl="60s")}
HOUR = 3600.0
RELOAD = Command("reload")


def call(*arguments: str) -> str:
    """Return a template that prints a lease's user."""
    words = " ".join(f"`{argument}`" for argument in arguments)
    return f"{{{{ with dynamic_secret {words} }}}}{{{{ .DB_USERNAME }}}}{{{{ end }}}}"


PLACE = (PROJECT.slug, "dev", "/", "db")
USER = call(*PLACE)


def error(line: AgentLine, key: str = "app.env") -> SecretSyncError:
    (found,) = line.agent.reports.errors[f"template:{line.path(key)}"]
    return found


@pytest.mark.row("agent-52")
@pytest.mark.parametrize("count", range(3, 8))
@pytest.mark.parametrize("name", ["dynamic_secret", "dynamicSecret"])
def test_how_many_arguments_it_takes(tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str, count: int) -> None:
    text = call(*[*PLACE, "1h", "ann, bob", "more"][:count]).replace("dynamic_secret", name)
    with AgentLine(tmp_path, A, dynamic=DB) as line:
        line.start(templates=[line.template(text, number=7)])
        if count in {4, 5, 6}:
            assert line.users() == {line.read("app.env")}
        else:
            assert f"takes 4 to 6 arguments (project slug, environment, path, name, ttl, principals), not {count}" in (
                caplog.text
            )
            assert "[template-id=7]" in caplog.text
            assert (line.read("app.env"), line.made()) == (None, [])


def test_what_a_lease_is_asked_with(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A, dynamic=DB) as line:
        line.start(templates=[line.template(call(*PLACE, "90s", "ann, bob"))])
        asked = next(one.request.json for one in line.sent if one.path.endswith("/leases"))
        assert asked == {
            "dynamicSecretName": "db",
            "projectSlug": PROJECT.slug,
            "environmentSlug": "dev",
            "path": "/",
            "ttl": "90s",
            "config": {"principals": ["ann", "bob"]},
        }


@pytest.mark.row("agent-53")
def test_equal_calls_share_a_lease_and_what_is_written_otherwise_is_another(tmp_path: Path) -> None:
    texts = [call(*PLACE, "1h"), call(*PLACE, "1h"), call(*PLACE, "60m"), call(*PLACE[:2], "", "db", "1h")]
    with AgentLine(tmp_path, A, dynamic=DB) as line:
        line.start(templates=[line.template(text, f"f{n}", n) for n, text in enumerate(texts)])
        users = [line.read(f"f{n}") for n in range(4)]
        assert users[0] == users[1]
        assert len(set(users)) == len(line.made()) == 3
        assert line.users() == set(users)


@pytest.mark.row("agent-54")
def test_the_file_holds_others_before_the_old_ones_end_and_nothing_else_is_rewritten(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A, dynamic=DB) as line:
        line.start(templates=[line.template(LEASING_TEMPLATE, interval=300.0, command=RELOAD)])
        began = line.world.now
        first, written = line.read("app.env"), Path(line.path("app.env")).stat().st_mtime_ns
        assert first
        line.run(HOUR - 361.0 - 180.0)  # a tenth of its time before the end, and the jitter
        assert (line.read("app.env"), line.commands) == (first, [])
        assert Path(line.path("app.env")).stat().st_mtime_ns == written
        line.until(lambda: line.read("app.env") != first, most=600.0)
        assert line.world.now < began + HOUR - 300.0
        (old, _), (new, _) = first.split(":"), (line.read("app.env") or "").split(":")
        assert line.users() == {old, new}, "one is in hand before the other one goes"
        line.run(HOUR / 2)
        assert line.users() == {new}
        assert [command for _, command in line.commands] == [RELOAD]
        assert not [one for one in line.sent if one.method == "DELETE"], "it ends by itself"


def test_a_lease_may_be_renewed_instead_and_is_replaced_when_the_server_renews_it_no_more(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A, dynamic=DB) as line:
        line.start(templates=[line.template(LEASING_TEMPLATE)], lease_strategy=LeaseStrategy.RENEW)
        first = line.read("app.env")
        line.run(3 * HOUR)
        assert (line.read("app.env"), len(line.made())) == (first, 1)
        assert 2 <= len([one for one in line.sent if "/leases/" in one.path and one.path.endswith("/renew")]) <= 3
        line.run(2 * HOUR)
        assert len(line.made()) == 2
        assert line.read("app.env") != first


@pytest.mark.row("agent-55")
def test_a_template_that_asks_for_a_lease_and_then_for_a_list(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A, dynamic=DB) as line:
        line.start(templates=[line.template(USER + SEED_TEMPLATE)])
        first = line.read("app.env")
        assert first
        assert first.endswith("\nA=1")
        line.run(HOUR)
        second = line.read("app.env")
        assert second
        assert (second.endswith("\nA=1"), second != first) == (True, True)
        line.put(A="2")
        line.run(60.0)
        assert line.read("app.env") == second.replace("A=1", "A=2")


@pytest.mark.row("agent-56")
@pytest.mark.parametrize("wrong", [-300.0, -120.0, 0.0, 120.0, 300.0])
def test_a_wrong_clock_makes_no_more_leases(tmp_path: Path, wrong: float) -> None:
    with AgentLine(tmp_path, A, dynamic=MINUTE, wrong=wrong) as line:
        line.start(templates=[line.template(USER)])
        for _ in range(60):
            line.run(10.0)
            assert line.read("app.env") in line.users()
        assert 600 / 60 <= len(line.made()) <= 600 / 40


@pytest.mark.row("agent-56")
@pytest.mark.parametrize("wrong", [-300.0, 120.0, 300.0])
def test_leases_that_seem_to_end_at_once_are_not_made_one_after_the_other(tmp_path: Path, wrong: float) -> None:
    with AgentLine(tmp_path, A, dynamic=MINUTE) as line:
        line.date_wrong = wrong  # what stands between it and the KMS writes dates of its own
        line.start(templates=[line.template(USER)])
        line.run(600.0)
        made = line.made()
        assert all(after - before >= 5.0 for before, after in pairwise(made))
        assert len(made) >= 2


def test_a_lease_goes_on_while_the_machine_is_suspended_that_has_just_heard_of_it(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A, dynamic=MINUTE) as line:

        def suspended(method: str, path: str) -> None:
            if method == "POST" and path.endswith("/leases") and not line.made():
                line.suspend(50.0)

        line.meet = suspended
        line.start(templates=[line.template(USER)])
        line.run(50.0)
        for _ in range(120):
            line.run(1.0)
            assert line.read("app.env") in line.users()


@pytest.mark.row("agent-57")
def test_a_refused_ttl_is_an_error_of_the_template_and_tried_again(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A, dynamic=DB) as line:
        line.start(templates=[line.template(call(*PLACE, "5h")), line.template(name="other", number=2)])
        assert isinstance(error(line), InvalidRequest)
        assert line.read("app.env") is None
        assert line.read("other") == "\nA=1"
        line.run(300.0)
        assert 5 <= len(line.made()) <= 30


@pytest.mark.row("agent-57")
def test_a_lease_whose_making_got_no_answer_is_not_made_again_at_once(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A, dynamic=DB) as line:
        line.kms.faults.add(Fault("leases", count=1, body="truncated"))
        line.start(templates=[line.template(USER)])
        line.run(4.9)
        assert (len(line.made()), line.read("app.env")) == (1, None)
        line.run(60.0)
        assert (len(line.made()), line.users()) == (2, {line.read("app.env")})


@pytest.mark.row("agent-57")
def test_a_lease_whose_answer_is_lost_is_the_servers_alone(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A, dynamic=DB) as line:
        line.kms.faults.add(Fault("leases", count=1, lost=True))
        line.start(templates=[line.template(USER)])
        line.run(60.0)
        assert (len(line.made()), len(line.users())) == (2, 2)
        assert line.read("app.env") in line.users()


# -- when nothing is lent


@pytest.mark.parametrize(
    "more",
    [
        f'{{{{ secret "{PROJECT.id}" "dev" "/none" }}}}',
        f'{{{{ getSecretByName "{PROJECT.id}" "dev" "/" "NONE" }}}}',
        "{{ bad",
        "{{ fail `no` }}",
    ],
)
def test_nothing_is_lent_for_a_template_that_fails(tmp_path: Path, more: str) -> None:
    with AgentLine(tmp_path, A, dynamic=DB) as line:
        line.start(templates=[line.template(USER + more)])
        line.run(300.0)
        assert (line.made(), line.read("app.env")) == ([], None)


def test_a_refused_lease_is_asked_for_no_more_once_the_rest_cannot_be_read(tmp_path: Path) -> None:
    """What was refused comes back by itself: it must not while nothing could come of it (seed 5489)."""
    with AgentLine(tmp_path, A, dynamic=DB) as line:
        fault = Fault("leases", status=500)
        line.kms.faults.add(fault)
        line.start(templates=[line.template(USER + SEED_TEMPLATE)])
        line.run(30.0)
        line.kms.faults.add(Fault("list", status=403))
        line.run(90.0)
        line.kms.faults.discard(fault)
        asked = len(line.made())
        line.run(300.0)
        assert (len(line.made()), line.users()) == (asked, set())


def test_nothing_is_lent_while_the_rest_cannot_be_read(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A, dynamic=DB) as line:
        fault = Fault("list", status=500)
        line.kms.faults.add(fault)
        line.start(templates=[line.template(USER + SEED_TEMPLATE)])
        line.run(300.0)
        assert line.made() == []
        line.kms.faults.discard(fault)
        line.run(60.0)
        assert len(line.made()) == 1
        assert line.read("app.env")


def test_a_lease_is_kept_when_the_rest_fails_later(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A, dynamic=DB) as line:
        line.start(templates=[line.template(USER + SEED_TEMPLATE)])
        before = line.read("app.env")
        fault = Fault("list", status=500)
        line.kms.faults.add(fault)
        line.run(600.0)
        line.kms.faults.discard(fault)
        line.run(60.0)
        assert (len(line.made()), line.read("app.env")) == (1, before)


def test_a_dry_run_lends_nothing(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A, dynamic=DB) as line:
        decides = "{{ if (dynamic_secret `P` `dev` `/` `db`).DB_USERNAME }}x{{ end }}".replace(
            "`P`", f"`{PROJECT.slug}`"
        )
        line.start(templates=[line.template(LEASING_TEMPLATE), line.template(decides, "other", 2)], dry=True)
        assert line.agent.reports.all_right
        line.agent.close()
        assert line.would == [
            "would lease db of / in dev",
            "would lease db of / in dev",
            f"would create {line.path('app.env')}",
            f"would create {line.path('other')}",
        ]
        assert line.made() == []


# -- as a process


@pytest.mark.row("agent-53", "agent-54")
def test_two_files_share_a_lease_and_follow_the_next_one(tmp_path: Path) -> None:
    brief = {"db": Dynamic("sql-database", default_ttl="17s", max_ttl="17s")}  # is replaced two seconds later
    with AgentStand(tmp_path, A, dynamic=brief) as stand:
        agent = stand.agent(templates=[template(USER), template(USER, "other", execute={"command": "echo >> ran"})])
        first = eventually(lambda: stand.read("other"))
        eventually(lambda: stand.read("app.env"))
        eventually(lambda: stand.read("app.env") == stand.read("other") != first)
        eventually(lambda: stand.read("ran"))
        assert agent.stop() == 0
