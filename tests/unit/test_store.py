"""The store: what counts as known, how long values stay, when entries go."""

from __future__ import annotations

import pytest

from secretsync.cache.store import IDLE, LINGER, Store
from secretsync.clock import FOREVER
from secretsync.errors import PathNotFound, ProjectNotFound
from secretsync.ports import AnyQuery, AnyWire
from secretsync.queries import UNCHANGED, Absent, Found, Identity
from secretsync.targets import Observe, Observed
from secretsync.values import Document, Row, SecretValue, Version
from worlds import DIGEST, DOWN, Credentials, Folder, Token, document, secret

SOURCE = Credentials("creds")
ME = Identity("kms", "m", SOURCE, b"1")
FOLDER = Folder(ME, "/a")
TOKEN = Token(ME)
ONE, TWO = document(A="1"), document(A="2")
TARGET = Observe(secret("t"))
TURNS = (0.08874865, 0.86566357, 0.63005163)
"""Of folders /a, /b and /c: what any other process must come to as well."""


def make(*learned: tuple[AnyQuery, AnyWire], at: float = 0.0) -> Store:
    store = Store(DIGEST)
    for query, wire in learned:
        store.learn(query, wire, at=at)
    return store


def look(store: Store, query: AnyQuery, now: float, *, max_age: float = 60.0, value: bool = True) -> object:
    return store.look(query, now=now, not_before=now - max_age, value=value)


def test_a_turn_is_the_same_after_a_restart_and_on_every_machine() -> None:
    turns = [Store(DIGEST).entry(Folder(ME, path)).phase for path in ("/a", "/b", "/c")]
    assert turns == pytest.approx(TURNS)


def test_confirming_needs_no_value_and_obtaining_does() -> None:
    store = make((FOLDER, Found(ONE)))
    store.drop(LINGER)
    assert look(store, FOLDER, LINGER) is None
    assert look(store, FOLDER, LINGER, value=False) is not None
    store.learn(FOLDER, Found(ONE), at=LINGER)
    assert look(store, FOLDER, LINGER) == Found(ONE)


@pytest.mark.parametrize(
    ("query", "wire", "stays"),
    [
        pytest.param(FOLDER, Found(ONE), False, id="a value"),
        pytest.param(TOKEN, Found(SecretValue("t"), renew_in=80.0, expires_in=100.0), True, id="one that perishes"),
        pytest.param(TARGET, Found(Observed({})), True, id="no secret"),
        pytest.param(FOLDER, Absent(), True, id="absence"),
    ],
)
def test_what_lingers_is_dropped(query: AnyQuery, wire: AnyWire, *, stays: bool) -> None:
    store = make((query, wire))
    assert store.wake_at == (FOREVER if stays else LINGER)
    store.drop(LINGER)
    assert store.entry(query).has_value is stays


def test_a_value_stays_while_a_run_holds_it_and_a_little_longer() -> None:
    store = make((FOLDER, Found(ONE)))
    store.hold([FOLDER])
    store.hold([FOLDER])
    store.release([FOLDER], now=3.0)
    store.drop(100.0)
    assert look(store, FOLDER, 50.0) == Found(ONE)
    store.release([FOLDER], now=100.0)
    store.drop(100.0 + LINGER - 0.1)
    assert store.entry(FOLDER).reveals
    store.drop(100.0 + LINGER)
    assert not store.entry(FOLDER).reveals


def test_a_value_stays_while_a_fetch_waits_for_it() -> None:
    store = make((SOURCE, Found({}, Version("1"))))
    store.entry(SOURCE).as_credential().waiting[TOKEN] = 0
    store.drop(LINGER)
    assert store.entry(SOURCE).has_value


def test_a_mark_that_was_put_off_drops_nothing() -> None:
    store = make((FOLDER, Found(ONE)))
    store.hold([FOLDER])
    store.release([FOLDER], now=4.0)
    store.drop(LINGER)
    assert store.entry(FOLDER).has_value


