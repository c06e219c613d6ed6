"""Figures, what is claimed of them, and how a script tells which of that does not hold."""

from __future__ import annotations

import json
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from attrs import frozen

Json = dict[str, Any]


@frozen
class Claim:
    """A figure and the most that it may be; None: it could not be had."""

    what: str
    value: float | None
    most: float

    @property
    def holds(self) -> bool:
        return self.value is not None and self.value <= self.most


Measured = tuple[Json, list[Claim]]
Measure = Callable[[], Measured]


def parser(description: str | None, parts: Iterable[str] = ()) -> ArgumentParser:
    """Return what reads a command line, which may ask for some of the parts only."""
    made = ArgumentParser(description=description, formatter_class=RawDescriptionHelpFormatter)
    if parts:
        made.add_argument("--part", action="append", choices=parts, help="only this; may be repeated")
    return made


def tell(told: Json) -> int:
    """Print what was measured; return the exit code, 1 if something in it does not hold."""
    print(json.dumps(told, indent=2))
    return 1 if told["missed"] else 0


def report(measures: Mapping[str, Measure]) -> Json:
    """Measure one after the other; return the figures of each, and in `missed` what does not hold."""
    told: Json = {"missed": []}
    for name, measure in measures.items():
        told[name], missed = told_of(measure)
        told["missed"] += [f"{name}: {claim}" for claim in missed]
    return told


def told_of(measure: Measure) -> tuple[Json, list[str]]:
    try:
        figures, claims = measure()
    except (RuntimeError, OSError) as error:
        return {}, [f"nothing was measured: {error}"]
    bounds = [{"claim": one.what, "value": one.value, "most": one.most, "holds": one.holds} for one in claims]
    missed = [f"{one.what}: {one.value}, more than {one.most:g}" for one in claims if not one.holds]
    return {"bounds": bounds, **figures}, missed
