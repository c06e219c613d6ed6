"""`settle`: a run that missed or failed never has a result, whatever its function makes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress

import attrs
import pytest

from secretsync.cache.store import LINGER, Store
from secretsync.errors import CredentialsNotFound, Forbidden, SecretSyncError
from secretsync.policies import KMS_OWNER
from secretsync.ports import AnyQuery, AnyWire
from secretsync.queries import Absent, Found, Purpose, Query, query
from secretsync.reconcile.ask import Ask, AskFailed, NotYet
from secretsync.reconcile.messages import Desired, Subject
from secretsync.reconcile.settle import Guard, Memory, Parked, Quiet, Settled, allow, settle
from secretsync.targets import Observe, Observed, Recorded, Ref, Target
from secretsync.values import SecretValue, Version
from worlds import DIGEST, DOWN, Credentials, Folder, copy, document, login, recorded, secret, subject

CREDS = Credentials("creds")
REF, OTHER = secret("t"), secret("other")
GIVEN = {"id": SecretValue("1")}


@query
class Namespace(Query[str]):
    name: str
    purpose = Purpose.GUARD
    private = False
    host = "cluster"


def folder(path: str = "/a") -> Folder:
    """The query that `copy` asks, given the credentials below."""
    store = known({})
    ask = Ask(store, now=0.0, since=0.0, max_age=60.0, permit=lambda what, ask: None)
    return Folder(login(ask), path)


def known(answers: Mapping[AnyQuery, AnyWire], *, at: float = 0.0) -> Store:
    store = Store(DIGEST)
    for asked, wire in {CREDS: Found(GIVEN), **answers}.items():
        store.learn(asked, wire, at=at)
        store.entry(asked).retry_at = at + 60.0
    return store


def everything() -> Store:
    return known({folder(): Found(document(A="1")), Observe(REF): Absent()})


def asking(store: Store, one: Subject, *, now: float = 0.0, guard: Guard = allow) -> Ask:
    return Ask(store, now=now, since=now, max_age=60.0, permit=lambda what, ask: guard(one, what, ask))


def run(
    desired: Desired,
    store: Store,
    *,
    now: float = 0.0,
    guard: Guard = allow,
    memory: Memory | None = None,
    **more: object,
) -> tuple[Parked | Quiet | Settled, Ask]:
    one = subject(desired, **more)
    ask = asking(store, one, now=now, guard=guard)
    return settle(one, ask, store, memory=memory or Memory(), guard=guard), ask


def test_what_is_missing_is_told_in_one_batch() -> None:
    def desired(ask: Ask) -> tuple[Target, ...]:
        me = login(ask)
        ask.all([Folder(me, path) for path in ("/a", "/b", "/c")])
        raise AssertionError

    result, _ = run(desired, everything())
    assert isinstance(result, Parked)
    assert {(asked.path, value) for asked, value in result.missed.items()} == {("/b", True), ("/c", True)}


def test_a_digest_is_asked_without_the_value() -> None:
    result, _ = run(copy("/a", "t"), Store(DIGEST))
    assert result == Parked({CREDS: False})


def test_when_nothing_is_missing_the_result_stands() -> None:
    result, ask = run(copy("/a", "t", policy=KMS_OWNER), everything())
    assert isinstance(result, Settled)
    ((target, live),) = result.targets
    assert isinstance(target, Target)
    assert (target.ref, target.content, live) == (REF, {"A": SecretValue("1")}, None)
    assert ask.asked.keys() == {CREDS, folder(), Observe(REF)}


# -- what will be asked in the end


def expecting(*refs: Ref) -> Desired:
    """What `copy` does, told beforehand where it leads."""

    def desired(ask: Ask) -> tuple[Target, ...]:
        for ref in refs:
            ask.expect(Observe(ref))
        return copy("/a", "t", policy=KMS_OWNER)(ask)

    return desired


def test_what_is_expected_is_fetched_with_what_is_missing() -> None:
    result, _ = run(expecting(REF), known({}))
    assert result == Parked({Observe(REF): True, folder(): True})
    result, ask = run(expecting(REF), everything())
    assert isinstance(result, Settled)
    assert ask.asked.keys() == {CREDS, folder(), Observe(REF)}


def test_what_was_expected_and_is_not_asked_is_no_part_of_the_run() -> None:
    store = known({folder(): Found(document(A="1")), Observe(REF): Absent(), Observe(OTHER): DOWN})
    result, ask = run(expecting(REF, OTHER), store)
    assert isinstance(result, Settled)
    assert Observe(OTHER) not in ask.asked


def test_what_is_expected_is_expected_as_young_as_if_it_were_asked() -> None:
    def desired(ask: Ask) -> tuple[Target, ...]:
        ask.expect(folder("/b"))
        return copy("/a", "t", policy=KMS_OWNER)(ask)

    store = known({folder("/b"): Found(document(B="1")), Observe(REF): Absent()})
    store.learn(folder(), Found(document(A="1")), at=100.0)
    store.learn(CREDS, Found(GIVEN), at=100.0)
    result, _ = run(desired, store, now=100.0)
    assert result == Parked({folder("/b"): True})


# -- careless functions


def swallowing(error: type[BaseException]) -> Desired:
    """What a careless kind does: an error of asking becomes "nothing is wanted"."""

    def desired(ask: Ask) -> tuple[Target, ...]:
        try:
            return copy("/a", "t")(ask)
        except error:
            return ()

    return desired


def turning(ask: Ask) -> tuple[Target, ...]:
    with suppress(BaseException):
        return copy("/a", "t")(ask)
    raise ValueError("drawn from nothing")


CARELESS = [
    pytest.param(swallowing(Exception), id="except Exception"),
    pytest.param(swallowing(BaseException), id="except BaseException"),
    pytest.param(turning, id="another error"),
]


@pytest.mark.parametrize("desired", CARELESS)
def test_a_miss_that_is_swallowed_is_no_result(desired: Desired) -> None:
    result, _ = run(desired, known({Observe(REF): Absent()}), recorded=(recorded(REF, KMS_OWNER),))
    assert result == Parked({folder(): True})


@pytest.mark.parametrize("desired", CARELESS)
def test_a_failure_that_is_swallowed_is_no_result(desired: Desired) -> None:
    with pytest.raises(AskFailed):
        run(desired, known({folder(): DOWN, Observe(REF): Absent()}), recorded=(recorded(REF, KMS_OWNER),))


@pytest.mark.parametrize("desired", CARELESS)
def test_a_missing_credential_that_is_swallowed_is_no_result(desired: Desired) -> None:
    with pytest.raises(CredentialsNotFound):
        run(desired, known({CREDS: Absent(), Observe(REF): Absent()}))


@pytest.mark.parametrize("desired", CARELESS)
def test_a_refusal_that_is_swallowed_is_no_result(desired: Desired) -> None:
    with pytest.raises(Forbidden):
        run(desired, everything(), guard=refusing(Folder))


@pytest.mark.parametrize("kind", [Folder, Ref])
def test_a_miss_that_a_guard_swallows_is_no_result(kind: type) -> None:
    def guard(one: Subject, what: AnyQuery | Ref, ask: Ask) -> None:
        with suppress(NotYet):
            if isinstance(what, kind):
                ask(Namespace("ns"))

    result, _ = run(copy("/a", "t"), everything(), guard=guard)
    assert result == Parked({Namespace("ns"): True})


@pytest.mark.parametrize("answers", [{}, {CREDS: DOWN}], ids=["a miss", "a failure"])
def test_except_exception_does_not_even_see_it(answers: Mapping[AnyQuery, AnyWire]) -> None:
    def desired(ask: Ask) -> tuple[Target, ...]:
        try:
            ask(Folder(login(ask), "/a"))
        except Exception as exc:  # noqa: BLE001 - the carelessness under test
            seen.append(exc)
        return ()

    seen: list[Exception] = []
    with suppress(AskFailed):
        run(desired, known(answers))
    assert not seen


def test_an_error_of_its_own_stands_when_nothing_was_missing() -> None:
    def desired(ask: Ask) -> tuple[Target, ...]:
        copy("/a", "t")(ask)
        raise ValueError("its own")

    with pytest.raises(ValueError, match="its own"):
        run(desired, everything())


# -- the guard


def refusing(*kinds: type) -> Guard:
    def guard(one: Subject, what: AnyQuery | Ref, ask: Ask) -> None:
        if isinstance(what, kinds):
            raise Forbidden("guard", "ask", "not allowed")

    return guard


@pytest.mark.parametrize(
    ("kind", "asked"),
    [(Credentials, set()), (Folder, {CREDS}), (Ref, {CREDS, folder()})],
    ids=["credential", "data", "target"],
)
def test_what_is_refused_is_not_even_noted(kind: type, asked: set[AnyQuery]) -> None:
    store = everything()
    one = subject(copy("/a", "t"))
    ask = asking(store, one, guard=refusing(kind))
    with pytest.raises(Forbidden):
        settle(one, ask, store, memory=Memory(), guard=refusing(kind))
    assert ask.asked.keys() == asked


def test_the_guard_sees_everything_but_its_own_questions() -> None:
    seen: list[object] = []
    run(copy("/a", "t"), everything(), guard=lambda one, what, ask: seen.append(what))
    assert seen == [CREDS, folder(), REF]


def test_a_guard_that_asks_parks_the_run_before_the_query_is_noted() -> None:
    def guard(one: Subject, what: AnyQuery | Ref, ask: Ask) -> None:
        if isinstance(what, Folder) and ask(Namespace("ns")) == Absent():
            raise Forbidden("guard", "ask", "not allowed")

    store = known({})
    result, ask = run(copy("/a", "t"), store, guard=guard)
    assert result == Parked({Namespace("ns"): True})
    assert folder() not in ask.asked
    store.learn(Namespace("ns"), Found("open"), at=0.0)
    assert run(copy("/a", "t"), store, guard=guard)[0] == Parked({folder(): True})


def test_a_guard_that_asks_does_not_keep_siblings_from_being_noted() -> None:
    def guard(one: Subject, what: AnyQuery | Ref, ask: Ask) -> None:
        if isinstance(what, Folder) and what.path == "/a":
            ask(Namespace("ns"))

    def desired(ask: Ask) -> tuple[Target, ...]:
        me = login(ask)
        ask.all([Folder(me, "/a"), Folder(me, "/b")])
        raise AssertionError

    assert run(desired, known({}), guard=guard)[0] == Parked({Namespace("ns"): True, folder("/b"): True})


# -- deletion


def test_a_deleted_subject_asks_for_its_targets_only() -> None:
    def desired(ask: Ask) -> tuple[Target, ...]:
        raise AssertionError

    result, ask = run(desired, everything(), deleted=True, recorded=(recorded(REF, KMS_OWNER),))
    assert isinstance(result, Settled)
    assert ask.asked.keys() == {Observe(REF)}


def test_a_deleted_subject_is_never_quiet() -> None:
    first, ask = run(copy("/a", "t"), everything())
    assert isinstance(first, Settled)
    memory = Memory(first.inputs, ask.asked, {})
    assert isinstance(run(copy("/a", "t"), everything(), memory=memory)[0], Quiet)
    result, ask = run(copy("/a", "t"), everything(), memory=memory, deleted=True)
    assert isinstance(result, Settled)
    assert not ask.asked


def test_what_is_no_longer_named_comes_after_what_is_wanted() -> None:
    store = everything()
    store.learn(Observe(OTHER), Absent(), at=0.0)
    gone = recorded(OTHER, KMS_OWNER)
    result, _ = run(copy("/a", "t"), store, recorded=(gone, recorded(REF, KMS_OWNER)))
    assert isinstance(result, Settled)
    assert [type(target) for target, _ in result.targets] == [Target, Recorded]
    assert result.targets[1] == (gone, None)


# -- quiet


def remembered(store: Store, verified: Callable[[Store], Mapping[Ref, bytes | None]]) -> Memory:
    result, ask = run(copy("/a", "t"), store)
    assert isinstance(result, Settled)
    return Memory(result.inputs, dict(ask.asked), verified(store))


def in_step(store: Store) -> Mapping[Ref, bytes | None]:
    return {REF: store.entry(Observe(REF)).digest}


def test_the_same_answers_and_targets_are_quiet_without_any_value() -> None:
    store = everything()
    memory = remembered(store, in_step)
    store.drop(LINGER)
    assert not store.entry(folder()).has_value
    result, _ = run(lambda ask: pytest.fail("evaluated"), store, memory=memory, now=60.0)
    assert result == Quiet()


def test_a_target_that_was_not_verified_is_not_quiet() -> None:
    store = everything()
    memory = remembered(store, lambda store: {REF: None})
    assert isinstance(run(copy("/a", "t"), store, memory=memory)[0], Settled)


def test_a_target_that_moved_is_not_quiet_and_its_values_are_obtained() -> None:
    store = everything()
    memory = remembered(store, in_step)
    store.drop(LINGER)
    store.learn(Observe(REF), Found(Observed({}, "u", Version("1"))), at=10.0)
    assert run(copy("/a", "t"), store, memory=memory, now=10.0)[0] == Parked({folder(): True})


def test_answers_that_are_too_old_are_confirmed_first() -> None:
    store = everything()
    memory = remembered(store, in_step)
    assert run(copy("/a", "t"), store, memory=memory, now=60.1)[0] == Parked({folder(): False})


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda store: store.learn(folder(), Found(document(A="2")), at=0.0), id="data"),
        pytest.param(lambda store: store.learn(CREDS, Found({"id": SecretValue("2")}), at=0.0), id="credential"),
    ],
)
def test_other_answers_are_not_quiet(change: Callable[[Store], object]) -> None:
    store = everything()
    memory = remembered(store, in_step)
    change(store)
    assert not isinstance(run(copy("/a", "t"), store, memory=memory)[0], Quiet)


def test_another_specification_is_not_quiet() -> None:
    store = everything()
    memory = remembered(store, in_step)
    assert isinstance(run(copy("/a", "t"), store, memory=memory, spec=b"2")[0], Settled)


def test_a_guard_that_changed_its_mind_is_heard_while_quiet() -> None:
    store = everything()
    memory = remembered(store, in_step)
    with pytest.raises(SecretSyncError):
        run(copy("/a", "t"), store, memory=memory, guard=refusing(Ref))


def patient(ask: Ask) -> tuple[Target, ...]:
    """Asks for a folder, and is content with an answer of half an hour ago."""
    ask(folder(), max_age=1800.0)
    return ()


@pytest.mark.parametrize(
    ("answer", "result"), [(Found(document(A="1")), Settled), (Absent(), Parked)], ids=["there", "not there"]
)
def test_that_there_is_nothing_is_believed_for_a_period_at_most(answer: AnyWire, result: type) -> None:
    assert isinstance(run(patient, known({folder(): answer}), now=61.0)[0], result)


def test_what_failed_is_checked_each_period_whatever_age_was_accepted() -> None:
    store = known({folder(): DOWN})
    one = subject(patient)
    ask = asking(store, one)
    with pytest.raises(AskFailed):
        settle(one, ask, store, memory=Memory(), guard=allow)
    assert ask.asked == {folder(): 60.0}


def test_of_several_ages_the_smallest_counts() -> None:
    def desired(ask: Ask) -> tuple[Target, ...]:
        ask(CREDS, max_age=600.0)
        ask(CREDS, max_age=30.0)
        ask(CREDS)
        return ()

    _, ask = run(desired, known({}))
    assert ask.asked == {CREDS: 30.0}


def test_a_subject_shows_neither_its_function_nor_its_specification() -> None:
    assert "function" not in repr(attrs.evolve(subject(copy("/a", "t")), spec=b"canary"))


# -- what is made by being asked for


@query
class Lease(Query[str]):
    name: str
    creates = True
    host = "kms"


LEASE = Lease("db")


def wanting(*reads: Folder, then: Exception | None = None) -> Desired:
    """A function that looks at all answers there are, as templates do with stand-ins."""

    def desired(ask: Ask) -> tuple[Target, ...]:
        for asked in (LEASE, *reads):
            with suppress(NotYet):
                ask(asked)
        if then:
            raise then
        ask.verify()
        return ()

    return desired


def test_a_lease_is_asked_for_when_nothing_else_is_missing() -> None:
    result, ask = run(wanting(folder("/b")), everything())
    assert result == Parked({folder("/b"): True})
    assert LEASE not in ask.asked, "or it came due by itself though the run came to nothing"
    result, ask = run(wanting(folder()), everything())
    assert result == Parked({LEASE: True})
    assert ask.asked == {LEASE: 60.0, folder(): 60.0}


@pytest.mark.parametrize(
    ("desired", "error"),
    [
        pytest.param(wanting(folder("/b")), AskFailed, id="an answer failed"),
        pytest.param(wanting(folder(), then=Forbidden("kms", "read", "no")), Forbidden, id="it says why not"),
    ],
)
def test_nothing_is_lent_for_what_fails(desired: Desired, error: type[BaseException]) -> None:
    store = known({folder(): Found(document(A="1")), folder("/b"): DOWN})
    one = subject(desired)
    ask = asking(store, one)
    with pytest.raises(error):
        settle(one, ask, store, memory=Memory(), guard=allow)
    assert LEASE not in ask.asked


@pytest.mark.parametrize(
    ("desired", "error"),
    [
        pytest.param(wanting(folder("/b")), AskFailed, id="an answer failed"),
        pytest.param(wanting(then=Forbidden("kms", "read", "no")), Forbidden, id="it says why not"),
    ],
)
def test_a_refused_lease_is_tried_no_more_while_something_else_fails(
    desired: Desired, error: type[BaseException]
) -> None:
    store = known({LEASE: DOWN, folder("/b"): DOWN})
    one = subject(desired)
    ask = asking(store, one)
    with pytest.raises(error) as raised:
        settle(one, ask, store, memory=Memory(), guard=allow)
    assert getattr(raised.value, "query", None) != LEASE
    assert LEASE not in ask.asked


def test_what_is_missing_is_read_while_a_lease_is_refused() -> None:
    result, ask = run(wanting(folder("/b")), known({LEASE: DOWN}))
    assert result == Parked({folder("/b"): True})
    assert LEASE not in ask.asked


def test_a_refused_lease_is_the_error_of_who_fails_for_nothing_else_and_is_tried_again() -> None:
    store = known({LEASE: DOWN, folder(): Found(document(A="1"))})
    one = subject(wanting(folder()))
    ask = asking(store, one)
    with pytest.raises(AskFailed) as raised:
        settle(one, ask, store, memory=Memory(), guard=allow)
    assert raised.value.query == LEASE
    assert ask.asked == {LEASE: 60.0, folder(): 60.0}


def test_an_error_that_nobody_raised_on_purpose_may_come_of_what_is_missing() -> None:
    result, _ = run(wanting(then=ValueError()), everything())
    assert result == Parked({LEASE: True})


def test_a_lease_that_ended_is_asked_for_anew_by_who_asked_for_it_before() -> None:
    memory = memorised(wanting(), lent(at=0.0))
    result, _ = run(wanting(), lent(at=0.0), now=100.0, memory=memory)
    assert result == Parked({LEASE: True})


def lent(*, at: float) -> Store:
    return known({LEASE: Found("user", renew_in=50.0, expires_in=60.0)}, at=at)


def memorised(desired: Desired, store: Store) -> Memory:
    """Return what a run that settled remembers."""
    result, ask = run(desired, store)
    assert isinstance(result, Settled)
    return Memory(result.inputs, dict(ask.asked), {})
