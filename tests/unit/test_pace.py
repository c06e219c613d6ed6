"""Rollouts of one namespace stand in line, without anybody who waits (kmssecret §6)."""

from __future__ import annotations

import pytest

from secretsync.clock import FOREVER, Deadline
from secretsync.targets import Ref
from secretsync.values import Version
from secretsync_k8s.cluster.pace import HOST, Pace, Turn


def turn(name: str, *, namespace: str = "shop", since: str = "1") -> Turn:
    return Turn(Ref("workloads", "Deployment", name, namespace), (Version(since),))


@pytest.fixture
def ask(manual_clock):
    pace, deadline = Pace(manual_clock, apart=0.5), Deadline.after(1.0, manual_clock)
    return lambda one: pace.read([one], known={}, credential=None, deadline=deadline)[one]


def test_the_first_begins_and_the_others_stand_in_line(ask):
    assert ask(turn("a")).value is True
    waits = [ask(turn(name)) for name in ("b", "c", "d")]
    assert [one.value for one in waits] == [False] * 3
    assert [one.renew_in for one in waits] == [0.5, 1.0, 1.5]


def test_whoever_waited_begins_and_one_that_asks_again_keeps_its_place(ask, manual_clock):
    ask(turn("a"))
    assert ask(turn("b")).renew_in == 0.5
    manual_clock.advance(0.25)
    assert ask(turn("b")).renew_in == 0.25
    manual_clock.advance(0.25)
    assert ask(turn("b")).value is True
    assert ask(turn("c")).renew_in == 0.5


def test_every_namespace_has_a_line_of_its_own(ask):
    assert ask(turn("a")).value
    assert ask(turn("a", namespace="other")).value


def test_one_that_may_begin_is_no_perishable_answer(ask):
    assert ask(turn("a")).expires_in == FOREVER


def test_for_the_next_change_it_stands_in_line_anew(ask):
    ask(turn("a"))
    assert ask(turn("a", since="2")).value is False


def test_a_turn_that_nobody_comes_for_is_forgotten(ask, manual_clock):
    ask(turn("a"))
    ask(turn("b"))
    manual_clock.advance(61.0)
    assert ask(turn("a", since="2")).value is True
    assert ask(turn("b")).value is False, "it comes late, behind the other"


def test_its_host_is_no_server():
    assert turn("a").host == HOST
