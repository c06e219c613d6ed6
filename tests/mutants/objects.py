"""Bugs between custom resources and the engine: what an object means, and what is said of it (`kinds/`, `operator/`)."""

from __future__ import annotations

from typing import Final

from .mutant import Mutant

_DESIRED: Final = "secretsync_k8s/kinds/kmssecret/desired.py"
_READING: Final = "secretsync_k8s/kinds/kmssecret/reading.py"
_STATUS: Final = "secretsync_k8s/kinds/kmssecret/status.py"
_OBJECTS: Final = "secretsync_k8s/operator/objects.py"
_REPORTER: Final = "secretsync_k8s/operator/reporter.py"
_CROSSINGS: Final = "simulation/test_crossings_mutants.py"

OBJECTS: Final = (
    Mutant(
        name="status-of-unknown-fate-forgotten",
        file=_OBJECTS,
        before="                now.doubtful = True\n",
        after="                now.doubtful = False\n",
        bug="A failure told by a status whose reply was lost stands for ever, since nobody knows that it was written.",
        killer="simulation/test_crossings_writes.py::"
        "test_a_failure_told_by_a_status_whose_reply_is_lost_is_taken_back_when_all_is_well_again",
    ),
    Mutant(
        name="empty-list-wipes",
        file=_READING,
        before="    if not rows and not spec.allow_empty:\n",
        after="    if False:\n",
        bug="An empty list, the answer for a folder that is not there, empties the target (do not copy; kmssecret-26).",
        killer="simulation/test_crossings_mutants.py::test_an_empty_list_is_no_proof",
    ),
    Mutant(
        name="other-import-wins",
        file=_READING,
        before='FLATTEN: Final = Flatten(imports="first")\n',
        after='FLATTEN: Final = Flatten(imports="last")\n',
        bug="Of two imports the last wins, so that taking over changes data (quirk to keep).",
        killer="unit/test_kmssecret_desired.py::test_between_imports_the_first_wins",
    ),
    Mutant(
        name="no-finalizer-for-what-is-elsewhere",
        file=_DESIRED,
        before="    if not spec.is_held and any(",
        after="    if False and any(",
        bug="An owned Secret in another namespace outlives its object (kmssecret-4).",
        killer=f"{_CROSSINGS}::test_what_is_owned_elsewhere_goes_with_its_object",
    ),
    Mutant(
        name="public-host-of-last-resort",
        file="secretsync_k8s/kinds/kmssecret/connection.py",
        before="    if not host:\n        raise InvalidSpec(\n",
        after='    host = host or "https://kms.hanzo.ai"\n    if not host:\n        raise InvalidSpec(\n',
        bug="An object that names no host sends its credentials to a public one (kmssecret-15).",
        killer="unit/test_kmssecret_desired.py::test_without_a_host_nothing_is_asked_for",
    ),
    Mutant(
        name="guard-allows-all",
        file="secretsync_k8s/kinds/kmssecret/guard.py",
        before="        if self.policy is CrossNamespace.DENY:\n            raise",
        after="        if self.policy is CrossNamespace.DENY:\n            return\n            raise",
        bug="Credentials of other namespaces are used although the operator forbids it (kmssecret-64; invariant: guard).",
        killer=f"{_CROSSINGS}::test_credentials_of_another_namespace_are_never_used",
    ),
    Mutant(
        name="scope-allows-all",
        file="secretsync_k8s/operator/scope.py",
        before="        return bool(self.namespaces) and namespace not in self.namespaces\n",
        after="        return False\n",
        bug="A scoped install reads outside of its namespaces (kmssecret-63).",
        killer="unit/test_kmssecret_desired.py::test_what_is_outside_the_scope_is_refused",
    ),
    Mutant(
        name="first-of-two-methods-taken",
        file="secretsync_k8s/kinds/kmssecret/logins.py",
        before="    if len(named) > 1:\n",
        after="    if False:\n",
        bug="Of two login methods one is chosen by chance (do not copy; kmssecret-11).",
        killer="unit/test_kmssecret_spec.py::test_of_two_login_methods_none_is_chosen",
    ),
    Mutant(
        name="metadata-edits-ignored",
        file=_OBJECTS,
        before='_RESTLESS: Final = {"resourceVersion", "managedFields"}\n',
        after='_RESTLESS: Final = {"resourceVersion", "managedFields", "labels", "annotations"}\n',
        bug="Labels and annotations of an object do not follow to its Secret (do not copy; kmssecret-51).",
        killer="unit/test_operator_objects.py::test_every_other_change_is_news",
    ),
    Mutant(
        name="successor-inherits-a-status",
        file=_OBJECTS,
        before="            if before is not None and before.ref.uid == ObjectRef.of(obj).uid:\n",
        after="            if before is not None:\n",
        bug="An object made anew under its old name is never told its own status.",
        killer="unit/test_operator_objects.py::test_an_object_made_anew_under_its_name_begins_with_its_own_status",
    ),
    Mutant(
        name="paused-object-worked-on",
        file="secretsync_k8s/kinds/kmssecret/kind.py",
        before='        return _annotations(obj).get(PAUSED) == "true"\n',
        after="        return False\n",
        bug="An object that asks to be left alone is not (kmssecret-61).",
        killer="unit/test_operator_objects.py::test_a_paused_object_is_withdrawn_until_it_goes_on",
    ),
    Mutant(
        name="restart-is-a-burst",
        file=_OBJECTS,
        before="        settled = before is None and self.kind.is_settled(obj, self._moved)\n",
        after="        settled = False\n",
        bug="After a restart every object is checked at once (kmssecret-62: spread).",
        killer="operator/test_runtime_restart.py::"
        "test_a_restart_writes_nothing_and_lists_each_folder_once_spread_over_time",
    ),
    Mutant(
        name="clean-up-left-out",
        file=_OBJECTS,
        before="(_leaves(obj) and self.kind.finalizer not in _finalizers(obj)):\n",
        after="_leaves(obj):\n",
        bug="An object that waits for our clean-up waits for ever (kmssecret-4).",
        killer=f"{_CROSSINGS}::test_what_is_owned_elsewhere_goes_with_its_object",
    ),
    Mutant(
        name="untold-target-left-behind",
        file="secretsync_k8s/kinds/kmssecret/kind.py",
        before='        return (*told, *_untold(obj, told)) if obj["metadata"].get("deletionTimestamp") else told\n',
        after="        return told\n",
        bug="What was made just before a crash outlives its object.",
        killer=f"{_CROSSINGS}::test_what_was_made_before_a_crash_goes_with_its_object",
    ),
    Mutant(
        name="clean-up-in-the-own-namespace-only",
        file=_STATUS,
        before='        if target.get("kind") in SHAPES and target.get("policy") in _POLICIES\n',
        after='        if target.get("namespace") == obj["metadata"]["namespace"] and target.get("policy") in _POLICIES\n',
        bug="What an object owned in another namespace is forgotten by a restart (do not copy: limited to the CR's).",
        killer="unit/test_kmssecret_status.py::test_targets_are_remembered_in_any_namespace",
    ),
    Mutant(
        name="status-written-each-time",
        file=_STATUS,
        before="    if not changed and not _doubled(outcome.failures, previous):\n        return previous\n",
        after="",
        bug="Every report is a write although nothing changed (kmssecret-33; invariant: quiet).",
        killer="unit/test_kmssecret_status.py::test_what_was_told_is_not_written_again",
    ),
    Mutant(
        name="no-condition-before-the-login",
        file=_REPORTER,
        before="        status = before if outcome.gone else self",
        after="        status = before if outcome.gone or not outcome.targets else self",
        bug="What goes wrong before the first success is told nowhere (do not copy).",
        killer="simulation/test_crossings_mutants.py::test_credentials_without_a_key_are_told_and_never_sent",
    ),
    Mutant(
        name="two-status-writes-a-report",
        file=_REPORTER,
        before="            self._write(report.key, held, status)\n",
        after="            self._write(report.key, held, status)\n            self._write(report.key, held, status)\n",
        bug="A pass writes its status more than once (do not copy: three status writes a pass).",
        killer="operator/test_operator_over_time.py::test_an_outage_of_ten_minutes",
    ),
    Mutant(
        name="finalizer-gone-before-the-clean-up",
        file=_REPORTER,
        before="        elif not outcome.gone and not _needs_nothing_more(held, outcome):\n            return\n",
        after="",
        bug="The object goes before what it owns elsewhere is deleted.",
        killer=f"{_CROSSINGS}::test_what_is_owned_elsewhere_goes_with_its_object",
    ),
    Mutant(
        name="outage-lets-go",
        file=_REPORTER,
        before="not all(isinstance(e, TargetError | Forbidden) for e in outcome.errors):\n",
        after="False:\n",
        bug="After ten minutes without an API server an object leaves its Secrets behind.",
        killer="operator/test_kmssecret_rows_over_time.py::test_an_object_waits_through_an_outage_however_long",
    ),
    Mutant(
        name="credentials-that-appear-unheard",
        file="secretsync_k8s/operator/assembly.py",
        before="    send(Moved(ClusterSecret(namespace, name), version))\n",
        after="",
        bug="Credentials that are created late are noticed at the next check only (kmssecret-17).",
        killer=f"{_CROSSINGS}::test_credentials_that_appear_are_used_at_once",
    ),
    Mutant(
        name="deleted-target-unheard",
        file="secretsync_k8s/operator/assembly.py",
        before="    send(Moved(Observe(target(namespace, name)), version))\n",
        after="",
        bug="A target deleted by hand comes back at no time (kmssecret-34).",
        killer=f"{_CROSSINGS}::test_a_target_deleted_by_hand_comes_back_though_the_kms_says_304",
    ),
    Mutant(
        name="own-outage-is-unhealthy",
        file="secretsync_k8s/operator/running.py",
        before="        if self.driver.dead or self.driver.silent_for > STUCK:\n",
        after="        if self.driver.dead or self.driver.silent_for > STUCK or not self.ready()[0]:\n",
        bug="An outage of others has the process killed.",
        killer="unit/test_operator_running.py::test_it_is_ready_while_all_is_followed_and_in_time_and_alive_in_any_case",
    ),
    Mutant(
        name="late-checks-are-ready",
        file="secretsync_k8s/operator/running.py",
        before="            if late.periods > TOO_LATE:\n",
        after="            if False:\n",
        bug="Readiness says nothing of checks that are late by more than two intervals (invariant).",
        killer="unit/test_operator_running.py::test_it_is_ready_while_all_is_followed_and_in_time_and_alive_in_any_case",
    ),
)
