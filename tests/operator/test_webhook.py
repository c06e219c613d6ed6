"""A change in the KMS is in the Secret at once where the KMS tells of it, however long the interval is."""

from __future__ import annotations

from canaries import canary
from secretsync.devserver.seed import Webhook
from secretsync.values import SecretValue
from stand import PROJECT, eventually, kmssecret

LONG = "10m"


def hook(stand, operator, secret: str) -> Webhook:
    port = operator.line("serving /webhook").rpartition(" on port ")[-1].strip('"}')
    return Webhook(PROJECT.slug, f"http://127.0.0.1:{port}/webhook", SecretValue(secret))


def listening(stand, *argv: str):
    """Start an operator that takes webhooks; return it, and the secret that signs them."""
    secret = canary("webhook")
    file = stand.directory / "webhook-secrets"
    file.write_text(f"{canary('old')}\n{secret}\n", "utf-8")
    argv = ("--webhook-address", "127.0.0.1:0", "--webhook-secret-file", str(file), "--max-interval", LONG, *argv)
    return stand.operator(*argv), secret


def test_a_change_that_is_told_is_delivered_at_once(stand):
    kms = stand.kms({"/app": {"A": canary()}, "/other": {"B": canary()}})
    operator, secret = listening(stand)
    stand.apply(kmssecret("app", kms.url, interval=600), kmssecret("other", kms.url, path="/other", interval=600))
    stand.until_ready("app", "other")
    kms.model.webhooks.add(hook(stand, operator, secret))
    asked, text = len(kms.asked("list")), canary("changed")
    kms.model.put(PROJECT.slug, "prod", "/app", {"A": text})
    stand.until("secrets", lambda: stand.data("app") == {"A": text})
    assert operator.metric('secretsync_webhooks_total{result="accepted"}') == 1.0
    assert [one.query["secretPath"] for one in kms.asked("list")[asked:]] == ["/app"]


def test_one_that_is_not_the_kms_puts_nothing_in_doubt(stand):
    kms = stand.kms({"/app": {"A": canary()}})
    operator, _ = listening(stand)
    stand.apply(kmssecret("app", kms.url, interval=600))
    stand.until_ready("app")
    asked = len(kms.asked("list"))
    kms.model.webhooks.add(hook(stand, operator, "guessed"))
    kms.model.put(PROJECT.slug, "prod", "/app", {"A": canary("changed")})
    eventually(lambda: operator.metric('secretsync_webhooks_total{result="forged"}') == 1.0)
    assert len(kms.asked("list")) == asked


def test_without_the_flag_nobody_listens(stand):
    operator = stand.operator()
    operator.line("running")
    assert not [line for line in operator.lines if "webhook" in line]


def test_it_does_not_start_without_a_secret(stand):
    operator = stand.operator("--webhook-address", "127.0.0.1:0")
    assert operator.wait() == 2
    assert "--webhook-address needs a secret" in "\n".join(operator.lines)
