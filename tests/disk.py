"""Files written as the engine writes them: look, then act on what was seen."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Final

from secretsync.clock import Deadline
from secretsync.digest import Digester
from secretsync.files import CONTENT, MARK, target
from secretsync.files.place import Files
from secretsync.ports import AnyQuery, AnyWire
from secretsync.queries import Absent, Found
from secretsync.targets import Create, Observe, Observed, Update
from secretsync.testing import ManualClock
from secretsync.values import SecretValue, Version

DIGEST: Final = Digester(b"key")


def content(text: str) -> dict[str, SecretValue]:
    return {CONTENT: SecretValue(text)}


def seen(files: Files, path: Path, known: Version | None = None) -> AnyWire:
    query = Observe(target(str(path)))
    versions: dict[AnyQuery, Version] = {} if known is None else {query: known}
    return files.read([query], known=versions, credential=None, deadline=Deadline(ManualClock()))[query]


def look(files: Files, path: Path) -> Observed:
    answer = seen(files, path)
    assert isinstance(answer, Found), answer
    observed: Observed = answer.value
    return observed


def put(files: Files, path: Path, text: str, **wanted: str) -> Observed:
    """Return what a file is after it was created or changed."""
    action: Create | Update
    if isinstance(seen(files, path), Absent):
        action = Create(content(text), wanted, MARK)
    else:
        version = look(files, path).version
        action = Update(content(text), frozenset(), wanted, MARK, "", version)
    result = files.perform(target(str(path)), action, subject="template 1")
    assert isinstance(result, Found)
    return result.value


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def leftovers(folder: Path) -> list[str]:
    """Return the names of files that were never finished."""
    return [one.name for one in folder.iterdir() if one.name.startswith(".secretsync-")]
