"""Which deliveries of a webhook are believed, and what they put in doubt (kms-api §11.2)."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretsync.backends.kms.events import EVERYWHERE, Place, Watched
from secretsync.backends.kms.queries import Folder
from secretsync.backends.kms.webhook import WINDOW, Changed, Deliveries, Delivery, Refused, verified
from secretsync.queries import Identity
from secretsync.runtime.interests import Interests
from secretsync.values import SecretValue

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
OLD, NEW = SecretValue("old"), SecretValue("new")
WHERE = {"workspaceId": "p1", "projectId": "p1", "environment": "prod", "secretPath": "/app/"}


def milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def body(at: datetime = NOW, **fields: object) -> bytes:
    told = {"event": "secrets.modified", "project": WHERE, "timestamp": milliseconds(at), **fields}
    return json.dumps(told).encode()


def signature(raw: bytes, secret: SecretValue = OLD, at: datetime = NOW) -> str:
    return f"t={milliseconds(at)};{hmac.digest(secret.reveal(), raw, hashlib.sha256).hex()}"


def take(raw: bytes, header: str, *, now: datetime = NOW) -> Delivery | Refused:
    return verified(raw, header, secrets=(OLD, NEW), now=now)


@pytest.mark.parametrize("secret", [OLD, NEW])
def test_any_secret_of_ours_signs_while_one_takes_the_place_of_another(secret: SecretValue) -> None:
    raw = body()
    delivery = take(raw, signature(raw, secret))
    assert isinstance(delivery, Delivery)
    assert delivery.changed == Changed("p1", Place("prod", "/app"))


RAW = body()
GOOD = signature(RAW)


@pytest.mark.parametrize(
    ("raw", "header", "why"),
    [
        pytest.param(RAW, "", Refused.UNSIGNED, id="no header"),
        pytest.param(RAW, GOOD.partition(";")[2], Refused.UNSIGNED, id="no time"),
        pytest.param(RAW, GOOD[:-2], Refused.UNSIGNED, id="half a digest"),
        pytest.param(RAW, GOOD.replace("t=", "t=٣"), Refused.UNSIGNED, id="digits of other scripts"),
        pytest.param(RAW, signature(RAW, SecretValue("wrong")), Refused.FORGED, id="another secret"),
        pytest.param(RAW + b" ", GOOD, Refused.FORGED, id="one more byte"),
        pytest.param(RAW, GOOD.replace("t=1", "t=2", 1), Refused.FORGED, id="a time that nobody signed"),
        pytest.param(b"{}", signature(b"{}"), Refused.FORGED, id="no time in the body"),
        pytest.param(b"[]", signature(b"[]"), Refused.MALFORMED, id="no object"),
        pytest.param(b"\xff", signature(b"\xff"), Refused.MALFORMED, id="no text"),
        pytest.param(b"[" * 100_000, signature(b"[" * 100_000), Refused.MALFORMED, id="too deep"),
    ],
)
def test_nothing_else_is_believed(raw: bytes, header: str, why: Refused) -> None:
    assert take(raw, header) is why


@pytest.mark.parametrize("way", [-1, 1])
def test_it_counts_within_the_window_only(way: int) -> None:
    inside, outside = timedelta(seconds=way * WINDOW), timedelta(seconds=way * (WINDOW + 1))
    assert isinstance(take(RAW, GOOD, now=NOW + inside), Delivery)
    assert take(RAW, GOOD, now=NOW + outside) is Refused.STALE


def test_a_digest_is_compared_in_constant_time_with_every_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []
    monkeypatch.setattr(hmac, "compare_digest", lambda a, b: compared.append((a, b)) or True)
    take(RAW, GOOD)
    assert len(compared) == 2


@pytest.mark.parametrize(
    ("fields", "changed"),
    [
        ({"event": "test"}, None),
        ({"event": "secrets.rotation-failed"}, None),
        ({"event": "honey-token.triggered"}, None),
        ({"event": "of the future"}, Changed("p1", Place("prod", "/app"))),
        ({"project": {**WHERE, "projectId": None}}, Changed("p1", Place("prod", "/app"))),
        ({"project": {**WHERE, "secretPath": None}}, Changed("p1")),
        ({"project": {**WHERE, "environment": ""}}, Changed("p1")),
        ({"project": "p1"}, Changed()),
    ],
)
def test_what_it_tells_is_where_and_in_doubt_anything(fields: dict[str, object], changed: Changed | None) -> None:
    raw = body(**fields)
    delivery = take(raw, signature(raw))
    assert isinstance(delivery, Delivery)
    assert delivery.changed == changed


@given(st.binary(), st.text())
def test_garbage_is_refused_and_nothing_breaks(raw: bytes, header: str) -> None:
    assert isinstance(take(raw, header), Refused)
    assert isinstance(take(raw, signature(raw)), Refused)


def delivered(number: int) -> Delivery:
    return Delivery(number.to_bytes(4), None)


def test_one_that_came_counts_no_second_time_while_it_could() -> None:
    deliveries = Deliveries()
    assert deliveries.admit(delivered(1), now=NOW) is None
    for later in (0.0, WINDOW, 2 * WINDOW):  # signed by a clock that is as fast as may be
        assert deliveries.admit(delivered(1), now=NOW + timedelta(seconds=later)) is Refused.REPLAYED
    assert deliveries.admit(delivered(2), now=NOW) is None


def test_what_is_remembered_is_bounded_and_ends() -> None:
    deliveries = Deliveries()
    results = [deliveries.admit(delivered(n), now=NOW) for n in range(10_001)]
    assert results[-2:] == [None, Refused.BUSY]
    assert deliveries.admit(delivered(10_000), now=NOW + timedelta(seconds=2 * WINDOW + 1)) is None


IDENTITY = Identity("https://kms.example", "m")
APP = Folder(IDENTITY, "p1", "prod", "/app")
OTHER = Folder(IDENTITY, "p2", "prod", "/app")
IMPORTING = Watched(Folder(IDENTITY, "p1", "prod", "/web"), imported=frozenset({Place("prod", "/shared")}))


@pytest.fixture
def interests() -> Interests:
    made = Interests()
    for key, watched in (("a", Watched(APP)), ("b", Watched(APP)), ("c", Watched(OTHER)), ("d", IMPORTING)):
        made.add(key)
        made.keep(key, [watched])
    return made


def test_a_change_touches_the_folders_of_its_place_and_project(interests: Interests) -> None:
    assert interests.touched("p1", Place("prod", "/app")) == (APP,)
    assert interests.touched("p1", Place("prod", "/shared")) == (IMPORTING.query,)
    assert interests.touched("p1", Place("dev", "/app")) == ()
    assert set(interests.touched("p1", EVERYWHERE)) == {APP, IMPORTING.query}
    assert set(interests.touched("", EVERYWHERE)) == {APP, OTHER, IMPORTING.query}


def test_a_folder_is_kept_while_anybody_is_interested(interests: Interests) -> None:
    assert interests.drop("a") == ()
    assert interests.keep("b", [IMPORTING]) == (APP,)
    assert interests.drop("d") == ()
    assert interests.drop("b") == (IMPORTING.query,)
    assert interests.drop("b") == ()


def test_a_folder_of_an_identity_is_known_while_it_is_kept(interests: Interests) -> None:
    assert interests.any_of(IDENTITY) in {APP, OTHER, IMPORTING.query}
    for key in "abcd":
        interests.drop(key)
    assert interests.any_of(IDENTITY) is None


def test_a_run_that_ends_late_leaves_nothing_of_who_is_gone(interests: Interests) -> None:
    interests.drop("c")
    assert interests.keep("c", [Watched(OTHER)]) == ()
    assert interests.touched("p2", EVERYWHERE) == ()
