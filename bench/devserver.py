"""How fast the development KMS lists a hundred secrets, beside a bare handler, and how soon it answers at all.

    uv run --group bench python bench/devserver.py

    lists  lists of secrets in full, beside a handler of Starlette that returns the same bytes (`handler.py`)
    start  from its start to its first answer

A load of raw sockets (`load.py`) asks each server in turn, in a process of its own. What a server could do on one core
is told by its processor time, so that other programs on the machine count little. Prints one JSON object with each
figure, each bound, and in `missed` what does not hold; then the exit code is 1.
"""

from __future__ import annotations

import sys

if __name__ == "__main__":
    # The root in place of this folder, whose operator.py is not what the standard library means by that name.
    sys.path[0] = __file__.rsplit("/", 2)[0]

import json
import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import urlencode, urlsplit

import httpx
from attrs import frozen
from bench.claims import Claim, Json, Measured, parser, report, tell
from bench.programs import Program, clean_environment
from bench.world import Api

ROUTE: Final = "/api/v4/secrets"
PARAMS: Final = {"projectId": "p1", "environment": "prod", "secretPath": "/app"}
STARTS: Final = 5
"""And one before, which compiles what is not compiled."""


def seed(secrets: int) -> Json:
    values = {f"KEY_{n}": f"the value of number {n}" for n in range(secrets)}
    return {
        "projects": [{"id": "p1", "slug": "shop"}],
        "identities": [
            {
                "id": "i",
                "universal": {"clientId": "bench", "clientSecret": "bench"},
                "grants": [{"project": "shop", "actions": ["read"]}],
            }
        ],
        "secrets": {"shop": {"prod": {"/app": values}}},
    }


@frozen
class Options:
    """How many secrets are in the list, how many rounds there are, and the seconds that each server is asked in one."""

    secrets: int
    rounds: int
    seconds: float


@frozen
class Server:
    """A server that runs, and a file with what to ask it."""

    program: Program
    port: int
    request: Path

    def asked(self, folder: Path, seconds: float) -> Json:
        """Have it asked for so long; return what a request cost it and those who asked."""
        before = self.program.cpu_seconds
        command = [sys.executable, "-P", str(Path(__file__).with_name("load.py")), "--port", str(self.port)]
        command += ["--request", str(self.request), "--seconds", str(seconds)]
        with Program(command, env=clean_environment(folder), log=folder / "load") as load:
            said = json.loads(load.line())
        spent = self.program.cpu_seconds - before
        return {
            "ms": 1e3 * spent / said["answers"],
            "load_ms": 1e3 * said["cpu_seconds"] / said["answers"],
            "a_second": said["answers"] / said["seconds"],
        }


# -- lists


@contextmanager
def servers(secrets: int) -> Iterator[tuple[Path, dict[str, Server]]]:
    """Start both servers; what the first lists is what the second is given to return."""
    with TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        program, url = started(folder, secrets)
        stack.enter_context(program)
        token, body, tag = listed(url, secrets)
        (folder / "body").write_bytes(body)
        full, known = folder / "full", folder / "known"
        full.write_bytes(request(token))
        known.write_bytes(request(token, f"If-None-Match: {tag}"))
        command = [sys.executable, "-P", str(Path(__file__).with_name("handler.py"))]
        command += ["--body", str(folder / "body"), "--tag", tag]
        bare = stack.enter_context(Program(command, env=clean_environment(folder), log=folder / "bare"))
        yield (
            folder,
            {
                "ours": Server(program, urlsplit(url).port or 80, full),
                "bare": Server(bare, json.loads(bare.line())["port"], full),
                "unchanged": Server(program, urlsplit(url).port or 80, known),
            },
        )


def started(folder: Path, secrets: int) -> tuple[Program, str]:
    """Return the development KMS and its address."""
    path = folder / "seed.yaml"
    path.write_text(json.dumps(seed(secrets)))
    program = Program(["secretsync", "dev", "--seed", str(path)], env=clean_environment(folder), log=folder / "kms")
    return program, program.line().partition("=")[2].strip()


def listed(url: str, secrets: int) -> tuple[str, bytes, str]:
    """Log in; return the token, and the list with its tag."""
    with httpx.Client(base_url=url, trust_env=False) as client:
        login = {"clientId": "bench", "clientSecret": "bench"}
        token: str = client.post("/api/v1/auth/universal-auth/login", json=login).json()["accessToken"]
        answer = client.get(ROUTE, params=PARAMS, headers={"Authorization": f"Bearer {token}"})
    if len(answer.json()["secrets"]) != secrets:
        raise RuntimeError("the list has not as many secrets as the seed")
    return token, answer.content, answer.headers["ETag"]


def request(token: str, *more: str) -> bytes:
    lines = [f"GET {ROUTE}?{urlencode(PARAMS)} HTTP/1.1", "Host: kms", f"Authorization: Bearer {token}", *more]
    return "\r\n".join([*lines, "", ""]).encode()


def lists(options: Options) -> Measured:
    with servers(options.secrets) as (folder, asked):
        for server in asked.values():
            server.asked(folder, options.seconds)  # what is made once, and kept
        rounds = [
            {name: server.asked(folder, options.seconds) for name, server in asked.items()}
            for _ in range(options.rounds)
        ]
    found: Json = {name: figures([one[name] for one in rounds]) for name in asked}
    ratio = round(median(one["ours"]["ms"] / one["bare"]["ms"] for one in rounds), 2)
    cheap = round(max(one["ours"]["load_ms"] / one["bare"]["ms"] for one in rounds), 2)
    return {**found, "in_bare_handlers": ratio, "load_in_bare_handlers": cheap}, [
        Claim("milliseconds of CPU time for a list: 500 a second on one core", found["ours"]["ms"], 2.0),
        Claim("CPU time for a list, in that of a bare handler", ratio, 2.0),
        Claim("CPU time of the load, in that of the bare handler", cheap, 1.0),
    ]


def figures(rounds: list[Json]) -> Json:
    return {name: round(median(one[name] for one in rounds), 3) for name in rounds[0]}


# -- start


def start(options: Options) -> Measured:
    with TemporaryDirectory() as name:
        taken = [answered(Path(name), options.secrets) for _ in range(1 + STARTS)][1:]
    quickest = min(one["seconds"] for one in taken)  # others on the machine can only add to it
    return {"quickest": quickest, **figures(taken)}, [Claim("seconds until it answers", quickest, 1.0)]


def answered(folder: Path, secrets: int) -> Json:
    """Return the seconds from its start to its first answer, and the processor time of that."""
    began = time.monotonic()
    program, url = started(folder, secrets)
    with program:
        Api(urlsplit(url).netloc).call("GET", "/api/status")
        return {"seconds": round(time.monotonic() - began, 3), "cpu_seconds": program.cpu_seconds}


# -- the report

PARTS: Final[Mapping[str, Callable[[Options], Measured]]] = {"lists": lists, "start": start}


def arguments() -> Namespace:
    made = parser(__doc__, PARTS)
    made.add_argument("--secrets", type=int, default=100, help="in the list")
    made.add_argument("--rounds", type=int, default=9, help="of the comparison, whose medians count")
    made.add_argument("--seconds", type=float, default=1.0, help="that each server is asked in a round")
    return made.parse_args()


def main() -> int:
    args = arguments()
    options = Options(args.secrets, args.rounds, args.seconds)
    return tell(report({part: partial(PARTS[part], options) for part in args.part or PARTS}))


if __name__ == "__main__":
    sys.exit(main())
