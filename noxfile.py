"""The project's tasks. `nox -s tests` is all that a change must pass; `lint`, `types` and `wheels` are parts of it.

`bench` is none: what it measures is the machine's as well.

A fresh machine needs Python 3.11 or newer and `pip install "nox[uv]"`: uv comes with that, and fills each session's
environment from uv.lock.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nox
from nox.command import CommandFailed

nox.needs_version = ">=2025.5.1"
nox.options.default_venv_backend = "uv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["tests"]

PACKAGES = {
    "secretsync_core": "secretsync",
    "secretsync_k8s": "secretsync_k8s",
    "secretsync_agent": "secretsync_agent",
}
"""Of each distribution, as its wheel spells it, the package to import."""

PYTHONS = ("3.11", "3.12", "3.13")
"""Those that are supported; what is missing on a machine is left out."""

SHARED = (".", "mutants", "controlplane", "oracle", "oracle/sprig")
"""Folders of tests/ whose modules others import."""

BENCHES = ("imports", "feed", "agent", "devserver", "burst", "kms", "operator")
"""The scripts of bench/ that hold claims, the quickest first; its other files serve them."""


SIMULATIONS = ("secretsync_k8s.testing.simulation", "secretsync_agent.testing.simulation")
"""Of operators, and of agents."""


@nox.session
def quickstart(session: nox.Session) -> None:
    """Run the whole of secretsync on this machine, against a development KMS and a cluster in memory."""
    sync(session)
    session.run("secretsync", "quickstart", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Check everything; arguments go to pytest, whose closing line comes last."""
    session.env["UV_COMPILE_BYTECODE"] = "1"  # takes seconds once; the tests start many interpreters
    sync(session, "lint", "types", "test", "bench")
    with timed(session, "lint"):
        check_lint(session)
    with timed(session, "types"):
        check_types(session)
    with timed(session, "wheels"):
        check_wheels(session)
    with timed(session, "control plane"):
        build_control_plane(session)
    session.run("pytest", "-n", "2", "--dist", "worksteal", *session.posargs)


