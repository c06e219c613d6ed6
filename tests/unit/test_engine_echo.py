"""What a watch shows of a write before the write has ended: its own echo is not read, what others did is."""

from __future__ import annotations

import pytest

from secretsync.ports import AnyWire
from secretsync.queries import Found
from secretsync.reconcile.messages import Moved, Perform
from secretsync.targets import Observe
from secretsync.values import NO_VERSION, Version
from worlds import DOWN, Play, World, copy, document, subject

LATER = Version("later")


def play(shown: list[Version | None], *, fails: bool = False) -> Play:
    """Let a watch show these versions, None being that of the write itself, while the write is under way."""

    class Watched(World):
        def perform(self, effect: Perform, now: float) -> AnyWire:
            if self.counts["writes"]:
                return super().perform(effect, now)
            result = super().perform(effect, now)
            for version in shown:
                own = result.version if isinstance(result, Found) else NO_VERSION
                # At once, which is before the engine hears of the result.
                seen = Moved(Observe(effect.ref), own if version is None else version)
                for caused in played.engine.step([seen], now):
                    played.at(now + played.latency, caused)
            return DOWN if fails else result

    world = Watched(folders={"/app": document(KEY="value")})
    played = Play(world)
    played.apply(subject(copy("/app", "app")))
    played.run(until=30.0)
    return played


def looks(played: Play) -> int:
    return played.world.counts["Observe"]


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        pytest.param([], 1, id="nothing"),
        pytest.param([None], 1, id="its-echo"),
        pytest.param([None, None], 1, id="its-echo-twice"),
        pytest.param([None, LATER], 2, id="a-later-change-after-its-echo"),
        pytest.param([LATER, None], 2, id="a-later-change-before-its-echo"),
        pytest.param([LATER], 2, id="a-later-change"),
        pytest.param([NO_VERSION], 1, id="an-absence-that-was-known"),
        pytest.param([None, NO_VERSION], 2, id="a-deletion-after-its-echo"),
    ],
)
def test_only_what_the_write_does_not_explain_is_read(shown: list[Version | None], expected: int) -> None:
    assert looks(play(shown)) == expected


@pytest.mark.parametrize("shown", [[], [LATER]], ids=["unseen", "seen-to-move"])
def test_a_target_whose_write_failed_is_looked_at_once_more(shown: list[Version | None]) -> None:
    played = play(shown, fails=True)
    assert looks(played) == 2
    assert not played.last().errors
