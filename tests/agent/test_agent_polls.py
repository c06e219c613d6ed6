"""Files follow the KMS: polls, changes, failures and what is kept (agent §7), in virtual time."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from agents import PROJECT, SEED_TEMPLATE, AgentLine
from secretsync.clock import Deadline
from secretsync.devserver.faults import Fault
from secretsync.errors import PathNotFound
from secretsync.queries import UNCHANGED, Found
from secretsync.reconcile.messages import Applied, Event, Outcome, Report
from secretsync.retry import Retries
from secretsync.testing import ManualClock
from secretsync_agent.app import LONGEST
from secretsync_agent.local import HERE, Local, TemplateText
from secretsync_agent.settings import Command, Wait

AB = {"/": {"A": "1", "B": "2"}}
RELOAD = Command("reload")
SINGLES = "{{ (getSecretByName `P` `dev` `/` `A`).Value }}{{ (getSecretByName `P` `dev` `/` `B`).Value }}"
LISTED = "{{ range secret `P` `dev` `/` }}{{ .Key }}={{ .Value }};{{ end }}"
DAY = 86_400.0
"""Seconds: so long an interval that none of its checks comes by chance while a test looks."""


def text(template: str) -> str:
    return template.replace("`P`", f"`{PROJECT.id}`")


@pytest.mark.row("agent-1")
def test_a_minimal_agent_writes_token_and_file(tmp_path: Path) -> None:
    with AgentLine(tmp_path, AB) as line:
        line.start(sinks=[line.sink()], templates=[line.template()])
        assert line.read("app.env") == "\nA=1\nB=2"
        assert line.asked() == [("login", 200), ("secrets", 200)]
        token = line.read("token")
        assert token
        assert token == token.strip()


@pytest.mark.row("agent-28")
def test_the_same_answers_write_nothing(tmp_path: Path) -> None:
    with AgentLine(tmp_path, AB) as line:
        line.start(templates=[line.template(command=RELOAD)])
        before = Path(line.path("app.env")).stat()
        line.run(300.0)
        after = Path(line.path("app.env")).stat()
        assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
        polls = line.asked("secrets")[1:]
        assert set(polls) == {("secrets", 304)}
        assert len(polls) == 5
        assert not line.commands


def test_a_deleted_file_comes_back_with_a_change_or_a_restart(tmp_path: Path) -> None:
    """As with the original: equal answers write nothing, whatever became of the file; the first ones always do."""
    with AgentLine(tmp_path, AB) as line:
        line.start(templates=[line.template(command=RELOAD)])
        (tmp_path / "app.env").unlink()
        line.run(300.0)
        assert line.read("app.env") is None
        line.put(A="2")
        line.run(60.0)
        assert line.read("app.env") == "\nA=2\nB=2"
        assert len(line.commands) == 1
        (tmp_path / "app.env").unlink()
        line.restart(templates=[line.template(command=RELOAD)])
        assert line.read("app.env") == "\nA=2\nB=2"
        assert len(line.commands) == 1


@pytest.mark.row("agent-29")
def test_a_change_is_written_and_then_the_command_runs_once(tmp_path: Path) -> None:
    with AgentLine(tmp_path, AB) as line:
        line.start(templates=[line.template(command=RELOAD)])
        line.put(A="2")
        line.run(120.0)
        assert line.read("app.env") == "\nA=2\nB=2"
        assert [command for _, command in line.commands] == [RELOAD]


@pytest.mark.row("agent-30")
@pytest.mark.parametrize(("first", "runs"), [(False, 0), (True, 1)])
def test_whether_the_command_runs_at_first(tmp_path: Path, *, first: bool, runs: int) -> None:
    with AgentLine(tmp_path, AB) as line:
        line.start(templates=[line.template(command=RELOAD, first_command=first)])
        line.run(120.0)
        assert len(line.commands) == runs


@pytest.mark.row("agent-31")
def test_a_change_in_the_first_of_two_calls_is_seen(tmp_path: Path) -> None:
    folders = {"/one": {"A": "1"}, "/two": {"B": "2"}}
    both = text(
        "{{ range secret `P` `dev` `/one` }}{{ .Value }}{{ end }}{{ range secret `P` `dev` `/two` }}{{ .Value }}{{ end }}"
    )
    with AgentLine(tmp_path, folders) as line:
        line.start(templates=[line.template(both)])
        assert line.read("app.env") == "12"
        line.kms.model.put(PROJECT.slug, "dev", "/one", {"A": "3"})
        line.run(60.0)
        assert line.read("app.env") == "32"


@pytest.mark.row("agent-32")
def test_another_version_of_equal_values_writes_nothing(tmp_path: Path) -> None:
    with AgentLine(tmp_path, AB) as line:
        line.start(templates=[line.template(command=RELOAD)])
        before = Path(line.path("app.env")).stat().st_mtime_ns
        line.put(A="0")
        line.put(A="1")
        line.run(60.0)
        assert ("secrets", 200) in line.asked("secrets")[1:]
        assert Path(line.path("app.env")).stat().st_mtime_ns == before
        assert not line.commands


@pytest.mark.row("agent-32")
def test_without_an_etag_a_change_is_seen_too(tmp_path: Path) -> None:
    with AgentLine(tmp_path, AB) as line:
        line.without_etags = True
        line.start(templates=[line.template()])
        line.put(A="5")
        line.run(60.0)
        assert line.read("app.env") == "\nA=5\nB=2"
        assert set(line.asked("secrets")) == {("secrets", 200)}


@pytest.mark.row("agent-33")
def test_time_and_chance_stand_still_while_the_answers_do(tmp_path: Path) -> None:
    moving = "{{ now | unixEpoch }} {{ uuidv4 }} {{ randAlphaNum 8 }} " + SEED_TEMPLATE
    with AgentLine(tmp_path, AB) as line:
        line.start(templates=[line.template(moving)])
        before = line.read("app.env")
        line.run(130.0)
        assert line.read("app.env") == before
        line.put(A="2")
        line.run(60.0)
        after = line.read("app.env")
        assert before
        assert after
        assert [a == b for a, b in zip(before.split()[:3], after.split()[:3], strict=True)] == [False] * 3


def test_time_and_chance_stand_still_through_an_outage(tmp_path: Path) -> None:
    with AgentLine(tmp_path, AB) as line:
        line.start(templates=[line.template("{{ uuidv4 }}" + SEED_TEMPLATE)])
        before = line.read("app.env")
        fault = Fault(status=500)
        line.kms.faults.add(fault)
        line.run(300.0)
        line.kms.faults.discard(fault)
        line.run(300.0)
        assert line.agent.reports.all_right
        assert line.read("app.env") == before


@pytest.mark.row("agent-34")
def test_an_edited_template_is_rendered_anew(tmp_path: Path) -> None:
    with AgentLine(tmp_path, AB) as line:
        source = line.write("app.tmpl", SEED_TEMPLATE)
        line.start(templates=[line.template("", source=source)])
        line.write("app.tmpl", "# edited" + SEED_TEMPLATE)
        line.run(60.0)
        assert line.read("app.env") == "# edited\nA=1\nB=2"


def test_a_template_that_fails_is_looked_at_again_soon(tmp_path: Path) -> None:
    with AgentLine(tmp_path, AB) as line:
        source = line.write("app.tmpl", "{{ bad")
        line.start(templates=[line.template("", source=source, interval=DAY)])
        line.run(20.0)
        line.write("app.tmpl", "good")
        line.run(31.0)
        assert line.read("app.env") == "good"


@pytest.mark.row("agent-35")
def test_a_failure_leaves_the_file_and_is_tried_again_soon(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with AgentLine(tmp_path, AB) as line:
        line.start(templates=[line.template(interval=300.0)])
        line.put(A="2")
        fault = Fault("list", status=500)
        line.kms.faults.add(fault)
        line.run(400.0)
        assert line.read("app.env") == "\nA=1\nB=2"
        tries = [at for at in line.times("secrets") if at > 1.0]
        assert max(later - at for at, later in pairwise(tries)) <= 31.0
        line.kms.faults.discard(fault)
        line.run(31.0)
        assert line.read("app.env") == "\nA=2\nB=2"
        said = [one.getMessage() for one in caplog.records if one.levelname == "ERROR"]
        assert said[0].startswith("unable to process template because list secrets of / in dev")
        assert said[0].endswith("[template-id=1]")


@pytest.mark.row("agent-36")
def test_a_broken_template_leaves_the_others_alone(tmp_path: Path) -> None:
    with AgentLine(tmp_path, AB) as line:
        line.start(templates=[line.template("{{ bad"), line.template(name="two.env", number=2)])
        line.put(A="2")
        line.run(60.0)
        assert line.read("app.env") is None
        assert line.read("two.env") == "\nA=2\nB=2"
        assert line.agent.reports.all_reported
        assert line.agent.finished() == 1


@pytest.mark.row("agent-39")
def test_a_folder_is_made_or_missed_until_it_is_there(tmp_path: Path) -> None:
    with AgentLine(tmp_path, AB) as line:
        line.write("file", "")
        deep, under_a_file = (
            line.template(name="deep/er/app.env"),
            line.template(name="file/app.env", number=2, command=RELOAD),
        )
        line.start(templates=[deep, under_a_file])
        assert line.read("deep/er/app.env") == "\nA=1\nB=2"
        assert (tmp_path / "deep").stat().st_mode & 0o777 == 0o755
        assert line.agent.finished() == 1
        (tmp_path / "file").unlink()
        line.run(60.0)
        assert line.read("file/app.env") == "\nA=1\nB=2"
        assert line.agent.finished() == 0
        assert not line.commands


@pytest.mark.row("agent-50")
def test_an_empty_list_makes_an_empty_file_at_first_only(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with AgentLine(tmp_path, {"/": {}}) as line:
        line.start(templates=[line.template(command=RELOAD)])
        assert line.read("app.env") == ""
        line.put(A="1")
        line.run(60.0)
        line.kms.model.delete(PROJECT.slug, "dev", "/", ["A"])
        line.run(3600.0)
        assert line.read("app.env") == "\nA=1"
        assert len(line.commands) == 1
        kept = next(one for one in caplog.records if "is empty; the file is kept" in one.getMessage())
        assert kept.levelname == "WARNING"


@pytest.mark.row("agent-50")
def test_an_empty_list_is_written_where_that_is_allowed(tmp_path: Path) -> None:
    with AgentLine(tmp_path, AB) as line:
        line.start(templates=[line.template(allow_empty=True)])
        line.kms.model.delete(PROJECT.slug, "dev", "/", ["A", "B"])
        line.run(60.0)
        assert line.read("app.env") == ""


@pytest.mark.row("agent-50")
def test_a_list_that_was_empty_for_a_moment_is_looked_at_again_soon(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def kept() -> list[str]:
        return [text for one in caplog.records if "is empty; the file is kept" in (text := one.getMessage())]

    with AgentLine(tmp_path, AB) as line:
        line.start(templates=[line.template(interval=3600.0)])
        line.kms.model.delete(PROJECT.slug, "dev", "/", ["A", "B"])
        line.run(3700.0)  # a poll, and a few looks after it
        assert len(kept()) == 1
        line.put(A="2")
        line.run(31.0)
        assert line.read("app.env") == "\nA=2"


@pytest.mark.row("agent-50")
def test_many_secrets_that_vanish_are_believed_at_the_second_look(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with AgentLine(tmp_path, {"/": {"A": "1", "B": "2", "C": "3"}}) as line:
        line.start(templates=[line.template(command=RELOAD)])
        line.kms.model.delete(PROJECT.slug, "dev", "/", ["A", "B"])
        line.until(lambda: any("ManyKeysRemoved: 2 of 3 secrets" in one.getMessage() for one in caplog.records))
        line.run(58.0)
        assert line.read("app.env") == "\nA=1\nB=2\nC=3"
        line.run(3.0)
        assert line.read("app.env") == "\nC=3"
        assert len(line.commands) == 1


@pytest.mark.row("agent-50")
def test_a_secret_that_is_not_there_is_an_error_with_its_status(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with AgentLine(tmp_path, {"/": {"A": "1"}}) as line:
        line.start(templates=[line.template(text(SINGLES))])
        assert line.read("app.env") is None
        assert any(
            "read secret B of / in dev" in one.getMessage() and "HTTP 404" in one.getMessage() for one in caplog.records
        )
        line.put(B="2")
        line.run(30.0)
        assert line.read("app.env") == "12"


def test_what_comes_into_being_is_written_once(tmp_path: Path) -> None:
    with AgentLine(tmp_path, {"/": {"A": "1"}}) as line:
        line.start(templates=[line.template("{{ uuidv4 }}" + text(SINGLES), command=RELOAD)])
        line.put(B="2")
        line.run(300.0)
        assert line.read("app.env")
        assert not line.commands  # a second writing, with other chance, would be a change


def test_an_untouched_template_is_not_read_again(tmp_path: Path) -> None:
    source = tmp_path / "t"
    source.write_text("text")
    query, local, forever = TemplateText(str(source)), Local(ManualClock()), Deadline(ManualClock())
    first = local.read([query], known={}, credential=None, deadline=forever)[query]
    assert isinstance(first, Found)
    assert first.value == "text"
    known = {query: first.version}
    assert local.read([query], known=known, credential=None, deadline=forever)[query] == UNCHANGED
    source.write_text("other text")
    again = local.read([query], known=known, credential=None, deadline=forever)[query]
    assert isinstance(again, Found)


def test_another_configuration_is_taken_over_and_what_it_leaves_is_left(tmp_path: Path) -> None:
    with AgentLine(tmp_path, AB) as line:
        kept, gone = line.template(command=RELOAD), line.template(name="gone", number=2)
        line.start(sinks=[line.sink()], templates=[kept, gone])
        before = Path(line.path("app.env")).stat().st_ino
        new = line.template("{{ now }}", "new", 2)
        retries = Retries(most=0)
        line.agent.apply(line.settings(templates=(kept, new), retries=retries, headers={"X": "y"}))
        line.kms.faults.add(Fault("list", status=500, count=1))
        line.put(A="2")
        line.run(90.0)
        assert line.read("new")
        assert line.read("gone") == "\nA=1\nB=2"
        assert line.read("app.env") == "\nA=2\nB=2"
        assert Path(line.path("app.env")).stat().st_ino != before
        assert len(line.commands) == 1
        assert len(line.times("login")) == 1
        assert line.asked("secrets").count(("secrets", 500)) == 1
        assert line.sent[-1].request.headers["X"] == "y"


def test_what_comes_of_a_file_is_told_to_the_engine_by_whoever_configures_alone(tmp_path: Path) -> None:
    """Told by who looked at it, it could come back after it was given up."""
    with AgentLine(tmp_path, AB) as line:
        line.start(templates=[line.template(interval=600.0)])
        told: list[Event] = []
        line.drive.before = told.append
        line.adjusts = False
        lost = PathNotFound("kms", "list", "there is no such folder", status=404)
        line.agent.reports.report(Report(HERE, f"template:{line.path('app.env')}", Outcome((lost,))))
        assert told == []
        line.agent.adjust()
        assert [one.subject.period for one in told if isinstance(one, Applied)] == [LONGEST]
        line.agent.adjust()
        assert len(told) == 1


def test_a_template_that_asks_for_less_is_believed_at_once(tmp_path: Path) -> None:
    with AgentLine(tmp_path, {"/": {"A": "1"}, "/many": {"B": "2", "C": "3"}}) as line:
        source = line.write("t", text(LISTED + LISTED.replace("`/`", "`/many`")))
        line.start(templates=[line.template("", source=source)])
        assert line.read("app.env") == "A=1;B=2;C=3;"
        line.write("t", text(LISTED))
        line.run(60.0)
        assert line.read("app.env") == "A=1;"


def test_a_change_waits_for_calm_and_not_for_ever(tmp_path: Path) -> None:
    with AgentLine(tmp_path, AB) as line:
        line.start(templates=[line.template(interval=10.0, wait=Wait(min=15.0, max=40.0))])
        assert line.read("app.env") == "\nA=1\nB=2"
        for second in range(2, 5):
            line.put(A=str(second))
            line.run(10.0)
            assert line.read("app.env") == "\nA=1\nB=2"
        for second in range(5, 10):
            line.put(A=str(second))
            line.run(10.0)
        assert line.read("app.env") != "\nA=1\nB=2"
        line.run(45.0)
        assert line.read("app.env") == "\nA=9\nB=2"


def test_a_missing_key_fails_where_that_is_wanted(tmp_path: Path) -> None:
    lax = line_text = "{{ (dict `a` 1).b }}"
    with AgentLine(tmp_path, AB) as line:
        strict = line.template(line_text, name="strict", number=2, missing_key_fails=True)
        line.start(templates=[line.template(lax), strict])
        assert line.read("app.env") == "<no value>"
        assert line.read("strict") is None


def test_delimiters_may_be_others(tmp_path: Path) -> None:
    with AgentLine(tmp_path, AB) as line:
        line.start(
            templates=[
                line.template(
                    text("{{ kept }} [[ (getSecretByName `P` `dev` `/` `A`).Value ]]"), delimiters=("[[", "]]")
                )
            ]
        )
        assert line.read("app.env") == "{{ kept }} 1"
