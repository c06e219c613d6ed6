"""Conditions, events, names of resources, and the errors of refusals: pure texts for the API server."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretsync.errors import InvalidInput
from secretsync.testing.clock import ManualClock
from secretsync_k8s.cluster.conditions import set_condition
from secretsync_k8s.cluster.events import Events
from secretsync_k8s.cluster.resources import LEASES, NAMESPACES, SECRETS
from secretsync_k8s.cluster.texts import LIMIT, cut, timestamp
from secretsync_k8s.cluster.transport import Json, refused

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
LATER = datetime(2026, 1, 2, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (SECRETS.path(), "/api/v1/secrets"),
        (SECRETS.path("shop"), "/api/v1/namespaces/shop/secrets"),
        (SECRETS.path("shop", "app"), "/api/v1/namespaces/shop/secrets/app"),
        (LEASES.path("shop", "l", "status"), "/apis/coordination.k8s.io/v1/namespaces/shop/leases/l/status"),
        (NAMESPACES.path(name="shop"), "/api/v1/namespaces/shop"),
        (SECRETS.path("shop", "a?b%c"), "/api/v1/namespaces/shop/secrets/a%3Fb%25c"),
    ],
)
def test_paths(path, expected):
    assert path == expected


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../../x"])
def test_a_name_that_would_change_the_path_is_refused(name):
    with pytest.raises(InvalidInput, match="cannot be the name"):
        SECRETS.path("shop", name)
    with pytest.raises(InvalidInput, match="cannot be the name"):
        SECRETS.path(name)


READY = {"type": "Ready", "status": "True", "reason": "Synced", "message": "", "generation": 1, "now": NOON}


def condition(before, **changes):
    return set_condition(before, **READY | changes)


def test_a_new_condition():
    assert condition([], message="3 secrets") == [
        {
            "type": "Ready",
            "status": "True",
            "reason": "Synced",
            "message": "3 secrets",
            "observedGeneration": 1,
            "lastTransitionTime": "2026-01-02T12:00:00Z",
        }
    ]


@pytest.mark.parametrize(
    ("changes", "time"),
    [
        pytest.param({}, "2026-01-02T12:00:00Z", id="unchanged"),
        pytest.param({"reason": "Other", "message": "m"}, "2026-01-02T12:00:00Z", id="another reason"),
        pytest.param({"generation": 2}, "2026-01-02T12:00:00Z", id="another generation"),
        pytest.param({"status": "False"}, "2026-01-02T13:00:00Z", id="another status"),
    ],
)
def test_a_transition_is_a_change_of_status(changes, time):
    others = [{"type": "Foreign", "status": "False"}]
    after = condition(condition(others), **changes, now=LATER)
    assert after[0] == others[0]
    assert len(after) == 2
    assert after[1]["lastTransitionTime"] == time


@given(st.text(max_size=3000))
def test_a_cut_text_fits_and_begins_like_the_whole(text):
    short = cut(text)
    assert len(short.encode()) <= LIMIT
    assert short == text if len(text.encode()) <= LIMIT else text.startswith(short.removesuffix("…"))


def test_a_long_message_is_cut():
    assert len(condition([], message="ä" * 2000)[0]["message"].encode()) == LIMIT - 1


def test_timestamps_are_utc():
    assert timestamp(NOON, timespec="microseconds") == "2026-01-02T12:00:00.000000Z"


class Sink:
    def __init__(self, fault: Exception | None = None) -> None:
        self.posted: list[tuple[str, Json]] = []
        self.fault = fault

    def request(self, method, path, *, body, timeout):
        assert method == "POST"
        if self.fault:
            raise self.fault
        self.posted.append((path, body))
        return body


KMSSECRET = {
    "apiVersion": "secrets.lux.network/v1alpha1",
    "kind": "KMSSecret",
    "metadata": {"namespace": "shop", "name": "app", "uid": "u1", "labels": {"a": "b"}},
    "spec": {},
}


def events(sink: Sink, clock: ManualClock) -> Events:
    return Events(sink, clock, component="secrets.lux.network/operator", instance="pod-1")


def test_an_event_names_what_it_is_about():
    sink, clock = Sink(), ManualClock()
    events(sink, clock).post(KMSSECRET, type="Warning", reason="TargetConflict", note="n" * 5000)
    ((path, event),) = sink.posted
    assert path == "/apis/events.k8s.io/v1/namespaces/shop/events"
    assert event["regarding"] == {
        "apiVersion": "secrets.lux.network/v1alpha1",
        "kind": "KMSSecret",
        "namespace": "shop",
        "name": "app",
        "uid": "u1",
    }
    assert (event["type"], event["reason"], event["action"]) == ("Warning", "TargetConflict", "TargetConflict")
    assert (event["reportingController"], event["reportingInstance"]) == ("secrets.lux.network/operator", "pod-1")
    assert len(event["note"].encode()) <= 1024
    assert event["eventTime"] == timestamp(clock.now(), timespec="microseconds")
    assert event["metadata"]["namespace"] == "shop"
    assert event["metadata"]["name"].startswith("app.")


def test_the_same_event_has_the_same_name_and_another_another():
    sink, clock = Sink(), ManualClock()
    post = events(sink, clock).post
    post(KMSSECRET, type="Normal", reason="Created", note="one")
    post(KMSSECRET, type="Normal", reason="Created", note="one")
    post(KMSSECRET, type="Normal", reason="Created", note="two")
    clock.advance(1.0)
    post(KMSSECRET, type="Normal", reason="Created", note="one")
    first, same, other_note, other_time = [event["metadata"]["name"] for _, event in sink.posted]
    assert first == same
    assert len({first, other_note, other_time}) == 3


def test_the_name_of_an_event_about_a_long_name_is_short_enough():
    sink = Sink()
    long = KMSSECRET | {"metadata": {"name": "a" * 253, "uid": "u"}}
    events(sink, ManualClock()).post(long, type="Normal", reason="Created", note="")
    assert len(sink.posted[0][1]["metadata"]["name"]) <= 253
    assert sink.posted[0][1]["metadata"]["namespace"] == "default"


def test_a_lost_event_is_a_line_at_debug(caplog):
    caplog.set_level("DEBUG", "secretsync.cluster")
    sink = Sink(refused("POST", 409, {"reason": "AlreadyExists"}))
    events(sink, ManualClock()).post(KMSSECRET, type="Normal", reason="Created", note="")
    assert [(r.levelname, r.getMessage()) for r in caplog.records] == [
        ("DEBUG", "event Created was not taken: api_error")
    ]


@pytest.mark.parametrize(
    ("status", "answer", "code", "text"),
    [
        pytest.param(401, {}, "authentication_failed", "does not accept our credentials (HTTP 401)", id="401"),
        pytest.param(403, {"message": "canary"}, "forbidden", "forbidden; grant it", id="403"),
        pytest.param(404, {"reason": "NotFound"}, "api_error", "NotFound (HTTP 404)", id="404"),
        pytest.param(410, {"reason": "Expired"}, "api_error", "Expired (HTTP 410)", id="410"),
        pytest.param(409, {"message": "canary"}, "api_error", "status 409", id="no reason"),
        pytest.param(
            422,
            {"reason": "Invalid", "details": {"causes": [{"field": "spec.x", "reason": "Bad", "message": "canary"}]}},
            "api_error",
            "Invalid (spec.x: Bad) (HTTP 422)",
            id="422",
        ),
        pytest.param(429, {}, "rate_limited", "too many requests", id="429"),
        pytest.param(500, {"reason": "InternalError"}, "unavailable", "InternalError (HTTP 500)", id="500"),
        pytest.param(504, {}, "unavailable", "status 504", id="504"),
    ],
)
def test_a_refusal_becomes_an_error_without_the_servers_message(status, answer, code, text):
    error = refused("GET /x", status, answer)
    assert error.code == code
    assert text in str(error)
    assert str(error).startswith("GET /x at the kubernetes API: ")
    assert "canary" not in f"{error!r} {error}"
