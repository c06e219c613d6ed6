"""Bugs of what tells of changes between polls, and of what KMSSecrets may ask for beyond a folder."""

from __future__ import annotations

from typing import Final

from .mutant import Mutant

_WEBHOOK: Final = "secretsync/backends/kms/webhook.py"
_HEARING: Final = "secretsync_k8s/operator/hearing.py"
_ACCOUNTS: Final = "secretsync_k8s/cluster/accounts.py"
_RENDERING: Final = "secretsync_k8s/kinds/kmssecret/rendering.py"

TELLING: Final = (
    Mutant(
        name="webhook-time-not-signed",
        file=_WEBHOOK,
        before='    if str(told.get("timestamp")) != written[1]:\n',
        after="    if False:\n",
        bug="A delivery that was caught long ago counts again under another time in its header (kms-api §11.2).",
        killer="unit/test_kms_webhook.py::test_nothing_else_is_believed",
    ),
    Mutant(
        name="webhook-compared-until-it-differs",
        file=_WEBHOOK,
        before="hmac.compare_digest(hmac.digest(one.reveal(), body, hashlib.sha256), digest)",
        after="hmac.digest(one.reveal(), body, hashlib.sha256) == digest",
        bug="How long the answer takes tells how much of a guessed signature is right.",
        killer="unit/test_kms_webhook.py::test_a_digest_is_compared_in_constant_time_with_every_secret",
    ),
    Mutant(
        name="webhook-forgotten-too-soon",
        file=_WEBHOOK,
        before="self._order.append((moment + 2 * WINDOW, delivery.digest))",
        after="self._order.append((moment + WINDOW, delivery.digest))",
        bug="A delivery signed by a fast clock counts twice.",
        killer="unit/test_kms_webhook.py::test_one_that_came_counts_no_second_time_while_it_could",
    ),
    Mutant(
        name="webhook-read-whatever-its-length",
        file="secretsync/runtime/pages.py",
        before="if length.isdecimal() and int(length) <= largest else None",
        after="if length.isdecimal() else None",
        bug="Anybody fills the memory by one request.",
        killer="unit/test_operator_webhook.py::test_too_much_is_refused_before_it_is_read",
    ),
    Mutant(
        name="feed-outlives-its-objects",
        file=_HEARING,
        before="                is_last = feeds is not None and self._pushed.any_of(query.identity) is None\n",
        after="                is_last = False\n",
        bug="Each rotation of credentials leaves a connection and its threads behind.",
        killer="unit/test_operator_hearing.py::test_the_connection_ends_with_the_last_who_asks_for_it",
    ),
    Mutant(
        name="feed-waits-for-a-token",
        file=_HEARING,
        before="        elif isinstance(moved.query, Token) and (query := self._pushed.any_of(moved.query.identity)):\n",
        after="        elif isinstance(moved.query, Token) and (query := None):\n",
        bug="A feed whose token ended stays closed until the next poll.",
        killer="unit/test_operator_hearing.py::test_a_refused_token_is_asked_for_by_a_read",
    ),
    Mutant(
        name="account-token-of-another",
        file=_ACCOUNTS,
        before='    if secret.get("type") != _TYPE or annotations.get(_OF) != account or not token:\n',
        after='    if secret.get("type") != _TYPE or not token:\n',
        bug="Who may edit a service account logs in as any other of the namespace.",
        killer="unit/test_kmssecret_logins.py::test_where_an_account_keeps_none_one_is_made",
    ),
    Mutant(
        name="account-of-any-namespace",
        file="secretsync_k8s/kinds/kmssecret/guard.py",
        before="        case Ref() | ClusterAccount():\n            return Grant",
        after="        case Ref():\n            return Grant",
        bug="Any object logs in as any service account of the cluster, whatever --cross-namespace says (kmssecret-64).",
        killer="unit/test_kmssecret_logins.py::test_an_account_of_another_namespace_takes_a_grant",
    ),
    Mutant(
        name="template-chance-of-all-keys",
        file=_RENDERING,
        before="sourced((spec.object.uid, str(target.ref), key, text, everything))",
        after="sourced((spec.object.uid, str(target.ref), text, everything))",
        bug="Two keys that one template makes hold the same password.",
        killer="unit/test_kmssecret_templates.py::test_a_password_that_a_template_makes_stays_while_its_inputs_do",
    ),
    Mutant(
        name="template-error-carries-values",
        file=_RENDERING,
        before="        problem = TemplateError(f'{target.ref}: key \"{key}\": {error}')\n",
        after="        raise TemplateError(f'{target.ref}: key \"{key}\": {error}') from error\n",
        bug="The values that a failed template worked on hang on its error.",
        killer="unit/test_kmssecret_templates.py::test_a_template_that_fails_names_its_key_and_no_value",
    ),
    Mutant(
        name="merge-takes-the-keys-of-others",
        file="secretsync/reconcile/plan.py",
        before="    return there if target.policy.exclusive else there & live.owned\n",
        after="    return there\n",
        bug="In merge mode the keys of others are removed (kmssecret-36).",
        killer="unit/test_plan.py::test_what_is_done",
    ),
    Mutant(
        name="merge-forgets-what-is-ours",
        file="secretsync_k8s/cluster/secrets.py",
        before="    if action.owned is not None:\n",
        after="    if False:\n",
        bug="In merge mode a key that is gone from the KMS stays in the target for ever (kmssecret-37).",
        killer="unit/test_cluster_secrets.py::test_keys_that_are_ours_among_others_are_remembered_by_the_secret_itself",
    ),
)
