"""Random templates, executed by Go and by us: the differences by kind, each by the shortest template that shows it.

    PYTHONPATH=tests python tests/oracle/compare.py --templates 20000 --fuzz 100000 --seed 1

The outcome must be equal: the same text, or an error in both. Texts of errors are compared too, and count apart.
Hostile templates follow: of these Go and we must agree which are templates, and why not; rendering one must end in
time and memory, with a text or an error of ours.
"""

from __future__ import annotations

import argparse
import base64
import re
import resource
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from random import Random, SystemRandom
from typing import Any, Final, NamedTuple

import random_sprig
import random_templates
from program import answered

import golden
import hostile

BATCH: Final = 1000
SHOWN: Final = 3
"""Differences of a kind that are made short and shown."""
SHOWN_TEXT: Final = 300
"""Characters of a hostile template that are shown."""
SLOW: Final = 2.0
"""Seconds that no hostile template may take."""
BEHIND: Final = "slice index out of bounds"
"""Our answer to who slices behind the end of a list, where Go lets see what it has reserved for further elements."""
INSIDE: Final = re.compile(r"\{\S+ \S+ \S+\}")
"""What Go keeps within a time, under verbs of numbers; one of the three is where it has its zone in memory."""
Case = dict[str, Any]


class Difference(NamedTuple):
    """A case that comes to something else here than in Go."""

    case: Case
    ours: golden.Answer
    theirs: golden.Answer

    @property
    def is_of_outcome(self) -> bool:
        return not self.ours[0] == self.theirs[0] == "error"

    @property
    def kind(self) -> str:
        """What it is about: differences of one kind most often have one cause."""
        if self.ours[0] == self.theirs[0] == "output":
            return "outputs differ"
        return " / ".join(f"{who} {_gist(answer)}" for who, answer in (("ours", self.ours), ("Go", self.theirs)))


def _gist(answer: golden.Answer) -> str:
    """Return an error without what is of this template alone."""
    if answer[0] == "output":
        return "renders"
    return re.sub(r'"(\\.|[^"])*"|<.*>|\d+', "_", re.sub(r"^template: \w+:[\d:]+ (executing \S+ at )?", "", answer[1]))


def written(count: int, seed: int) -> Iterator[Case]:
    """Yield random cases: one in five of Go's own functions, all others of Sprig's as well."""
    plain, sprig = random_templates.Author(seed), random_sprig.SprigAuthor(seed)
    for at in range(count):
        mode = ("default", "default", "zero", "error")[at % 4]
        if at % 5:
            yield {"text": sprig.template(), "data": random_sprig.DATA, "functions": "sprig", "missingkey": mode}
        else:
            yield {"text": plain.template(), "data": random_templates.DATA, "missingkey": mode}


def differences(cases: Sequence[Case]) -> Iterator[Difference]:
    """Yield the cases that Go and we do not agree about."""
    for case, answer in zip(cases, answered(cases), strict=True):
        if "crash" in answer:  # no program of Go's survives it; ours has to fail
            theirs, ours = ("error", "crash"), attempted(case)
            if ours[0] != "error":
                yield Difference(case, ours, theirs)
            continue
        theirs, ours = golden.theirs(answer), attempted(case)
        if not (golden.agree(ours, theirs) or is_known(ours, theirs)):
            yield Difference(case, ours, theirs)


def is_known(ours: golden.Answer, theirs: golden.Answer) -> bool:
    """Return whether all that differs is what docs/templates.md says that we do not know."""
    return BEHIND in ours[1] or ours == (theirs[0], INSIDE.sub("{}", theirs[1]))


def attempted(case: Case) -> golden.Answer:
    """Return what we make of a case; `raised`, if that is an error which no template may bring about."""
    try:
        return golden.ours(case)
    except Exception as error:  # noqa: BLE001  # no template may bring it about, whatever it is
        return "raised", f"{type(error).__name__}: {error}"


