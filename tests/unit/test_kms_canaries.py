"""No value, token or credential of a KMS shows: not in logs at any level, errors, reprs, or what the server recorded."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable

import pytest

import secretsync
from canaries import canary, shown
from secretsync.backends.kms.leases import Leases
from secretsync.backends.kms.queries import Place
from secretsync.backends.kms.session import Session
from secretsync.backends.kms.writes import Edit, Writes
from secretsync.devserver import DevServer, Fault
from secretsync.errors import SecretSyncError
from secretsync.http import Http
from secretsync.values import SecretValue

SEED = """
projects: [{id: p1, slug: shop}]
identities:
  - {id: i, universal: {clientId: all, clientSecret: x}, grants: [{project: shop, actions: [read, write, lease, subscribe]}]}
secrets: {shop: {prod: {/app: {}}}}
dynamicSecrets: {shop: {prod: {/app: {db: {}}}}}
policies: [{project: shop, env: dev, path: /}]
"""
APP, LEASED = Place("p1", "prod", "/app"), Place("shop", "prod", "/app")
FAULTS = (
    Fault(status=500),
    Fault(status=422),
    Fault(body="html"),
    Fault(body="truncated"),
    Fault(body="hidden"),
    Fault(reset=True),
    Fault(status=307, location="http://127.0.0.2/"),
)


def tried(do: Callable[[], object]) -> str:
    """Return all that could be printed of what it returned or raised."""
    try:
        return repr(do())
    except SecretSyncError as error:
        return "".join(traceback.format_exception(error)) + repr(vars(error))


def test_what_is_written_and_leased_shows_nowhere(
    server: DevServer, http: Http, caplog: pytest.LogCaptureFixture
) -> None:
    token = server.model.login(client_id="all", client_secret=SecretValue("x")).token
    session = Session(http, server.url, token)
    writes, leases = Writes(session), Leases(session)
    edit = Edit(key="A", value=SecretValue(canary()), comment=canary("comment"), metadata={"k": canary("metadata")})
    deeds: tuple[Callable[[], object], ...] = (
        lambda: writes.create(APP, edit),
        lambda: writes.update(APP, edit),
        lambda: writes.create(APP, edit),
        lambda: writes.create(Place("p1", "dev"), edit),
        lambda: writes.create_many(Place("p1", "prod", "/none"), [edit]),
        lambda: leases.create(LEASED, "db"),
    )
    texts = [repr(session), repr(edit)]
    with caplog.at_level(logging.DEBUG):
        texts += [tried(do) for do in deeds]
        for fault in FAULTS:
            server.faults.clear()
            server.faults.add(fault)
            texts += [tried(do) for do in deeds]
        server.faults.clear()
        made = leases.create(LEASED, "db")
        texts.append(repr(made))
    texts += [caplog.text, repr(server.asked()), repr(server.model.provider.revoked)]
    lent = [value.text() for name, value in made.credentials.items() if name != "DB_USERNAME"]
    assert not [where for text in texts for where in shown(text)]
    assert not [secret for secret in (token.text(), *lent) if any(secret in text for text in texts)]


def test_what_a_watch_hears_and_delivers_shows_nowhere(server: DevServer, caplog: pytest.LogCaptureFixture) -> None:
    value = canary()
    with caplog.at_level(logging.DEBUG), secretsync.open(server.url, client_id="all", client_secret="x") as kms:
        with kms.watch("shop", "prod", "/app", interval=0.1) as watch:
            states = [watch.next(10)]
            server.model.put("shop", "prod", "/app", {"A": value})
            states.append(watch.next(10))
            server.model.feed.drop()
            server.faults.add(Fault("list", body="truncated", count=1))
            server.model.put("shop", "prod", "/app", {"A": canary("second")})
            states.append(watch.next(10))
        texts = [repr(states), repr(watch), repr(kms), caplog.text, repr(server.asked())]
    assert states[1] is not None
    assert states[1]["A"].text() == value
    assert not [where for text in texts for where in shown(text)]
    assert "Bearer" not in caplog.text
