"""Seeds of the development KMS: the specification's example loads, and what points nowhere is named with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from secretsync.devserver import parse_seed
from secretsync.devserver.seed import Import
from secretsync.errors import InvalidInput
from secretsync.values import SecretValue

EXAMPLE = """
organization: {slug: acme}
projects:
  - {id: 09eda1f8-85a3-47a9-8a6f-e27f133b2a36, slug: secrets-639-c, environments: [prod, dev]}
identities:
  - id: ad2f8c67-cbe2-417a-b5eb-1339776ec0b3
    universal: {clientId: cid, clientSecret: s3cret, ttl: 3600, maxTtl: 86400}
    kubernetes: {tokens: {tok-a: {namespace: app, name: web, audiences: [kms]}}, allowedAudience: kms}
    grants: [{project: secrets-639-c, env: prod, path: "/**", actions: [read, lease, subscribe]}]
secrets:
  secrets-639-c: {prod: {/: {ROOT: "1"}, /example: {DB_URL: "postgres://${HOST}/x", HOST: db}}}
"""

PROBLEMS = {
    "grant of no project": (
        "identities: [{id: a, grants: [{project: x}]}]",
        "s:1:32: identities[0].grants[0].project: no such project in this seed",
    ),
    "secrets of no project": ("secrets: {x: {prod: {}}}", "s:1:11: secrets.x: no project with this slug in this seed"),
    "environment": (
        "projects: [{id: p, slug: s, environments: [dev]}]\nsecrets: {s: {prod: {/: {}}}}",
        "s:2:15: secrets.s.prod: the project has no such environment",
    ),
    "relative folder": (
        "projects: [{id: p, slug: s}]\nsecrets: {s: {prod: {app: {}}}}",
        's:2:22: secrets.s.prod.app: a folder begins with "/"',
    ),
    "policy of no project": ("policies: [{project: x}]", "s:1:13: policies[0].project: no such project in this seed"),
    "detail of no secret": (
        "projects: [{id: p, slug: s}]\ndetails: {s: {prod: {/: {A: {}}}}}",
        "s:2:26: details.s.prod./.A: no such secret in this seed",
    ),
    "unknown tag": (
        "projects: [{id: p, slug: s, tags: [{id: t, slug: core}]}]\nsecrets: {s: {prod: {/: {A: a}}}}\ndetails: {s: {prod: {/: {A: {tags: [x, core]}}}}}",
        "s:3:30: details.s.prod./.A.tags: the project has no tag x",
    ),
    "import's environment": (
        "projects: [{id: p, slug: s}]\nimports: {s: {prod: {/: [{environment: x, path: /}]}}}",
        "s:2:27: imports.s.prod./[0].environment: the project has no such environment",
    ),
    "import's folder": (
        "projects: [{id: p, slug: s}]\nimports: {s: {prod: {/: [{environment: prod, path: a}]}}}",
        's:2:46: imports.s.prod./[0].path: a folder begins with "/"',
    ),
    "project id twice": (
        "projects: [{id: p, slug: s}, {id: p, slug: t}]",
        "s:1:31: projects[1].id: taken by an earlier one; each needs its own",
    ),
    "client id twice": (
        "identities:\n- {id: a, universal: {clientId: c, clientSecret: s}}\n- {id: b, universal: {clientId: c, clientSecret: s}}",
        "s:3:11: identities[1].universal: taken by an earlier one; each needs its own",
    ),
    "action": (
        "projects: [{id: p, slug: s}]\nidentities: [{id: a, grants: [{project: p, actions: [raed]}]}]",
        "s:2:54: identities[0].grants[0].actions[0]: expected one of read, describe, write, lease, subscribe, got text",
    ),
}


def test_the_specification_s_example_loads() -> None:
    seed = parse_seed(EXAMPLE)
    assert seed.organization.slug == "acme"
    assert seed.projects[0].environments == ("prod", "dev")
    assert seed.identities[0].universal is not None
    assert seed.identities[0].universal.client_secret == SecretValue("s3cret")
    assert seed.secrets["secrets-639-c"]["prod"]["/"] == {"ROOT": SecretValue("1")}


def test_the_seed_of_the_documentation_loads() -> None:
    text = Path(__file__).parents[2].joinpath("docs", "development-kms.md").read_text("utf-8")
    seed = parse_seed(text.partition("```yaml\n")[2].partition("```")[0])
    assert seed.details["shop"]["prod"]["/app"]["HOST"].tags == ("core",)
    assert seed.dynamic_secrets["shop"]["prod"]["/app"]["db"].max_leases == 10


def test_no_repr_shows_a_value_or_a_token() -> None:
    assert not [word for word in ("s3cret", "postgres", "tok-a") if word in repr(parse_seed(EXAMPLE))]


def test_imports_are_part_of_a_seed() -> None:
    seed = parse_seed(EXAMPLE + "imports: {secrets-639-c: {prod: {/example: [{environment: dev, path: /shared}]}}}")
    assert seed.imports["secrets-639-c"]["prod"]["/example"] == (Import("dev", "/shared"),)


@pytest.mark.parametrize(("text", "line"), PROBLEMS.values(), ids=PROBLEMS)
def test_what_points_nowhere_is_a_problem(text: str, line: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_seed(text, source="s")
    assert caught.value.problems == (line,)
