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


@contextmanager
def seldom_collecting() -> Iterator[None]:
    """Look for garbage seldom, and at the end."""
    usual = gc.get_threshold()
    gc.freeze()  # what is loaded is no garbage, and to look through it costs a sixth of a life
    gc.set_threshold(_GARBAGE, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.collect()  # the life, which is one cycle
        gc.unfreeze()
