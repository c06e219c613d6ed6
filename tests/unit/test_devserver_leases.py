"""Dynamic secrets and leases of the development KMS as HTTP answers them, in time that a test moves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

import inside
from inside import Asker
from secretsync.devserver.durations import seconds
from secretsync.devserver.model import KMS
from secretsync.devserver.wire import timestamp
from secretsync.testing import ManualClock

SEED = """
projects: [{id: p1, slug: shop}]
identities:
  - {id: i, universal: {clientId: all, clientSecret: s, ttl: 0}, grants: [{project: shop, actions: [lease, write]}]}
  - {id: r, universal: {clientId: reads, clientSecret: s, ttl: 0}, grants: [{project: shop}]}
  - {id: l, universal: {clientId: leases, clientSecret: s, ttl: 0}, grants: [{project: shop, actions: [lease]}]}
secrets: {shop: {prod: {/app: {}, /other: {}}}}
dynamicSecrets:
  shop: {prod: {/app: {db: {defaultTtl: 1h, maxTtl: 2h}, one: {maxLeases: 1}}, /: {root: {}}}}
"""
AT = {"projectSlug": "shop", "environmentSlug": "prod", "path": "/app"}


class Leaser(Asker):
    """Asks for dynamic secrets and leases."""

    def __init__(self, kms: KMS, name: str = "all") -> None:
        super().__init__(kms, name, base="/api/v1/dynamic-secrets")

    def lease(self, name: str = "db", **more: Any) -> Any:
        status, body = self("POST", "/leases", {**AT, "dynamicSecretName": name, **more})
        assert status == 200, body
        return body


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def kms(clock: ManualClock) -> KMS:
    return inside.kms(SEED, clock)


@pytest.fixture
def ask(kms: KMS) -> Leaser:
    return Leaser(kms)


# -- leases


@pytest.mark.row("kms-api-7")
@pytest.mark.parametrize("config", [{}, {"config": None}, {"config": {}}, {"config": {"namespace": "x"}}])
def test_a_lease_brings_credentials_once(ask: Leaser, clock: ManualClock, config: Mapping[str, Any]) -> None:
    made = ask.lease("DB", **config)
    assert set(made["data"]) == {"DB_USERNAME", "DB_PASSWORD"}
    assert all(isinstance(value, str) and value for value in made["data"].values())
    assert made["lease"]["expireAt"] == timestamp(clock.now() + timedelta(hours=1))
    assert made["lease"]["dynamicSecretId"] == made["dynamicSecret"]["id"]
    status, found = ask("GET", f"/leases/{made['lease']['id']}", **AT)
    assert status == 200
    assert found["lease"] == {**made["lease"], "dynamicSecret": made["dynamicSecret"]}
    assert made["data"]["DB_PASSWORD"] not in json.dumps(found)
    assert ask.lease()["data"] != made["data"]


@pytest.mark.parametrize(("ttl", "minutes"), [("", 60), (None, 60), ("90s", 1.5), ("2h", 120), ("120000", 2)])
def test_a_lease_lives_as_long_as_asked(ask: Leaser, clock: ManualClock, ttl: str | None, minutes: float) -> None:
    made = ask.lease(ttl=ttl)
    assert made["lease"]["expireAt"] == timestamp(clock.now() + timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("ttl", "expected"),
    [
        ("59s", (422, "ValidationFailure")),
        ("3600", (422, "ValidationFailure")),
        ("11y", (422, "ValidationFailure")),
        ("soon", (422, "ValidationFailure")),
        (5, (422, "ValidationFailure")),
        ("3h", (400, "BadRequest")),
    ],
)
def test_a_time_that_cannot_be_is_refused(ask: Leaser, kms: KMS, ttl: object, expected: tuple[int, str]) -> None:
    status, told = ask("POST", "/leases", {**AT, "dynamicSecretName": "db", "ttl": ttl})
    assert (status, told["error"]) == expected
    assert kms.provider.live == set()


@pytest.mark.row("kms-api-7")
@pytest.mark.parametrize(
    ("style", "text"),
    [("legacy", "TTL cannot be larger than max ttl"), ("new", "would exceed the maximum lease duration")],
)
def test_a_renewal_counts_from_the_end_and_stays_within_the_maximum(
    kms: KMS, ask: Leaser, clock: ManualClock, style: Any, text: str
) -> None:
    kms.renewals = style
    lease = ask.lease(ttl="30m")["lease"]
    clock.advance(600)
    renewed = ask("POST", f"/leases/{lease['id']}/renew", {**AT, "ttl": "1h"})[1]["lease"]
    assert renewed["expireAt"] == timestamp(clock.now() + timedelta(minutes=80))
    assert (renewed["version"], renewed["externalEntityId"]) == (2, lease["externalEntityId"])
    status, told = ask("POST", f"/leases/{lease['id']}/renew", {**AT, "ttl": ""})
    assert (status, text in told["message"]) == (400, True)


@pytest.mark.row("kms-api-7")
def test_a_lease_ends_by_the_clock(kms: KMS, ask: Leaser, clock: ManualClock) -> None:
    made, began = ask.lease(ttl="10m"), clock.now()
    clock.advance(599)
    assert len(ask("GET", "/db/leases", **AT)[1]["leases"]) == 1
    clock.advance(3600)
    status, told = ask("GET", f"/leases/{made['lease']['id']}", **AT)
    assert (status, told["message"]) == (404, f"Dynamic secret lease with ID '{made['lease']['id']}' not found")
    (revoked,) = kms.provider.revoked
    assert (revoked.entity, revoked.at) == (made["data"]["DB_USERNAME"], began + timedelta(minutes=10))
    assert kms.provider.live == set()


def test_a_revoked_lease_is_gone(kms: KMS, ask: Leaser) -> None:
    made = ask.lease()
    body = {**AT, "leaseId": "another", "isForced": False}
    assert ask("DELETE", f"/leases/{made['lease']['id']}", body)[1]["lease"]["id"] == made["lease"]["id"]
    assert [one.entity for one in kms.provider.revoked] == [made["data"]["DB_USERNAME"]]
    assert ask("DELETE", f"/leases/{made['lease']['id']}", body)[0] == 404


def test_a_revocation_that_fails_is_told_by_the_status_and_tried_again(
    kms: KMS, ask: Leaser, clock: ManualClock
) -> None:
    lease = ask.lease(ttl="10m")["lease"]
    kms.provider.broken = True
    assert ask("DELETE", f"/leases/{lease['id']}", AT)[1]["lease"]["status"] == "Failed to delete"
    assert ask("GET", f"/leases/{lease['id']}", **AT)[1]["lease"]["status"] == "Failed to delete"
    kms.provider.broken = False
    clock.advance(600)
    assert ask("GET", f"/leases/{lease['id']}", **AT)[0] == 404
    assert kms.provider.live == set()


def test_a_lease_that_is_taken_back_at_last_is_told_as_over(kms: KMS, ask: Leaser) -> None:
    lease = ask.lease()["lease"]
    kms.provider.broken = True
    ask("DELETE", f"/leases/{lease['id']}", AT)
    kms.provider.broken = False
    assert ask("DELETE", f"/leases/{lease['id']}", AT)[1]["lease"]["status"] is None


def test_a_forced_revocation_forgets_what_the_provider_kept(kms: KMS, ask: Leaser) -> None:
    lease = ask.lease()["lease"]
    kms.provider.broken = True
    assert ask("DELETE", f"/leases/{lease['id']}", {**AT, "isForced": True})[0] == 200
    assert ask("GET", f"/leases/{lease['id']}", **AT)[0] == 404


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_lease_belongs_to_its_folder(ask: Leaser, method: str) -> None:
    path = f"/leases/{ask.lease()['lease']['id']}" + ("/renew" if method == "POST" else "")
    elsewhere = {**AT, "path": "/other"}
    status, told = ask(method, path, **elsewhere) if method == "GET" else ask(method, path, elsewhere)
    assert (status, "Dynamic secret lease with ID" in told["message"]) == (404, True)


def test_a_lookup_takes_the_agent_s_name_of_the_path(ask: Leaser) -> None:
    lease = ask.lease()["lease"]
    query = {"projectSlug": "shop", "environmentSlug": "prod", "secretPath": "/app"}
    assert ask("GET", f"/leases/{lease['id']}", **query)[0] == 200
    assert ask("GET", "/db", **query)[0] == 404


def test_there_may_be_a_limit(ask: Leaser, clock: ManualClock) -> None:
    ask.lease("one")
    status, told = ask("POST", "/leases", {**AT, "dynamicSecretName": "one"})
    assert (status, told["message"]) == (400, "Max lease limit reached")
    clock.advance(3600)
    ask.lease("one")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"dynamicSecretName": "none"}, (404, "Dynamic secret with name 'none'")),
        ({"path": "/none"}, (404, "Folder with path '/none'")),
        ({"projectSlug": "none"}, (404, "Project with slug 'none'")),
        ({"environmentSlug": "none"}, (404, "Folder with path '/app'")),
    ],
)
def test_what_is_not_there_is_told_by_the_text(ask: Leaser, body: Mapping[str, str], expected: tuple[int, str]) -> None:
    status, told = ask("POST", "/leases", {**AT, "dynamicSecretName": "db", **body})
    assert (status, told["message"][: len(expected[1])]) == expected


@pytest.mark.parametrize("body", [{}, {"dynamicSecretName": "db", "config": "x"}])
def test_a_lease_of_the_wrong_form_is_refused(ask: Leaser, body: Mapping[str, str]) -> None:
    assert ask("POST", "/leases", {**AT, **body})[0] == 422


def test_who_may_not_lease_is_told(kms: KMS) -> None:
    status, told = Leaser(kms, "reads")("POST", "/leases", {**AT, "dynamicSecretName": "db"})
    assert (status, told["error"]) == (403, "PermissionDenied")


# -- dynamic secrets


def test_dynamic_secrets_are_listed_and_found(ask: Leaser) -> None:
    found = ask("GET", "", **AT)[1]["dynamicSecrets"]
    assert [(one["name"], one["defaultTTL"], one["maxTTL"]) for one in found] == [
        ("db", "1h", "2h"),
        ("one", "1h", "24h"),
    ]
    assert ask("GET", "/db", **AT)[1]["dynamicSecret"] == {**found[0], "inputs": {}}


def test_a_dynamic_secret_is_created_changed_and_deleted(kms: KMS, ask: Leaser) -> None:
    body = {
        **AT,
        "name": "New",
        "provider": {"type": "redis", "inputs": {"host": "h"}},
        "defaultTTL": "5m",
        "maxTTL": "10m",
        "metadata": [{"key": "k", "value": "v"}],
    }
    made = ask("POST", "", body)[1]["dynamicSecret"]
    assert (made["name"], made["type"], made["version"], made["metadata"]) == ("new", "redis", 1, body["metadata"])
    assert ask("POST", "", body)[0] == 400
    changed = ask("PATCH", "/new", {**AT, "data": {"newName": "newer", "maxTTL": "20m"}})[1]["dynamicSecret"]
    assert (changed["id"], changed["name"], changed["version"]) == (made["id"], "newer", 2)
    assert (changed["maxTTL"], changed["defaultTTL"]) == ("20m", "5m")
    assert ask("PATCH", "/newer", {**AT, "data": {"newName": "db"}})[0] == 400
    ask.lease("newer")
    assert ask("DELETE", "/newer", AT)[1]["dynamicSecret"]["id"] == made["id"]
    assert (len(kms.provider.revoked), kms.provider.live) == (1, set())
    assert ask("GET", "/newer", **AT)[0] == 404


@pytest.mark.parametrize(
    ("change", "status"),
    [({"defaultTTL": ""}, 422), ({"defaultTTL": "1s"}, 422), ({"provider": {}}, 422), ({"path": "/none"}, 404)],
)
def test_a_dynamic_secret_that_cannot_be_is_refused(ask: Leaser, change: Mapping[str, Any], status: int) -> None:
    body = {**AT, "name": "n", "provider": {"type": "redis"}, "defaultTTL": "5m"}
    assert ask("POST", "", {**body, **change})[0] == status


def test_who_may_only_lease_changes_no_dynamic_secret(kms: KMS) -> None:
    ask = Leaser(kms, "leases")
    body = {**AT, "name": "n", "provider": {"type": "redis"}, "defaultTTL": "5m"}
    assert [ask("POST", "", body)[0], ask("PATCH", "/db", AT)[0], ask("DELETE", "/db", AT)[0]] == [403, 403, 403]


# -- durations


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", 90),
        ("5m", 300),
        ("2h", 7200),
        ("1d", 86400),
        ("1w", 604800),
        ("1.5 hours", 5400),
        (".5h", 1800),
        ("100", 0.1),
        ("1 Y", 31557600),
        ("", None),
        ("-1s", None),
        ("1 fortnight", None),
        ("1h30m", None),
        ("1" * 101, None),
    ],
)
def test_durations_are_read_as_clients_write_them(text: str, expected: float | None) -> None:
    assert seconds(text) == expected
