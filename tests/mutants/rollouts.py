"""Bugs of restarting workloads: what must never happen to somebody's pods (kmssecret §6)."""

from __future__ import annotations

from typing import Final

from .mutant import Mutant

_ROLLOUTS: Final = "secretsync_k8s/kinds/rollouts.py"
_WORKLOADS: Final = "secretsync_k8s/cluster/workloads.py"
_FOLLOWERS: Final = "secretsync_k8s/operator/followers.py"

ROLLOUTS: Final = (
    Mutant(
        name="asking-restarts",
        file=_ROLLOUTS,
        before='not in {"", stamp.version}',
        after="!= stamp.version",
        bug="Who asks to be restarted is restarted for that, and so is every new workload (do not copy).",
        killer="unit/test_followers.py::test_who_asks_to_be_restarted_is_not_restarted_for_that",
    ),
    Mutant(
        name="first-look-restarts",
        file=_WORKLOADS,
        before="    return {_ANNOTATION + annotation(use): version}\n",
        after="    return {_ANNOTATION + annotation(use): version, _TEMPLATE + annotation(use): version}\n",
        bug="The first look of an operator restarts who was told nothing yet.",
        killer="unit/test_followers.py::test_a_secret_that_comes_later_restarts_nobody",
    ),
    Mutant(
        name="take-over-restarts",
        file=_WORKLOADS,
        before='    return seen.attributes.get(_ANNOTATION + name) or seen.attributes.get(_TEMPLATE + name, "")\n',
        after='    return "v2:" + (seen.attributes.get(_ANNOTATION + name) or seen.attributes.get(_TEMPLATE + name, ""))\n',
        bug="What the operator before us told is taken for another version (kmssecret-53).",
        killer="unit/test_rollouts.py::test_what_a_workload_is_told",
    ),
    Mutant(
        name="restart-without-change",
        file="secretsync_k8s/cluster/stamps.py",
        before='mark, version = marks.mark_of(metadata), (metadata.get("annotations") or {}).get(marks.VERSION)',
        after='mark, version = marks.mark_of(metadata), metadata["resourceVersion"]',
        bug="An edit of a Secret's labels restarts everybody who uses it (do not copy: #64).",
        killer="unit/test_followers.py::test_an_edit_of_the_secret_that_leaves_its_version_restarts_nobody",
    ),
    Mutant(
        name="paused-is-restarted",
        file=_ROLLOUTS,
        before="if lagging and not one.held and _turn(",
        after="if lagging and _turn(",
        bug="A paused workload gets another template (kmssecret-56).",
        killer="unit/test_followers.py::test_a_paused_workload_is_restarted_when_it_goes_on",
    ),
    Mutant(
        name="veto-unheard",
        file=_WORKLOADS,
        before='        if name.startswith(_USE) and ways.intersection(text.split(",")):\n',
        after="        if name.startswith(_USE) and ways:\n",
        bug="Who asks for one way of use is restarted for the other, too.",
        killer="unit/test_workloads.py::test_only_ways_that_count_are_followed",
    ),
    Mutant(
        name="all-restart-at-once",
        file="secretsync_k8s/cluster/pace.py",
        before="            self._next[namespace] = at + self._apart\n",
        after="            self._next[namespace] = at\n",
        bug="A Secret that everybody uses restarts a whole namespace in one moment.",
        killer="unit/test_followers.py::test_five_a_second_in_each_namespace_and_no_more",
    ),
    Mutant(
        name="long-name-refused",
        file=_WORKLOADS,
        before="    if len(word) + len(name) > _LONGEST:\n",
        after="    if False:\n",
        bug="Who uses a Secret with a long name is never restarted (kmssecret-55).",
        killer="unit/test_workloads.py::test_the_name_of_the_annotation_fits",
    ),
    Mutant(
        name="another-of-the-name-is-patched",
        file=_WORKLOADS,
        before='{"metadata": {"uid": action.uid, "annotations"',
        after='{"metadata": {"annotations"',
        bug="A workload that was made anew meanwhile is restarted at once.",
        killer="unit/test_workloads.py::test_another_of_the_same_name_is_not_touched",
    ),
    Mutant(
        name="pods-that-come-up-are-looked-at",
        file=_FOLLOWERS,
        before='    return metadata["uid"], metadata.get("generation", 0), ours\n',
        after='    return metadata["uid"], metadata["resourceVersion"], ours\n',
        bug="Each pod that becomes ready costs a read of its workload.",
        killer="unit/test_followers.py::test_how_far_pods_have_come_is_not_looked_at",
    ),
    Mutant(
        name="successor-of-the-name-unseen",
        file=_FOLLOWERS,
        before='        return moved, Applied(Subject(key, HOST, _Following(self, key, ref), b"", HOUR))\n',
        after='        return (Applied(Subject(key, HOST, _Following(self, key, ref), b"", HOUR)),)\n',
        bug="A workload that was made anew is taken for the one before it, and never restarted for what it uses now.",
        killer="unit/test_followers.py::test_one_that_is_made_anew_with_other_pods_is_looked_at",
    ),
    Mutant(
        name="condition-told-for-each-workload",
        file=_FOLLOWERS,
        before="            if self._unheard or not self._complete() or any(one.is_pending(mark) for one in users):\n",
        after="            if self._unheard or not self._complete():\n",
        bug="A status is written for each of a hundred restarts (do not copy: three status writes a pass).",
        killer="unit/test_followers.py::test_five_a_second_in_each_namespace_and_no_more",
    ),
    Mutant(
        name="failure-of-the-condition-forgets",
        file="secretsync_k8s/operator/rollouts.py",
        before="        for mark in sorted(news.concerned if news.happened else ()):\n",
        after="        self.followers.passed_on(workload, news)\n"
        "        for mark in sorted(news.concerned if news.happened else ()):\n",
        bug="A condition whose write failed once is never written.",
        killer="unit/test_followers.py::test_a_condition_that_cannot_be_written_is_written_later",
    ),
)
