"""Bugs of targets: what is done to them and how (`reconcile/plan.py`, `cluster/secrets.py`, `marks.py`, `finalizers.py`)."""

from __future__ import annotations

from typing import Final

from .mutant import Mutant

_PLAN: Final = "secretsync/reconcile/plan.py"
_SECRETS: Final = "secretsync_k8s/cluster/secrets.py"
_FINALIZERS: Final = "secretsync_k8s/cluster/finalizers.py"
_WHAT_IS_DONE: Final = "unit/test_plan.py::test_what_is_done"

WRITING: Final = (
    Mutant(
        name="shrink-rule-off",
        file=_PLAN,
        before="    return vanished if 2 * len(vanished) > len(had) else vanished & waiting\n",
        after="    return frozenset()\n",
        bug="Lost rights that look like a shorter list remove most keys at once (kmssecret-37).",
        killer="unit/test_plan.py::test_many_vanished_keys_wait_for_a_second_look",
    ),
    Mutant(
        name="other-controllers-secret-taken",
        file=_PLAN,
        before="    if live.controller and target.policy.adopt is not Adopt.ALWAYS:\n",
        after="    if False:\n",
        bug="A Secret that another controller owns is overwritten (kmssecret-39).",
        killer="unit/test_plan.py::test_what_belongs_to_others_is_left_alone",
    ),
    Mutant(
        name="two-objects-share-a-target",
        file=_PLAN,
        before="    if live.mark is not None:\n        return TargetConflict",
        after="    if False:\n        return TargetConflict",
        bug="Two objects with one target overwrite each other without end (kmssecret-40).",
        killer="unit/test_plan.py::test_what_belongs_to_others_is_left_alone",
    ),
    Mutant(
        name="orphan-removed-after-rename",
        file=_PLAN,
        before="    if not recorded.policy.owns:\n        return Release",
        after="    if False:\n        return Release",
        bug="A target with policy Orphan is deleted when its object stops naming it (kmssecret-42).",
        killer="unit/test_runs.py::test_an_orphan_no_longer_named_stays",
    ),
    Mutant(
        name="successor-removed-after-rename",
        file=_PLAN,
        before='    return Delete(live.uid, live.version) if recorded.uid in ("", live.uid) else None\n',
        after="    return Delete(live.uid, live.version)\n",
        bug="A Secret that somebody made anew under the old name is deleted (kmssecret-5).",
        killer="unit/test_plan.py::test_what_is_wanted_no_more",
    ),
    Mutant(
        name="unmarked-target-removed",
        file=_PLAN,
        before="    if live is None or live.mark != recorded.mark:\n",
        after="    if live is None:\n",
        bug="A Secret that is no longer ours is deleted by name in the clean-up.",
        killer="unit/test_plan.py::test_what_is_wanted_no_more",
    ),
    Mutant(
        name="foreign-keys-stay",
        file=_PLAN,
        before="    return there if target.policy.exclusive else there & live.owned\n",
        after="    return there & live.owned\n",
        bug="Keys that are gone from the KMS or were added by hand stay in the target (kmssecret-36).",
        killer=_WHAT_IS_DONE,
    ),
    Mutant(
        name="version-always-stamped",
        file=_PLAN,
        before="for name, text in target.stamp.items() if put or drop or name not in live.attributes}\n",
        after="for name, text in target.stamp.items()}\n",
        bug="Taking over changes the version of an unchanged Secret, which restarts workloads (kmssecret-53; #64).",
        killer=_WHAT_IS_DONE,
    ),
    Mutant(
        name="attributes-written-each-time",
        file=_PLAN,
        before=(
            "    if not put and not drop and not attributes and live.mark == target.mark and live.owned == owned:\n"
            "        return None\n"
        ),
        after="",
        bug="Every look at a target writes it: a quiet world becomes quiet (invariant).",
        killer="unit/test_plan.py::test_a_second_pass_finds_nothing_to_do",
    ),
    Mutant(
        name="owner-reference-stays",
        file="secretsync_k8s/cluster/marks.py",
        before='    if owned:\n        names.add("owner")\n',
        after="",
        bug="Owner becomes Orphan, the reference stays, and the cluster deletes the Secret (do not copy; kmssecret-41).",
        killer="unit/test_cluster_secrets.py::test_an_owner_comes_and_goes_beside_foreign_references",
    ),
    Mutant(
        name="patch-without-a-version",
        file=_SECRETS,
        before='        "resourceVersion": action.version,\n        "labels": _labels',
        after='        "labels": _labels',
        bug="A write that was decided on an old look overwrites what came in between (kmssecret-47).",
        killer="unit/test_cluster_secrets.py::test_what_changed_in_between_is_not_overwritten",
    ),
    Mutant(
        name="release-without-a-version",
        file=_SECRETS,
        before='    metadata = {"resourceVersion": action.version, "labels": {marks.MANAGED: None}',
        after='    metadata = {"labels": {marks.MANAGED: None}',
        bug="A Secret that another object adopted meanwhile loses that object's marks.",
        killer="unit/test_cluster_secrets.py::test_what_changed_in_between_is_not_overwritten",
    ),
    Mutant(
        name="delete-without-a-uid",
        file=_SECRETS,
        before='    preconditions = {"uid": action.uid, "resourceVersion": action.version}\n',
        after='    preconditions = {"resourceVersion": action.version}\n',
        bug="A delete that names no uid may hit a Secret of the same name (kmssecret-5).",
        killer="unit/test_cluster_secrets.py::test_another_secret_of_that_name_is_not_deleted",
    ),
    Mutant(
        name="delete-without-a-version",
        file=_SECRETS,
        before='    preconditions = {"uid": action.uid, "resourceVersion": action.version}\n',
        after='    preconditions = {"uid": action.uid}\n',
        bug="A Secret that was given to another object since the decision is deleted.",
        killer="unit/test_cluster_secrets.py::test_another_secret_of_that_name_is_not_deleted",
    ),
    Mutant(
        name="key-names-changed",
        file="secretsync_k8s/cluster/shapes.py",
        before="    return {key: b64encode(value.reveal()).decode() for key, value in content.items()}\n",
        after='    return {key.replace("_", "-"): b64encode(value.reveal()).decode() for key, value in content.items()}\n',
        bug="Keys arrive under other names: every target is right within its interval (invariant).",
        killer="simulation/test_crossings_mutants.py::test_a_day_of_work_shows_no_value",
    ),
    Mutant(
        name="failed-look-is-an-absent-secret",
        file=_SECRETS,
        before="    if _is(error, 404):\n        return _absent(query)\n",
        after="    if not isinstance(error, RateLimited):\n        return _absent(query)\n",
        bug="An API server in trouble means that there are no Secrets.",
        killer="unit/test_cluster_secrets.py::test_a_refused_read_is_a_failure",
    ),
    Mutant(
        name="clusters-own-secrets-are-read",
        file=_SECRETS,
        before='        if secret.get("type") in RESERVED:\n            raise',
        after="        if False:\n            raise",
        bug="Anybody's object uses the token of a service account as credentials.",
        killer="unit/test_cluster_secrets.py::test_a_secret_of_the_cluster_itself_is_never_read",
    ),
    Mutant(
        name="refused-write-keeps-the-watch-trusted",
        file="secretsync_k8s/cluster/watched.py",
        before="            self._refused.add(ref)\n",
        after="            pass\n",
        bug="After a write whose answer was lost, the watch that lags behind says that there is nothing.",
        killer="unit/test_cluster_watched.py::test_after_a_refused_write_the_next_look_is_a_real_one",
    ),
    Mutant(
        name="finalizer-list-emptied",
        file=_FINALIZERS,
        before="        return [one for one in present if one != held.finalizer]\n",
        after="        return []\n",
        bug="The finalizers of others go with ours (do not copy; kmssecret-6).",
        killer="unit/test_kmssecret_finalizers.py::test_it_joins_those_of_others_and_leaves_them_again",
    ),
    Mutant(
        name="finalizers-of-others-replaced",
        file=_FINALIZERS,
        before="[*present, held.finalizer]",
        after="[held.finalizer]",
        bug="Adding ours drops those of others.",
        killer="unit/test_kmssecret_finalizers.py::test_it_joins_those_of_others_and_leaves_them_again",
    ),
    Mutant(
        name="finalizers-without-a-version",
        file=_FINALIZERS,
        before='{"resourceVersion": metadata["resourceVersion"], "finalizers": finalizers}',
        after='{"finalizers": finalizers}',
        bug="A finalizer that somebody adds at the same moment is lost.",
        killer="unit/test_kmssecret_finalizers.py::test_a_finalizer_that_others_add_in_between_stays",
    ),
)
