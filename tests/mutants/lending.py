"""Bugs of what is lent to the agent's templates: made, shared, replaced, and given back at the end (agent §9, §12)."""

from __future__ import annotations

from typing import Final

from .mutant import Mutant

_REVOCATION: Final = "secretsync_agent/revocation.py"
_TESTS: Final = "agent/test_agent_revocation.py"

LENDING: Final = (
    Mutant(
        name="file-emptied-without-a-word-of-the-kms",
        file=_REVOCATION,
        before="        ask.all(self.queries)\n",
        after="",
        bug="Credentials live on whose last copy is gone (agent-65).",
        killer=f"{_TESTS}::test_what_is_not_confirmed_keeps_its_file",
    ),
    Mutant(
        name="token-revoked-once-a-sink",
        file=_REVOCATION,
        before="                if token not in self._over:\n",
        after="                if True:\n",
        bug="The second sink with a token keeps it, because the KMS knows it no more (do not copy: B25).",
        killer=f"{_TESTS}::test_a_token_in_two_sinks_is_revoked_once_and_both_are_emptied",
    ),
    Mutant(
        name="missing-file-made-to-be-empty",
        file=_REVOCATION,
        before="        if not self.path or isinstance(ask(Observe(ref)), Absent):\n",
        after="        if not self.path:\n",
        bug="A file that somebody removed is there again, empty, and is taken for one.",
        killer=f"{_TESTS}::test_files_that_are_gone_are_not_made_again",
    ),
    Mutant(
        name="credentials-not-taken-back-count-as-revoked",
        file="secretsync/backends/kms/lending.py",
        before="    if over:\n        return None\n",
        after="    return None\n",
        bug="A database that is down keeps its user, and the agent says that all is revoked.",
        killer=f"{_TESTS}::test_a_lease_that_the_server_could_not_take_back_keeps_its_file",
    ),
    Mutant(
        name="lease-made-after-all-were-given-back",
        file="secretsync/backends/kms/lending.py",
        before="            return self._over and not self._book.knows(query)\n",
        after="            return False\n",
        bug="An agent that is asked to end as it starts leaves leases behind, and says that all are revoked.",
        killer="unit/test_kms_lending.py::test_once_all_is_released_a_read_that_was_on_its_way_makes_no_lease",
    ),
    Mutant(
        name="lease-not-kept-when-it-is-made",
        file="secretsync/backends/kms/lending.py",
        before="                self.keep(query, clock)\n",
        after="",
        bug="A lease of which an agent dies lives on with nobody to give it back (agent-58).",
        killer="unit/test_kms_lending.py::test_a_lease_of_an_earlier_run_is_gone_on_with",
    ),
    Mutant(
        name="replaced-lease-not-kept",
        file="secretsync/backends/kms/lease_book.py",
        before="        return Kept(held.lease_id, held.credentials, held.ends_at - now, left)\n",
        after="        return Kept(held.lease_id, held.credentials, held.ends_at - now)\n",
        bug="A lease that was replaced just before a restart is never revoked.",
        killer="agent/test_agent_cache.py::test_what_a_lease_took_the_place_of_is_known_to_the_next_process",
    ),
    Mutant(
        name="cached-lease-believed",
        file="secretsync/backends/kms/lease_book.py",
        before="        if not held.found:\n            return LookUp(held.lease_id)\n",
        after="",
        bug="Credentials that somebody revoked meanwhile are written again (agent-59).",
        killer="agent/test_agent_cache.py::test_a_lease_that_is_gone_is_replaced",
    ),
    Mutant(
        name="entries-of-one-salt",
        file="secretsync/files/sealed.py",
        before="        salt, nonce = self._entropy(_SALT), self._entropy(_NONCE)\n",
        after="        salt, nonce = bytes(_SALT), bytes(_NONCE)\n",
        bug="Two entries under one key and nonce give each other away.",
        killer="unit/test_files_sealed.py::test_no_two_writes_share_a_salt_or_a_nonce",
    ),
    Mutant(
        name="entry-sealed-without-its-name",
        file="secretsync/files/sealed.py",
        before="encrypt(nonce, plain, name.encode())",
        after="encrypt(nonce, plain, b'')",
        bug="Entries that somebody swaps give one template the credentials of another (agent §9).",
        killer="unit/test_files_sealed.py::test_what_is_written_is_read_and_shows_nowhere",
    ),
    Mutant(
        name="token-rotated-and-entries-left",
        file="secretsync_agent/keeping.py",
        before="            self.lending.keep(each, self.clock)\n",
        after="            pass\n",
        bug="Nothing that was kept before the token was rotated can be read after a restart (do not copy: B22).",
        killer="agent/test_agent_cache.py::test_a_token_that_is_rotated_while_the_agent_runs_costs_nothing",
    ),
)
