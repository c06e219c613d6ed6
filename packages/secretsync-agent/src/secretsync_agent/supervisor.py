"""The program of `exec:`: it starts when everything is there, hears of changes, and ends with the agent (agent §18).

             everything is there         something changed, all that changes with it did, the splay is over
    nothing ────────────────────▶ running ───────────────────────────────────────────▶ told by a signal, or
                                     │                                               asked to end ──▶ started anew
                                     └── ended by itself, or asked to for good: the agent ends with its exit code

Nothing here waits: `step` does what is due, and `wake_at` says when it wants to be called although nothing happened.
"""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, final

from attrs import field

from secretsync.classes import define, frozen
from secretsync.clock import FOREVER
from secretsync.retry import Chance
from secretsync.values import SecretValue

from .settings import TOGETHER, Program

if TYPE_CHECKING:
    from .children import Child  # which is loaded when one is started

log: Final = logging.getLogger("secretsync.agent")

_FAILED: Final = 1
_LOOK: Final = 0.05
"""Seconds between two looks whether something is left: nobody tells of the end of grandchildren."""


@frozen
class Wanted:
    """What a program is to run with, once all of it is there.

    Attributes:
        program: None: there is to be none.
        variables: That templates make, by name.
        files: How often files were written; another number, and they are other files.
    """

    program: Program | None
    variables: Mapping[str, SecretValue] = {}
    files: int = 0


@final
@define(eq=False)
class Supervisor:
    """Keeps one program running. Belongs to one thread; `now` is monotonic, in seconds.

    Attributes:
        start: Starts what is wanted; raises `OSError` if that cannot be.
        chance: For the splay.
        wake_at: When `step` is due although nothing happened.
        stopping: `stop` was called.
    """

    start: Callable[[Program, Mapping[str, SecretValue]], Child]
    chance: Chance
    wake_at: float = field(default=FOREVER, init=False)
    stopping: bool = field(default=False, init=False)
    _child: Child | None = field(default=None, init=False)
    _wanted: Wanted | None = field(default=None, init=False)
    _told: Wanted = field(default=Wanted(None), init=False)
    """What the child was started with, or has heard of since."""
    _asked: bool = field(default=False, init=False)
    """It was to end."""
    _kill_at: float = field(default=FOREVER, init=False)

    def step(self, wanted: Wanted | None, now: float) -> int | None:
        """Do what is due.

        Args:
            wanted: What should be; None: not everything is there that it takes, so what is stays.
            now: The time.

        Returns:
            The exit code to end with: the program's if it ended by itself or by `stop`; 1 if it cannot be started.
        """
        self._wanted = wanted or self._wanted
        if self._child is None:
            return self._begin()
        code = self._child.poll()
        if code is not None:
            return self._ended(code) if self._is_over(self._child, now) else None
        if not self._asked:
            self._compare(now)
        elif now >= self.wake_at:
            self._give_up()
        return None

    def stop(self, now: float) -> None:
        """Have it end for good; one that is about to end has no more time than before."""
        self.stopping = True
        if self._child and not self._asked:
            self._end(self._child, now)

    def kill(self) -> None:
        """End it without another word."""
        if self._child:
            self._child.kill()

    def forward(self, number: int) -> None:
        """Pass a signal on, if somebody is there to take it."""
        if self._child:
            self._child.signal(number)

    # -- how it begins and ends

    def _begin(self) -> int | None:
        if self.stopping:
            return 0
        if self._wanted and (program := self._wanted.program):
            try:
                self._child = self.start(program, self._wanted.variables)
            except OSError as error:
                log.error("unable to start the program of exec because %s", error.strerror)  # noqa: TRY400 - no frames
                return _FAILED
            self._told = self._wanted
            log.info("the program of exec has been started")
        return None

    def _ended(self, code: int) -> int | None:
        was_asked, self._child, self._asked = self._asked, None, False
        self.wake_at = self._kill_at = FOREVER
        log.info("the program of exec has ended with exit code %d", code)
        return self._begin() if was_asked and not self.stopping else code

    def _end(self, child: Child, now: float) -> None:
        self._asked = True
        self._ask(child, now)

    def _ask(self, child: Child, now: float) -> None:
        """Ask it to end, or what it has left behind; once, because there is one time for both."""
        assert self._told.program  # noqa: S101 - it was started
        if self._kill_at == FOREVER:
            child.signal(self._told.program.kill_signal)
            self.wake_at = self._kill_at = now + self._told.program.kill_timeout

    def _is_over(self, child: Child, now: float) -> bool:
        """Whether nothing is left that it has started: a shell may end at once, and what it runs takes its time."""
        if not child.remains():
            return True
        if now >= self._kill_at:
            child.kill()
            return True
        self._ask(child, now)
        self.wake_at = min(self._kill_at, now + _LOOK)
        return False

    def _give_up(self) -> None:
        log.warning("the program of exec did not end in time, so it is killed")
        self.wake_at = FOREVER
        self.kill()

    # -- how it hears of changes

    def _compare(self, now: float) -> None:
        wanted, told = self._wanted, self._told
        if wanted is None or wanted == told:
            self.wake_at = FOREVER
        elif self.wake_at == FOREVER:
            self.wake_at = now + TOGETHER + self.chance() * (told.program.splay if told.program else 0.0)
        elif now >= self.wake_at:
            self.wake_at = FOREVER
            self._tell(wanted, told, now)

    def _tell(self, wanted: Wanted, told: Wanted, now: float) -> None:
        assert self._child  # noqa: S101 - there is somebody to be told
        if _needs_another(wanted, told):
            log.info("the program of exec is started anew, because what it runs with has changed")
            self._end(self._child, now)
            return
        self._told = wanted
        reload = wanted.program.reload_signal if wanted.program else None
        if reload and wanted.files != told.files:
            log.info("the program of exec is told by %s that files have changed", signal.Signals(reload).name)
            self._child.signal(reload)


def _needs_another(wanted: Wanted, told: Wanted) -> bool:
    """Whether what changed cannot reach a program that runs."""
    program = wanted.program
    if program is None or program != told.program:
        return True
    return program.restarts and (wanted.variables != told.variables or not program.reload_signal)
