"""`plan`: two values in, one decision out."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretsync.errors import TargetConflict, TargetTypeImmutable
from secretsync.policies import DELIVERY, KMS_ORPHAN, KMS_OWNER, Adopt, Policy
from secretsync.reconcile.plan import Decision, plan
from secretsync.targets import Action, Change, Create, Delete, Observed, Recorded, Release, Target, Update
from secretsync.values import SecretValue, Version
from worlds import DIGEST, secret

REF = secret("t")
NOTHING = Decision()
STRICT = Policy("Strict", adopt=Adopt.NEVER)
GREEDY = Policy("Greedy", adopt=Adopt.ALWAYS)
MERGE = Policy("Merge", exclusive=False)


def content(**values: str) -> Mapping[str, SecretValue]:
    return {key: SecretValue(value) for key, value in values.items()}


def keys(**values: str) -> Mapping[str, bytes]:
    return {key: DIGEST(value) for key, value in content(**values).items()}


def owned(names: str) -> frozenset[str]:
    return frozenset(names)


def target(policy: Policy = KMS_OWNER, mark: str = "one", **parts: object) -> Target:
    return Target(REF, content(A="1"), policy, mark, **parts)  # type: ignore[arg-type]


def live(mark: str | None = "one", **parts: object) -> Observed:
    return attrs.evolve(Observed(keys(A="1"), "u1", Version("7"), mark), **parts)


def decide(wanted: Target | Recorded, seen: Observed | None) -> Decision:
    return plan(wanted, seen, DIGEST)


def update(change: Change = Change.UPDATED, **parts: object) -> Update:
    unchanged = Update({}, frozenset(), {}, "one", "u1", Version("7"), change)
    return attrs.evolve(unchanged, **parts)


ACTIONS = [
    pytest.param(target(), None, Create(content(A="1"), {}, "one"), id="absent"),
    pytest.param(
        target(attributes={"a": "1"}, stamp={"s": "2"}, fixed={"f": "3"}),
        None,
        Create(content(A="1"), {"a": "1", "s": "2", "f": "3"}, "one"),
        id="absent, with attributes",
    ),
    pytest.param(target(), live(), None, id="in step"),
    pytest.param(target(), live(keys=keys(A="2")), update(put=content(A="1")), id="another value"),
    pytest.param(target(), live(keys={}), update(put=content(A="1")), id="a key is missing"),
    pytest.param(target(), live(keys=keys(A="1", B="2")), update(drop=frozenset("B")), id="a foreign key"),
    pytest.param(target(MERGE), None, Create(content(A="1"), {}, "one", owned("A")), id="absent, among others"),
    pytest.param(
        target(MERGE), live(keys=keys(A="1", B="2"), owned=owned("A")), None, id="a foreign key that may stay"
    ),
    pytest.param(
        target(MERGE),
        live(keys=keys(A="1", B="2", C="3"), owned=owned("ABD")),
        update(drop=frozenset("B"), owned=owned("A")),
        id="a key of ours that is gone, among others",
    ),
    pytest.param(target(MERGE), live(), update(owned=owned("A")), id="from now on among others"),
    pytest.param(
        target(),
        live(keys=keys(A="1", B="2"), owned=owned("A")),
        update(drop=frozenset("B"), owned=frozenset()),
        id="among others no more",
    ),
    pytest.param(target(attributes={"a": "1"}), live(), update(attributes={"a": "1"}), id="an attribute is missing"),
    pytest.param(target(), live(attributes={"a": "1"}), None, id="a foreign attribute"),
    pytest.param(
        target(), live(attributes={"a": "1"}, tracked=frozenset("a")), update(attributes={"a": None}), id="tracked"
    ),
    pytest.param(
        target(fixed={"type": "x"}), live(attributes={"type": "x"}, tracked=frozenset({"type"})), None, id="fixed stays"
    ),
    pytest.param(target(stamp={"v": "new"}), live(attributes={"v": "old"}), None, id="the stamp is sticky"),
    pytest.param(target(stamp={"v": "new"}), live(), update(attributes={"v": "new"}), id="a stamp is missing"),
    pytest.param(
        target(stamp={"v": "new"}),
        live(attributes={"v": "old"}, keys=keys(A="2")),
        update(put=content(A="1"), attributes={"v": "new"}),
        id="the stamp follows the content",
    ),
    pytest.param(target(), live(None), update(Change.ADOPTED), id="adopted as it is"),
    pytest.param(
        target(stamp={"v": "new"}),
        live(None, attributes={"v": "old"}),
        update(Change.ADOPTED),
        id="adopted, stamp kept",
    ),
    pytest.param(
        target(),
        live(None, keys=keys(A="2", B="2")),
        update(Change.ADOPTED, put=content(A="1"), drop=frozenset("B")),
        id="adopted",
    ),
    pytest.param(
        target(GREEDY), live(None, controller="Foo x"), update(Change.ADOPTED), id="adopted from a controller"
    ),
    pytest.param(target(STRICT), live(), None, id="adopts nothing, and this is ours"),
]


@pytest.mark.parametrize(("wanted", "seen", "action"), ACTIONS)
def test_what_is_done(wanted: Target, seen: Observed | None, action: Action | None) -> None:
    assert decide(wanted, seen) == Decision(action)


CONFLICTS = [
    pytest.param(target(), live("two"), "belongs to two", id="another's mark"),
    pytest.param(target(), live("two", controller="Foo x"), "belongs to two", id="another's mark and controller"),
    pytest.param(target(), live(None, controller="Foo x"), "controlled by Foo x", id="another controller"),
    pytest.param(target(STRICT), live(None), "is not ours; name another", id="adopts nothing"),
    pytest.param(target(GREEDY), live("two"), "belongs to two", id="another's mark, though it adopts all else"),
]


@pytest.mark.parametrize(("wanted", "seen", "why"), CONFLICTS)
def test_what_belongs_to_others_is_left_alone(wanted: Target, seen: Observed, why: str) -> None:
    decision = decide(wanted, seen)
    assert decision.action is None
    assert isinstance(decision.error, TargetConflict)
    assert why in str(decision.error)


def test_a_fixed_attribute_is_complained_of_while_the_content_is_kept_in_step() -> None:
    decision = decide(target(fixed={"type": "x"}), live(keys={}, attributes={"type": "y"}))
    assert decision.action == update(put=content(A="1"))
    assert isinstance(decision.error, TargetTypeImmutable)
    assert 'has type "y", which cannot become "x"' in str(decision.error)


OURS = Recorded(REF, KMS_OWNER, "one", "u1")
RELEASES = [
    pytest.param(OURS, live(), Delete, id="owned"),
    pytest.param(attrs.evolve(OURS, uid=""), live(), Delete, id="owned, written by who died before telling its uid"),
    pytest.param(OURS, None, None, id="gone already"),
    pytest.param(attrs.evolve(OURS, policy=KMS_ORPHAN), live(), Release, id="orphan"),
    pytest.param(attrs.evolve(OURS, policy=KMS_ORPHAN), live("two"), None, id="an orphan that another took"),
    pytest.param(OURS, live("two"), None, id="another's mark"),
    pytest.param(OURS, live(None), None, id="no mark"),
    pytest.param(OURS, live(uid="u2"), None, id="made anew by somebody"),
]


@pytest.mark.parametrize(("recorded", "seen", "action"), RELEASES)
def test_what_is_wanted_no_more(
    recorded: Recorded, seen: Observed | None, action: type[Delete | Release] | None
) -> None:
    assert decide(recorded, seen) == Decision(action("u1", Version("7")) if action else None)


# -- the shrink rule

FOUR = keys(A="1", B="1", C="1", D="1")


@pytest.mark.parametrize(
    ("wanted", "seen", "ours", "doubted", "dropped"),
    [
        pytest.param("AB", "", None, "", "CD", id="half may go at once"),
        pytest.param("A", "", None, "BCD", "", id="more than half waits"),
        pytest.param("", "", None, "ABCD", "", id="all of them wait"),
        pytest.param("A", "BCD", None, "", "BCD", id="what was seen a period ago goes"),
        pytest.param("A", "BC", None, "D", "BC", id="what was not seen then still waits"),
        pytest.param("A", "", "AB", "", "BCD", id="foreign keys are no loss"),
        pytest.param("", "", "AB", "AB", "CD", id="foreign keys go, ours wait"),
    ],
)
def test_many_vanished_keys_wait_for_a_second_look(
    wanted: str, seen: str, ours: str | None, doubted: str, dropped: str
) -> None:
    decision = plan(
        attrs.evolve(target(), content=content(**dict.fromkeys(wanted, "1"))),
        live(keys=FOUR),
        DIGEST,
        seen=frozenset(seen),
        ours=None if ours is None else frozenset(ours),
    )
    assert decision.doubted == frozenset(doubted)
    assert (decision.action.drop if isinstance(decision.action, Update) else frozenset()) == frozenset(dropped)


def test_changes_and_additions_are_written_while_vanished_keys_wait() -> None:
    decision = plan(attrs.evolve(target(), content=content(A="2", E="1")), live(keys=FOUR), DIGEST)
    assert decision == Decision(update(put=content(A="2", E="1")), doubted=frozenset("BCD"))


def test_who_is_not_cautious_removes_at_once() -> None:
    decision = plan(target(DELIVERY), live(keys=FOUR), DIGEST)
    assert decision == Decision(update(drop=frozenset("BCD")))


@pytest.mark.parametrize(
    ("mark", "action"), [("one", Delete("u1", Version("7"))), (None, update(Change.ADOPTED, put=content(A="1")))]
)
def test_a_target_of_another_type_is_made_anew_only_if_it_is_ours(mark: str | None, action: Action) -> None:
    wanted = target(attrs.evolve(KMS_OWNER, recreate=True), fixed={"type": "x"})
    assert decide(wanted, live(mark, keys={}, attributes={"type": "y"})).action == action


# -- laws

NAMES = st.sampled_from("ABC")
VALUES = st.sampled_from("12")
TEXTS = st.dictionaries(NAMES, VALUES, max_size=3)
MARKS = st.sampled_from(["one", "two", None])
POLICIES = st.sampled_from([KMS_OWNER, KMS_ORPHAN, DELIVERY, STRICT, MERGE])
TARGETS = st.builds(
    Target,
    st.just(REF),
    TEXTS.map(lambda texts: content(**texts)),
    POLICIES,
    st.just("one"),
    attributes=TEXTS.map(lambda texts: {f"a{name}": text for name, text in texts.items()}),
    stamp=TEXTS.map(lambda texts: {f"s{name}": text for name, text in texts.items()}),
    fixed=TEXTS.map(lambda texts: {f"f{name}": text for name, text in texts.items()}),
)
ATTRIBUTES = st.dictionaries(st.tuples(st.sampled_from("asf"), NAMES).map("".join), VALUES, max_size=5)
OBSERVED = st.builds(
    Observed,
    TEXTS.map(lambda texts: keys(**texts)),
    st.sampled_from(["u1", "u2"]),
    st.just(Version("7")),
    MARKS,
    st.sampled_from(["", "Foo x"]),
    ATTRIBUTES,
    st.frozensets(st.tuples(st.sampled_from("asf"), NAMES).map("".join)),
    st.frozensets(NAMES),
)


def apply(action: Action | None, seen: Observed | None) -> Observed | None:
    """What a place makes of an action."""
    match action:
        case None:
            return seen
        case Delete():
            return None
        case Create():
            made = {key: DIGEST(value) for key, value in action.content.items()}
            names = frozenset(action.attributes)
            return Observed(made, "u", Version("8"), action.mark, "", action.attributes, names, action.owned)
        case Update():
            assert seen is not None
            held = {**seen.keys, **{key: DIGEST(value) for key, value in action.put.items()}}
            texts = {**seen.attributes, **action.attributes}
            tracked = {name for name, text in action.attributes.items() if text is not None}
            return attrs.evolve(
                seen,
                keys={key: digest for key, digest in held.items() if key not in action.drop},
                attributes={name: text for name, text in texts.items() if text is not None},
                tracked=(seen.tracked | tracked) - {name for name, text in action.attributes.items() if text is None},
                mark=action.mark,
                owned=seen.owned if action.owned is None else action.owned,
            )


@given(TARGETS, st.none() | OBSERVED)
def test_a_second_pass_finds_nothing_to_do(wanted: Target, seen: Observed | None) -> None:
    first = decide(wanted, seen)
    again = plan(wanted, apply(first.action, seen), DIGEST, waiting=first.doubted)
    assert again.action is None
    assert type(again.error) is type(first.error)


@given(TARGETS, OBSERVED)
def test_what_another_marked_is_never_touched(wanted: Target, seen: Observed) -> None:
    decision = decide(wanted, attrs.evolve(seen, mark="two"))
    assert decision.action is None
    assert isinstance(decision.error, TargetConflict)


@given(TARGETS, OBSERVED)
def test_after_an_update_every_wanted_key_is_there(wanted: Target, seen: Observed) -> None:
    decision = decide(wanted, seen)
    after = apply(decision.action, seen)
    assert after is not None
    if not isinstance(decision.error, TargetConflict):
        assert {key: after.keys.get(key) for key in wanted.content} == {
            key: DIGEST(value) for key, value in wanted.content.items()
        }


@given(POLICIES, MARKS, st.sampled_from(["", "u1", "u2"]), st.none() | OBSERVED)
def test_only_what_is_owned_marked_and_the_very_one_is_deleted(
    policy: Policy, mark: str | None, uid: str, seen: Observed | None
) -> None:
    recorded = Recorded(REF, policy, "one", uid)
    seen = seen and attrs.evolve(seen, mark=mark)
    if isinstance(decide(recorded, seen).action, Delete):
        assert seen is not None
        assert policy.owns
        assert mark == "one"
        assert uid in {"", seen.uid}


def test_many_keys_that_vanish_among_others_wait_as_all_do() -> None:
    wanted, seen = target(MERGE), live(keys=keys(A="1", B="2", C="3", X="4"), owned=owned("ABC"))
    first = decide(wanted, seen)
    assert (first.action, first.doubted) == (None, owned("BC"))
    assert plan(wanted, seen, DIGEST, seen=first.doubted).action == update(drop=owned("BC"), owned=owned("A"))