def test_an_entry_goes_some_time_after_the_last_who_cared() -> None:
    store = make((FOLDER, Found(ONE)))
    store.hold([FOLDER])
    store.depend("one", before=(), after={FOLDER: 60.0})
    store.release([FOLDER], now=0.0)
    store.drop(10 * IDLE)
    assert store.known(FOLDER), "somebody depends on it"
    store.depend("one", before=[FOLDER], after={})
    store.hold([FOLDER])
    store.release([FOLDER], now=10 * IDLE)
    store.drop(11 * IDLE - 1)
    assert store.known(FOLDER)
    store.drop(11 * IDLE)
    assert store.known(FOLDER) is None
    assert len(store) == 0


def test_an_outdated_mark_does_not_evict_a_successor() -> None:
    store = make((FOLDER, Found(ONE)))
    store.hold([FOLDER])
    store.release([FOLDER], now=0.0)
    store.drop(IDLE)
    assert store.known(FOLDER) is None
    store.learn(FOLDER, Found(TWO), at=IDLE)  # another entry, which has a mark of its own
    store.rest(store.entry(FOLDER), IDLE)
    store.drop(2 * IDLE - 1)
    assert store.known(FOLDER)
    store.hold([FOLDER])
    store.release([FOLDER], now=2 * IDLE - 1)
    store.drop(2 * IDLE)
    assert store.known(FOLDER), "the earlier mark counts no more"


def test_two_marks_of_one_moment_evict_once() -> None:
    store = make((FOLDER, Found(ONE)))
    for _ in range(2):
        store.rest(store.entry(FOLDER), 0.0)
    store.drop(IDLE)
    assert len(store) == 0


def test_what_is_read_over_and_over_is_queued_once() -> None:
    store = make((FOLDER, Found(ONE)))
    for n in range(100):
        store.hold([FOLDER])
        store.release([FOLDER], now=float(n))
    assert (len(store._dropping), len(store._idling)) == (1, 1)
    assert store.wake_at == 99.0 + LINGER


def test_a_living_token_and_a_refused_login_outlast_their_users() -> None:
    store = make((TOKEN, Found(SecretValue("t"), renew_in=80.0, expires_in=5 * IDLE)), (FOLDER, DOWN))
    store.entry(FOLDER).retry_at = 1.5 * IDLE
    for query in TOKEN, FOLDER:
        store.rest(store.entry(query), 0.0)
    for n in range(1, 5):
        store.drop(n * IDLE)
        assert store.known(TOKEN)
        assert bool(store.known(FOLDER)) == (n < 2)
    store.drop(5 * IDLE)
    assert len(store) == 0


# -- age and failure


@pytest.mark.parametrize(
    ("now", "max_age", "known"),
    [(60.0, 60.0, True), (60.1, 60.0, False), (0.0, 0.0, True), (0.1, 0.0, False)],
)
def test_an_answer_is_known_while_it_is_young_enough(now: float, max_age: float, *, known: bool) -> None:
    assert (look(make((FOLDER, Found(ONE))), FOLDER, now, max_age=max_age) is not None) is known


def test_a_young_answer_outranks_a_later_failure() -> None:
    store = make((FOLDER, Found(ONE)))
    store.hold([FOLDER])
    store.learn(FOLDER, DOWN, at=50.0)
    store.entry(FOLDER).retry_at = 80.0
    assert look(store, FOLDER, 55.0) == Found(ONE)
    assert look(store, FOLDER, 61.0) == DOWN, "it is too old now"
    assert look(store, FOLDER, 80.0) is None, "it is time to try again"


def test_what_a_watch_pushes_needs_no_age_until_it_moves() -> None:
    store = make((TARGET, Found(Observed({}))))
    assert look(store, TARGET, 1e6, max_age=0.0)
    store.doubt(TARGET)
    assert look(store, TARGET, 1e6) is None


