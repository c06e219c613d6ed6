"""The Go program of this folder: built once for each state of its sources, in a cache outside of the repository."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import resource
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

HERE: Final = Path(__file__).parent
SOURCES: Final = ("go.mod", "go.sum", "main.go")
FATAL: Final = (b"stack overflow", b"out of memory", b"out of time")
"""What is said of those ends of a process that a template can bring about."""
SECONDS: Final = 120
MEMORY: Final = 4 * 2**30


def program() -> Path:
    """Return the path of the program."""
    digest = hashlib.sha256(b"".join((HERE / name).read_bytes() for name in SOURCES)).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "secretsync-oracle"
    path = cache / digest / "oracle"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        # Under another name first: who runs at the same time must not find half a program.
        made = path.with_name(f"making-{os.getpid()}")
        subprocess.run(["go", "build", "-tags", "faketime", "-o", made, "."], cwd=HERE, check=True)
        made.rename(path)
    return path


def answered(cases: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what Go makes of each case: `output`, `raw_output` (base64 of what is no UTF-8), `error` or `crash`.

    A crash is what no program survives, such as the printing of a map that holds itself, or a loop without end.
    """
    answers: list[dict[str, Any]] = []
    while len(answers) < len(cases):
        answers += _run(cases[len(answers) :])
    return answers


def _run(cases: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the answers up to the first crash."""
    with TemporaryDirectory() as folder:
        asked, told = Path(folder, "cases"), Path(folder, "results")
        asked.write_text("".join(json.dumps({"name": "t", **case}) + "\n" for case in cases), "ascii")
        code, errors = _ended([str(program()), str(asked), str(told)])
        answers = [json.loads(line) for line in told.read_bytes().splitlines()]
    if len(answers) == len(cases):
        return answers
    if not any(known in errors for known in FATAL):
        raise RuntimeError(f"Go ended with {code} at {cases[len(answers)]}: {errors[:2000]!r}")
    return [*answers, {"crash": True}]


def _ended(command: Sequence[str]) -> tuple[int, bytes]:
    """Run a command in bounds of time and memory."""
    environment = {**os.environ, "TZ": "UTC"}
    with subprocess.Popen(
        command,
        env=environment,
        stderr=subprocess.PIPE,
        preexec_fn=_bound_memory,  # noqa: PLW1509  # no threads here
    ) as process:
        try:
            _, errors = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            errors = b"out of time"
    return process.returncode, errors


def _bound_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def text_of(answer: dict[str, Any]) -> str:
    """Return the text of an answer, be it an output or an error."""
    if "raw_output" in answer:
        return base64.b64decode(answer["raw_output"]).decode("utf-8", "surrogateescape")
    return str(answer["error"] if "error" in answer else answer["output"])
