"""The lease book alone: what each lease needs next."""

from __future__ import annotations

import pytest

from secretsync.backends.kms.lease_book import (
    AGAIN,
    APART,
    GRACE,
    SHORTEST,
    Care,
    Kept,
    LeaseBook,
    LookUp,
    Make,
    Renew,
    Step,
)
from secretsync.backends.kms.leases import Lease, Leased
from secretsync.backends.kms.queries import Lent
from secretsync.queries import Absent, Found
from secretsync.values import SecretValue

DB = "db"


def leased(lease_id: str, seconds: float = 3600.0) -> Leased:
    return Leased(Lease(lease_id, seconds), {"USER": SecretValue(lease_id)})


def holding(lease_id: str = "one", seconds: float = 3600.0, chance: float = 0.0) -> LeaseBook:
    book = LeaseBook(chance=lambda: chance)
    assert book.next(DB, 0.0) == Make()
    book.took(DB, leased(lease_id, seconds), 0.0)
    return book


def user(book: LeaseBook, now: float) -> str | None:
    found = book.lent(DB, now)
    return found["USER"].text() if found else None


def times(book: LeaseBook, now: float) -> tuple[float, float]:
    """Return when it is looked after next, and when it ends."""
    answer = book.answer(DB, now)
    assert isinstance(answer, Found)
    return now + answer.renew_in, now + answer.expires_in


def test_it_is_made_once_and_renewed_at_two_thirds_and_serves_all_the_while() -> None:
    book = holding()
    assert times(book, 0.0) == (2400.0, 3600.0)
    assert (book.next(DB, 2399.0), book.next(DB, 2400.0)) == (None, Renew("one"))
    assert user(book, 2500.0) == "one"
    book.took(DB, Lease("one", 4700.0), 2500.0)
    assert times(book, 2500.0) == pytest.approx((2500.0 + 4700.0 * 2 / 3, 7200.0))
    assert (user(book, 7000.0), book.surplus(DB, 7000.0)) == ("one", ())


def test_leases_of_one_start_are_not_renewed_at_one_moment() -> None:
    assert times(holding(chance=1.0), 0.0) == pytest.approx((2280.0, 3600.0))


def test_one_as_old_as_it_may_get_is_replaced_before_it_is_given_back() -> None:
    book = holding()
    book.ended(DB)
    assert (book.next(DB, 2400.0), user(book, 2400.0)) == (Make(), "one")
    book.took(DB, leased("two"), 2400.0)
    assert (book.next(DB, 2400.0), user(book, 2400.0)) == (None, "two")
    assert times(book, 2400.0) == (2400.0 + GRACE, 6000.0)
    assert (book.surplus(DB, 2399.0 + GRACE), book.surplus(DB, 2400.0 + GRACE)) == ((), ("one",))
    book.given_back(DB, ["one"], kept=(), now=2460.0)
    assert times(book, 2460.0) == (4800.0, 6000.0)


def test_one_that_was_replaced_is_tried_to_be_given_back_until_it_ends() -> None:
    book = holding()
    book.ended(DB)
    book.took(DB, leased("two"), 2400.0)
    book.given_back(DB, book.surplus(DB, 2460.0), kept=["one"], now=2460.0)
    assert times(book, 2460.0)[0] == 2460.0 + AGAIN
    assert (book.surplus(DB, 3500.0), book.surplus(DB, 3600.0)) == (("one",), ())


def test_a_lease_that_ended_unrenewed_serves_no_more_and_is_replaced() -> None:
    book = holding()
    assert (user(book, 3599.0), user(book, 3600.0)) == ("one", None)
    assert book.next(DB, 3600.0) == Make()


def test_leases_that_end_at_once_are_not_made_one_after_the_other() -> None:
    book = holding(seconds=0.0)
    assert book.next(DB, 0.0) == Make()
    assert (book.too_soon(DB, APART - 0.1), book.too_soon(DB, APART)) == (True, False)


