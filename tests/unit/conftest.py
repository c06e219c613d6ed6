"""What several unit tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import secretsync
from logins import Login, logging_in
from secretsync.devserver import DevServer
from secretsync.http import Http


@pytest.fixture
def kms(server: DevServer) -> Iterator[secretsync.Client]:
    """A client of the SDK under the identity `cid`, whose secret in `SEED` is `s`."""
    with secretsync.open(server.url, client_id="cid", client_secret="s") as kms:
        yield kms


@pytest.fixture
def login(server: DevServer, http: Http, caplog: pytest.LogCaptureFixture) -> Iterator[Login]:
    """What logs in to the KMS of the test; no log may show a canary."""
    with logging_in(server, http, caplog) as login:
        yield login
