"""The configuration: what is read, what is told about it, and what is refused (agent §1, §2, §19)."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from signal import SIGHUP, SIGQUIT, SIGTERM

import pytest

from canaries import canary, shown
from secretsync.errors import InvalidInput
from secretsync_agent.config import load
from secretsync_agent.settings import Arguments, File, LeaseCache, LeaseStrategy, Program, Settings, Variable, Wait

AUTH = "auth: {type: universal-auth, config: {client-id: ./id, client-secret: ./secret}}\n"
KMS = "kms: {address: https://kms.example}\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(text: str, *, strict: bool = False, once: bool = False, **environ: str) -> Settings:
    Path("agent-config.yaml").write_text(text)
    return load(Arguments(strict=strict, once=once), environ)


def problems(text: str, *, strict: bool = False, **environ: str) -> tuple[str, ...]:
    with pytest.raises(InvalidInput) as caught:
        told(text, strict=strict, **environ)
    return caught.value.problems


def template(**config: str) -> str:
    inner = ", ".join(f"{key}: {value}" for key, value in config.items())
    return KMS + AUTH + f"templates: [{{source-path: a, destination-path: b, config: {{{inner}}}}}]\n"


SAMPLE = """
kms:
  address: "https://kms.example/api"
  exit-after-auth: false
  revoke-credentials-on-shutdown: false
  retry-strategy: {max-retries: 5, max-delay: "7s", base-delay: "300ms"}
auth:
  type: "universal-auth"
  config:
    client-id: "./client-id"
    client-secret: "/etc/client"
    remove_client_secret_on_read: true
sinks:
  - type: "file"
    config: {path: "/run/token", permission: "0600", create-directories: false}
templates:
  - source-path: app.tmpl
    destination-path: /run/app.env
    config:
      polling-interval: "60s"
      execute: {command: "kill -HUP 1", timeout: 30, inherit-credentials: false}
      permission: "0640"
      user: 1234
      group: "0"
      create-directories: false
      backup: true
      run-on-first-render: true
      wait: {min: 2s}
      left-delimiter: "[["
      right-delimiter: "]]"
      error-on-missing-key: true
      allow-empty: true
  - template-content: "x"
    destination-path: other
    config: {execute: {command: [make, it]}}
"""


def test_every_key_is_read(folder):
    settings = told(SAMPLE)
    assert settings.address == "https://kms.example"
    assert (settings.retries.most, settings.retries.base, settings.retries.cap) == (5, 0.3, 7.0)
    assert settings.auth.values == {
        "client-id": File(f"{folder}/client-id"),
        "client-secret": File("/etc/client", remove=True),
    }
    (sink,) = settings.sinks
    assert (sink.path, sink.placing.mode, sink.placing.create_directories) == ("/run/token", 0o600, False)
    first, second = settings.templates
    assert (first.number, first.source, first.destination) == (1, f"{folder}/app.tmpl", "/run/app.env")
    assert (first.interval, first.wait, first.delimiters) == (60.0, Wait(2.0, 8.0), ("[[", "]]"))
    assert (first.placing.mode, first.placing.user, first.placing.group) == (0o640, 1234, 0)
    assert (first.placing.create_directories, first.placing.backup) == (False, True)
    assert (first.first_command, first.missing_key_fails, first.allow_empty) == (True, True, True)
    assert first.command
    assert (first.command.line, first.command.timeout, first.command.inherit_credentials) == ("kill -HUP 1", 30, False)
    assert second.command
    assert second.command.line == ("make", "it")
    assert (second.number, second.text, second.interval) == (2, "x", 300.0)
    assert not settings.warnings


EXEC = """
exec:
  command: [app, --port, "80"]
  reload-signal: hup
  restart-on-change: false
  kill-signal: SIGQUIT
  kill-timeout: 5s
  splay: 1m
  inherit-credentials: true
  environment:
    DB_PASSWORD:
      template-content: "{{ . }}"
      config: {polling-interval: 60s, wait: {min: 2s}, error-on-missing-key: true, allow-empty: true}
    OTHER: {source-path: other.tmpl, template_content: x}
