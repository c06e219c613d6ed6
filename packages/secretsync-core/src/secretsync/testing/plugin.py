"""A pytest plugin: a KMS for tests of programs that use one. It is there wherever secretsync is installed.

    def test_my_program(secretsync_kms):
        secretsync_kms.model.put("test", "prod", "/app", {"PASSWORD": "x"})
        my_program(url=secretsync_kms.url, client_id="test", client_secret="test")

The server is new for each test. Another seed than `SEED` comes from a fixture of one's own:

    @pytest.fixture
    def secretsync_seed():
        return "seed.yaml"
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from ..devserver import DevServer, Seed

SEED: Final = """
projects: [{id: 00000000-0000-4000-8000-000000000001, slug: test, environments: [dev, prod]}]
identities:
  - id: 00000000-0000-4000-8000-000000000002
    universal: {clientId: test, clientSecret: test}
    grants: [{project: test, actions: [read, write, lease, subscribe]}]
"""
"""One project `test`, and one identity `test` with the secret `test` that may do everything in it."""


@pytest.fixture
def secretsync_seed() -> Seed | Path | str:
    """What the KMS of a test starts with: a `Seed`, or the file that says so."""
    from ..devserver import parse_seed  # late: most tests of most programs need no KMS

    return parse_seed(SEED)


@pytest.fixture
def secretsync_kms(secretsync_seed: Seed | Path | str) -> Iterator[DevServer]:
    """A development KMS on a free port of this machine, running; see `secretsync.devserver.DevServer`."""
    from ..devserver import DevServer

    with DevServer(secretsync_seed) as server:
        yield server
