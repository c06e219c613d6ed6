"""Trying a mutant: its killer, and nothing else, runs against a copy of the packages with the bug in it.

The copy comes first on the path of a process of its own, so neither the checkout nor other trials see it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from xml.etree import ElementTree as ET

from attrs import frozen

from .mutant import LIFE, ROOT, Mutant, packages

TIMEOUT: Final = 300.0
_PATIENCE: Final = 60
"""Seconds for one test."""
_NOTICED: Final = re.compile(r"assert\b|(\w+\.)*(AssertionError|Violated|TimeoutError|Failed)\b")
"""How a failure begins that says what is wrong: an assertion, a violation, an event that never came. What merely fell
over (an import, a name, a type) proves nothing about its test."""


@frozen
class Verdict:
    """What became of a mutant.

    Attributes:
        said: The first words of what killed it, or why nobody did.
    """

    mutant: Mutant
    killed: bool
    said: str
    seconds: float


def tried(mutant: Mutant) -> Verdict:
    """Run the killer of one mutant against it."""
    began = time.monotonic()
    with TemporaryDirectory(prefix="mutant-") as directory:
        overlay = Path(directory)
        for package in packages():
            shutil.copytree(package, overlay / package.name, ignore=shutil.ignore_patterns("*.pyc.*"))
        file = overlay / mutant.file
        file.write_text(mutant.applied(file.read_text()))
        failures = list(_failures((mutant.killer,), overlay))
    noticed = [failure for failure in failures if notices(failure)]
    said = (noticed or failures or ["nobody noticed"])[0]
    return Verdict(mutant, bool(noticed), said, time.monotonic() - began)


def sound(killers: Iterable[str]) -> list[str]:
    """Return how killers fail on the code as it is: none should."""
    with TemporaryDirectory(prefix="mutant-") as directory:
        return list(_failures(sorted(set(killers)), Path(directory)))


def notices(failure: str) -> bool:
    """Return whether the message of a failure says that something is wrong with what was tested."""
    return _NOTICED.match(failure) is not None


def _failures(killers: Iterable[str], overlay: Path) -> Iterator[str]:
    nodes = [killer for killer in killers if not killer.startswith(LIFE)]
    if nodes:
        yield from _of_tests(nodes, overlay)
    for killer in killers:
        if killer.startswith(LIFE):
            yield from _of_life(killer.removeprefix(LIFE), overlay)


def _of_tests(nodes: list[str], overlay: Path) -> Iterator[str]:
    report = overlay / "report.xml"
    options = ("-q", "--tb=line", "-pno:cacheprovider", "-pno:xdist", f"--timeout={_PATIENCE}", f"--junitxml={report}")
    done = _run(overlay, "pytest", *options, *(f"tests/{node}" for node in nodes))
    if not report.exists():
        yield f"pytest did not run: {done.strip()[-200:]}"
        return
    cases = list(ET.parse(report).iter("testcase"))
    if not cases:
        yield "no test ran"
    for case in cases:
        for failure in (one for one in case if one.tag in {"failure", "error", "skipped"}):
            yield f"{_first_line(failure.get('message', ''))} (in {case.get('name')})"


def _of_life(seed: str, overlay: Path) -> Iterator[str]:
    if said := _first_line(_run(overlay, "mutants.life", seed)):
        yield f"{said} (in a life of seed {seed})"


def _first_line(text: str) -> str:
    return next(iter(text.splitlines()), "")


def _run(overlay: Path, module: str, *arguments: str) -> str:
    """Return what a module prints; the packages of the overlay, where it holds any, are the ones it imports."""
    env = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join((str(overlay), str(ROOT / "tests"))),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(overlay / "hypothesis"),
        "CI": "1",  # hypothesis draws the same examples each time
    }
    command = (sys.executable, "-m", module, *arguments)
    with subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as run:
        try:
            return run.communicate(timeout=TIMEOUT)[0]
        except subprocess.TimeoutExpired:
            run.kill()
            return "did not end"
