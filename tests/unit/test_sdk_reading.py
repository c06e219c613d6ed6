"""What reading costs: one request each, conditional where the answer is still held, and nothing that is left behind."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import secretsync
from secretsync.devserver import DevServer

FOLDERS = [f"/app-{n}" for n in range(20)]
SEED = f"""
projects: [{{id: 5f3c5c6e-6f4f-4d43-9c5c-2a8f6d0e1b11, slug: shop}}]
identities:
  - {{id: i, universal: {{clientId: cid, clientSecret: s}}, grants: [{{project: shop, actions: [read]}}]}}
secrets: {{shop: {{prod: {json.dumps({path: {"PATH": path} for path in FOLDERS})}}}}}
"""


def read_all(kms: secretsync.Client) -> None:
    """Read every folder from several threads at once."""
    with ThreadPoolExecutor(8) as pool:
        found = pool.map(lambda path: kms.folder("shop", "prod", path)["PATH"].text(), FOLDERS)
        assert list(found) == FOLDERS


def test_each_read_is_one_request_and_conditional_while_its_answer_is_held(
    server: DevServer, kms: secretsync.Client
) -> None:
    read_all(kms)
    read_all(kms)
    assert len(server.asked("login")) == len(server.asked("slug")) == 1
    statuses = [asked.status for asked in server.asked("list")]
    assert statuses == [200] * len(FOLDERS) + [304] * len(FOLDERS)


def test_reads_leave_nothing_behind_that_grows_with_them(kms: secretsync.Client) -> None:
    read_all(kms)
    known = kms._connection._driver.inspect(lambda engine: len(engine._store)).result(10)
    for _ in range(3):
        read_all(kms)
    assert kms._connection._driver.inspect(lambda engine: len(engine._store)).result(10) == known
    assert not kms._connection._told
