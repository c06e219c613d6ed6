"""Processes, and a folder, that end with the process that has them, however that ends.

A test run may be killed: nothing of Python runs then, and children live on. So one more process waits, in a session of
its own, for the end of a pipe that only we hold. It kills what was started and removes the folder. That is how they end
in every run, so it is tested by every run.

    with Leash() as leash:
        leash.folder                        # for whatever they need
        subprocess.Popen(leash.held(argv))

As a program: `python leash.py FOLDER`, with the pipe as its standard input.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Final, Self
from uuid import uuid4

NOTED: Final = "pids"
"""Folder of a file for each process: its id, and when it began, for the id may be another's by the time it is killed."""
_BEGAN: Final = 22
"""Which field of /proc/PID/stat says when a process began."""
_NOTE_AND_BECOME: Final = f'echo $$ $(cut -d" " -f{_BEGAN} /proc/$$/stat) >"$0" && exec "$@"'


class Leash:
    """Has processes, and a folder of its own. Not for several threads."""

    def __init__(self) -> None:
        self.folder = Path(mkdtemp(prefix="secretsync-"))
        (self.folder / NOTED).mkdir()
        program = [sys.executable, "-I", __file__, str(self.folder)]
        self._waiter = subprocess.Popen(program, stdin=subprocess.PIPE, start_new_session=True, cwd="/")

    def held(self, argv: list[str]) -> list[str]:
        """Return a command that becomes that one, with the same process id, once it is noted."""
        return ["sh", "-c", _NOTE_AND_BECOME, str(self.folder / NOTED / uuid4().hex), *argv]

    def close(self) -> None:
        """Kill the processes and remove the folder."""
        assert self._waiter.stdin
        self._waiter.stdin.close()
        self._waiter.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def end(folder: Path) -> None:
    """Kill what is noted in the folder and remove it.

    A process that began but noted nothing yet cannot do so any more and ends by itself.
    """
    notes = folder / NOTED
    gone = notes.rename(folder / "ended")
    for note in gone.iterdir():
        pid, _, began = note.read_text().strip().partition(" ")
        if began and began == start_of(int(pid)):
            os.kill(int(pid), signal.SIGKILL)
    while folder.exists():  # what is being killed may still write
        shutil.rmtree(folder, ignore_errors=True)


def start_of(pid: int) -> str | None:
    """Return when a process began, in ticks of the machine's clock; None where there is none."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[_BEGAN - 3]
    return None


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stdin.buffer.read()
    end(Path(sys.argv[1]))
