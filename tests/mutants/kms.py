"""Bugs at the KMS: what is sent where, and what an answer means (`backends/kms/`, `auth/`, `http/`)."""

from __future__ import annotations

from typing import Final

from .mutant import Mutant

_BACKEND: Final = "secretsync/backends/kms/backend.py"

KMS: Final = (
    Mutant(
        name="kms-failure-is-absence",
        file=_BACKEND,
        before="        except SecretSyncError as error:\n            return failure(error, query)\n",
        after="        except SecretSyncError:\n            return Absent()\n",
        bug="A KMS in trouble means that there is no such folder.",
        killer="unit/test_kms_backend.py::test_nobody_there_is_the_hosts_failure",
    ),
    Mutant(
        name="any-404-is-absence",
        file="secretsync/auth/refusal.py",
        before="        if self.unknown_route or self.status < BAD_REQUEST:\n",
        after="        if self.status < BAD_REQUEST:\n",
        bug="A proxy's page for a wrong address proves that a folder is gone.",
        killer="unit/test_kms_backend.py::test_what_is_not_the_api_proves_no_absence",
    ),
    Mutant(
        name="mask-taken-for-a-value",
        file="secretsync/backends/kms/decode.py",
        before='items if item.get("secretValueHidden") is True]:\n',
        after="items if False]:\n",
        bug="The mask of a value that this identity may not see is written into targets.",
        killer="unit/test_kms_backend.py::test_a_masked_value_is_never_a_value",
    ),
    Mutant(
        name="limit-is-the-querys-own",
        file="secretsync/backends/kms/errors.py",
        before="        case RateLimited():\n            return Scope.HOST\n",
        after="        case RateLimited():\n            return Scope.QUERY\n",
        bug="A 429 slows down one object, and all others go on asking (kmssecret-30).",
        killer="unit/test_kms_backend.py::test_a_limit_is_the_hosts_and_says_how_long",
    ),
    Mutant(
        name="api-appended-twice",
        file="secretsync/backends/kms/urls.py",
        before='    while segments and segments[-1] == "api":\n',
        after='    if parts_end_in_api := segments[-2:] == ["api"]:\n',
        bug="An address with /api at its end becomes /api/api (kmssecret-14).",
        killer="unit/test_kms_urls.py::test_an_address_is_taken_in_every_form",
    ),
    Mutant(
        name="redirect-to-another-host-followed",
        file="secretsync/http/places.py",
        before="    if origin_of(target) != origin:\n",
        after="    if False:\n",
        bug="A token goes to whatever host a server names (kmssecret-31).",
        killer="unit/test_kms_backend.py::test_a_redirect_takes_neither_token_nor_request_elsewhere",
    ),
    Mutant(
        name="missing-credentials-are-wrong-ones",
        file="secretsync/auth/method.py",
        before="        if missing := [key for key in keys if not found.get(key)]:\n            raise CredentialsNotFound(",
        after="        if missing := [key for key in keys if not found.get(key)]:\n            raise self.useless(",
        bug="Who forgot a key of the credentials is told something else (do not copy: no method; kmssecret-18).",
        killer="simulation/test_crossings_mutants.py::test_credentials_without_a_key_are_told_and_never_sent",
    ),
    Mutant(
        name="renewal-past-the-maximum",
        file="secretsync/auth/logins.py",
        before=" and now + patience + held.life <= held.latest\n",
        after="\n",
        bug="A token is renewed so late that the server destroys it in use (kms-api §2.4: legacy servers).",
        killer="unit/test_auth_lifecycle.py::test_near_the_maximum_there_is_a_login_and_no_renewal",
    ),
    Mutant(
        name="used-up-token-sent",
        file="secretsync/reconcile/reads.py",
        before="    if dependants.used > answer.uses:\n",
        after="    if dependants.used > answer.uses + 1:\n",
        bug="A token of few uses is sent once too often, and refused (kms-api §2.4).",
        killer="unit/test_reads.py::test_a_token_of_few_uses_is_replaced_before_it_is_used_up",
    ),
    Mutant(
        name="given-token-revoked",
        file="secretsync/auth/logins.py",
        before="            if isinstance(identity.method, GivenToken):\n",
        after="            if False:\n",
        bug="A token that somebody made for this program and others is revoked when one of them ends.",
        killer="unit/test_auth_given.py::test_a_renewed_one_is_not_revoked_because_the_given_one_would_end_with_it",
    ),
    Mutant(
        name="given-token-renewed-to-death",
        file="secretsync/auth/given.py",
        before='        if "creationEpoch" not in claims or not isinstance(ends, int):\n',
        after="        if not isinstance(ends, int):\n",
        bug="The only token that a program has is destroyed by a renewal past its maximum.",
        killer="unit/test_auth_given.py::test_one_of_an_elder_server_is_never_renewed",
    ),
    Mutant(
        name="refused-token-renewed",
        file="secretsync/auth/logins.py",
        before="                del self._held[identity]\n",
        after="                pass\n",
        bug="A token that the server refuses is renewed instead of replaced, and refused again.",
        killer="unit/test_auth_lifecycle.py::test_a_refused_token_is_not_renewed",
    ),
    Mutant(
        name="login-retried-fast",
        file="secretsync/auth/token.py",
        before="Backoff(base=30.0, cap=300.0, floor=30.0)",
        after="Backoff()",
        bug="A refused login is tried every few seconds (kmssecret-19).",
        killer="unit/test_auth_universal.py::test_a_token_is_asked_with_the_credentials_and_slowly_again",
    ),
    Mutant(
        name="slug-looked-up-each-time",
        file="secretsync/backends/kms/scope.py",
        before="or _project(ask, identity, scope.project_slug, slug_max_age))\n",
        after="or _project(ask, identity, scope.project_slug, None))\n",
        bug="Every check costs a second request (the original resolved the slug on every pass).",
        killer="unit/test_kms_scope.py::test_a_slug_is_not_looked_up_at_every_check",
    ),
    Mutant(
        name="project-made-anew-not-found",
        file="secretsync/backends/kms/scope.py",
        before="    if isinstance(answer, Absent) and isinstance(answer.why, ProjectNotFound) and not scope.project_id:\n",
        after="    if False:\n",
        bug="A project that was made anew under its slug is not found for half an hour.",
        killer="unit/test_kms_scope.py::test_a_project_made_anew_under_its_slug_is_found_at_once",
    ),
    Mutant(
        name="digests-without-a-key",
        file="secretsync/digest.py",
        before='        mac = hmac.new(self.key, digestmod="sha256")\n',
        after='        mac = hmac.new(b"", digestmod="sha256")\n',
        bug="Who reads a status can test guesses of a short secret (do not copy: CRC32 of secrets on pods).",
        killer="unit/test_digest.py::test_another_key_makes_another_digest_and_does_not_show",
    ),
    Mutant(
        name="values-show-in-repr",
        file="secretsync/values.py",
        before="    def __repr__(self) -> str:\n        return",
        after="    def __repr__(self) -> str:\n        return repr(self._raw) or",
        bug="Any log line about a value shows it.",
        killer="unit/test_values.py::test_nothing_that_carries_a_value_shows_it",
    ),
)
