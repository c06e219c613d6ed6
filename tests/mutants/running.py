"""Bugs in the life of a subject: what brings a run about, what it writes, what is told (`reconcile/`)."""

from __future__ import annotations

from typing import Final

from .mutant import Mutant

_RUNS: Final = "secretsync/reconcile/runs.py"
_WRITES: Final = "secretsync/reconcile/writes.py"

RUNNING: Final = (
    Mutant(
        name="failed-writes-are-a-fight",
        file=_WRITES,
        before="        if until is None and not right:\n",
        after="        if until is None and not run:\n",
        bug="Three writes that fail are taken for somebody who changes the target back, and it is left alone for a period.",
        killer="simulation/test_crossings_writes.py::test_writes_that_fail_again_and_again_are_no_fight",
    ),
    Mutant(
        name="parked-runs-hold-nothing",
        file=_RUNS,
        before="        self._hold(run, ask.asked, now)\n        run.state, run.waiting",
        after="        run.state, run.waiting",
        bug="A long chain of questions is read anew at every link.",
        killer="unit/test_runs.py::test_a_long_chain_slower_than_values_linger_is_fetched_once",
    ),
    Mutant(
        name="change-while-writing-lost",
        file=_RUNS,
        before="        if run.state is State.WRITING:\n            run.again = True\n            return\n",
        after="        if run.state is State.WRITING:\n            return\n",
        bug="A change that comes while targets are written waits for the next one.",
        killer="unit/test_runs.py::test_a_change_while_writing_is_not_lost",
    ),
    Mutant(
        name="force-sync-while-writing-lost",
        file=_RUNS,
        before="        run.anew = run.anew and run.again  # asked",
        after="        run.anew = False  # asked",
        bug="A sync that is asked for while targets are written (kmssecret-61) takes old answers.",
        killer="unit/test_caution.py::test_what_is_asked_for_while_a_target_is_written_is_not_lost",
    ),
    Mutant(
        name="write-of-a-removed-object-lands",
        file=_RUNS,
        before="        for perform in run.writing:\n            self._hosts.discard(perform.host, perform)\n",
        after="",
        bug="A write that still waits is made for an object that is gone (kmssecret-65).",
        killer="unit/test_runs.py::test_withdrawn_while_a_write_is_queued_writes_nothing",
    ),
    Mutant(
        name="failure-forgets-targets",
        file=_RUNS,
        before="        self._finish(run, (error,), now, retry_in=retry_in)\n",
        after="        run.targets = ()\n        self._finish(run, (error,), now, retry_in=retry_in)\n",
        bug="After an outage nobody knows what an object owns: its targets outlive it.",
        killer="unit/test_runs.py::test_an_error_drops_nothing_that_was_ours",
    ),
    Mutant(
        name="doubted-target-counts-as-verified",
        file=_WRITES,
        before="            verified[ref] = None if ref in run.caution.doubted else self._seen(ref)\n",
        after="            verified[ref] = self._seen(ref)\n",
        bug="Keys whose removal waits for a second look stay for ever, because nothing calls for that look.",
        killer="unit/test_caution.py::test_many_vanished_keys_go_when_the_same_is_seen_a_period_later",
    ),
    Mutant(
        name="removal-never-tried-again",
        file=_WRITES,
        before="            elif decision != Decision():\n                verified[self._own(target.ref)] = LEAVING\n",
        after="",
        bug="A target that could not be removed after a rename stays, since all that is wanted is in order.",
        killer="unit/test_runs.py::test_the_removal_of_a_target_no_longer_named_is_tried_until_it_succeeds",
    ),
    Mutant(
        name="one-shots-make-periods",
        file=_RUNS,
        before="        periods = {query: max(age, run.subject.period) for query, age",
        after="        periods = {query: max(age, 1.0) for query, age",
        bug="Who asks for a fresh read once has it made without end.",
        killer="unit/test_reads.py::test_an_age_of_0_is_no_period",
    ),
    Mutant(
        name="failures-told-each-time",
        file=_RUNS,
        before="        if news or (outcome.failures and outcome.failures & (outcome.failures - 1) == 0):\n",
        after="        if news or outcome.failures:\n",
        bug="An outage writes the status of each object at each try (kmssecret-28: at failures 1, 2, 4, 8).",
        killer="unit/test_runs.py::test_an_outage_is_told_after_1_2_4_8_failures",
    ),
    Mutant(
        name="outcomes-told-each-time",
        file=_RUNS,
        before="        news = run.reported is None or outcome != run.reported or outcome.notes or run.subject.deleted\n",
        after="        news = True\n",
        bug="Every check writes a status (do not copy: three status writes a pass).",
        killer="unit/test_runs.py::test_the_same_outcome_is_told_once",
    ),
    Mutant(
        name="failures-of-an-object-do-not-add-up",
        file=_RUNS,
        before="        run.failures = run.failures + 1 if errors else 0\n",
        after="        run.failures = 1 if errors else 0\n",
        bug="An object that cannot be written is tried without ever waiting longer.",
        killer="unit/test_runs.py::test_an_outage_is_told_after_1_2_4_8_failures",
    ),
    Mutant(
        name="fight-rule-off",
        file="secretsync/reconcile/caution.py",
        before="        if fight:\n",
        after="        if False:\n",
        bug="Two writers of one target correct each other without end.",
        killer="unit/test_caution.py::test_three_equal_corrections_end_in_a_pause_of_one_period",
    ),
    Mutant(
        name="second-look-at-once",
        file="secretsync/reconcile/caution.py",
        before="        return doubt.keys if doubt and now >= doubt.since + period else frozenset()\n",
        after="        return doubt.keys if doubt else frozenset()\n",
        bug="Keys that vanish in heaps go at the next run, not an interval later (kmssecret-37).",
        killer="unit/test_caution.py::test_vanished_keys_stay_for_a_period_whatever_is_done_meanwhile",
    ),
    Mutant(
        name="values-in-events",
        file=_WRITES,
        before='            return f"{ref} with {_names(action.content)}"\n',
        after='            return f"{ref} with {[value.reveal() for value in action.content.values()]}"\n',
        bug="An event and a log line show what was written: no value outside its target (invariant, kmssecret-66).",
        killer="simulation/test_crossings_mutants.py::test_a_day_of_work_shows_no_value",
    ),
)
