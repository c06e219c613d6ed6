"""Lanes against a model: lists of items, one a lane."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from secretsync.reconcile.lanes import FAIR, Lane, Lanes

ITEMS = st.sampled_from("abcdef")


class Model(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.lanes: Lanes[str] = Lanes()
        self.model: dict[Lane, list[str]] = {lane: [] for lane in Lane}
        self.picks = 0

    @rule(item=ITEMS, lane=st.sampled_from(Lane))
    def put(self, item: str, lane: Lane) -> None:
        self.lanes.put(item, lane)
        held = next((held for held, items in self.model.items() if item in items), None)
        if held is None or lane < held:
            self.forget(item)
            self.model[lane].append(item)

    @rule(item=ITEMS)
    def discard(self, item: str) -> None:
        self.lanes.discard(item)
        self.forget(item)

    @precondition(lambda self: any(self.model.values()))
    @rule()
    def pick(self) -> None:
        self.picks += 1
        taken = [lane for lane in Lane if self.model[lane]]
        lane = taken[-1] if self.picks % FAIR == 0 else taken[0]
        assert self.lanes.pick() == (self.model[lane].pop(0), lane)

    @invariant()
    def counts(self) -> None:
        assert len(self.lanes) == sum(map(len, self.model.values()))

    def forget(self, item: str) -> None:
        for items in self.model.values():
            if item in items:
                items.remove(item)


TestLanes = Model.TestCase


@given(st.lists(st.tuples(st.integers(0, 99), st.sampled_from(Lane))))
def test_every_item_comes_out_once_from_the_best_lane_it_was_put_in(puts: list[tuple[int, Lane]]) -> None:
    lanes: Lanes[int] = Lanes()
    for item, lane in puts:
        lanes.put(item, lane)
    picked = [lanes.pick() for _ in range(len(lanes))]
    assert sorted(picked) == sorted((item, min(at for of, at in puts if of == item)) for item in {i for i, _ in puts})


def test_the_lowest_lane_does_not_starve() -> None:
    lanes: Lanes[int] = Lanes()
    lanes.put(-1, Lane.REFRESH)
    for item in range(100):
        lanes.put(item, Lane.CALLER)
    assert [lanes.pick()[0] for _ in range(FAIR)] == [*range(FAIR - 1), -1]
