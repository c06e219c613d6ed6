"""`secretsync-agent`: the command line, signals and the end.

0   stopped by a signal, or everything written once where that was asked for
1   not everything could be written, or there is no use in going on
2   the command line or the configuration is wrong, or what answers at the address is not the API
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from enum import Enum, auto
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final

from attrs import define, evolve, field

from secretsync.errors import InvalidInput
from secretsync.runtime.ending import leave

from . import arguments
from .settings import PROGRAM, Arguments, Mode, Settings

if TYPE_CHECKING:
    from secretsync.clock import Clock
    from secretsync.http import Http
    from secretsync.reconcile.messages import Moved

    from .app import Agent, Listens
    from .commands import Commands
    from .readiness import Readiness

GRACE: Final = 0.3
"""Seconds that requests under way have to end when the process does."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the agent; return the exit code, or end the process if threads hang on."""
    gc.disable()  # until it works: to look again and again through what was just loaded takes a tenth of the start
    try:
        code = _main(sys.argv[1:] if argv is None else argv)
    except InvalidInput as error:
        _say(error.problems)
        code = 2
    finally:
        gc.enable()
    return leave(code, grace=GRACE)  # every write is over


def _main(argv: Sequence[str]) -> int:
    told = arguments.parse(argv, os.environ)
    if told is None:
        return 0
    from . import config, logs  # late, like all that neither help nor a wrong command line needs

    settings = config.load(told, os.environ)
    if told.mode is Mode.VALIDATE:
        return _validate(settings)
    if told.dry_run:  # which may be a look beside an agent at work, whose signs these are
        settings = evolve(settings, ready_file="", health_address="")
    logs.configure(told, no_color=bool(os.environ.get("NO_COLOR")))
    return Process(told, settings, os.environ).run()


def _validate(settings: Settings) -> int:
    from .validation import validate

    _say(settings.warnings)
    print(*validate(settings), sep="\n")  # noqa: T201 - the command's voice
    return 0


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        print(f"{PROGRAM}: {line}", file=sys.stderr)  # noqa: T201 - there is no log yet


class Call(Enum):
    """What the main thread is woken for."""

    STOP = auto()
    RELOAD = auto()
    NEWS = auto()
    FATAL = auto()


@define(eq=False)
class Process:
    """One agent from start to end. `run` may be called once, by the main thread."""

    arguments: Arguments
    settings: Settings
    environ: Mapping[str, str]
    _calls: SimpleQueue[Call] = field(factory=SimpleQueue, init=False)
    _stopping: threading.Event = field(factory=threading.Event, init=False)
    _fatal: str = field(default="", init=False)

    @property
    def once(self) -> bool:
        """Everything is written once, and that is it."""
        return self.arguments.once or self.arguments.dry_run or self.settings.exit_after_auth

    def run(self) -> int:
        """Return the exit code.

        Raises:
            InvalidInput: The address of the page for probes cannot be used.
        """
        self._listen()
        from .commands import Commands
        from .readiness import Readiness

        commands = Commands(self.settings.shell, self.environ, self.settings.credential_variables)
        readiness = Readiness(self.settings.ready_file, self.environ.get("NOTIFY_SOCKET", ""))
        with ExitStack() as stack:
            agent = self._agent(stack, commands)
            self._serve_probes(stack, agent)
            stack.callback(self._stopping.set)  # first of all, so that nothing waits for another attempt
            readiness.begin()
            stack.callback(readiness.end)
            agent.start()
            gc.enable()
            code = self._work(agent, readiness)
            if self.once:
                commands.join(self.arguments.timeout)
        return code

    # -- put together

    def _listen(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT):
            signal.signal(number, lambda *_: self._calls.put(Call.STOP))
        signal.signal(signal.SIGHUP, lambda *_: self._calls.put(Call.RELOAD))

    def _agent(self, stack: ExitStack, commands: Commands) -> Agent:
        from secretsync.client_policy import AGENT
        from secretsync.http import Http
        from secretsync.runtime.chance import chance
        from secretsync.runtime.clock import SystemClock
        from secretsync.runtime.driver import Driver
        from secretsync.runtime.proofs import LocalProofs

        from .app import Agent, limit
        from .local import HERE

        clock, bundles = SystemClock(), dict[str, bytes]()
        http = Http(AGENT, clock, bundles=bundles)
        stack.callback(http.close)
        agent = Agent(
            self.settings,
            http=http,
            bundles=bundles,
            driver=lambda engine, executor: Driver(engine, executor=executor, clock=clock, limit=limit, inline=[HERE]),
            clock=clock,
            chance=chance,
            entropy=os.urandom,
            proofs=LocalProofs(),
            pause=self._stopping.wait,
            command=commands.run,
            news=lambda: self._calls.put(Call.NEWS),
            fatal=self._give_up,
            feeds=self._feeds(http, clock) if self.settings.events and not self.once else None,
            would=print if self.arguments.dry_run else None,
        )
        stack.callback(agent.close)
        return agent

    @staticmethod
    def _feeds(http: Http, clock: Clock) -> Callable[[Callable[[Moved], None]], Listens]:
        from secretsync.runtime.chance import chance
        from secretsync.runtime.feeds import Feeds

        return lambda send: Feeds(http, send=send, clock=clock, chance=chance)

    def _serve_probes(self, stack: ExitStack, agent: Agent) -> None:
        if not self.settings.health_address:
            return
        from secretsync.runtime.pages import Pages, probes

        routes = probes(healthz=agent.healthy, readyz=agent.ready)
        stack.enter_context(Pages(self.settings.health_address, routes, flag="health-address"))

    def _give_up(self, why: str) -> None:
        self._fatal = why
        self._calls.put(Call.FATAL)

    # -- at work

    def _work(self, agent: Agent, readiness: Readiness) -> int:
        """Do what is called for until one call is the last; return the exit code."""
        end = time.monotonic() + self.arguments.timeout
        while True:
            try:
                call = self._calls.get(timeout=max(0.0, end - time.monotonic()) if self.once else None)
            except Empty:
                waiting = ", ".join(agent.reports.wrong)
                agent.complain(f"not everything could be written within {self.arguments.timeout:g} s: {waiting}")
                return 1
            code = self._answer(call, agent, readiness)
            if code is not None:
                return code

    def _answer(self, call: Call, agent: Agent, readiness: Readiness) -> int | None:
        match call:
            case Call.STOP:
                return agent.stopping()
            case Call.FATAL:
                agent.complain(self._fatal)
                return 1
            case Call.RELOAD:
                self._reload(agent, readiness)
            case Call.NEWS if self.once and agent.reports.all_reported:
                return agent.finished()
            case Call.NEWS if agent.reports.all_right:
                readiness.ready()
        return None

    def _reload(self, agent: Agent, readiness: Readiness) -> None:
        """Take the configuration as it is now; one that is wrong changes nothing."""
        from . import config

        readiness.reloading(time.monotonic_ns() // 1000)
        try:
            agent.apply(config.load(self.arguments, self.environ))
        except InvalidInput as error:
            for problem in error.problems:
                agent.complain(f"the configuration is not taken over: {problem}")
        readiness.reloaded()


if __name__ == "__main__":
    sys.exit(main())
