"""What one life needs of the process that it is lived in."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_GARBAGE: Final = 50_000
"""New objects after which cycles are looked for: a life makes few, and the usual 700 cost a fourteenth of its time."""


@contextmanager
def heard(by: logging.Handler) -> Iterator[None]:
    """Have everything that is logged told to one handler alone."""
    logger = logging.getLogger("secretsync")
    level, propagate = logger.level, logger.propagate
    logger.addHandler(by)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(by)
        logger.setLevel(level)
        logger.propagate = propagate


def leave_loaded() -> None:
    """Leave what is there now out of all searches for garbage; to be called before a life is made.

    It is loaded, and to look through it again and again costs a sixth of a life. The life before, which is one cycle,
    is looked for first.
    """
    gc.collect()
    gc.freeze()


@contextmanager
def seldom_collecting() -> Iterator[None]:
    """Look for garbage seldom."""
    usual = gc.get_threshold()
    gc.set_threshold(_GARBAGE, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
