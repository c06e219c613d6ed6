"""What a sub-command of `secretsync` is: found by its entry point in the group `secretsync.commands`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable

from ..classes import frozen


@frozen
class Command:
    """One sub-command. Its module is light to import, because `secretsync --help` imports all: what is heavy, `run` does.

    Attributes:
        name: As people type it; the name of its entry point too.
        help: One line.
        configure: Adds its options to a parser.
        run: Does it and returns the exit status; errors of ours may pass through it.
    """

    name: str
    help: str
    configure: Callable[[ArgumentParser], None]
    run: Callable[[Namespace], int]