"""


def test_every_key_of_a_program_is_read(folder):
    settings = told(KMS + AUTH + EXEC)
    assert settings.program == Program(
        ("app", "--port", "80"),
        reload_signal=SIGHUP,
        restarts=False,
        kill_signal=SIGQUIT,
        kill_timeout=5.0,
        splay=60.0,
        inherit_credentials=True,
    )
    password, other = settings.variables["DB_PASSWORD"], settings.variables["OTHER"]
    assert (password.text, password.interval, password.wait, password.name) == (
        "{{ . }}",
        60.0,
        Wait(2.0, 8.0),
        "exec.environment.DB_PASSWORD",
    )
    assert (password.missing_key_fails, password.allow_empty, other.source) == (True, True, f"{folder}/other.tmpl")
    assert settings.warnings == (
        "exec.environment.OTHER: source-path counts, template-content does not; keep one of them",
    )


def test_a_program_has_defaults():
    settings = told(KMS + AUTH + "exec: {command: app -v}")
    assert settings.program == Program("app -v", kill_signal=SIGTERM, kill_timeout=30.0)
    assert not settings.variables
    assert told(KMS + AUTH).program is None


def test_what_is_wrong_with_a_program_is_told_at_its_place():
    text = """\
kms: {address: https://kms.example, exit-after-auth: true}
auth: {type: universal-auth, config: {client-id: ./id, client-secret: ./secret}}
exec:
  reload-signal: SIGNOPE
  kill-signal: 15
  kill-timeout: 30
  environment:
    1A: {template-content: x}
    B: {config: {wait: {max: 1s}}}
    C: 7
    D: {source-path: agent.tmpl}
templates: [{template-content: x, destination-path: agent.tmpl}]
"""
    assert problems(text) == (
        (
            "agent-config.yaml:3:1: exec.command: missing; "
            "write a program and its arguments, as a list, or a line for the shell"
        ),
        "agent-config.yaml:3:1: exec: would never run, because exit-after-auth ends the agent before; keep one of them",
        "agent-config.yaml:4:18: exec.reload-signal: expected a signal such as SIGHUP, got text",
        "agent-config.yaml:5:16: exec.kill-signal: expected a signal such as SIGHUP, got text",
        "agent-config.yaml:6:17: exec.kill-timeout: expected a duration such as 90s, 5m or 1h30m, got text",
        "agent-config.yaml:8:5: exec.environment.1A: is no name of a variable; write letters, digits and underscores",
        "agent-config.yaml:9:5: exec.environment.B: has no template; write template-content or source-path",
        "agent-config.yaml:9:18: exec.environment.B.config.wait.min: missing; write a duration such as 2s",
        "agent-config.yaml:10:8: exec.environment.C: expected a mapping, got text",
        (
            "agent-config.yaml:12:35: templates[0].destination-path: "
            "is the source of exec.environment.D too; name another file"
        ),
    )


def test_what_is_not_written_has_the_defaults_of_the_program_that_is_replaced(folder):
    (made,) = told(KMS + AUTH + "templates: [{source-path: a, destination-path: b}]").templates
    assert (made.interval, made.command, made.wait, made.delimiters) == (300.0, None, None, ("{{", "}}"))
    assert (made.placing.mode, made.placing.create_directories, made.placing.backup) == (None, True, False)
    assert (made.first_command, made.missing_key_fails, made.allow_empty) == (False, False, False)


def test_all_that_is_wrong_is_told_at_once_with_its_place_and_a_remedy():
    text = """\
kms:
  address: kms.example
  retry-strategy: {max-retries: -1, base-delay: 5}
auth:
  type: universal-auth
  config: {client-id: ./id}
sinks:
  - config: {path: tok, permission: rw}
templates:
  - destination-path: tok
    config: {polling-interval: 59s, wait: {max: 3s}, user: no such user}
"""
    assert problems(text, KMS_RETRY_MAX_DELAY="soon", KMS_CUSTOM_HEADERS="none") == (
        "agent-config.yaml:2:3: kms.address: must start with http:// or https://, as in https://kms.example",
        "agent-config.yaml:3:20: kms.retry-strategy.max-retries: must not be below 0; 0 is no retry",
        "agent-config.yaml:3:49: kms.retry-strategy.base-delay: expected a duration such as 90s, 5m or 1h30m, got text",
        (
            "agent-config.yaml:6:3: auth.config.client-secret: "
            "missing; name the file that holds it, or set SECRETSYNC_UNIVERSAL_CLIENT_SECRET"
        ),
        "agent-config.yaml:8:5: sinks[0].type: missing; write file",
        'agent-config.yaml:8:37: sinks[0].config.permission: expected permission bits in octal, such as "0640", got text',
        "agent-config.yaml:10:5: templates[0].destination-path: is the file of sinks[0] too; name another file",
        (
            "agent-config.yaml:11:32: templates[0].config.polling-interval: "
            "expected a duration of at least 60s, such as 90s, 5m or 1h30m (or of at least 1000ms), got text"
        ),
        "agent-config.yaml:11:37: templates[0].config.wait.min: missing; write a duration such as 2s",
        "agent-config.yaml:11:60: templates[0].config.user: expected a user of this machine, or a number, got text",
        "KMS_RETRY_MAX_DELAY: write a duration such as 5s",
        'KMS_CUSTOM_HEADERS: a part of it is no header; write name=value, or name="a value with blanks"',
    )


@pytest.mark.row("agent-2")
def test_a_configuration_in_the_environment_counts_before_the_file():
    encoded = b64encode((KMS + AUTH).encode()).decode()
    broken = f"{encoded[:20]}\r\n{encoded[20:]}\n"
    assert load(Arguments(config="/no/such/file"), {"KMS_AGENT_CONFIG_BASE64": broken}).address == "https://kms.example"
    Path("agent-config.yaml").write_text(KMS + AUTH)
    assert load(Arguments(), {"KMS_AGENT_CONFIG_BASE64": ""}).address == "https://kms.example"


def test_the_file_of_the_working_directory_is_the_default():
    assert Arguments().config == "agent-config.yaml"


@pytest.mark.row("agent-3")
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("kms: [", "agent-config.yaml:2:1: not valid YAML: a bracket is not closed, or a comma is missing"),
        (
            "version: v1\n" + KMS + AUTH,
            ("agent-config.yaml:1:1: version: certificates are not supported yet; "
            "take this file to the KMS's own certificate agent"),
        ),
        (
            KMS + AUTH + "certificates: [{project-slug: a, lifecycle: {renew-before-expiry: 1d}}]",
            ("agent-config.yaml:3:1: certificates: certificates are not supported yet; "
            "take this file to the KMS's own certificate agent"),
        ),
        (
            KMS + AUTH + "sinks: [{type: http, config: {path: x}}]",
            "agent-config.yaml:3:16: sinks[0].type: expected one of file, got text",
        ),
        (
            KMS + "auth: {type: ldap}",
            ("agent-config.yaml:2:14: auth.type: expected one of universal-auth, kubernetes, azure, gcp-id-token, "
            "gcp-iam, aws-iam, ldap-auth, oidc-auth, jwt-auth, got text"),
        ),
        (KMS, ("agent-config.yaml:1:1: auth.type: missing; write one of universal-auth, kubernetes, azure, "
            "gcp-id-token, gcp-iam, aws-iam, ldap-auth, oidc-auth, jwt-auth")),
    ],
)  # fmt: skip
def test_a_configuration_that_cannot_work_is_one_clear_error(text, problem):
    assert problems(text) == (problem,)


@pytest.mark.row("agent-3")
def test_no_configuration_and_one_that_is_no_base64_are_clear_errors(folder):
    for path, why in (("no-such.yaml", "No such file or directory"), (str(folder), "Is a directory")):
        with pytest.raises(InvalidInput) as caught:
            load(Arguments(config=path), {})
        assert caught.value.problems == (f"{path}: cannot be read: {why}",)
    with pytest.raises(InvalidInput) as caught:
        load(Arguments(), {"KMS_AGENT_CONFIG_BASE64": "kms: {}"})
    assert caught.value.problems == (
        "KMS_AGENT_CONFIG_BASE64: holds no UTF-8 text in standard base64; encode the whole file with base64",
    )


ODD = (
    KMS
    + AUTH
    + "other: 1\ntemplates: [{source-path: a, destination-path: b, config: {exec: {command: ls}}, mode: 1}]\n"
)


@pytest.mark.row("agent-4")
def test_unknown_keys_are_told_and_refused_only_when_that_is_wanted():
    odd = (
        (
            "agent-config.yaml:3:1: other: unknown key, known are kms, infisical, auth, sinks, cache, templates, exec, "
            "version, certificates"
        ),
        'agent-config.yaml:4:60: templates[0].config.exec: unknown key, did you mean "execute"?',
        (
            "agent-config.yaml:4:82: templates[0].mode: unknown key, known are source-path, template-content, "
            "base64-template-content, destination-path, config"
        ),
    )
    assert told(ODD).warnings == odd
    assert problems(ODD, strict=True) == odd


@pytest.mark.row("agent-5")
def test_the_upstreams_name_for_the_server_is_known_and_both_are_refused():
    assert told("infisical: {address: https://other.example}\n" + AUTH).address == "https://other.example"
    assert problems("infisical: {address: https://other.example}\n" + KMS + AUTH) == (
        "agent-config.yaml:1:1: infisical: stands beside kms and means the same; keep one of them",
    )


@pytest.mark.parametrize(
    ("text", "address"),
    [("", "https://kms.hanzo.ai"), ("kms: {}\n", "https://kms.hanzo.ai"), ("infisical: {exit-after-auth: no}\n", "https://app.infisical.com")],
)  # fmt: skip
def test_a_default_address_is_said_because_credentials_go_there(text, address):
    settings = told(text + AUTH)
    assert settings.address == address
    assert any(f"credentials go to {address}" in warning for warning in settings.warnings)


@pytest.mark.row("agent-7")
@pytest.mark.parametrize(
    ("written", "value", "told_of"),
    [('"true"', True, True), ("yes", True, False), ("On", True, False), ("off", False, False), ("True", True, False)],
)
def test_truth_in_quotes_is_told_of_and_that_of_old_yaml_is_not(written, value, told_of):
    settings = told(f"kms: {{address: https://kms.example, exit-after-auth: {written}}}\n" + AUTH)
    assert settings.exit_after_auth is value
    warning = "agent-config.yaml:1:54: kms.exit-after-auth: is in quotes; write it without"
    assert settings.warnings == ((warning,) if told_of else ())


@pytest.mark.row("agent-8")
@pytest.mark.parametrize("written", ["59s", "999ms", "60", "0s", "-5m", "5M", "1.5m", "5 m", "''", "1m 30s"])
def test_an_interval_that_cannot_be_is_refused(written):
    (problem,) = problems(template(**{"polling-interval": written}))
    assert "polling-interval: expected a duration of at least 60s" in problem


@pytest.mark.row("agent-9")
@pytest.mark.parametrize(
    ("written", "seconds"),
    [("60s", 60), ("1000ms", 1), ("1d", 86400), ("1w", 604800), ("+5m", 300), ("null", 300), ("1h30m", 5400)],
)
def test_an_interval_is_so_many_seconds(written, seconds):
    assert told(template(**{"polling-interval": written})).templates[0].interval == seconds


@pytest.mark.row("agent-10")
def test_a_variable_counts_before_a_file():
    found = told(KMS + AUTH, KMS_UNIVERSAL_AUTH_CLIENT_ID="x", INFISICAL_UNIVERSAL_CLIENT_SECRET="y").auth.values
    assert found == {
        "client-id": Variable("KMS_UNIVERSAL_AUTH_CLIENT_ID"),
        "client-secret": Variable("INFISICAL_UNIVERSAL_CLIENT_SECRET"),
    }
    ours = told(KMS + AUTH, KMS_UNIVERSAL_AUTH_CLIENT_ID="x", SECRETSYNC_UNIVERSAL_AUTH_CLIENT_ID="z").auth.values
    assert ours["client-id"] == Variable("SECRETSYNC_UNIVERSAL_AUTH_CLIENT_ID")


@pytest.mark.row("agent-12")
@pytest.mark.parametrize("name", ["KMS_UNIVERSAL_AUTH_CLIENT_SECRET", "KMS_UNIVERSAL_CLIENT_SECRET"])
def test_both_spellings_of_the_client_secrets_variable_are_known(name):
    text = KMS + "auth: {type: universal-auth, config: {client-id: ./id}}"
    assert told(text, **{name: "x"}).auth.values["client-secret"] == Variable(name)


LOGINS = {
    "kubernetes": {"identity-id": "id", "service-account-token": "token"},
    "azure": {"identity-id": "id"},
    "gcp-id-token": {"identity-id": "id"},
    "gcp-iam": {"identity-id": "id", "service-account-key": "key.json"},
    "aws-iam": {"identity-id": "id"},
    "ldap-auth": {"identity-id": "id", "username": "u", "password": "p"},
    "oidc-auth": {"identity-id": "id", "jwt": "j"},
    "jwt-auth": {"identity-id": "id", "jwt": "j"},
}


@pytest.mark.parametrize("kind", LOGINS)
def test_every_login_takes_its_values_from_files(folder, kind):
    written = ", ".join(f"{key}: {path}" for key, path in LOGINS[kind].items())
    auth = told(KMS + f"auth: {{type: {kind}, config: {{{written}}}}}").auth
    assert auth.type == kind
    assert auth.values == {key: File(f"{folder}/{path}") for key, path in LOGINS[kind].items()}


@pytest.mark.parametrize("kind", LOGINS)
def test_every_login_needs_its_values(kind):
    needed = set(LOGINS[kind]) - {"service-account-token"}
    assert {problem.split(": ")[1] for problem in problems(KMS + f"auth: {{type: {kind}}}")} == {
        f"auth.config.{key}" for key in needed
    }


def test_a_variable_with_a_path_is_a_file(folder):
    found = told(
        KMS + "auth: {type: kubernetes}",
        KMS_MACHINE_IDENTITY_ID="x",
        KMS_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH="/var/token",
        KMS_AUTH_ORGANIZATION_SLUG="sub",
    ).auth
    assert found.values["service-account-token"] == File("/var/token")
    assert found.organization == "sub"
    default = told(KMS + "auth: {type: kubernetes}", KMS_MACHINE_IDENTITY_ID="x").auth
    assert default.values["service-account-token"] == File("/var/run/secrets/kubernetes.io/serviceaccount/token")


def test_a_password_is_removed_only_from_its_file(folder):
    text = (
        KMS
        + "auth: {type: ldap-auth, config: {identity-id: i, username: u, password: p, remove-password-on-read: true}}"
    )
    assert told(text).auth.values["password"] == File(f"{folder}/p", remove=True)
    assert told(text, KMS_LDAP_PASSWORD="x").auth.values["password"] == Variable("KMS_LDAP_PASSWORD")


@pytest.mark.parametrize("key", ["client_id", "client-id"])
def test_hyphens_and_underscores_are_alike(folder, key):
    text = KMS + f"auth: {{type: universal_auth, config: {{{key}: ./id, client-secret: s}}}}"
    assert told(text.replace("universal_auth", "universal-auth")).auth.values["client-id"] == File(f"{folder}/id")


@pytest.mark.row("agent-46")
@pytest.mark.parametrize(
    ("written", "source", "text", "warning"),
    [
        ("source-path: s, template-content: t, base64-template-content: eA==", "s", "",
         "templates[0]: source-path counts, template-content and base64-template-content does not; keep one of them"),
        ("template-content: t, base64-template-content: eA==", "", "t",
         "templates[0]: template-content counts, base64-template-content does not; keep one of them"),
        ("base64-template-content: 'e3twcmlu\n dCAxfX0='", "", "{{print 1}}", None),
        ("source-path: ''", "", "",
         "templates[0]: has no template, so its file becomes empty; write source-path or template-content"),
    ],
)  # fmt: skip
def test_of_several_templates_the_first_kind_counts(folder, written, source, text, warning):
    settings = told(KMS + AUTH + f"templates: [{{{written}, destination-path: d}}]")
    (made,) = settings.templates
    assert (made.source, made.text) == (f"{folder}/{source}" if source else "", text)
    assert settings.warnings == (() if warning is None else (warning,))


@pytest.mark.parametrize("written", ["/+8=", "not base64", '"{{"'])
def test_a_template_in_base64_must_be_some_and_be_text(written):
    (problem,) = problems(KMS + AUTH + f"templates: [{{base64-template-content: {written}, destination-path: d}}]")
    assert problem.endswith("base64-template-content: expected UTF-8 text in standard base64, got text")


@pytest.mark.row("agent-70")
def test_the_environment_counts_before_the_file_about_retries():
    text = SAMPLE
    settings = told(text, KMS_RETRY_MAX_RETRIES="0", KMS_RETRY_BASE_DELAY="1s", KMS_RETRY_MAX_DELAY="2m")
    assert (settings.retries.most, settings.retries.base, settings.retries.cap) == (0, 1.0, 120.0)
    assert problems(text, KMS_RETRY_MAX_RETRIES="x") == ("KMS_RETRY_MAX_RETRIES: write a whole number, 0 for no retry",)
    assert problems(text, KMS_RETRY_MAX_RETRIES="-1") == (
        "KMS_RETRY_MAX_RETRIES: write a whole number, 0 for no retry",
    )


def test_headers_of_the_environment_are_sent_but_for_ours():
    settings = told(KMS + AUTH, KMS_CUSTOM_HEADERS="A=1 B=\"x y\" C='=' User-Agent=z accept=q D=")
    assert settings.headers == {"A": "1", "B": "x y", "C": "=", "D": ""}
    assert "x y" not in repr(settings)


@pytest.mark.parametrize("text", ["A", "A=1 B", "=1", 'A=1 "b c"', "A:b=1"])
def test_headers_without_a_name_are_refused(text):
    assert "a part of it is no header" in problems(KMS + AUTH, KMS_CUSTOM_HEADERS=text)[0]


def test_certificates_to_trust_are_read(folder):
    (folder / "ca.pem").write_bytes(pem := b"-----BEGIN CERTIFICATE-----\n")
    text = "kms: {{address: https://kms.example, ca-certificate: {0}}}\n" + AUTH.replace("{", "{{").replace("}", "}}")
    assert told(text.format("ca.pem")).ca_certificate == pem
    (folder / "no.pem").write_text("")
    assert "kms.ca-certificate: holds no certificate in PEM" in problems(text.format("no.pem"))[0]
    assert "cannot be read: No such file or directory; name a file" in problems(text.format("none.pem"))[0]


def test_a_readable_token_is_told_of(folder):
    (folder / "kept").touch(0o600)
    for config, count in (("path: new", 1), ('path: new, permission: "0640"', 0), ("path: kept", 0)):
        settings = told(KMS + AUTH + f"sinks: [{{type: file, config: {{{config}}}}}]")
        assert len([warning for warning in settings.warnings if "may read the token" in warning]) == count


@pytest.mark.parametrize(
    ("written", "path", "what"),
    [
        ("sinks: [{type: file, config: {path: ./x/../secret}}]", "sinks[0].config.path", "the file with client-secret"),
        ("templates: [{source-path: t, destination-path: t}]", "templates[0].destination-path", "the source of templates[0]"),
        ("templates: [{source-path: t, destination-path: link}]", "templates[0].destination-path", "the source of templates[0]"),
        ("templates: [{source-path: t, destination-path: agent-config.yaml}]", "templates[0].destination-path", "the configuration"),
        ("templates: [{source-path: t, destination-path: d}, {source-path: t, destination-path: d}]", "templates[1].destination-path", "the destination of templates[0]"),
        ("sinks: [{type: file, config: {path: s}}]\ntemplates: [{source-path: t, destination-path: s}]", "templates[0].destination-path", "the file of sinks[0]"),
    ],
)  # fmt: skip
def test_what_would_be_overwritten_is_refused(folder, written, path, what):
    (folder / "x").mkdir()
    (folder / "link").symlink_to("t")
    (problem,) = problems(KMS + AUTH + written)
    assert problem.endswith(f": {path}: is {what} too; name another file")


def test_one_sink_named_twice_is_one():
    text = "sinks: [{type: file, config: {path: s}}, {type: file, config: {path: ./s}}]"
    assert len(told(KMS + AUTH + text).sinks) == 1


@pytest.mark.parametrize(
    ("kind", "key"), [("kubernetes", "service-account-token-path"), ("file", "key-path")], ids=["kubernetes", "file"]
)
def test_where_leases_are_kept(kind: str, key: str, folder: Path):
    (folder / "key").write_text("k")
    cache = f"cache: {{persistent: {{type: {kind}, path: deep/cache, {key}: key}}}}\n"
    assert told(KMS + AUTH + cache).cache == LeaseCache(f"{folder}/deep/cache", f"{folder}/key")
    assert told(KMS + AUTH).cache is None


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("type: badger, path: c", "cache.persistent.type: "),
        ("path: c", "cache.persistent.type: missing; write kubernetes or file"),
        ("type: file, path: c", "cache.persistent.key-path: missing; name a file that only the agent can read"),
        ("type: file, path: c, key-path: none", "cache.persistent.key-path: none cannot be read: No such file"),
        ("type: file, path: c, key-path: empty", "cache.persistent.key-path: is empty; name a file with a key"),
        ("type: file, key-path: t", "cache.persistent.path: missing; name the folder that leases are kept in"),
        ("type: file, path: t/c, key-path: t", "/t is no folder that can be written to"),
        ("type: kubernetes, path: c", "/serviceaccount/token cannot be read: No such file"),
    ],
)
def test_a_cache_that_cannot_be_one_is_an_error_unless_it_is_optional(written: str, problem: str, folder: Path):
    (folder / "t").write_text("k")
    (folder / "empty").write_text(" \n")
    (found,) = problems(f"{KMS}{AUTH}cache: {{persistent: {{{written}}}}}\n")
    assert problem in found
    if "badger" not in written:
        settings = told(f"{KMS}{AUTH}cache: {{optional: true, persistent: {{{written}}}}}\n")
        assert settings.cache is None
        (warning,) = settings.warnings
        assert problem in warning
        assert warning.endswith("; leases are made anew after a restart")


def test_what_is_done_with_leases_and_at_the_end():
    given = told(KMS + AUTH)
    assert (given.revoke_on_shutdown, given.shutdown_timeout, given.lease_strategy) == (
        False,
        25.0,
        LeaseStrategy.REPLACE,
    )
    more = "revoke-credentials-on-shutdown: true, shutdown-timeout: 5s, lease-strategy: renew"
    given = told(f"kms: {{address: https://kms.example, {more}}}\n{AUTH}")
    assert (given.revoke_on_shutdown, given.shutdown_timeout, given.lease_strategy) == (True, 5.0, LeaseStrategy.RENEW)
    assert not told(f"kms: {{address: https://kms.example, {more}}}\n{AUTH}", once=True).revoke_on_shutdown
    (problem,) = problems(f"kms: {{address: https://kms.example, lease-strategy: keep}}\n{AUTH}")
    assert "lease-strategy" in problem


def test_once_is_a_word_of_the_command_line_too():
    assert told(KMS + AUTH, once=True).exit_after_auth


def test_merge_keys_a_second_document_and_keys_given_twice_are_read_as_they_always_were():
    text = """\
x: &common {polling-interval: 90s, permission: "0600"}
kms: {address: https://old.example, address: https://kms.example}
auth: {type: universal-auth, config: {client-id: ./id, client-secret: ./secret}}
templates:
  - {source-path: a, destination-path: b, config: {<<: *common, permission: "0640"}}
---
kms: {address: https://other.example}
"""
    settings = told(text)
    assert settings.address == "https://kms.example"
    assert (settings.templates[0].interval, settings.templates[0].placing.mode) == (90.0, 0o640)
    assert len(settings.warnings) == 3


def test_nothing_is_nothing():
    assert (
        told("kms: {address: ~, retry-strategy: null}\nsinks:\ntemplates: ~\n" + AUTH).address == "https://kms.hanzo.ai"
    )


def test_no_problem_and_no_repr_shows_a_value():
    secret = canary()
    quoted = "'" + secret.replace("'", "''") + "'"
    text = f"""
kms: {{address: {quoted}, ca-certificate: x, exit-after-auth: {quoted}}}
auth: {{type: {quoted}, config: {quoted}}}
sinks: [{quoted}]
templates: [{{base64-template-content: {quoted}, config: {{polling-interval: {quoted}, user: {quoted}}}}}]
"""
    said = problems(text, KMS_CUSTOM_HEADERS=secret, KMS_RETRY_MAX_RETRIES=secret)
    assert not shown("\n".join(said))
    fine = told(KMS + AUTH + f"templates: [{{template-content: {quoted}}}]", KMS_CUSTOM_HEADERS="A=c4n4ry")
    assert not shown(repr(fine))


def test_bytes_that_are_no_text_are_refused():
    Path("agent-config.yaml").write_bytes(b"kms: \xff")
    with pytest.raises(InvalidInput) as caught:
        load(Arguments(), {})
    assert caught.value.problems == ("agent-config.yaml: cannot be read: it is not UTF-8 text",)


@pytest.mark.parametrize("written", ['":8081"', "127.0.0.1:0", '"[::1]:8081"', "localhost:65535"])
def test_an_address_for_probes_is_taken(written):
    text = f"kms: {{address: https://kms.example, health-address: {written}}}\n" + AUTH
    assert told(text).health_address == written.strip('"')


@pytest.mark.parametrize("written", ["8081", ":65536", "localhost", "http://localhost:80", "a b:1"])
def test_an_address_where_nobody_can_listen_is_refused(written):
    (problem,) = problems(f"kms: {{address: https://kms.example, health-address: '{written}'}}\n" + AUTH)
    assert "kms.health-address: expected where to listen, such as :8081 or 127.0.0.1:8081, got text" in problem
