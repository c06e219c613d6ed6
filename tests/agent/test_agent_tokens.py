"""The life of the agent's token: logins, renewals, sinks and credential files (agent §4-6), in virtual time."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from agents import CLIENT_ID, CLIENT_SECRET, AgentLine
from canaries import canary, shown
from secretsync.devserver.faults import Fault
from secretsync.http import Request, Response, revealed
from secretsync_agent.settings import Auth, Variable
from secretsync_agent.traffic import Traffic

A = {"/": {"A": "1"}}
DAY = 86_400.0


def sent(line: AgentLine, key: str) -> object:
    """Return what the last login sent under a key."""
    logins = [one for one in line.sent if one.path.endswith("/login")]
    return revealed(logins[-1].request.json or {})[key]


@pytest.mark.row("agent-10")
def test_a_variable_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with AgentLine(tmp_path, A) as line:
        monkeypatch.setenv("KMS_UNIVERSAL_AUTH_CLIENT_SECRET", CLIENT_SECRET)
        line.write("client-secret", "wrong")
        auth = line.auth()
        given = Auth(auth.type, {**auth.values, "client-secret": Variable("KMS_UNIVERSAL_AUTH_CLIENT_SECRET")})
        line.start(sinks=[line.sink()], auth=given)
        assert line.read("token")


@pytest.mark.row("agent-11")
def test_what_a_file_holds_is_trimmed(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A) as line:
        line.write("client-secret", f" \n{CLIENT_SECRET}\t\n\n")
        line.start(sinks=[line.sink()])
        assert line.read("token")


@pytest.mark.row("agent-13")
def test_the_file_of_a_secret_goes_after_the_first_login(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A, ttl=3600, max_ttl=3600) as line:
        line.start(sinks=[line.sink()], auth=line.auth(remove=True))
        assert line.read("client-secret") is None
        first = line.read("token")
        line.run(3600.0)
        assert line.asked("login") == [("login", 200)] * 2
        assert line.read("token") not in {None, first}


@pytest.mark.row("agent-14")
@pytest.mark.parametrize(
    "fault", [Fault("login", status=401), Fault("login", body="html"), Fault("login", body="json")]
)
def test_the_file_of_a_secret_stays_when_the_login_fails(tmp_path: Path, fault: Fault) -> None:
    with AgentLine(tmp_path, A) as line:
        line.kms.faults.add(fault)
        line.start(auth=line.auth(remove=True))
        line.run(300.0)
        assert line.read("client-secret")


@pytest.mark.row("agent-15")
def test_a_rotated_secret_is_sent_and_an_id_that_is_gone_is_remembered(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A, ttl=3600, max_ttl=3600) as line:
        line.start(sinks=[line.sink()])
        line.write("client-secret", "another")
        (tmp_path / "client-id").unlink()
        line.run(3600.0)
        assert sent(line, "clientSecret") == "another"
        assert sent(line, "clientId") == CLIENT_ID


@pytest.mark.row("agent-18")
def test_a_login_is_tried_again_at_a_server_in_trouble(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A) as line:
        line.kms.faults.add(Fault("login", status=503, count=2))
        line.start()
        line.run(5.0)
        assert line.asked("login") == [("login", 503), ("login", 503), ("login", 200)]
        first, second, third = line.times("login")
        assert 0.16 <= second - first <= 0.24
        assert 0.32 <= third - second <= 0.48


@pytest.mark.row("agent-19")
def test_wrong_credentials_are_sent_once_a_round(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with AgentLine(tmp_path, A) as line:
        line.write("client-secret", "wrong")
        line.start(sinks=[line.sink()], templates=[line.template()])
        line.run(3600.0)
        times = line.times("login")
        assert all(later - at >= 30.0 for at, later in pairwise(times))
        assert len(times) >= 3600 / 90
        said = [one.getMessage() for one in caplog.records if one.levelname == "ERROR"]
        assert all(one.startswith("unable to authenticate because log in with universal-auth") for one in said)
        assert said[0].endswith("Will retry in 30 seconds")
        assert not line.agent.reports.all_right


@pytest.mark.row("agent-20")
def test_a_token_that_hardly_lives_is_the_end(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A, ttl=30) as line:
        line.start(sinks=[line.sink()])
        assert line.fatal[0].startswith("the access token lives 30 s")


@pytest.mark.row("agent-21")
def test_a_token_is_renewed_at_two_thirds_of_its_life(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A) as line:
        line.start(sinks=[line.sink()])
        first = line.read("token")
        line.run(7200.0)
        assert line.asked() == [("login", 200), ("renew", 200)]
        assert 4560.0 <= line.times("renew")[0] <= 4801.0
        assert line.read("token") not in {None, first}


@pytest.mark.row("agent-22")
def test_no_renewal_passes_the_maximum(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A, ttl=3600) as line:
        line.start(sinks=[line.sink()], templates=[line.template()])
        line.run(2 * DAY)
        assert 401 not in {one.status for one in line.sent}
        assert 403 not in {one.status for one in line.sent}
        assert len(line.times("login")) == 3


@pytest.mark.row("agent-23")
@pytest.mark.parametrize(("limits", "days", "logins"), [((2592000, 2592000), 21, 2), ((3600, 0), 1, 1)])
def test_the_servers_own_defaults_and_no_maximum(
    tmp_path: Path, limits: tuple[int, int], days: int, logins: int
) -> None:
    with AgentLine(tmp_path, A, ttl=limits[0], max_ttl=limits[1]) as line:
        line.start(sinks=[line.sink()], templates=[line.template(interval=3600.0)])
        line.run(days * DAY)
        assert len(line.times("login")) == logins
        assert {one.status for one in line.sent} <= {200, 304}


@pytest.mark.row("agent-24")
def test_a_refused_renewal_is_a_login_at_once(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A) as line:
        line.start(sinks=[line.sink()])
        line.kms.faults.add(Fault("renew", status=401, count=1))
        line.run(7200.0)
        assert line.asked() == [("login", 200), ("renew", 401), ("login", 200)]
        assert line.times("renew")[0] == pytest.approx(line.times("login")[1])


@pytest.mark.row("agent-24")
def test_a_refused_read_is_one_login_and_one_more_read(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A) as line:
        line.start(sinks=[line.sink()], templates=[line.template()])
        line.kms.model.revoke_tokens()
        line.run(75.0)
        assert line.asked()[:5] == [
            ("login", 200),
            ("secrets", 200),
            ("secrets", 401),
            ("login", 200),
            ("secrets", 304),
        ]
        assert line.read("app.env") == "\nA=1"


@pytest.mark.row("agent-25")
def test_a_token_in_the_second_sink_is_renewed_and_written_to_both(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A) as line:
        sinks = [line.sink("one"), line.sink("two")]
        line.start(sinks=sinks)
        left = line.read("two")
        line.write("one", "")
        line.sent.clear()
        line.restart(sinks=sinks)
        assert line.asked() == [("renew", 200)]
        assert line.read("one") == line.read("two")
        assert line.read("one") not in {None, "", left}


@pytest.mark.row("agent-26")
def test_a_token_that_nobody_renews_is_followed_by_a_login(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A) as line:
        line.write("one", "a.b.c")
        line.start(sinks=[line.sink("one")])
        assert [word for word, _ in line.asked()] == ["renew", "login"]
        assert line.read("one") != "a.b.c"


@pytest.mark.parametrize("left", [b"\xff\xfe", b"a.b.c\n", b"\0"])
def test_what_cannot_be_a_token_is_not_taken_for_one(tmp_path: Path, left: bytes) -> None:
    with AgentLine(tmp_path, A) as line:
        (tmp_path / "one").write_bytes(left)
        line.start(sinks=[line.sink("one")])
        assert line.asked() == [("login", 200)]


@pytest.mark.row("agent-27")
def test_a_sinks_folder_is_made_where_that_is_wanted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with AgentLine(tmp_path, A) as line:
        sinks = [line.sink("deep/er/one"), line.sink("other/two", create_directories=False)]
        line.start(sinks=sinks, templates=[line.template()])
        assert line.read("deep/er/one")
        assert line.read("app.env") == "\nA=1"
        assert not (tmp_path / "other").exists()
        said = [one.getMessage() for one in caplog.records if one.levelname == "ERROR"]
        assert [
            one.startswith(f"unable to write file sink to path '{line.path('other/two')}' because") for one in said
        ] == [True]


@pytest.mark.row("agent-69")
def test_no_secret_shows_at_debug_level(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "secretsync")
    with AgentLine(tmp_path, {"/": {"A": canary()}}) as line:
        line.start(
            sinks=[line.sink()], templates=[line.template(), line.template("{{ fail (secret `x` `y` `/`) }}", "b", 2)]
        )
        line.put(A=canary())
        line.run(300.0)
        line.write("client-secret", "wrong")
        line.kms.model.revoke_tokens()
        line.run(300.0)
        assert not shown(caplog.text)


def test_custom_headers_go_to_nobody_else() -> None:
    sent: list[Request] = []

    class Sink:
        def send(self, request: Request) -> Response:
            sent.append(request)
            return Response(200, {}, b"{}")

    traffic = Traffic(Sink(), "http://kms", {"X": "secret"}, lambda life: None)
    for url in ("http://kms/api/v1/x", "http://kms.other/api", "http://169.254.169.254/metadata"):
        traffic.send(Request("GET", url, operation="ask"))
    assert [dict(request.headers) for request in sent] == [{"X": "secret"}, {}, {}]
