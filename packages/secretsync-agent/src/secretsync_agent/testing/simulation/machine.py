"""What befalls the agent's process and its disk."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from secretsync.testing.simulation.deeds import Deed, Undo

from .deeds import kind
from .process import AgentProcess
from .stage import Stage


def _processes(stage: Stage) -> Sequence[AgentProcess]:
    return (stage.process,) if stage.process.alive else ()


def _phases(stage: Stage, process: AgentProcess) -> Collection[str]:  # noqa: ARG001 - it knows itself
    return process.phases


@kind("process killed", "process", among=_processes, phases=_phases)
def _kill(stage: Stage, deed: Deed, process: AgentProcess) -> None:  # noqa: ARG001 - there is one way only
    process.kill()


@kind("process stopped", "process", among=_processes, phases=_phases)
def _stop(stage: Stage, deed: Deed, process: AgentProcess) -> None:  # noqa: ARG001 - as above
    stage.story.tell(process.name, "is asked to end")
    process.stop()


@kind("process suspended", "process", among=_processes, phases=_phases, lasts=(1.0, 300.0))
def _suspend(stage: Stage, deed: Deed, process: AgentProcess) -> Undo:
    stage.story.tell(process.name, f"is suspended, with its machine, for {deed.seconds:.0f} s")
    process.life.hold(min(stage.world.now + deed.seconds, deed.until))
    return lambda: None


@kind("disk full", "disk", among=_processes, phases=_phases, lasts=(5.0, 600.0))
def _fill(stage: Stage, deed: Deed, process: AgentProcess) -> Undo:  # noqa: ARG001 - whoever writes
    stage.story.tell("the disk", f"is full for {deed.seconds:.0f} s")
    stage.disk.full += 1

    def end() -> None:
        stage.disk.full -= 1
        stage.filled = stage.world.now
        stage.story.tell("the disk", "has room again")

    return end
