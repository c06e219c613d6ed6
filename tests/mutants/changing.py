"""Bugs of writes, leases and the change feed (`backends/kms/`, `http/`)."""

from __future__ import annotations

from typing import Final

from .mutant import Mutant

_KMS: Final = "secretsync/backends/kms"

CHANGING: Final = (
    Mutant(
        name="empty-value-is-unset",
        file=f"{_KMS}/writes.py",
        before="    return {name: value for name, value in given.items() if value is not None}\n",
        after='    return {name: value for name, value in given.items() if value not in (None, SecretValue(""))}\n',
        bug="A secret cannot be set to the empty text (do not copy: go-sdk leaves empty values out).",
        killer="unit/test_kms_writes.py::test_what_an_edit_leaves_out_stays_and_empty_is_a_value",
    ),
    Mutant(
        name="approval-is-success",
        file=f"{_KMS}/writes.py",
        before="        if (approval := waiting(answer)) is not None:\n",
        after="        if waiting(answer) is not None and many:\n            return ()\n"
        "        if (approval := waiting(answer)) is not None:\n",
        bug="A change that waits for an approval counts as made (do not copy: go-sdk returns an empty secret).",
        killer="unit/test_kms_writes.py::test_an_approval_is_no_success[many]",
    ),
    Mutant(
        name="single-mask-taken-for-a-value",
        file=f"{_KMS}/decode.py",
        before='    if item.get("secretValueHidden") is True:\n',
        after="    if False:\n",
        bug="The mask of a single secret that this identity may not see is taken for its value.",
        killer="unit/test_kms_reading.py::test_a_masked_single_value_is_never_a_value",
    ),
    Mutant(
        name="lease-counted-by-our-clock",
        file=f"{_KMS}/leases.py",
        before="    now = _date(response)\n",
        after="    now = datetime.now().astimezone()\n",
        bug="Where our clock is wrong, a lease is renewed too late or all the time.",
        killer="unit/test_kms_leases.py::test_a_lease_lives_by_the_server_s_clock",
    ),
    Mutant(
        name="renewal-refused-by-text-only",
        file=f"{_KMS}/leases.py",
        before="            if error.status not in {BAD_REQUEST, NOT_FOUND}:\n",
        after="            if error.status != NOT_FOUND:\n",
        bug="A lease as old as it may get is renewed for ever (do not copy: the operator compares a text that changed).",
        killer="unit/test_kms_leases.py::test_a_lease_as_old_as_it_may_get_has_ended_whatever_the_server_s_text",
    ),
    Mutant(
        name="lease-given-back-before-another-is-in-hand",
        file=f"{_KMS}/lease_book.py",
        before="                self._leave(held, now, after=self._care.grace)\n",
        after="                self._leave(held, now)\n",
        bug="Who still uses the old credentials is thrown out at once.",
        killer="unit/test_kms_lease_book.py::test_one_as_old_as_it_may_get_is_replaced_before_it_is_given_back",
    ),
    Mutant(
        name="lease-without-an-answer-made-again-at-once",
        file=f"{_KMS}/lending.py",
        before="            return Failed(error, Scope.QUERY, retry_after=APART)\n",
        after="            return failure(error, query)\n",
        bug="A KMS that acts and does not answer makes a lease each second (agent-57).",
        killer="agent/test_agent_leases.py::test_a_lease_whose_making_got_no_answer_is_not_made_again_at_once",
    ),
    Mutant(
        name="late-lease-forgotten",
        file=f"{_KMS}/lease_book.py",
        before="        if held.released and held.lease_id:\n",
        after="        if held.released and held.lease_id and not held.found:\n",
        bug="A lease that is made after its user went lives on with nobody to give it back.",
        killer="unit/test_kms_lease_book.py::test_one_that_is_made_for_nobody_is_given_back",
    ),
    Mutant(
        name="lease-serves-after-its-end",
        file=f"{_KMS}/lease_book.py",
        before="        return held.credentials if held and not held.released and now < held.ends_at else None\n",
        after="        return held.credentials if held and not held.released else None\n",
        bug="A program goes on with credentials that were taken back long ago, and is not told.",
        killer="unit/test_kms_lending.py::test_a_lease_that_cannot_be_kept_is_told_when_it_ended",
    ),
    Mutant(
        name="lease-made-by-a-repetition",
        file=f"{_KMS}/session.py",
        before="                repeatable=read or deed.repeatable,\n",
        after="                repeatable=True,\n",
        bug="A lease whose answer got lost is made a second time, and nobody gives the first one back.",
        killer="unit/test_kms_leases.py::test_what_makes_or_renews_a_lease_is_not_sent_again",
    ),
    Mutant(
        name="import-mutation-unheard",
        file=f"{_KMS}/events.py",
        before="        items = payload if isinstance(payload, list) else [payload]\n",
        after="        items = payload if isinstance(payload, list) else []\n",
        bug="An import that changes is found at the next poll (do not copy: the CLI decodes its payload as an array).",
        killer="unit/test_kms_sse.py::test_what_cannot_be_understood_may_have_changed_anything",
    ),
    Mutant(
        name="frames-leak-into-the-next",
        file=f"{_KMS}/sse.py",
        before='        self._kind, self._data, self._size = "", [], 0\n',
        after='        self._kind, self._size = "", 0\n',
        bug="The data of a frame stands in the next one too (do not copy: the operator's parser).",
        killer="unit/test_kms_sse.py::test_frames_are_read_as_they_are_written",
    ),
    Mutant(
        name="oversize-frame-unheard",
        file=f"{_KMS}/events.py",
        before="    if frame.oversize:\n        return (EVERYWHERE,)\n",
        after="    if frame.oversize:\n        return ()\n",
        bug="What is told in a frame too long to read is never looked for.",
        killer="unit/test_kms_sse.py::test_what_cannot_be_understood_may_have_changed_anything",
    ),
    Mutant(
        name="no-look-after-listening",
        file=f"{_KMS}/watching.py",
        before="        return [Suspect(tuple(self._watched)), *self._fit()] if self._watched else []\n",
        after="        return self._fit()\n",
        bug="What changed between the last look and the opening of the feed waits for the next poll.",
        killer="unit/test_kms_watching.py::test_what_is_watched_is_looked_at_once_the_feed_is_open",
    ),
    Mutant(
        name="feed-asks-for-logins-without-end",
        file=f"{_KMS}/watching.py",
        before="            return REFUSED_AGAIN if self._refused else 0.0",
        after="            return 0.0",
        bug="A feed that refuses good tokens has the identity log in again and again.",
        killer="unit/test_kms_watching.py::test_a_feed_that_refuses_good_tokens_makes_no_storm_of_logins",
    ),
    Mutant(
        name="compressed-answers-unpacked",
        file="secretsync/http/client.py",
        before='.strip().lower() not in {"", "identity"}:\n',
        after='.strip().lower() == "br":\n',
        bug="A few bytes of gzip fill the memory before anybody counts them.",
        killer="unit/test_kms_lies.py::test_a_lie_is_one_error_in_time[Folder-gzip bomb-10.0]",
    ),
)
