"""What the status of a KMSSecret remembers, and when it is worth a write (kmssecret §4 step 10)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from secretsync.errors import Unavailable
from secretsync.policies import KMS_ORPHAN, KMS_OWNER
from secretsync.reconcile.messages import Kept, Outcome
from secretsync.targets import Observed, Recorded
from secretsync.values import Version
from secretsync_k8s.cluster.secrets import target
from secretsync_k8s.kinds.base import Rollouts
from secretsync_k8s.kinds.kmssecret.status import REDEPLOY, recorded, redeployed, status
from stand import kmssecret

NOW = datetime(2030, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
DOWN = Unavailable("http://kms.test", "list secrets of /app", "no answer in time")


def told(outcome: Outcome, previous: dict[str, Any], *, now: datetime = LATER) -> dict[str, Any]:
    return status(kmssecret("app", "http://kms.test"), outcome, previous, now)


def in_step(*namespaces: str) -> Outcome:
    observed = Observed({"A": b"1"}, "uid", Version("7"), "shop/app")
    policies = (KMS_OWNER, KMS_ORPHAN)
    return Outcome(
        targets=tuple(
            Kept(Recorded(target(namespace, "app"), policy, "shop/app", "uid"), observed)
            for namespace, policy in zip(namespaces, policies, strict=False)
        )
    )


def failed(times: int) -> Outcome:
    return Outcome((DOWN,), failures=times)


@pytest.mark.row("kmssecret-33")
def test_what_was_told_is_not_written_again() -> None:
    before = told(in_step("shop"), {}, now=NOW)
    assert told(in_step("shop"), before) is before


@pytest.mark.row("kmssecret-28")
def test_a_failure_that_goes_on_is_written_when_its_count_doubles() -> None:
    now = told(failed(1), told(in_step("shop"), {}, now=NOW), now=NOW)
    written = [times for times in range(2, 17) if (now := told(failed(times), before := now)) is not before]
    assert written == [2, 4, 8, 16]
    assert now["lastSyncTime"] == "2030-01-01T00:00:00Z", "when the outage was seen"


def test_targets_are_remembered_in_any_namespace() -> None:
    held = {**kmssecret("app", "http://kms.test"), "status": told(in_step("shop", "elsewhere"), {})}
    assert [(one.ref.namespace, one.policy) for one in recorded(held)] == [
        ("shop", KMS_OWNER),
        ("elsewhere", KMS_ORPHAN),
    ]


def redeploy(held: dict[str, Any]) -> tuple[str, str, str]:
    found = next(one for one in held["conditions"] if one["type"] == REDEPLOY)
    return found["status"], found["reason"], found["message"]


REFUSED = Rollouts(problems=("we may not",))
OUTAGE = ("False", "Stopped", "the secrets could not be synced")


@pytest.mark.parametrize(
    ("before", "rollouts", "after"),
    [
        pytest.param((), None, ("True", "OK", "number of workloads restarted: 0"), id="at first"),
        pytest.param((), Rollouts(3), ("True", "OK", "number of workloads restarted: 3"), id="at first, after a start"),
        pytest.param(
            (Rollouts(3),), Rollouts(2), ("True", "OK", "number of workloads restarted: 3"), id="well, and still well"
        ),
        pytest.param((REFUSED,), None, ("False", "Error", "we may not"), id="not known after a restart"),
        pytest.param(
            (REFUSED,), Rollouts(2), ("True", "OK", "number of workloads restarted: 2"), id="not well, and well now"
        ),
        pytest.param((Rollouts(3),), REFUSED, ("False", "Error", "we may not"), id="well, and not well now"),
    ],
)
def test_what_a_look_at_the_targets_says_of_workloads(
    before: tuple[Rollouts, ...], rollouts: Rollouts | None, after: tuple[str, str, str]
) -> None:
    previous = told(in_step("shop"), {}, now=NOW) if before else {}
    for one in before:
        previous = redeployed(previous, one, NOW)
    obj = kmssecret("app", "http://kms.test")
    assert redeploy(status(obj, in_step("shop"), previous, LATER, rollouts=rollouts)) == after


@pytest.mark.row("kmssecret-28")
def test_while_nothing_can_be_synced_workloads_say_nothing() -> None:
    down = told(failed(1), {}, now=NOW)
    assert redeploy(down) == OUTAGE
    assert redeployed(down, Rollouts(2), LATER) is down
    assert redeploy(told(in_step("shop"), down))[:2] == ("True", "OK")


def test_what_was_told_of_workloads_is_not_written_again() -> None:
    before = redeployed(told(in_step("shop"), {}, now=NOW), Rollouts(2, skipped=1), LATER)
    assert redeploy(before) == ("True", "OK", "number of workloads restarted: 2; skipped: 1")
    assert before["lastSyncTime"] == "2030-01-01T00:01:00Z"
    assert redeployed(before, Rollouts(2, skipped=1), LATER) is before