def test_what_perishes_counts_until_it_expires() -> None:
    store = make((TOKEN, Found(SecretValue("t"), renew_in=80.0, expires_in=100.0)))
    assert look(store, TOKEN, 99.9, max_age=0.0)
    assert look(store, TOKEN, 100.0) is None


NEWS = [
    pytest.param([Found(ONE)], Found(TWO), True, id="another value"),
    pytest.param([Found(ONE, Version("1"))], Found(ONE, Version("2")), False, id="another version only"),
    pytest.param([Found(ONE)], UNCHANGED, False, id="unchanged"),
    pytest.param([Found(ONE)], Absent(), True, id="gone"),
    pytest.param([Absent(PathNotFound("k", "r", "1"))], Absent(PathNotFound("k", "r", "2")), False, id="still gone"),
    pytest.param(
        [Absent(PathNotFound("k", "r", "1"))], Absent(ProjectNotFound("k", "r", "1")), True, id="more is gone"
    ),
    pytest.param([Found(ONE)], DOWN, True, id="a failure"),
    pytest.param([Found(ONE), DOWN], DOWN, True, id="another failure"),
    pytest.param([Found(ONE), DOWN], UNCHANGED, True, id="the end of a failure"),
]


@pytest.mark.parametrize(("before", "wire", "news"), NEWS)
def test_what_is_news(before: list[AnyWire], wire: AnyWire, *, news: bool) -> None:
    store = make(*((FOLDER, known) for known in before))
    assert store.learn(FOLDER, wire, at=1.0) is news


# -- the fingerprint


def fingerprint(*learned: tuple[AnyQuery, AnyWire], spec: bytes = b"1") -> bytes:
    return make(*learned).fingerprint(spec, [query for query, _ in learned])


CREDENTIAL = (SOURCE, Found({"id": SecretValue("1")}))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param((FOLDER, Found(ONE)), (FOLDER, Found(TWO)), False, id="a value"),
        pytest.param((FOLDER, Found(ONE, Version("1"))), (FOLDER, Found(ONE, Version("2"))), True, id="a version"),
        pytest.param(
            (FOLDER, Found(ONE)),
            (FOLDER, Found(Document((Row("A", SecretValue("1"), id="9", version="9", comment="edited"),)))),
            True,
            id="a comment",
        ),
        pytest.param(CREDENTIAL, (SOURCE, Found({"id": SecretValue("2")})), False, id="a credential"),
        pytest.param((TARGET, Found(Observed({}))), (TARGET, Absent()), True, id="a target"),
        pytest.param((FOLDER, Found(ONE)), (Folder(ME, "/b"), Found(ONE)), False, id="another query"),
        pytest.param((FOLDER, Found(ONE)), (FOLDER, Absent()), False, id="absence"),
    ],
)
def test_what_a_fingerprint_covers(
    one: tuple[AnyQuery, AnyWire], other: tuple[AnyQuery, AnyWire], *, same: bool
) -> None:
    assert (fingerprint(one) == fingerprint(other)) is same


def test_the_specification_is_part_of_the_fingerprint() -> None:
    assert fingerprint(CREDENTIAL) != fingerprint(CREDENTIAL, spec=b"2")


def test_the_fingerprint_outlives_the_values() -> None:
    store = make((FOLDER, Found(ONE)))
    before = store.fingerprint(b"1", [FOLDER])
    store.drop(LINGER)
    assert store.fingerprint(b"1", [FOLDER]) == before


def test_the_period_of_a_query_is_that_of_its_least_patient_asker() -> None:
    store = make()
    store.depend("one", before=(), after={FOLDER: 60.0})
    store.depend("two", before=(), after={FOLDER: 30.0})
    assert store.entry(FOLDER).period == 30.0
    store.depend("two", before=[FOLDER], after={})
    assert store.entry(FOLDER).period == 60.0
