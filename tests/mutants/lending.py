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
)
