"""Timers against a model: one moment an item."""

from __future__ import annotations

from attrs import define
from hypothesis import given
from hypothesis import strategies as st

from secretsync.clock import FOREVER
from secretsync.reconcile.timers import Timers


@define(eq=False)
class Item:
    name: int
    due: float = FOREVER


def test_a_superseded_mark_does_not_ring() -> None:
    timers, item = Timers[Item](), Item(1)
    timers.reset(5.0, item)
    timers.reset(9.0, item)
    assert timers.wake_at == 9.0
    assert list(timers.pop(8.0)) == []
    assert list(timers.pop(9.0)) == [item]
    assert list(timers.pop(99.0)) == []


def test_at_brings_forward_but_never_puts_off() -> None:
    timers, item = Timers[Item](), Item(1)
    timers.at(5.0, item)
    timers.at(9.0, item)
    assert timers.wake_at == 5.0
    timers.at(3.0, item)
    assert timers.wake_at == 3.0


def test_an_item_that_comes_back_to_an_old_mark_rings_once() -> None:
    timers, item = Timers[Item](), Item(1)
    for time in 5.0, 7.0, 5.0:
        timers.reset(time, item)
    assert list(timers.pop(9.0)) == [item]


def test_an_item_may_be_put_back_while_it_rings() -> None:
    timers, item = Timers[Item](), Item(1)
    timers.at(1.0, item)
    for due in timers.pop(1.0):
        timers.at(2.0, due)
    assert timers.wake_at == 2.0


def test_superseded_marks_do_not_pile_up() -> None:
    timers, stays = Timers[Item](), Item(0)
    timers.reset(50.0, stays)
    for n in range(1000):
        item = Item(n)
        timers.reset(60.0, item)
        timers.reset(FOREVER, item)
    assert len(timers._heap) < 100
    assert list(timers.pop(60.0)) == [stays]


SETTINGS = st.lists(
    st.tuples(st.sampled_from(["at", "reset", "pop"]), st.integers(0, 4), st.integers(0, 20) | st.just(FOREVER)),
    max_size=40,
)


def supersede(timers: Timers[Item]) -> None:
    """Leave so many marks that do not count that they are cleared away at the latest by the next."""
    for n in range(70):
        timers.reset(100.0 + n, item := Item(n))
        timers.reset(FOREVER, item)


@given(settings=SETTINGS, superseding=st.booleans())
def test_items_ring_as_the_model_says(*, settings: list[tuple[str, int, float]], superseding: bool) -> None:
    timers, items, model = Timers[Item](), [Item(n) for n in range(5)], dict.fromkeys(range(5), FOREVER)
    for how, name, time in settings:
        if superseding:
            supersede(timers)
        if how == "pop" and time < FOREVER:
            due = {n for n, at in model.items() if at <= time}
            rung = [(item.name, model[item.name]) for item in timers.pop(time)]
            assert {n for n, _ in rung} == due
            assert [at for _, at in rung] == sorted(at for _, at in rung)
            model |= dict.fromkeys(due, FOREVER)
        elif how == "at":
            timers.at(time, items[name])
            model[name] = min(model[name], time)
        else:
            timers.reset(time, items[name])
            model[name] = time
        assert timers.wake_at == min(model.values())
