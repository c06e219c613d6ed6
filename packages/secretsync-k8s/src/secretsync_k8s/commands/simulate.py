"""`secretsync simulate`: what would become of KMSSecrets when everything goes wrong that can, told before it does."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from secretsync.cli.command import Command
from secretsync.errors import InvalidInput, MissingExtra

if TYPE_CHECKING:
    from secretsync.testing.simulation.many import Life

    from ..testing.simulation.scenario import Scenario
    from ..testing.simulation.shrink import Case

_NONE: Final = "none"
_VIOLATED: Final = 1


def numbers(text: str) -> tuple[int, ...]:
    """Return the numbers in `3,7,12`; none in `none`.

    Raises:
        ArgumentTypeError: The text is neither.
    """
    words = [] if text == _NONE else text.split(",")
    if not all(word.isascii() and word.isdigit() for word in words):
        raise ArgumentTypeError(f'not numbers with commas between, as in 3,7,12, nor "{_NONE}"')
    return tuple(map(int, words))


def _above_zero(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0.0 < number < float("inf"):
        raise ArgumentTypeError("not a number above 0")
    return number


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text)):
        raise ArgumentTypeError("not a whole number above 0")
    return int(text)


def _configure(parser: ArgumentParser) -> None:
    file = "manifests to simulate, or a folder of them; may be repeated; without it, made-up ones"
    parser.add_argument("-f", "--file", type=Path, action="append", default=[], metavar="FILE|DIR", help=file)
    parser.add_argument("--seeds", type=_count, default=20, metavar="N", help="how many lives to live (default 20)")
    parser.add_argument("--seed", type=int, metavar="K", help="live this one life, and report nothing else")
    hours = "virtual hours of a life (default 24, or more if the manifests' intervals need it)"
    parser.add_argument("--hours", type=_above_zero, metavar="H", help=hours)
    deeds = "with --seed: of all that goes wrong only this, by number; as a story's last line has it"
    parser.add_argument("--deeds", type=numbers, metavar="N,…", help=deeds)
    objects = "with --seed: only these objects, as namespace/name with commas between"
    parser.add_argument(
        "--objects", type=lambda text: tuple(text.split(",")), default=(), metavar="NAMES", help=objects
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of text")
    parser.epilog = "Exit status: 0 all is well, 1 something happened that must not, 2 wrong input."


def _run(args: Namespace) -> int:
    _need_extra()
    if args.seed is None and (args.deeds is not None or args.objects):
        raise InvalidInput(["--deeds and --objects are about one life; say which by --seed"])
    scenario, notes = _scenario(args.file)
    hours = _hours(args.hours, scenario)
    if args.seed is not None:
        return _one_life(args, scenario, hours)
    return _many_lives(args, scenario, hours, notes)


def _need_extra() -> None:
    try:
        from ..testing.simulation import simulation  # noqa: F401 - whether it can be had is the question
    except MissingExtra:
        pass  # raised anew below, with the extra that brings all of it
    except ModuleNotFoundError as error:
        if error.name != "greenlet":
            raise
    else:
        return
    raise MissingExtra("the simulation", "secretsync-k8s[simulation]")


def _scenario(files: list[Path]) -> tuple[Scenario | None, tuple[str, ...]]:
    """Return what to simulate, None for what each seed draws, and what is to be said about it.

    Raises:
        InvalidInput: With every problem of the files.
    """
    if not files:
        return None, ()
    from ..testing.simulation.built import build
    from .inputs import load

    inputs = load(files)
    built = build(inputs.objects)
    if not built.scenario.objects:
        raise InvalidInput([f"nothing is left to simulate; {note}" for note in built.notes])
    others = [f"no KMSSecret, and so left out: {', '.join(inputs.others)}"] if inputs.others else []
    return built.scenario, (*others, *built.notes)


def _hours(wanted: float | None, scenario: Scenario | None) -> float:
    """Return the hours of a life.

    Raises:
        InvalidInput: They are too few for a storm.
    """
    from ..testing.simulation.simulation import length, scenario_of

    least = length(1, scenario or scenario_of(0))
    if wanted is not None and wanted < least:
        raise InvalidInput([f"--hours: {wanted:g} is too short for a storm and the recovery; take {least:g} or more"])
    return wanted or max(24.0, least)


# -- one life


def _one_life(args: Namespace, scenario: Scenario | None, hours: float) -> int:
    from secretsync.testing.simulation.shrink import Shrunk, shrink

    from ..testing.simulation.shrink import lines_that_matter, tell
    from ..testing.simulation.simulation import plan

    case = _case(args, args.seed, scenario, hours)
    _refuse_unknown(args, case, len(plan(case.seed, case.hours, case.scenario)))
    result = case.live()
    if result.violation is None:
        told, story = [f"seed {case.seed}: {result.hours:g} hours, and nothing that must not happen did"], []
    else:
        whole = Shrunk(case, result, result.violation, 0)
        told = tell(whole if args.deeds is not None else shrink(case, result))
        story = list(lines_that_matter(whole))
    if args.json:
        violated = str(result.violation or "")
        _print_json({"seed": case.seed, "violated": violated, "digest": result.digest, "story": story})
    else:
        _say(*told)
    return _VIOLATED if result.violation else 0


def _case(args: Namespace, seed: int, scenario: Scenario | None, hours: float) -> Case:
    from ..testing.simulation.shrink import Case
    from ..testing.simulation.simulation import scenario_of

    files = tuple(map(str, args.file))
    return Case(seed, hours, scenario or scenario_of(seed), args.deeds, files=files, objects=args.objects)


def _refuse_unknown(args: Namespace, case: Case, deeds: int) -> None:
    from ..testing.simulation.scenario import full_name

    names = set(map(full_name, case.scenario.objects))
    problems = [f"--objects: there is no {name}" for name in args.objects if name not in names]
    problems += [f"--deeds: {n} is none of 0 to {deeds - 1}" for n in args.deeds or () if n >= deeds]
    if problems:
        raise InvalidInput(problems)


# -- many lives, and the report


def _many_lives(args: Namespace, scenario: Scenario | None, hours: float, notes: tuple[str, ...]) -> int:
    from ..testing.simulation.lives import live_all
    from ..testing.simulation.report import Report, measure, text
    from ..testing.simulation.simulation import scenario_of

    lives = sorted(
        _shown(live_all(range(args.seeds), hours=hours, scenario=scenario), args), key=lambda life: life.seed
    )
    broken = [life for life in lives if life.violated]
    stories = list(_stories(args, scenario, hours, broken))
    report = Report(tuple(lives), hours, measure(scenario or scenario_of(0)), notes)
    if args.json:
        _print_json({**report.to_json(), "violations": stories})
    else:
        _say(*(line for story in stories for line in (*story, "")), *text(report))
    return _VIOLATED if broken else 0


def _shown(lives: Iterable[Life], args: Namespace) -> Iterator[Life]:
    """Pass lives on, and say on the standard error how many there were, where somebody looks at it."""
    watched = sys.stderr.isatty()
    for n, life in enumerate(lives, 1):
        if watched:
            sys.stderr.write(f"\r{n} of {args.seeds} lives{'' if n < args.seeds else chr(10)}")
        yield life


def _stories(args: Namespace, scenario: Scenario | None, hours: float, broken: list[Life]) -> Iterator[list[str]]:
    """Yield the story of the first violation, and how to see the others."""
    from secretsync.testing.simulation.shrink import shrink

    from ..testing.simulation.shrink import tell

    for n, life in enumerate(broken):
        case = _case(args, life.seed, scenario, hours)
        if n == 0:
            yield tell(shrink(case, case.live()))
        else:
            yield [f"seed {life.seed}: {life.violated}", f"  See it: {case.command}"]


def _print_json(document: object) -> None:
    _say(json.dumps(document, indent=2))


def _say(*lines: str) -> None:
    print(*lines, sep="\n", flush=True)  # noqa: T201 - the command line's voice


command: Final = Command("simulate", "see what would become of KMSSecrets when things go wrong", _configure, _run)
