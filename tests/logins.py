"""Logins against a development KMS, for the tests of login methods."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import pytest

from proofs import FakeProofs
from secretsync.auth.logins import Logins
from secretsync.auth.method import Method
from secretsync.client_policy import OPERATOR
from secretsync.clock import Deadline
from secretsync.devserver import DevServer
from secretsync.errors import SecretSyncError
from secretsync.http import HttpClient
from secretsync.queries import Found, Identity, Query, query
from secretsync.runtime.clock import SystemClock
from secretsync.values import SecretValue

Login = Callable[..., Found[SecretValue]]
"""Takes a method, then what it finds and where it asks, and credentials by name."""

CLOCK = SystemClock()
NOTHING = FakeProofs()


@query
class Kept(Query[Mapping[str, SecretValue]]):
    """Where a shell keeps credentials."""

    def __str__(self) -> str:
        return "Secret shop/kms"


@contextmanager
def logging_in(server: DevServer, http: HttpClient, caplog: pytest.LogCaptureFixture) -> Iterator[Login]:
    """Log in there; at the end no canary may have got into a log."""
    caplog.set_level(logging.DEBUG)

    def login(by: Method, proofs: FakeProofs = NOTHING, url: str = "", **credentials: str) -> Found[SecretValue]:
        identity = Identity(url or server.url, by, Kept(), b"digest")
        logins = Logins(http, OPERATOR, chance=lambda: 0.0, proofs=proofs)
        given = {name: SecretValue(text) for name, text in credentials.items()}
        return logins.token(identity, given, deadline=Deadline(CLOCK))

    yield login
    assert all("canary" not in record.getMessage() for record in caplog.records)


def refused(login: Login, kind: type[SecretSyncError], *about: object, **more: str) -> str:
    """Return how a login is refused, in words that show no canary."""
    with pytest.raises(kind) as caught:
        login(*about, **more)
    assert "canary" not in f"{caught.value} {caught.value!r}"
    return str(caught.value)


def is_of(server: DevServer, found: Found[SecretValue], identity: str) -> bool:
    return server.model.identify(found.value).id == identity
