"""Reads folders from sixteen threads, as often as it is told to, through one client of the SDK or by httpx alone.

    python bench/reading.py --by secretsync --url http://127.0.0.1:8000 --folders 1000

Each line on standard input has it read every folder once, and is answered by a line when that is done. At `anew` the
loop of httpx forgets what it knows; at any other line it asks with the tags that it was given.
"""

from __future__ import annotations

import sys

if __name__ == "__main__":
    # The root in place of this folder, whose operator.py is not what the standard library means by that name.
    sys.path[0] = __file__.rsplit("/", 2)[0]

import argparse
from collections.abc import Callable, Mapping, Sized
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Protocol

import httpx
from attrs import evolve
from bench.listing import ENVIRONMENT, PARAMS, PROJECT_ID

import secretsync
from secretsync.client_policy import SDK

THREADS: Final = 16
"""And connections: of either as many."""


class Reader(Protocol):
    def read(self, path: str) -> Sized: ...

    def forget(self) -> None: ...


class Ours:
    """One client of the SDK, which knows by itself what it need not be sent again."""

    def __init__(self, url: str) -> None:
        self._client = secretsync.open(
            url, client_id="bench", client_secret="bench", policy=evolve(SDK, in_flight=THREADS)
        )

    def read(self, path: str) -> Sized:
        return self._client.folder(PROJECT_ID, ENVIRONMENT, path)

    def forget(self) -> None:
        """It has forgotten, if it was given the time."""


class Bare:
    """One client of httpx, and what nobody can do without: a login, the values by key, and the tags they came with."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, trust_env=False, timeout=15.0)
        login = self._client.post("/api/v1/auth/universal-auth/login", json={"clientId": "bench", "clientSecret": "-"})
        self._client.headers["Authorization"] = f"Bearer {login.json()['accessToken']}"
        self._known: dict[str, tuple[str, Mapping[str, str]]] = {}

    def read(self, path: str) -> Sized:
        tag, values = self._known.get(path, ("", {}))
        headers = {"If-None-Match": tag} if tag else {}
        answer = self._client.get("/api/v4/secrets", params={**PARAMS, "secretPath": path}, headers=headers)
        if answer.status_code != 304:
            answer.raise_for_status()
            values = {row["secretKey"]: row["secretValue"] for row in answer.json()["secrets"]}
            self._known[path] = answer.headers["ETag"], values
        return values

    def forget(self) -> None:
        self._known.clear()


READERS: Final[Mapping[str, Callable[[str], Reader]]] = {"secretsync": Ours, "httpx": Bare}


def serve(reader: Reader, folders: int) -> None:
    paths = [f"/folder-{n}" for n in range(folders)]
    shares = [paths[n::THREADS] for n in range(THREADS)]
    with ThreadPoolExecutor(THREADS) as pool:
        print("ready", flush=True)
        for line in sys.stdin:
            if line.strip() == "anew":
                reader.forget()
            print(sum(pool.map(lambda share: sum(len(reader.read(path)) for path in share), shares)), flush=True)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--by", choices=READERS, required=True)
    options.add_argument("--url", required=True)
    options.add_argument("--folders", type=int, required=True)
    args = options.parse_args()
    serve(READERS[args.by](args.url), args.folders)
