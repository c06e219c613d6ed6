"""The examples of docs/sdk.md run, one after the other, as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from secretsync import client
from secretsync.devserver import DevServer, parse_seed

PAGE = Path(__file__).parents[2] / "docs" / "sdk.md"
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
SEED = """
projects: [{id: p1, slug: shop}]
identities:
  - {id: i, universal: {clientId: cid, clientSecret: s}, grants: [{project: shop, actions: [read, lease, subscribe]}]}
secrets: {shop: {prod: {/db: {USER: u, PASSWORD: s3cret}}}}
dynamicSecrets: {shop: {prod: {/db: {postgres: {defaultTtl: 1h, maxTtl: 24h}}}}}
"""


def test_every_example_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    logins: list[tuple[str, str]] = []
    with DevServer(parse_seed(SEED)) as server:
        given = {"URL": server.url, "CLIENT_ID": "cid", "CLIENT_SECRET": "s"}
        for name, value in given.items():
            monkeypatch.setenv(f"SECRETSYNC_{name}", value)
        program: dict[str, object] = {"__name__": "sdk", "connect": lambda *login: logins.append(login)}
        program["configure"] = lambda _: ended(program["changes"])
        for example in EXAMPLES:
            runnable = example.replace('"https://kms.example", client_id="…", client_secret="…"', "")
            exec(compile(runnable, PAGE.name, "exec", dont_inherit=True), program)
        assert not server.model.provider.live
        assert len(server.asked("revoke")) == 1
    assert len(EXAMPLES) == 10
    assert len(logins) == 2
    assert capsys.readouterr().out.startswith("['PASSWORD', 'USER'] SecretValue(…)\nlist secrets of /none in prod http")


def ended(changes: object) -> None:
    assert isinstance(changes, client.Watch)
    changes.close()
