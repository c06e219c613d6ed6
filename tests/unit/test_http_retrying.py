"""Requests that are sent again (agent §10)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from attrs import define, field

from secretsync.clock import Deadline
from secretsync.errors import TLSError, Unavailable
from secretsync.http import Request, Response
from secretsync.http.retrying import Attempt, Retrying
from secretsync.retry import Retries
from secretsync.testing import ManualClock

URL = "https://kms.example/api/v1/thing"
RETRIES = Retries()
OK = Response(200, {}, b"{}")


@define
class Answers:
    """An `HttpClient` that answers one thing after the other."""

    answers: Iterator[Response | Exception]
    sent: int = 0

    def send(self, request: Request) -> Response:
        self.sent += 1
        answer = next(self.answers)
        if isinstance(answer, Exception):
            raise answer
        return answer


@define
class Stand:
    clock: ManualClock = field(factory=ManualClock)
    pauses: list[float] = field(factory=list)
    told: list[Attempt] = field(factory=list)

    def send(self, *answers: Response | Exception, retries: Retries = RETRIES, over: bool = False) -> Response:
        http = Answers(iter(answers))

        def pause(seconds: float) -> bool:
            self.pauses.append(seconds)
            self.clock.advance(seconds)
            return over

        client = Retrying(http, retries, pause=pause, chance=lambda: 0.5, told=self.told.append)
        deadline = Deadline.after(60.0, self.clock)
        try:
            return client.send(Request("GET", URL, operation="look", deadline=deadline))
        finally:
            assert http.sent == len(answers)


def failed(status: int | None = None) -> Unavailable:
    return Unavailable("https://kms.example", "look", "failed", status=status)


def response(status: int, **headers: str) -> Response:
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, b"")


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again(status: int) -> None:
    stand = Stand()
    assert stand.send(response(status), response(status), OK) is OK
    assert stand.pauses == pytest.approx([0.2, 0.4])
    assert [(one.number, one.status) for one in stand.told] == [(1, status), (2, status)]


@pytest.mark.parametrize("status", [200, 304, 400, 401, 403, 404, 422])
def test_an_answer_that_stands_is_taken(status: int) -> None:
    assert Stand().send(response(status)).status == status


def test_no_answer_is_tried_again() -> None:
    stand = Stand()
    assert stand.send(failed(), OK) is OK
    assert [one.status for one in stand.told] == [None]


def test_after_the_last_attempt_its_own_end_counts() -> None:
    assert Stand().send(*[response(500)] * 4).status == 500
    with pytest.raises(Unavailable):
        Stand().send(*[failed()] * 4)


def test_nothing_is_tried_again_where_none_is_wanted() -> None:
    assert Stand().send(response(503), retries=Retries(most=0)).status == 503


def test_pauses_grow_to_their_cap() -> None:
    stand = Stand()
    stand.send(*[response(503)] * 7, retries=Retries(most=6, base=1.0, cap=5.0))
    assert stand.pauses == pytest.approx([1, 2, 4, 5, 5, 5])


def test_the_servers_wish_counts_up_to_a_minute() -> None:
    stand = Stand()
    stand.send(response(429, retry_after="7"), OK)
    assert stand.pauses == pytest.approx([7])


def test_what_ends_after_the_deadline_is_not_begun() -> None:
    stand = Stand()
    assert stand.send(response(429, retry_after="3600")).status == 429
    assert not stand.pauses


def test_a_pause_that_was_cut_off_is_the_end() -> None:
    assert Stand().send(response(503), over=True).status == 503


def test_a_certificate_that_does_not_stand_up_will_not_the_next_time() -> None:
    with pytest.raises(TLSError):
        Stand().send(TLSError("https://kms.example", "look", "it is another's"))


def test_jitter_is_a_fifth() -> None:
    retries = Retries(base=1.0)
    assert retries.delay(1, lambda: 0.0) == pytest.approx(0.8)
    assert retries.delay(1, lambda: 1.0) == pytest.approx(1.2)


def test_what_is_not_repeatable_is_sent_once() -> None:
    http = Answers(iter([Response(503, {}, b"")]))
    client = Retrying(http, RETRIES, pause=lambda seconds: False, chance=lambda: 0.5, told=lambda attempt: None)
    assert client.send(Request("POST", URL, operation="make", repeatable=False)).status == 503
    assert http.sent == 1
