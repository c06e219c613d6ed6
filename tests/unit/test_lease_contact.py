"""Whether the API server answers about the Lease and lets us have it: what is remembered, and what is said once."""

from __future__ import annotations

import pytest

from secretsync.errors import AuthenticationFailed, Forbidden, Unavailable
from secretsync.testing import ManualClock
from secretsync_k8s.cluster.contact import Contact
from secretsync_k8s.cluster.transport import API, ApiError

DOWN = Unavailable(API, "GET the lease", "the connection is refused")
FORBIDDEN = Forbidden(API, "update lease x", "forbidden; grant it", status=403)
OTHER = Forbidden(API, "create lease x", "forbidden; grant it", status=403)


@pytest.fixture
def contact(manual_clock: ManualClock, caplog: pytest.LogCaptureFixture) -> Contact:
    caplog.set_level("INFO")
    return Contact(manual_clock)


@pytest.mark.parametrize("error", [DOWN, AuthenticationFailed(API, "GET the lease", "who are you")])
def test_an_outage_has_a_beginning_and_an_answer_ends_it(contact, manual_clock: ManualClock, caplog, error):
    assert (contact.heard, contact.failing_since) == (False, None)
    began = manual_clock.monotonic()
    for _ in range(3):
        contact.failed(error)
        manual_clock.advance(2.0)
    assert (contact.heard, contact.failing_since) == (False, began)
    contact.succeeded()
    contact.succeeded()
    assert (contact.heard, contact.failing_since) == (True, None)
    assert caplog.messages == [
        f"waiting for the API server: {error}",
        "the API server answers about the lease again",
    ]


def test_a_refusal_is_an_answer_and_said_once_until_it_changes(contact, caplog):
    for error in (FORBIDDEN, FORBIDDEN, OTHER, OTHER):
        contact.failed(error)
    assert (contact.heard, contact.failing_since, contact.refusal) == (True, None, str(OTHER))
    contact.succeeded()
    contact.succeeded()
    assert contact.refusal == ""
    contact.failed(OTHER)
    assert [(one.levelname, one.message) for one in caplog.records] == [
        ("WARNING", f"cannot lead: {FORBIDDEN}"),
        ("WARNING", f"cannot lead: {OTHER}"),
        ("INFO", "the lease is not refused any more"),
        ("WARNING", f"cannot lead: {OTHER}"),
    ]


def test_what_the_server_finds_wrong_with_a_lease_is_told(contact, caplog):
    contact.failed(ApiError("PUT the lease", "Invalid", status=422))
    assert "Invalid" in contact.refusal


def test_a_refusal_ends_an_outage_and_outlasts_the_next(contact, manual_clock: ManualClock):
    contact.failed(DOWN)
    contact.failed(FORBIDDEN)
    assert contact.failing_since is None
    contact.failed(DOWN)
    assert (contact.refusal, contact.failing_since) == (str(FORBIDDEN), manual_clock.monotonic())
