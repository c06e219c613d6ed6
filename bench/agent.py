"""What an agent costs: from its start to its files, at rest, and over many polls.

    python bench/agent.py
    python bench/agent.py --cmd "other-agent agent --config {config}"

A development KMS on the loopback interface holds ten folders of a hundred secrets each. An agent with one template, and
one with ten, is started again and again, in turn with a bare script that imports httpx, logs in, lists and writes the
same files. Then it polls each second, with nothing new, beside a bare loop that does the same with httpx, and is asked
to end while an answer does not come; one of ours polls ten thousand times as fast as it can. One JSON object has each
figure, each bound, and in `missed` what does not hold; then the exit code is 1. See docs/benchmarks.md.
"""

from __future__ import annotations

import sys

if __name__ == "__main__":
    # The root in place of this folder, whose operator.py is not what the standard library means by that name.
    sys.path[0] = __file__.rsplit("/", 2)[0]

import json
import shlex
import time
from collections.abc import Mapping, Sequence
from operator import truediv
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from attrs import frozen
from bench.claims import parser, tell
from bench.programs import BIN, Program, clean_environment

from secretsync.client_policy import AGENT
from secretsync.devserver.faults import Asked, Fault
from secretsync.devserver.methods import Universal
from secretsync.devserver.seed import Grant, Identity, Project, Seed
from secretsync.devserver.server import DevServer
from secretsync.values import SecretValue

PROJECT: Final = Project("6553ccb2-b7da-4b0d-8f6e-7270c2a8f1d3", "bench", ("dev",))
SECRETS: Final = 100
MOST: Final = 10
PATIENCE: Final = 60.0
CONFIG: Final = "{config}"
OURS: Final = f"{BIN / 'secretsync-agent'} agent --config {CONFIG}"

TEMPLATE: Final = '{{- range secret "PROJECT" "dev" "/folder-N" }}\n{{ .Key }}={{ .Value }}\n{{- end }}'

BARE: Final = """
import sys, httpx
url, *files = sys.argv[1:]
with httpx.Client(base_url=url) as client:
    login = {"clientId": "bench", "clientSecret": "bench"}
    token = client.post("/api/v1/auth/universal-auth/login", json=login).json()["accessToken"]
    for n, file in enumerate(files):
        params = {"workspaceId": "PROJECT", "environment": "dev", "secretPath": f"/folder-{n}"}
        answer = client.get("/api/v3/secrets/raw", params=params, headers={"Authorization": f"Bearer {token}"})
        with open(file, "w") as out:
            out.writelines(f"{one['secretKey']}={one['secretValue']}\\n" for one in answer.json()["secrets"])
"""

BARE_POLLS: Final = """
import sys, time, httpx
url, count = sys.argv[1], int(sys.argv[2])
tags = {}
with httpx.Client(base_url=url) as client:
    login = {"clientId": "bench", "clientSecret": "bench"}
    token = client.post("/api/v1/auth/universal-auth/login", json=login).json()["accessToken"]
    while True:
        for n in range(count):
            params = {"workspaceId": "PROJECT", "environment": "dev", "secretPath": f"/folder-{n}"}
            headers = {"Authorization": f"Bearer {token}", "If-None-Match": tags.get(n, "")}
            answer = client.get("/api/v3/secrets/raw", params=params, headers=headers)
            tags[n] = answer.headers["etag"]
            time.sleep(1 / count)
"""
BARES: Final = "python-httpx/"
"""How the bare ones call themselves."""

FAST: Final = """
import os, sys
from attrs import evolve
from secretsync_agent import arguments, config, main
told = arguments.parse(["--config", sys.argv[1], "--log-level", "error"], os.environ)
settings = config.load(told, os.environ)
fast = [evolve(template, interval=float(sys.argv[2])) for template in settings.templates]
sys.exit(main.Process(told, evolve(settings, templates=tuple(fast)), os.environ).run())
"""
"""Ours, polling more often than a configuration may ask for."""


def seed() -> Seed:
    folders = {
        f"/folder-{n}": {f"KEY_{k:03}": SecretValue(f"value-{n}-{k}" * 4) for k in range(SECRETS)} for n in range(MOST)
    }
    who = Identity("bench", Universal("bench", SecretValue("bench")), grants=(Grant(PROJECT.slug),))
    return Seed(projects=(PROJECT,), identities=(who,), secrets={PROJECT.slug: {"dev": folders}})


