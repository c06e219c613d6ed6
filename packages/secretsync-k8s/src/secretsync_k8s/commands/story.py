"""The quickstart's story: what a cluster's user does, and what the operator makes of it, with times."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final, TextIO

from secretsync.classes import define
from secretsync.runtime.calls import Calls

from .stage import ENVIRONMENT, PATH, PROJECT, Failed, Stage

_STILL: Final = 2.5
"""Seconds to watch that nothing happens: a little more than one interval."""


def tell(stage: Stage, *, show_values: bool, keep: bool, out: TextIO = sys.stdout) -> int:
    """Tell it and return the exit status: 0 if every step came out as it should."""
    teller = _Teller(stage, out, began=time.monotonic(), show_values=show_values)
    try:
        teller.opening()
        for number, (title, step) in enumerate(_STEPS, 1):
            teller.say("", f"{number}. {title}")
            step(teller)
    except Failed as error:
        teller.say("", f"FAILED: {error}", "", "The operator's last lines:", *stage.last_log_lines())
        return 1
    teller.say("", f"All {len(_STEPS)} steps came out as they should, in {teller.seconds:.1f} s.")
    if keep:
        teller.keep()
    return 0


@define
class _Teller:
    stage: Stage
    out: TextIO
    began: float
    show_values: bool

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    def say(self, *lines: str) -> None:
        print(*lines, sep="\n", file=self.out, flush=True)

    def opening(self) -> None:
        self.say(
            "secretsync quickstart: a KMSSecret becomes a Secret",
            "",
            f"  KMS         {self.stage.kms.url}   a development KMS, in this process",
            f"  API server  {self.stage.url}   a Kubernetes API server in memory, in this process",
            f"  operator    {' '.join(['secretsync-operator', *self.stage.arguments])}",
            "",
            "  --resolve sends the host of the manifest to this KMS, as curl's option does;",
            "  --max-interval shortens the manifest's 60 s, so that you need not wait.",
        )

    def done(self, text: str) -> None:
        """Tell what somebody did."""
        self.say(f"   {self.seconds:5.1f} s  {text}")

    @contextmanager
    def follows(self, what: str) -> Iterator[Callable[[str], None]]:
        """Time what follows from it; the caller tells how it looks."""
        began = time.monotonic()
        yield lambda text: self.say(
            f"   {self.seconds:5.1f} s    {what} after {time.monotonic() - began:.1f} s: {text}"
        )

    def condition(self) -> str:
        ready = self.stage.ready()
        return f"Ready={ready['status']} {ready['reason']}: {ready['message']}"

    def content(self, values: Mapping[str, str]) -> str:
        if self.show_values:
            return ", ".join(f"{key}={value}" for key, value in sorted(values.items()))
        return f"keys {', '.join(sorted(values))}"

    def keep(self) -> None:
        """Leave everything running until somebody ends it."""
        stage = self.stage
        stage.apply()
        change = (
            f'{{"project": "{PROJECT}", "environment": "{ENVIRONMENT}", "path": "{PATH}", "set": {{"API_KEY": "k-4"}}}}'
        )
        self.say(
            "",
            "Applied again, and left running. In another terminal:",
            "",
            f"  export KUBECONFIG={stage.kubeconfig}",
            "  kubectl get kmssecrets,secrets",
            "  kubectl describe kmssecret example-kms-sync",
            f"  tail -f {stage.log}",
            "",
            "  # change a secret in the KMS",
            f"  curl -H 'X-Control-Token: {stage.control_token.text()}' {stage.kms.url}/_emulator/secrets \\",
            f"       -d '{change}'",
            "",
            "Ctrl-C ends all of it.",
        )
        calls: Calls[signal.Signals] = Calls()
        for number in (signal.SIGINT, signal.SIGTERM):
            calls.on(number, number)
        with calls:
            calls.get()
        self.say("")


def _appears(teller: _Teller) -> None:
    stage = teller.stage
    stage.apply()
    teller.done("applied KMSSecret hanzo/example-kms-sync, which wants /example of project secrets-639-c")
    with teller.follows("Secret hanzo/example-secrets") as say:
        stage.until("the Secret to appear", stage.secret, seconds=30.0)
        say(teller.content(stage.values()) + ("" if teller.show_values else " (values: --show-values)"))
        stage.until("the condition Ready", lambda: stage.ready().get("status") == "True")
    teller.done(teller.condition())


def _follows(teller: _Teller) -> None:
    stage = teller.stage
    stage.set(API_KEY="k-2")
    teller.done("changed API_KEY in the KMS")
    with teller.follows("the Secret follows") as say:
        stage.until("the new value in the Secret", lambda: stage.values().get("API_KEY") == "k-2")
        say(teller.content(stage.values()) if teller.show_values else "API_KEY is the new one")


def _outage(teller: _Teller) -> None:
    stage = teller.stage
    before = stage.secret()
    stage.kms.stop()
    teller.done("stopped the KMS")
    with teller.follows("the operator says so") as say:
        stage.until("the condition to say why", lambda: stage.ready().get("reason") == "KMSUnreachable")
        say(teller.condition())
    if stage.secret() != before:
        raise Failed("the Secret changed though the KMS was down")
    teller.done("the Secret is untouched, with all its keys")
    stage.kms.start()
    teller.done("started the KMS again")
    with teller.follows("recovered") as say:
        stage.until("the condition Ready", lambda: stage.ready().get("status") == "True")
        say(teller.condition())


def _drift(teller: _Teller) -> None:
    stage = teller.stage
    right = stage.values()
    stage.edit(API_KEY="by hand", EXTRA="by hand")
    teller.done("edited API_KEY in the Secret and added EXTRA")
    with teller.follows("put back") as say:
        stage.until("the Secret to be put back", lambda: stage.values() == right)
        notes = stage.until("the event DriftCorrected", lambda: stage.events("DriftCorrected"))
        say(f"event DriftCorrected: {notes[0]}")


def _kept(teller: _Teller) -> None:
    stage = teller.stage
    before = stage.secret()
    stage.withdraw()
    stage.set(API_KEY="k-3")
    teller.done("deleted the KMSSecret, and changed API_KEY in the KMS once more")
    time.sleep(_STILL)
    if stage.secret() != before:
        raise Failed("the Secret changed after its KMSSecret was deleted")
    teller.done(f"the Secret stands as it was, {_STILL} s later: {teller.content(stage.values())}")


_STEPS: Final = (
    ("The manifest of the documentation is applied: its Secret appears", _appears),
    ("A value changes in the KMS: the Secret follows", _follows),
    ("The KMS goes down: the Secret stays as it is, and the condition says why", _outage),
    ("Somebody edits the Secret by hand: it is put back", _drift),
    ("The KMSSecret is deleted: its Secret stays, because its creationPolicy is Orphan", _kept),
)