def shortened(found: Difference) -> Difference:
    """Return a difference of the same kind by a template from which nothing can be taken away."""
    size = max(len(found.case["text"]) // 2, 1)
    while size:
        text = found.case["text"]
        shorter = [text[:at] + text[at + size :] for at in range(0, len(text), max(size // 2, 1))]
        tried = differences([{**found.case, "text": one} for one in shorter])
        better = next((one for one in tried if one.kind == found.kind), None)
        found, size = (better, min(size, len(better.case["text"]))) if better else (found, size // 2)
    return found


def compared(count: int, seed: int) -> dict[str, list[Difference]]:
    """Return the differences by kind."""
    found: dict[str, list[Difference]] = {}
    cases = list(written(count, seed))
    for begin in range(0, count, BATCH):
        for one in differences(cases[begin : begin + BATCH]):
            found.setdefault(one.kind, []).append(one)
    return found


def told(found: dict[str, list[Difference]]) -> Iterator[str]:
    """Yield the lines of a report."""
    for kind, ones in sorted(found.items(), key=lambda item: -len(item[1])):
        yield f"{len(ones)} x {kind}"
        for one in map(shortened, sorted(ones, key=lambda one: len(one.case["text"]))[:SHOWN]):
            yield f"    {one.case['text']!r} ({one.case['missingkey']})"
            yield f"      ours {one.ours}"
            yield f"      Go   {one.theirs}"


def endured(count: int, seed: int) -> Iterator[str]:
    """Try hostile templates; yield a line for each that is not taken as it should be."""
    chance = Random(seed)
    for begin in range(0, count, BATCH):
        texts = [hostile.written(chance) for _ in range(min(BATCH, count - begin))]
        asked = [{"text": "", "raw": raw(text), "functions": "kmssecret", "parse_only": True} for text in texts]
        answers = answered(asked)
        with limited_memory():
            verdicts = list(map(hostile.tried, texts))
        for text, verdict, answer in zip(texts, verdicts, answers, strict=True):
            if verdict.escaped or verdict.seconds > SLOW or not agrees(verdict, answer):
                yield f"{text[:SHOWN_TEXT]!r}: {verdict}, Go {answer}"
        sys.stderr.write(f"{begin + len(texts)} hostile templates tried\n")


def agrees(verdict: hostile.Verdict, answer: dict[str, Any]) -> bool:
    """Return whether Go says the same of a text that is no template, or that it is one."""
    if verdict.parsed is None:
        return True
    refusal = re.sub("[\udc80-\udcff]", "\ufffd", verdict.refusal)  # the answer came as JSON
    return verdict.parsed == ("error" not in answer) and refusal == answer.get("error", "")


def raw(text: str) -> str:
    return base64.b64encode(text.encode("utf-8", "surrogateescape")).decode()


def memory() -> int:
    """Return the most memory that this process has had so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


@contextmanager
def limited_memory() -> Iterator[None]:
    """Have what asks for more than a GiB fail, and so be told."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (2**30, hard))
    yield
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--templates", type=int, default=20_000, help="how many are compared")
    parser.add_argument("--fuzz", type=int, default=100_000, help="how many hostile ones are tried")
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10**9), help="by chance if not given")
    args = parser.parse_args()
    print(f"{args.templates} templates and {args.fuzz} hostile ones, --seed {args.seed}", flush=True)
    found = compared(args.templates, args.seed)
    for line in told(found):
        print(line, flush=True)
    ones = [one for group in found.values() for one in group]
    outcomes = sum(one.is_of_outcome for one in ones)
    print(f"{outcomes} outcomes differ, and {len(ones) - outcomes} texts of errors")
    since, bad = memory(), 0
    for line in endured(args.fuzz, args.seed):
        print(line, flush=True)
        bad += 1
    grown = memory() - since
    print(f"{bad} of {args.fuzz} hostile templates went wrong; the process grew by {grown} MiB at most")
    return bool(ones or bad)


if __name__ == "__main__":
    sys.exit(main())
