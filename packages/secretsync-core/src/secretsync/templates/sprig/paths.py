"""Sprig's chapter on paths. Those of the system are those of Unix, wherever a template is rendered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..functions import Function


def clean(path: str) -> str:
    """Return the shortest path that means the same, by its text alone."""
    root = "/" if path.startswith("/") else ""
    steps: list[str] = []
    for step in path.split("/"):
        if step == ".." and steps and steps[-1] != "..":
            steps.pop()
        elif step == ".." and root:
            continue  # there is nothing above
        elif step not in ("", "."):
            steps.append(step)
    return root + "/".join(steps) or "."


def base(path: str) -> str:
    """Return the last step of a path."""
    if not path:
        return "."
    return path.rstrip("/").rpartition("/")[2] or "/"


def directory(path: str) -> str:
    """Return a path without its last step."""
    before, slash, _ = path.rpartition("/")
    return clean(before + slash)


def extension(path: str) -> str:
    """Return what the last step of a path has from its last point on."""
    _, point, after = path.rpartition("/")[2].rpartition(".")
    return point + after if point else ""


def is_absolute(path: str) -> bool:
    return path.startswith("/")


_BASE: Final = Function(base, ("string",), gives="string")
_CLEAN: Final = Function(clean, ("string",), gives="string")
_DIRECTORY: Final = Function(directory, ("string",), gives="string")
_EXTENSION: Final = Function(extension, ("string",), gives="string")
_IS_ABSOLUTE: Final = Function(is_absolute, ("string",), gives="bool")

FUNCTIONS: Final[Mapping[str, Function]] = {
    "base": _BASE,
    "clean": _CLEAN,
    "dir": _DIRECTORY,
    "ext": _EXTENSION,
    "isAbs": _IS_ABSOLUTE,
    "osBase": _BASE,
    "osClean": _CLEAN,
    "osDir": _DIRECTORY,
    "osExt": _EXTENSION,
    "osIsAbs": _IS_ABSOLUTE,
}