@frozen
class Place:
    """A folder with a configuration of so many templates, and the files that they make."""

    folder: Path
    templates: int

    @property
    def files(self) -> list[Path]:
        return [self.folder / f"file-{n}" for n in range(self.templates)]

    @property
    def config(self) -> Path:
        return self.folder / "config.yaml"

    def furnish(self, url: str) -> None:
        for name in ("id", "secret"):
            (self.folder / name).write_text("bench")
        templates = [
            {
                "template-content": TEMPLATE.replace("PROJECT", PROJECT.id).replace("folder-N", f"folder-{n}"),
                "destination-path": str(file),
                "config": {"polling-interval": "1000ms"},
            }
            for n, file in enumerate(self.files)
        ]
        login = {"client-id": str(self.folder / "id"), "client-secret": str(self.folder / "secret")}
        document = {"address": url, "retry-strategy": {"max-retries": 3}}
        auth = {"type": "universal-auth", "config": login}
        self.config.write_text(
            json.dumps({"kms": document, "infisical": document, "auth": auth, "templates": templates})
        )

    def empty(self) -> None:
        for file in self.files:
            file.unlink(missing_ok=True)

    def wait(self, began: float) -> float:
        """Return the seconds from `began` until all files are there."""
        while not all(file.exists() and file.stat().st_size for file in self.files):
            if time.perf_counter() - began > PATIENCE:
                raise RuntimeError("the files did not come")
            time.sleep(0.001)
        return time.perf_counter() - began


def ours_only(place: Place, command: str) -> None:
    """Leave in the configuration what the agent under measurement calls its server: ours refuses to have both."""
    document = json.loads(place.config.read_text())
    if command == OURS:
        del document["infisical"]
    place.config.write_text(json.dumps(document))


def started(place: Place, words: Sequence[str], env: dict[str, str]) -> tuple[float, Program]:
    place.empty()
    began = time.perf_counter()
    program = Program(words, env=env, log=place.folder / "log")
    return place.wait(began), program


def start_to_files(
    place: Place, words: Sequence[str], url: str, rounds: int, env: dict[str, str]
) -> Mapping[str, float]:
    """Return the median seconds to the files, and how many times those of the bare script, each started right after it."""
    bare_words = [sys.executable, "-c", BARE.replace("PROJECT", PROJECT.id), url, *map(str, place.files)]
    taken: dict[str, list[float]] = {"agent": [], "bare": []}
    for _ in range(rounds + 1):
        for name, command in (("agent", words), ("bare", bare_words)):
            took, program = started(place, command, env)
            with program:
                taken[name].append(took)
    agent, bare = taken["agent"][1:], taken["bare"][1:]  # the first compiles what was not compiled yet
    return {
        "start_s": round(median(agent), 3),
        "bare_s": round(median(bare), 3),
        "times_bare": round(median(map(truediv, agent, bare)), 2),
    }


def at_rest(
    place: Place, words: Sequence[str], kms: DevServer, seconds: float, env: dict[str, str]
) -> dict[str, float]:
    """Return what polls cost that bring nothing new, and how soon a change is in its file."""
    _, program = started(place, words, env)
    with program:
        first = program.resident_kb / 1000
        cost, asked = cost_of_polls(place, program, kms, seconds, env)
        connections = program.connections
        was = place.files[0].read_bytes()
        began = time.perf_counter()
        kms.model.put(PROJECT.slug, "dev", "/folder-0", {"KEY_000": f"{began}"})
        while place.files[0].read_bytes() == was:
            time.sleep(0.005)
        change = time.perf_counter() - began
        return {
            "mb_at_first_file": round(first, 1),
            "mb_after": round(program.resident_kb / 1000, 1),
            "polls": len(asked),
            "not_modified": sum(one.status == 304 for one in asked),
            **cost,
            "connections": connections,
            "change_to_file_s": round(change, 3),
            "signal_to_end_s": round(signal_to_end(program, kms), 3),
        }


def cost_of_polls(
    place: Place, program: Program, kms: DevServer, seconds: float, env: dict[str, str]
) -> tuple[dict[str, float], list[Asked]]:
    """Return the CPU time of a poll, that of a bare loop in the same seconds, and the agent's polls."""
    words = [sys.executable, "-c", BARE_POLLS.replace("PROJECT", PROJECT.id), kms.url, str(place.templates)]
    with Program(words, env=env, log=place.folder / "bare.log") as bare:
        time.sleep(2.0)  # until both have asked for everything once
        before, bare_before, earlier = program.cpu_seconds, bare.cpu_seconds, len(kms.asked("list"))
        time.sleep(seconds)
        cpu, bare_cpu, asked = program.cpu_seconds - before, bare.cpu_seconds - bare_before, kms.asked("list")[earlier:]
    polls = [one for one in asked if not one.user_agent.startswith(BARES)]
    mean, bare_mean = cpu / len(polls), bare_cpu / (len(asked) - len(polls))
    cost = {
        "cpu_ms_per_poll": round(1e3 * mean, 2),
        "bare_cpu_ms_per_poll": round(1e3 * bare_mean, 2),
        "times_bare_poll": round(mean / bare_mean, 2),
    }
    return cost, polls


