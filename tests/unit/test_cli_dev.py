"""`secretsync dev` as a user starts it: what it prints, how it ends, and its errors in one line."""

from __future__ import annotations

import argparse
import json
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which

import pytest

from secretsync.cli.dev import CONTROL_TOKEN, listen_address

SEED = """
projects: [{id: p1, slug: shop}]
identities:
  - {id: i, universal: {clientId: c'id, clientSecret: s3cret}, grants: [{project: shop}]}
secrets: {shop: {dev: {/: {A: a}}}}
"""
PROGRAM = [sys.executable, "-c", "from secretsync.cli.main import main; raise SystemExit(main())", "dev"]


@pytest.fixture
def seed(tmp_path: Path) -> Path:
    path = tmp_path / "seed.yaml"
    path.write_text(SEED)
    return path


@contextmanager
def serving(*args: str, lines: int = 13) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    with subprocess.Popen(
        [*PROGRAM, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={CONTROL_TOKEN: "t0ken"}
    ) as process:
        try:
            assert process.stdout is not None
            yield process, [process.stdout.readline() for _ in range(lines)]
        finally:
            process.kill()


def done(*args: str) -> tuple[int, str]:
    finished = subprocess.run([*PROGRAM, *args], capture_output=True, text=True, timeout=60, check=False)
    assert finished.stdout == ""
    return finished.returncode, finished.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["interrupt", "terminate"])
def test_it_prints_an_environment_and_serves_until_it_is_told_to_stop(seed: Path, number: int) -> None:
    with serving("--seed", str(seed)) as (process, lines):
        address = lines[0].strip().removeprefix("export SECRETSYNC_URL=")
        with urllib.request.urlopen(f"{address}/api/status", timeout=10) as answer:
            assert json.load(answer)["message"] == "Ok"
        asking = urllib.request.Request(f"{address}/_emulator/requests", headers={"X-Control-Token": "t0ken"})
        with urllib.request.urlopen(asking, timeout=10) as answer:
            assert len(json.load(answer)["requests"]) == 1
        process.send_signal(number)
        rest, errors = process.communicate(timeout=30)
    assert (process.returncode, rest, errors) == (0, "", "")
    assert lines[1:3] == [
        "export SECRETSYNC_CLIENT_ID='c'\"'\"'id'\n",
        "# SECRETSYNC_CLIENT_SECRET is in the seed; --show-values prints it\n",
    ]


def test_it_shows_the_secret_when_asked_to(seed: Path) -> None:
    with serving("--seed", str(seed), "--show-values") as (_, lines):
        assert lines[2] == "export SECRETSYNC_CLIENT_SECRET=s3cret\n"


def test_it_prints_the_official_program_s_environment(seed: Path) -> None:
    with serving("--seed", str(seed)) as (_, lines):
        assert lines[3:6] == [
            'export INFISICAL_API_URL="$SECRETSYNC_URL/api"\n',
            'export INFISICAL_UNIVERSAL_AUTH_CLIENT_ID="$SECRETSYNC_CLIENT_ID"\n',
            'export INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET="$SECRETSYNC_CLIENT_SECRET"\n',
        ]


def test_it_prints_where_the_clouds_are(tmp_path: Path) -> None:
    path = tmp_path / "clouds.yaml"
    path.write_text("clouds: {gcp: {serviceAccount: web@dev.iam.gserviceaccount.com}}")
    with serving("--seed", str(path), lines=2) as (_, lines):
        host = lines[1].strip().removeprefix("export GCE_METADATA_HOST=")
        url = f"http://{host}/computeMetadata/v1/instance/service-accounts/default/identity?audience=i"
        asking = urllib.request.Request(url, headers={"Metadata-Flavor": "Google"})
        with urllib.request.urlopen(asking, timeout=10) as answer:
            assert answer.read().count(b".") == 2


@pytest.mark.skipif(which("curl") is None, reason="needs curl, which most systems bring: apt-get install curl")
def test_what_it_prints_for_curl_works_as_it_stands(seed: Path) -> None:
    with serving("--seed", str(seed), "--show-values") as (_, lines):
        pasted = "".join(
            line.removeprefix("#").lstrip() if line.startswith(("# printf", "#   |")) else line for line in lines
        )
        done = subprocess.run(["sh", "-c", pasted], capture_output=True, text=True, timeout=60, check=True)
    assert [row["secretKey"] for row in json.loads(done.stdout)["secrets"]] == ["A"]


def test_a_wrong_seed_is_status_two_with_line_and_column(seed: Path) -> None:
    seed.write_text("projects:\n  - id: [\n")
    assert done("--seed", str(seed)) == (
        2,
        f"{seed}:3:1: not valid YAML: a bracket is not closed, or a comma is missing\n",
    )


def test_a_port_in_use_is_status_one_and_one_line(seed: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, errors = done("--seed", str(seed), "--listen", str(port))
    assert (status, errors.count("\n")) == (1, 1)
    assert errors.startswith(f"secretsync: port {port} on 127.0.0.1 is in use; stop what listens there, or choose")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("0", ("127.0.0.1", 0)),
        ("8080", ("127.0.0.1", 8080)),
        ("0.0.0.0:80", ("0.0.0.0", 80)),
        ("localhost:65535", ("localhost", 65535)),
        ("[::1]:80", ("::1", 80)),
    ],
)
def test_addresses(text: str, address: tuple[str, int]) -> None:
    assert listen_address(text) == address


@pytest.mark.parametrize("text", ["", "x", ":80", "localhost", "localhost:", "1:65536", "1:-1", "1:²"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="HOST:PORT"):
        listen_address(text)
