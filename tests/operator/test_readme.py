"""The README's lines do what they say."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from secretsync.devserver import DevServer
from secretsync.devserver.seed import parse_seed

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
SEED = """
projects: [{id: 09eda1f8-85a3-47a9-8a6f-e27f133b2a36, slug: secrets-639-c, environments: [prod]}]
identities:
  - {id: i, universal: {clientId: cid, clientSecret: s3cret}, grants: [{project: secrets-639-c}]}
secrets: {secrets-639-c: {prod: {/example: {DB_URL: postgres://db/shop, API_KEY: k-canary}}}}
"""


class Enough(Exception):
    """Ends the endless loop of the example."""


def test_the_ten_lines_of_the_sdk(capsys) -> None:
    (lines,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(lines.strip().splitlines()) <= 10
    connected = []

    def connect(url: str) -> None:
        connected.append(url)
        raise Enough

    with DevServer(parse_seed(SEED)) as kms, pytest.raises(Enough):
        exec(lines, {"url": kms.url, "client_id": "cid", "client_secret": "s3cret", "connect": connect})
    assert connected == ["postgres://db/shop"]
    (comment,) = re.findall(r"print\(sorted.*# (.*)", lines)
    assert capsys.readouterr().out.strip() == comment


def test_the_manifest_is_accepted() -> None:
    import yaml

    from secretsync_k8s.kinds.kmssecret.spec import decode
    from secretsync_k8s.manifests import crd
    from secretsync_k8s.testing import MemoryCluster

    (manifest,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    cluster = MemoryCluster(crds=[crd("kmssecrets")])
    cluster.create("namespaces", {"metadata": {"name": "shop"}})
    spec = decode(cluster.create("kmssecrets", yaml.safe_load(manifest)))
    assert spec.scope.project_slug == "shop-k2x9"


@pytest.fixture(scope="module")
def told() -> subprocess.CompletedProcess[str]:
    """The quickstart, run once."""
    command = [Path(sys.executable).parent / "secretsync", "quickstart"]
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    assert time.monotonic() - began < 60
    return done


def test_the_quickstart_tells_five_steps_and_succeeds(told) -> None:
    assert told.returncode == 0, told.stdout + told.stderr
    assert re.findall(r"^(\d)\. ", told.stdout, re.MULTILINE) == list("12345")
    assert told.stderr == ""


def test_the_quickstart_says_what_it_maps_and_shows_no_value(told) -> None:
    assert "--resolve kms.hanzo.svc.cluster.local:80=127.0.0.1:" in told.stdout
    assert "--max-interval 2s" in told.stdout
    for value in ("postgres://", "k-1", "k-2", "db.hanzo.svc"):
        assert value not in told.stdout