def signal_to_end(program: Program, kms: DevServer) -> float:
    """Return the seconds from SIGTERM until it has ended, while a poll waits for an answer that does not come."""
    kms.faults.add(Fault("list", hang=True))
    polls = len(kms.asked("list"))
    while len(kms.asked("list")) == polls:
        time.sleep(0.005)
    began = time.perf_counter()
    program.stop()
    took = time.perf_counter() - began
    kms.faults.clear()
    return took


def many_polls(place: Place, kms: DevServer, polls: int, env: dict[str, str]) -> dict[str, float]:
    """Return the memory of ours after a tenth and after all of so many polls, as quick as they can be."""
    words = [sys.executable, "-c", FAST, str(place.config), "0.002"]
    _, program = started(place, words, env)
    with program:
        count(kms, polls / 10)
        before, spent = program.resident_kb / 1000, program.cpu_seconds
        seen = count(kms, polls - polls / 10)
        return {
            "polls": polls,
            "mb_after_a_tenth": round(before, 1),
            "mb": round(program.resident_kb / 1000, 1),
            "growth_mb": round(program.resident_kb / 1000 - before, 1),
            "cpu_ms_per_poll": round(1e3 * (program.cpu_seconds - spent) / seen, 2),
        }


def count(kms: DevServer, polls: float) -> int:
    """Return how many polls came when it is at least so many; the KMS's record, which keeps no more than so many, is emptied meanwhile."""
    seen = 0
    while seen < polls:
        time.sleep(0.05)
        seen += len(kms.asked("list"))
        kms.journal.clear()
    return seen


BOUNDS: Final[dict[str, float]] = {
    "start_s": 0.5,
    "times_bare": 2.0,
    "cpu_ms_per_poll": 1.5,
    "times_bare_poll": 1.1,
    "mb_at_first_file": 45.0,
    "connections": 1,
    "change_to_file_s": 1.5,
    "signal_to_end_s": 1.0,
    "growth_mb": 1.0,
}


MORE: Final[Mapping[str, dict[str, float]]] = {f"{MOST} templates": {"connections": AGENT.in_flight}}
"""Polls of ten folders may fall together: they take as many connections as requests may be in flight."""


def missed(figures: Mapping[str, Mapping[str, float]]) -> list[str]:
    return [
        f"{part}: {name} is {found[name]}, more than {bound}"
        for part, found in figures.items()
        for name, bound in (BOUNDS | MORE.get(part, {})).items()
        if name in found and found[name] > bound
    ] + [
        f"{part}: {found['polls'] - found['not_modified']} polls were not answered 304"
        for part, found in figures.items()
        if "not_modified" in found and found["polls"] != found["not_modified"]
    ]


def measured(command: str, *, rounds: int, seconds: float, polls: int) -> dict[str, dict[str, float]]:
    figures: dict[str, dict[str, float]] = {}
    with TemporaryDirectory() as home, DevServer(seed()) as kms:
        env = clean_environment(Path(home))
        for count in (1, MOST):
            folder = Path(home) / f"{count}"
            folder.mkdir()
            place = Place(folder, count)
            place.furnish(kms.url)
            ours_only(place, command)
            words = [word.replace(CONFIG, str(place.config)) for word in shlex.split(command)]
            start = start_to_files(place, words, kms.url, rounds, env)
            figures[f"{count} templates"] = {**start, **at_rest(place, words, kms, seconds, env)}
        if command == OURS and polls:
            figures["many polls"] = many_polls(place, kms, polls, env)
    return figures


def main() -> int:
    made = parser(__doc__)
    made.add_argument("--cmd", default=OURS, help="another agent; {config} is the file with its configuration")
    made.add_argument("--rounds", type=int, default=15, help="starts of each kind")
    made.add_argument("--seconds", type=float, default=20.0, help="at rest")
    made.add_argument("--polls", type=int, default=10_000, help="as fast as can be; 0 leaves this out")
    told = made.parse_args()
    figures = measured(told.cmd, rounds=told.rounds, seconds=told.seconds, polls=told.polls)
    return tell({"figures": figures, "bounds": BOUNDS, "missed": missed(figures)})


if __name__ == "__main__":
    sys.exit(main())
