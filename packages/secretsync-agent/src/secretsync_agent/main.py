"""`secretsync-agent`: the command line, signals and the end.

0   stopped by a signal, or everything written once where that was asked for
1   not everything could be written, or revoked, or there is no use in going on
2   the command line or the configuration is wrong, or what answers at the address is not the API
130 a second signal came before the first had its way

With a program of `exec` it is that one's exit code, whoever ended it.
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
from typing import TYPE_CHECKING, Final

from attrs import evolve, field

from secretsync.classes import define
from secretsync.clock import FOREVER
from secretsync.errors import InvalidInput
from secretsync.runtime.calls import Calls
from secretsync.runtime.ending import leave

from . import arguments
from .settings import PROGRAM, Arguments, Mode, Settings

if TYPE_CHECKING:
    from secretsync.clock import Clock
    from secretsync.http import Http
    from secretsync.reconcile.messages import Moved
    from secretsync.runtime.late import Late
    from secretsync.values import SecretValue

    from .app import Agent, Listens
    from .children import Child
    from .commands import Commands
    from .readiness import Readiness
    from .settings import Program
    from .supervisor import Supervisor

GRACE: Final = 0.3
"""Seconds that requests under way have to end when the process does."""
AT_ONCE: Final = 130
"""The exit code where a second signal came."""
FORWARDED: Final = (signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH, signal.SIGTTIN, signal.SIGTTOU)
"""Signals that mean nothing to the agent, and something to programs: they go on to the one of `exec`."""


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
    if told.dry_run:  # which may be a look beside an agent at work, whose signs and leases these are
        settings = evolve(settings, ready_file="", health_address="", cache=None)
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
    CHILD = auto()
    FATAL = auto()


@define(eq=False)
class Process:
    """One agent from start to end. `run` may be called once, by the main thread."""

    arguments: Arguments
    settings: Settings
    environ: Mapping[str, str]
    _calls: Calls[Call | signal.Signals] = field(factory=Calls, init=False)
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
        from secretsync.runtime.late import Late

        from .readiness import Readiness

        commands = Late(self._commands)
        readiness = Readiness(self.settings.ready_file, self.environ.get("NOTIFY_SOCKET", ""))
        with ExitStack() as stack:
            stack.enter_context(self._calls)
            agent = self._agent(stack, commands)
            self._serve_probes(stack, agent)
            stack.callback(self._stopping.set)  # first of all, so that nothing waits for another attempt
            readiness.begin()
            stack.callback(readiness.end)
            supervisor = self._supervisor(stack)
            agent.start()
            gc.freeze()  # what was loaded stays: to search it for garbage once takes another tenth of the start
            gc.enable()
            code = self._work(agent, readiness, supervisor)
            if self.once and commands.made:
                commands.made.join(self.arguments.timeout)
        return code

    # -- put together

    def _listen(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT):
            self._calls.on(number, Call.STOP)
        self._calls.on(signal.SIGHUP, Call.RELOAD)
        self._calls.on(signal.SIGCHLD, Call.CHILD)

    def _forward(self) -> None:
        for number in FORWARDED:
            self._calls.on(number, number)

    def _commands(self) -> Commands:
        from .commands import Commands

        return Commands(self.settings.shell, self.environ, self.settings.credential_variables)

    def _agent(self, stack: ExitStack, commands: Late[Commands]) -> Agent:
        from secretsync.client_policy import AGENT
        from secretsync.http import Http
        from secretsync.mailbox import CALLER
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
            driver=lambda engine, executor: Driver(
                engine, executor=executor, clock=clock, limit=limit, inline=[HERE, CALLER], died=self._give_up
            ),
            clock=clock,
            chance=chance,
            entropy=os.urandom,
            proofs=LocalProofs(),
            pause=self._stopping.wait,
            command=lambda command: commands.get().run(command),
            news=lambda: self._calls.put(Call.NEWS),
            fatal=self._give_up,
            feeds=self._feeds(http, clock) if self.settings.events and not self.once else None,
            would=print if self.arguments.dry_run else None,
        )
        stack.callback(agent.close)
        return agent

    def _supervisor(self, stack: ExitStack) -> Supervisor:
        from secretsync.runtime.chance import chance

        from .supervisor import Supervisor

        supervisor = Supervisor(self._start, chance)
        stack.callback(supervisor.kill)
        return supervisor

    def _start(self, program: Program, variables: Mapping[str, SecretValue]) -> Child:
        from .children import Tethered, without

        self._forward()  # not before there is somebody to forward to: until then they mean what they always did
        hidden = frozenset() if program.inherit_credentials else self.settings.credential_variables
        env = {os.fsencode(name): os.fsencode(value) for name, value in without(self.environ, hidden).items()}
        env |= {os.fsencode(name): value.reveal() for name, value in variables.items()}
        ending = program.kill_signal, program.kill_timeout
        return Tethered.start(program.line, shell=self.settings.shell, env=env, ending=ending)

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

    def _work(self, agent: Agent, readiness: Readiness, supervisor: Supervisor) -> int:
        """Do what is called for until one call is the last; return the exit code."""
        end = time.monotonic() + self.arguments.timeout if self.once else FOREVER
        while True:
            call = self._next(min(end, supervisor.wake_at))
            if call is None and time.monotonic() >= end:
                waiting = ", ".join(agent.reports.wrong)
                agent.complain(f"not everything could be written within {self.arguments.timeout:g} s: {waiting}")
                return 1
            code = self._answer(call, agent, readiness, supervisor)
            if code is not None:
                return code
            code = supervisor.step(None if self.once else agent.wanted(), time.monotonic())
            if code is not None:
                return self._end(agent, code)

    def _next(self, end: float) -> Call | signal.Signals | None:
        """Return what is called for next; None if that is nothing until then."""
        return self._calls.get(None if end == FOREVER else max(0.0, end - time.monotonic()))

    def _answer(
        self, call: Call | signal.Signals | None, agent: Agent, readiness: Readiness, supervisor: Supervisor
    ) -> int | None:
        match call:
            case Call.STOP if supervisor.stopping:
                return AT_ONCE
            case Call.STOP:
                supervisor.stop(time.monotonic())
            case Call.FATAL:
                agent.complain(self._fatal)
                supervisor.stop(time.monotonic())
            case signal.Signals():
                supervisor.forward(call)
            case Call.RELOAD:
                self._reload(agent, readiness)
            case Call.NEWS:
                return self._hear(agent, readiness)
        return None

    def _hear(self, agent: Agent, readiness: Readiness) -> int | None:
        """Go by what was looked at; return the exit code if that was all."""
        agent.adjust()
        if self.once and agent.reports.all_reported:
            return agent.finished()
        if agent.reports.all_right:
            readiness.ready()
        return None

    def _end(self, agent: Agent, code: int) -> int:
        """Do what is left once the program has ended; return the exit code."""
        if self._fatal:
            return 1
        own = self._revoked(agent)
        return code or own

    def _revoked(self, agent: Agent) -> int:
        """Say goodbye, and have revoked what is to end with the agent, for as long as it may take."""
        code, end = agent.stopping(), time.monotonic() + self.settings.shutdown_timeout
        while code is None:
            match self._next(end):
                case None:
                    limit, waiting = self.settings.shutdown_timeout, ", ".join(agent.reports.wrong)
                    agent.complain(f"not everything could be revoked within {limit:g} s: {waiting}")
                    code = 1
                case Call.STOP:
                    code = AT_ONCE
                case Call.NEWS:
                    code = agent.revoked()
        return code

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
