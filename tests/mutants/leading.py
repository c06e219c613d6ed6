"""Bugs of leader election and of writing while leading (`cluster/lease.py`, `operator/fence.py`)."""

from __future__ import annotations

from typing import Final

from .mutant import Mutant

_LEASE: Final = "secretsync_k8s/cluster/lease.py"
_FENCE: Final = "secretsync_k8s/operator/fence.py"
_CROSSINGS: Final = "simulation/test_crossings_mutants.py"

LEADING: Final = (
    Mutant(
        name="lease-not-asked-before-a-write",
        file=_FENCE,
        before="        if remaining <= 0.0:\n",
        after="        if False:\n",
        bug="A process that was paused writes what it was about to: only the leader writes (invariant, kmssecret-62).",
        killer=f"{_CROSSINGS}::test_a_leader_suspended_between_reading_and_writing_writes_nothing_when_it_wakes_up[24]",
    ),
    Mutant(
        name="write-outwaits-the-lead",
        file=_FENCE,
        before="        return remaining + LAST_REQUEST\n",
        after="        return TIMEOUT\n",
        bug="A write behind a slow webhook takes effect while another process leads.",
        killer="unit/test_operator_fence.py::test_a_write_is_given_up_before_another_may_have_taken_over",
    ),
    Mutant(
        name="lease-taken-over-early",
        file=_LEASE,
        before="            free_in = 0.0 if given_back else max(DURATION, float(duration))\n",
        after="            free_in = 0.0 if given_back else RENEW - 1.0\n",
        bug="Another takes over while the leader may still write: one leader (invariant).",
        killer=f"{_CROSSINGS}::test_a_leader_that_is_cut_off_is_followed_when_its_time_is_over",
    ),
    Mutant(
        name="lease-kept-after-a-failed-renewal",
        file=_LEASE,
        before="        if won and self._clock.monotonic() < began + RENEW:\n",
        after="        if won or self._holds():\n",
        bug="A leader that cannot renew leads on while another begins.",
        killer="unit/test_lease.py::test_whatever_fails_it_is_no_renewal_and_the_leader_stops_before_another_may_begin",
    ),
    Mutant(
        name="renewal-counts-from-its-answer",
        file=_LEASE,
        before="            self._lead(until=began + RENEW)\n",
        after="            self._lead(until=self._clock.monotonic() + RENEW)\n",
        bug="A renewal whose answer took long makes a lead that outlasts the Lease.",
        killer="unit/test_lease.py::test_a_lead_counts_from_the_start_of_its_renewal",
    ),
    Mutant(
        name="late-takeover-counts",
        file=_LEASE,
        before="        if won and self._clock.monotonic() < began + RENEW:\n",
        after="        if won:\n",
        bug="A process that was paused between asking and hearing leads by a Lease that is another's by now.",
        killer="unit/test_lease.py::test_a_takeover_that_took_too_long_is_none",
    ),
    Mutant(
        name="lease-not-given-back",
        file=_LEASE,
        before="        if not self._written:\n            return\n",
        after="        return\n",
        bug="After a clean stop nobody works for a quarter of a minute.",
        killer="unit/test_lease.py::test_a_leader_that_stops_is_followed_within_3_s",
    ),
    Mutant(
        name="lease-given-back-before-the-end",
        file=_LEASE,
        before="        if self._until is not None:\n            self._end()\n        if not self._written:\n            return\n"
        "        try:\n",
        after="        try:\n",
        bug="A successor begins while this process still writes.",
        killer="unit/test_lease.py::test_work_ends_before_the_lease_is_given_back",
    ),
    Mutant(
        name="edited-holder-believed",
        file=_LEASE,
        before="        return self._holds() and (self.leading or written)\n",
        after="        return self._holds()\n",
        bug="A Lease into which somebody writes our name is taken although another leads by it.",
        killer="unit/test_lease.py::test_a_holder_that_somebody_edits_ends_the_leader_and_begins_nobody_before_its_time",
    ),
    Mutant(
        name="deleted-lease-taken-at-once",
        file=_LEASE,
        before='            self._seen = _Seen("", "", self._clock.monotonic() + DURATION)\n',
        after='            self._seen = _Seen("", "", 0.0)\n',
        bug="Who deletes the Lease of a leader that is cut off makes two.",
        killer="unit/test_lease.py::test_a_deleted_lease_of_a_leader_that_is_cut_off_is_waited_for",
    ),
    Mutant(
        name="lease-put-without-a-version",
        file=_LEASE,
        before=' | dict(lease.get("metadata") or {})\n',
        after="\n",
        bug="Two candidates that read at once both write, and both lead.",
        killer="unit/test_lease.py::test_two_at_once_give_one_leader_for_good",
    ),
    Mutant(
        name="nobody-stands-again",
        file=_LEASE,
        before="        if self._is_our_work(lease) or self._is_free():\n",
        after="        if self._is_our_work(lease):\n",
        bug="A Lease that ran out is taken by nobody: somebody leads (invariant).",
        killer=f"{_CROSSINGS}::test_a_leader_that_is_cut_off_is_followed_when_its_time_is_over",
    ),
)
