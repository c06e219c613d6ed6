"""Programs under measurement: started in a clean environment, measured through /proc, ended by their ids."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

BIN: Final = Path(sys.executable).parent
"""Where the commands of this environment are."""

_BY_SCHEDULER: Final = 2
"""Which clock of a process: Linux makes its number of the process's id, and the C library has no name for it."""
_INODE: Final = 9
"""Which column of a table of connections names the socket."""
_PATIENCE: Final = 20.0
"""Seconds for an orderly end."""


def clean_environment(home: Path, **more: str) -> dict[str, str]:
    """Return what a program may know of this shell: where programs are. Above all nothing of Python's own settings."""
    return {"PATH": f"{BIN}{os.pathsep}{os.defpath}", "HOME": str(home), "LANG": "C.UTF-8", **more}


class Running:
    """A process, by its id: what it costs."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    @property
    def connections(self) -> int:
        """How many TCP connections it has open."""
        folder = f"/proc/{self.pid}"
        links = (str(path.readlink()) for path in Path(folder, "fd").iterdir())
        lines = [line for name in ("tcp", "tcp6") for line in Path(folder, "net", name).read_text().splitlines()[1:]]
        inodes = {line.split()[_INODE] for line in lines}
        return sum(link.removeprefix("socket:[").rstrip("]") in inodes for link in links)

    @property
    def cpu_seconds(self) -> float:
        """User and system time of all its threads so far, those that have ended too.

        From the process's CPU clock, which is the sum of what the scheduler counts of each thread, in nanoseconds:
        `/proc/PID/stat` goes in steps of 10 ms, which is more than many polls cost.
        """
        return time.clock_gettime(~self.pid << 3 | _BY_SCHEDULER)

    @property
    def peak_mib(self) -> float:
        """The most memory that it ever had resident."""
        return self._memory("VmHWM") / 1024

    @property
    def resident_kb(self) -> float:
        """The memory that it has resident now, in units of 1000 bytes."""
        return self._memory("VmRSS") * 1.024

    @property
    def descriptors(self) -> int:
        """How many files and sockets it has open."""
        return sum(1 for _ in Path(f"/proc/{self.pid}/fd").iterdir())

    def _memory(self, name: str) -> int:
        line = next(line for line in self._proc("status").splitlines() if line.startswith(f"{name}:"))
        return int(line.split()[1])

    def _proc(self, name: str) -> str:
        return Path(f"/proc/{self.pid}/{name}").read_text()


class Program(Running):
    """A running program; a context manager that ends it.

    Args:
        command: Its words; a script of this environment needs no path.
        env: All of its environment.
        log: The file for what it says on standard error.
    """

    def __init__(self, command: Sequence[str], *, env: dict[str, str], log: Path) -> None:
        self._log = log
        with log.open("w") as file:
            self._process = subprocess.Popen(
                command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=file, text=True
            )
        super().__init__(self._process.pid)

    def line(self) -> str:
        """Return the next line that it prints.

        Raises:
            RuntimeError: It ended without one.
        """
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args!r} ended at once: {self.last_words()}")
        return line

    def tell(self, line: str) -> None:
        """Write a line to its standard input."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def last_words(self) -> str:
        return self._log.read_text()[-2000:].strip() or "it said nothing"

    def stop(self) -> None:
        """End it in its own way, and if that takes too long in ours. Twice is fine."""
        self._process.terminate()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
