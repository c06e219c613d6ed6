"""What a path leads to."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Final

_MOUNTS: Final = Path("/proc/self/mountinfo")
_OCTAL: Final = re.compile(r"\\([0-7]{3})")
_POINT: Final = 4
"""Which field of a line names where something is mounted; blanks in it are written in octal."""


def real_path(path: str) -> str:
    """Return where a file is, or would be created: every symbolic link is followed, one that leads to nothing too.

    Raises:
        OSError: Links lead in a circle, or through what is no folder, or the system does not follow them: one that
            somebody else laid in a folder where everybody may.
    """
    with suppress(FileNotFoundError):  # it is yet to be created
        Path(path).stat()  # the system's own way there, which is the one that is guarded
    return os.path.realpath(path)


def is_mounted(real: str) -> bool:
    """Whether a file is mounted by itself, so that nothing can be renamed over it; False where nobody can tell."""
    try:
        lines = _MOUNTS.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return False
    return any(_plain(line.split(" ")[_POINT]) == real for line in lines)


def _plain(point: str) -> str:
    return _OCTAL.sub(lambda found: chr(int(found[1], 8)), point)
