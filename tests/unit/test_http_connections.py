"""Which connection is used next, and which are closed."""

from __future__ import annotations

from contextlib import ExitStack

import httpcore
import pytest

from secretsync.http.connections import Connections, Line
from secretsync.testing import ManualClock


class Idle:
    """A line that knows whether it was closed, and has nothing to connect with."""

    closed = False

    def handle_request(self, request: httpcore.Request) -> httpcore.Response:
        raise AssertionError(request)

    def close(self) -> None:
        self.closed = True


CLOCK = ManualClock()


@pytest.fixture
def made() -> list[Idle]:
    return []


@pytest.fixture
def connections(made: list[Idle]) -> Connections:
    def make() -> Idle:
        made.append(Idle())
        return made[-1]

    return Connections(make, clock=CLOCK, keep=4.0, most=2)


def use(connections: Connections, count: int = 1) -> list[Line]:
    """Use so many at once; give them back in the order opposite to that in which they were lent."""
    with ExitStack() as stack:
        return [stack.enter_context(connections.one()) for _ in range(count)]


def test_one_that_is_not_used_is_used_again(connections: Connections, made: list[Idle]) -> None:
    assert use(connections) == use(connections) == made
    assert len(made) == 1


def test_what_is_used_is_lent_to_nobody_else(connections: Connections, made: list[Idle]) -> None:
    assert use(connections, 2) == made
    assert len(made) == 2


def test_the_one_that_was_used_last_is_used_first(connections: Connections, made: list[Idle]) -> None:
    first, second = use(connections, 2)
    assert use(connections, 2) == [first, second]
    with connections.one(), connections.one() as last:
        pass
    assert last is second
    assert use(connections) == [first]


def test_what_is_not_used_for_long_is_closed_at_the_end_of_the_next_exchange(
    connections: Connections, made: list[Idle]
) -> None:
    use(connections, 2)
    CLOCK.advance(3.9)
    use(connections)
    assert [one.closed for one in made] == [False, False]
    CLOCK.advance(0.1)
    use(connections)
    assert [one.closed for one in made] == [False, True]


def test_no_more_are_kept_than_may_be(connections: Connections, made: list[Idle]) -> None:
    use(connections, 3)
    assert [one.closed for one in made] == [False, False, True]


def test_one_comes_back_when_its_exchange_fails(connections: Connections, made: list[Idle]) -> None:
    with pytest.raises(httpcore.ReadError), connections.one():
        raise httpcore.ReadError("broken")
    assert use(connections) == made


def test_closing_closes_those_in_use_when_they_come_back(connections: Connections, made: list[Idle]) -> None:
    use(connections, 2)
    with connections.one() as used:
        connections.close()
        assert [one.closed for one in made] == [False, True]
    assert used is made[0]
    assert made[0].closed