def test_what_is_released_serves_no_more_and_is_gone_when_it_is_given_back() -> None:
    book = holding()
    book.release(DB)
    assert (user(book, 100.0), book.next(DB, 100.0), book.released(DB)) == (None, None, True)
    assert book.surplus(DB, 100.0) == ("one",)
    book.given_back(DB, ["one"], kept=["one"], now=100.0)
    assert book.surplus(DB, 101.0) == ("one",), "somebody waits for it"
    book.given_back(DB, ["one"], kept=(), now=101.0)
    assert (book.surplus(DB, 102.0), book.answer(DB, 102.0)) == ((), Absent())
    book.forget(DB)
    assert book.next(DB, 103.0) == Make()


def test_one_that_is_made_for_nobody_is_given_back() -> None:
    book = LeaseBook(chance=lambda: 0.0)
    book.next(DB, 0.0)
    book.release(DB)
    book.took(DB, leased("late"), 1.0)
    assert (user(book, 1.0), book.surplus(DB, 1.0)) == (None, ("late",))


def test_what_is_released_before_it_is_asked_for_is_never_made() -> None:
    book = LeaseBook(chance=lambda: 0.0)
    book.release(DB)
    assert (book.next(DB, 0.0), book.surplus(DB, 0.0), book.answer(DB, 0.0)) == (None, (), Absent())


def test_a_lease_of_an_earlier_run_serves_once_it_is_found() -> None:
    book = LeaseBook(chance=lambda: 0.0)
    book.adopt(DB, Kept("old", Lent({"USER": SecretValue("old")}), 900.0), 0.0)
    assert (book.next(DB, 0.0), user(book, 0.0)) == (LookUp("old"), None)
    book.took(DB, Lease("old", 900.0), 1.0)
    assert (user(book, 1.0), book.next(DB, 1.0)) == ("old", None)
    assert times(book, 1.0) == (601.0, 901.0)


def test_one_of_an_earlier_run_that_hardly_lives_or_of_which_nobody_knows_is_given_back_first() -> None:
    for doubted in (False, True):
        book = LeaseBook[str](chance=lambda: 0.0)
        book.adopt(DB, Kept("old", Lent({}), 900.0), 0.0)
        if doubted:
            book.doubted(DB, 1.0)
        else:
            book.took(DB, Lease("old", SHORTEST - 1.0), 1.0)
        assert (book.surplus(DB, 1.0), book.next(DB, 1.0)) == (("old",), Make())


def test_what_outlives_a_process_is_what_the_next_one_goes_on_with() -> None:
    book = holding()
    assert book.kept(DB, 600.0) == Kept("one", leased("one").credentials, 3000.0)
    book.ended(DB)
    book.took(DB, leased("two"), 3000.0)
    kept = book.kept(DB, 3100.0)
    assert kept is not None
    assert (kept.lease_id, kept.ends_in, kept.left) == ("two", 3500.0, {"one": 500.0})
    later = LeaseBook[str](chance=lambda: 0.0)
    later.adopt(DB, kept, 10_000.0)
    assert later.next(DB, 10_000.0) == LookUp("two")
    later.release(DB)
    assert set(later.surplus(DB, 10_000.0)) == {"one", "two"}
    assert later.kept(DB, 10_000.0) is None


def test_care_says_when_and_how_a_lease_is_looked_after() -> None:
    replaced = Care(part=0.1, least=15.0, renews=False)
    for seconds, looked_at in ((3600.0, 3240.0), (60.0, 45.0), (10.0, 0.0)):
        book = LeaseBook[str](chance=lambda: 0.0, care=replaced)
        book.next(DB, 0.0)
        book.took(DB, leased("one", seconds), 0.0)
        assert book.next(DB, looked_at) == Make()
        assert looked_at == 0.0 or book.next(DB, looked_at - 0.1) is None
        book.took(DB, leased("two", seconds), looked_at)
        assert book.surplus(DB, seconds - 0.1) == (), "it lives to its end"


def test_one_that_is_gone_is_replaced_and_not_given_back() -> None:
    book = LeaseBook(chance=lambda: 0.0)
    book.adopt(DB, Kept("old", Lent({}), 900.0), 0.0)
    book.ended(DB)
    step: Step | None = book.next(DB, 1.0)
    assert step == Make()
    book.took(DB, leased("new"), 2.0)
    assert book.surplus(DB, 2.0 + GRACE) == ()


def test_no_credential_is_shown() -> None:
    assert "one" not in repr(holding().lent(DB, 0.0)) + repr(leased("one").credentials)
