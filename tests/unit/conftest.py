"""What several unit tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import secretsync
from secretsync.devserver import DevServer


@pytest.fixture
def kms(server: DevServer) -> Iterator[secretsync.Client]:
    """A client of the SDK under the identity `cid`, whose secret in `SEED` is `s`."""
    with secretsync.open(server.url, client_id="cid", client_secret="s") as kms:
        yield kms
