"""Bugs of reading: what is fetched when, and with which credential (`reconcile/reads.py`, `reconcile/credentials.py`)."""

from __future__ import annotations

from typing import Final

from .mutant import Mutant

_CREDENTIALS: Final = "secretsync/reconcile/credentials.py"
_READS: Final = "secretsync/reconcile/reads.py"

_CALM: Final = (
    "simulation/test_crossings_mutants.py::test_without_deeds_each_folder_is_asked_for_as_often_as_its_interval_says"
)

READING: Final = (
    Mutant(
        name="answer-counted-from-when-it-is-looked-at",
        file=_READS,
        before="self._store.learn(query, wire, at=at)",
        after="self._store.learn(query, wire, at=now)",
        bug="A machine that was suspended as an answer came believes a lease that is over.",
        killer="agent/test_agent_leases.py::test_a_lease_goes_on_while_the_machine_is_suspended_that_has_just_heard_of_it",
    ),
    Mutant(
        name="checks-come-too-often",
        file=_READS,
        before="    period = entry.period\n",
        after="    period = entry.period / 10.0\n",
        bug="Every check costs ten: calls a minute never exceed the budget (invariant).",
        killer=_CALM,
    ),
    Mutant(
        name="checks-come-too-seldom",
        file=_READS,
        before="    period = entry.period\n",
        after="    period = entry.period * 3.0\n",
        bug="A check comes every third interval: every due item is attempted within two (invariant).",
        killer=_CALM,
    ),
    Mutant(
        name="unchanged-hides-a-missing-target",
        file=_READS,
        before="not entry.perishable and (entry.has_value or not entry.obtain)\n",
        after="not entry.perishable\n",
        bug="A 304 hides that a target was deleted, since its values are not at hand (do not copy: #117; kmssecret-34).",
        killer="simulation/test_crossings_mutants.py::test_a_target_deleted_by_hand_comes_back_though_the_kms_says_304",
    ),
    Mutant(
        name="two-logins-at-once",
        file=_READS,
        before="        if not entry.under_way:\n            query = entry.query\n",
        after="        if True:\n            query = entry.query\n",
        bug="Who asks for what is on its way asks again: twenty objects log in twenty times (kmssecret-21).",
        killer="unit/test_reads.py::test_who_comes_later_joins_what_is_on_its_way",
    ),
    Mutant(
        name="impatient-asker-waits",
        file=_READS,
        before="        self._timers.at(turn, entry)\n",
        after="        if entry.due == FOREVER:\n            self._timers.reset(turn, entry)\n",
        bug="After a restart an object checked each minute waits for the turn of one checked each half hour.",
        killer="unit/test_caution.py::test_after_a_restart_the_least_patient_is_not_made_to_wait",
    ),
    Mutant(
        name="turn-of-another-is-relied-on",
        file=_READS,
        before="        entry.first_turn = min(entry.first_turn, turn)  # kept",
        after="        entry.first_turn = turn if turn < entry.due else FOREVER  # kept",
        bug="After a restart an object whose folder another was to check first is never synchronised, if that one leaves.",
        killer="unit/test_caution.py::test_after_a_restart_who_waits_for_the_check_of_another_keeps_a_turn_of_its_own",
    ),
    Mutant(
        name="swapped-events-are-believed",
        file=_READS,
        before="            entry.outdated |= entry.shown not in (None, version)",
        after="            entry.outdated |= False",
        bug="An edit that a watch tells before the echo of our own write is never corrected.",
        killer="unit/test_engine_echo.py::test_only_what_the_write_does_not_explain_is_read",
    ),
    Mutant(
        name="moved-during-flight-lost",
        file=_READS,
        before="            entry.shown = version\n        else:",
        after="            pass\n        else:",
        bug="What a watch shows while a read is under way is forgotten when the older answer lands.",
        killer="unit/test_reads.py::test_a_fetch_that_the_watch_overtook_is_repeated",
    ),
    Mutant(
        name="late-answer-overwrites-a-newer-one",
        file=_READS,
        before="        if not outdated and (shown is None or shown == entry.version):\n",
        after="        if not outdated:\n",
        bug="An answer that began its way before a change counts as the newest.",
        killer="unit/test_reads.py::test_a_fetch_that_the_watch_overtook_is_repeated",
    ),
    Mutant(
        name="read-from-before-our-write-counts",
        file=_READS,
        before="            entry.shown = entry.version  # that read may have begun before the write\n",
        after="            pass\n",
        bug="A look that began before our own write undoes what we know of its outcome.",
        killer="unit/test_reads.py::test_a_read_that_began_before_our_own_write_is_repeated",
    ),
    Mutant(
        name="renewal-tried-at-every-use",
        file=_CREDENTIALS,
        before="                if now >= max(holder.renew_at, holder.retry_at):\n",
        after="                if now >= holder.renew_at:\n",
        bug="A login that fails is tried at each check while the old token still serves (kmssecret-19).",
        killer="unit/test_reads.py::test_a_renewal_that_fails_is_not_tried_at_every_use",
    ),
    Mutant(
        name="missing-credential-not-missed",
        file=_CREDENTIALS,
        before="            case Absent():\n                holder.as_credential().stranded |= dict.fromkeys(queries)\n",
        after="            case Absent():\n",
        bug="Credentials that appear are noticed at the next check only (kmssecret-17).",
        killer="unit/test_reads.py::test_the_same_credential_made_anew_is_noticed_at_once",
    ),
    Mutant(
        name="refused-token-kept",
        file=_CREDENTIALS,
        before="            again = replaced or self._refused(holder, now)\n",
        after="            again = replaced\n",
        bug="A revoked token is used until its end (kmssecret-23; do not copy: #7179).",
        killer="unit/test_reads.py::test_a_401_costs_one_login_and_one_replay",
    ),
    Mutant(
        name="late-401-kills-a-fresh-token",
        file=_CREDENTIALS,
        before="        replaced = holder.answer is not used or now >= holder.expires_at\n",
        after="        replaced = now >= holder.expires_at\n",
        bug="The refusal of an old token throws away the new one: logins go round in circles.",
        killer="unit/test_reads.py::test_a_token_that_is_no_longer_the_one_refused_is_kept",
    ),
    Mutant(
        name="refused-reads-go-round",
        file=_CREDENTIALS,
        before="        if used is None or query is None or entry.replayed:\n",
        after="        if used is None or query is None:\n",
        bug="A server that refuses every token is asked without a pause.",
        killer="unit/test_reads.py::test_tokens_that_expire_on_their_way_are_not_replayed_for_ever",
    ),
    Mutant(
        name="refused-tokens-cost-a-login-each",
        file=_CREDENTIALS,
        before="        if now < dependants.forced_at + REFUSED_AGAIN:\n            return False\n",
        after="",
        bug="A server that refuses all tokens is logged in to at every check (kmssecret-19).",
        killer="unit/test_reads.py::test_a_permanent_401_does_not_loop_logins_and_ends",
    ),
    Mutant(
        name="plain-403-never-suspected",
        file=_CREDENTIALS,
        before="            again = failed.scope is Scope.SUSPECT and (replaced or self._suspected(entry, holder, now))\n",
        after="            again = False\n",
        bug="On servers that answer 403 to an expired token an object stays forbidden (kmssecret-23).",
        killer="unit/test_reads.py::test_a_stale_token_that_is_answered_with_a_plain_403_is_replaced",
    ),
    Mutant(
        name="plain-403-always-suspected",
        file=_CREDENTIALS,
        before="dependants.forced_at + SUSPECT_AGAIN, holder.retry_at):",
        after="holder.retry_at):",
        bug="A stable 403 costs a login a minute (kmssecret-24: one in ten minutes).",
        killer="unit/test_reads.py::test_a_plain_403_of_an_older_token_costs_one_login_in_ten_minutes",
    ),
    Mutant(
        name="failed-query-never-retried",
        file=_READS,
        before="        if entry.failure:\n            return self._retry(entry, entry.failure, now)\n",
        after="        if entry.failure:\n            return FOREVER\n",
        bug="What failed once is never asked again: every due item is attempted within two intervals (invariant).",
        killer="simulation:2",
    ),
    Mutant(
        name="failure-outwaits-the-interval",
        file=_READS,
        before="        return max(min(self._longest, self._patience(entry)), entry.query.backoff.floor)\n",
        after="        return max(self._longest, entry.query.backoff.floor)\n",
        bug="An object checked each minute is wrong for five more minutes after an outage (invariant: right in time).",
        killer="unit/test_reads.py::test_the_waits_after_failures_grow_up_to_a_period",
    ),
    Mutant(
        name="stranded-waits-by-itself",
        file=_READS,
        before="        if (holder := self.credentials.lacked_by(entry)) and holder.failure:\n",
        after="        if (holder := entry) is None:\n",
        bug="What failed for want of a credential is tried by its own long back-off, when the credential is there again.",
        killer="simulation/test_crossings_kms.py::"
        "test_credentials_that_come_back_while_logins_fail_are_used_as_soon_as_these_work",
    ),
)
