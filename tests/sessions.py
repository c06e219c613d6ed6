"""Sessions of a development KMS, for the tests of what is done there."""

from __future__ import annotations

from secretsync.backends.kms.session import Session
from secretsync.devserver import DevServer
from secretsync.http import HttpClient
from secretsync.values import SecretValue


def token(server: DevServer, name: str = "all") -> SecretValue:
    """Return a token of the client with this id; its secret is `s`."""
    return server.model.login(client_id=name, client_secret=SecretValue("s")).token


def session(server: DevServer, http: HttpClient, name: str = "all") -> Session:
    return Session(http, server.url, token(server, name))