@nox.session
def cluster(session: nox.Session) -> None:
    """Run the tests that need a real control plane, which Go builds the first time; arguments go to pytest."""
    session.env["UV_COMPILE_BYTECODE"] = "1"
    sync(session, "test")
    build_control_plane(session)
    session.run("pytest", "-n", "2", "--dist", "worksteal", "-m", "cluster", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, format and who may import whom."""
    sync(session, "lint")
    check_lint(session)


@nox.session
def types(session: nox.Session) -> None:
    """Check the types of the code and that the public ones are complete."""
    sync(session, "types", "test", "bench")
    check_types(session)


@nox.session
def wheels(session: nox.Session) -> None:
    """Build the wheels and import each from a clean environment, without extras."""
    check_wheels(session)


@nox.session
def mutants(session: nox.Session) -> None:
    """Try whether every mutant of tests/mutants is killed (`-k TEXT`: some of them; `--write`: bring its table up to date)."""
    session.env["UV_COMPILE_BYTECODE"] = "1"
    sync(session, "test")
    session.run("python", "-m", "mutants", *session.posargs, env={"PYTHONPATH": "tests"})


@nox.session
def bench(session: nox.Session) -> None:
    """Measure this machine by every claim of bench/, some minutes long; docs/benchmarks.md says what they mean."""
    session.env["UV_COMPILE_BYTECODE"] = "1"
    sync(session, "bench")
    missed = [name for name in BENCHES if not holds(session, name)]
    if missed:
        session.error(f"bounds were missed by {', '.join(missed)}")


@nox.session
def simulation(session: nox.Session) -> None:
    """Live 3,000 lives of operators and 1,000 of agents (`--seeds N`, or `--hours H` of real time; `--agents`: of these only).

    Each is the same on every Python.
    """
    sync(session)
    compare_pythons(session)
    asked = [word for word in session.posargs if word != "--agents"]
    if "--agents" not in session.posargs:
        session.run("python", "-m", SIMULATIONS[0], *asked)
    session.run("python", "-m", SIMULATIONS[1], *(asked or ["--seeds=1000"]))


@nox.session
def oracle(session: nox.Session) -> None:
    """Compare 20,000 random templates with Go, which must be installed (`--templates N --fuzz N --seed S`)."""
    sync(session, "test")
    session.run("python", "tests/oracle/compare.py", *session.posargs, env={"PYTHONPATH": "tests"})


def compare_pythons(session: nox.Session) -> None:
    """Check that a few lives are the same, byte for byte, on every supported Python that is there."""
    told = {version: digests(session, version) for version in PYTHONS if is_there(session, version)}
    if len(set(told.values())) > 1:
        session.error("\n".join(f"Python {version}:\n{text}" for version, text in told.items()))
    session.log(f"the same lives on Python {', '.join(told)}")


def is_there(session: nox.Session, version: str) -> bool:
    try:
        session.run("uv", "python", "find", "--no-python-downloads", version, silent=True)
    except CommandFailed:
        session.log(f"there is no Python {version} here")
        return False
    return True


def digests(session: nox.Session, version: str) -> str:
    """Return what a few lives have come to on a Python, in an environment of its own."""
    env = Path(session.create_tmp()) / version
    session.run_install(
        *("uv", "sync", "--frozen", "--all-packages", "--no-default-groups", "--quiet", "--no-python-downloads"),
        f"--python={version}",
        env={"UV_PROJECT_ENVIRONMENT": str(env)},
    )
    lives = ("--digests", "--seeds=3", "--length=8")
    told = (session.run(f"{env}/bin/python", "-m", each, *lives, silent=True, external=True) for each in SIMULATIONS)
    return "\n".join(map(str, told))


def holds(session: nox.Session, name: str) -> bool:
    """Run one script with its own bounds; return whether all of them held."""
    try:
        session.run("python", f"bench/{name}.py")
    except CommandFailed:  # the others are still worth knowing
        return False
    return True


def sync(session: nox.Session, *groups: str) -> None:
    """Make the session's environment what uv.lock says: the packages with their extras, and these groups."""
    wanted = [f"--group={group}" for group in groups]
    session.run_install(
        *("uv", "sync", "--frozen", "--all-packages", "--no-default-groups", *wanted, "--quiet"),
        env={"UV_PROJECT_ENVIRONMENT": session.virtualenv.location},
    )


def build_control_plane(session: nox.Session) -> None:
    """Have etcd, kube-apiserver, kube-controller-manager and kubectl built, unless they are there: no test waits so long."""
    session.run("python", "-m", "controlplane.build", env={"PYTHONPATH": "tests"})


def check_lint(session: nox.Session) -> None:
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("lint-imports")


def check_types(session: nox.Session) -> None:
    session.run("mypy", "packages", "tests/typing", "bench", "noxfile.py")
    shared = (path for place in SHARED for path in Path("tests", place).glob("*.py"))
    session.run("mypy", *sorted(map(str, shared)), env={"MYPYPATH": "tests:tests/oracle"})
    session.run("pyright", "tests/typing")
    session.run("pyright", "--verifytypes", "secretsync", "--ignoreexternal", silent=True)  # lists every module


def check_wheels(session: nox.Session) -> None:
    made = Path(session.create_tmp())
    session.run("uv", "build", "--quiet", "--all-packages", "--wheel", "--clear", "--out-dir", f"{made}/dist")
    for distribution, package in PACKAGES.items():
        (wheel,) = (made / "dist").glob(f"{distribution}-*.whl")
        env = made / distribution
        session.run("uv", "venv", "--quiet", "--clear", f"--python={session.bin}/python", f"{env}")
        install = ("uv", "pip", "install", "--quiet", f"--python={env}", f"--find-links={made}/dist", f"{wheel}")
        session.run(*install, "--refresh-package=secretsync-core")  # or an older one of that version may be taken
        session.run(f"{env}/bin/python", "-I", "tests/wheel.py", f"{wheel}", package, external=True)


@contextmanager
def timed(session: nox.Session, tier: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    session.log(f"{tier}: {time.monotonic() - began:.1f} s")
