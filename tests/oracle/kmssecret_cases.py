"""Cases of the functions that KMSSecret has beyond Sprig's and whose answers are the same each time."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any


def beyond(text: str, data: Any = None) -> dict[str, Any]:
    return {"text": text, "data": data, "functions": "kmssecret"}


def kmssecret() -> Iterator[dict[str, Any]]:
    """YAML and base64; where Go's error quotes the text, ours says something else, so only that there is one is kept."""
    texts = [
        "plain", "two words", "", " lead", "trail ", "yes", "no", "on", "y", "true", "True", "null", "~", "nil", "1", "-1", "1.5",
        "1e3", ".5", "0x1F", "0o17", "017", "0b11", "1_000", "1:30", "12:30:45", "2024-01-02", "2024-01-02T03:04:05Z", "2024-1-2 3:4:5",
        "12e03", "1.", "+1", "+", "-", "- a", "-a", "? a", "?a", ": a", ":a", "a:", "a: b", "a:b", "a #b", "a#b", "#a", "!a", "&a", "*a",
        "|", ">", "%a", "@a", "`a", "'a'", '"a"', "a'b", 'a"b', "[a]", "{a}", "a,b", "a]b", "---", "--- a", "...", "...a", "=",
        "tab\there", "line\nbreak", "line\nbreak\n", "two\nends\n\n", " lead\nbreak", "a \nb", "a\n b", "a\nb ", "a\n\tb",
        "cr\rhere", "crlf\r\n", "\x00", "\x07\x1b", "\x7f", "\x85", "\xa0", "h\u00e9", "\u2028", "\ufeff", "\U0001f600", "\U0001f600\nx",
        "99999999999999999999", "18446744073709551615", "-9223372036854775809", "1e999", ".inf", "-.INF", ".nan", "0", "00", "08", "1e", "e1", "0x",
        "k" * 130, "-----BEGIN X-----\nYQ==\n-----END X-----\n", "postgres://u:p@h:5432/d?x=1", "C:\\path", "{{x}}", "a\\nb", "NO", "Off", "N",
    ]  # fmt: skip
    for text in texts:
        yield beyond("{{toYaml .}}", text)
        yield beyond("{{toYaml .}}", {"k": text, "l": [text]})
        yield beyond("{{toYaml .}}", {text: 1})
        yield beyond('{{$m := fromYaml .}}{{printf "%T %v" $m.k $m.k}}', f"k: {text}")
    yield beyond("{{toYaml .}}", {"$raw": base64.b64encode(b"a\xff").decode()})
    nested: list[Any] = [
        None, True, 0, -5, 1.5, 1e21, 1e-7, 1000000.0, [], {}, [[]], [{}], {"a": []}, {"a": {}}, [1, [2, [3]]], [[1, 2], [3]], [{"a": 1, "b": 2}],
        {"a": [{"b": 1, "c": {"d": [1]}}]}, {"a": {"b": {"c": 1}}}, [{"a": [1, 2], "b": {"c": 1}}], {"a10": 1, "a2": 2, "a": 3, "A": 4, "1": 5, "a-1": 6},
        {"é": 1, "z": 2, "_": 3, "a_b": 4, "a1b": 5, "a1": 6, "a01": 7, "a001": 8}, [["x\ny"]], [{"a": "x\ny"}], {"a": [["x\ny", {"b": "x\ny"}]]}, {"k" * 129: [1], "b": 1},
        {"a": None, "b": [None, ""], "c": "null"}, [[[1]], [[2, {"a": [3]}]]], {"true": 1, "x y": 2, "": 3}, {"v1.10": 1, "v1.9": 2, "v1.9b": 3, "10": 4, "9": 5, "09": 6, "x0y": 7, "x00y": 8},
    ]  # fmt: skip
    for value in nested:
        yield beyond("{{toYaml .}}", value)
        yield beyond("{{toYaml (fromYaml .)}}", json.dumps(value))
    for text in [
        "", "# c", "~", "a: 1", "a: 1\n---\nb: 2", "a: &x [1]\nb: *x", "a: *x", "- 1", "x", "a: 1\na: 2", "a: {b: 1, b: 2}", "a: {b: [c, 'd', \"e\"]}",
        "a:\n- 1\n- b: 2", "a: |\n  x\n  y\n", "a: >\n  x\n  y\n", "a: !!str 1", "a: !!int '1'", "a: !!int x", "a: !!float 1", "a: !!binary aGk=", "a: !!binary '?'",
        "a: !x 1", "a: ! 1", "<<: {a: 1}\nb: 2", "x: &m {a: 1}\ny:\n  <<: *m\n  a: 2", "x:\n  <<: [{a: 1}, {a: 2, b: 3}]", "x:\n  <<: 1", "{", "a: [", "\ta: 1", "a: b: c", "a: 'b",
        "1: a", "true: a", "? a\n: b", "? [a]\n: b", "a: 2001-12-14", "a: yes", "a: 0o17\nb: 017\nc: 0x1f\nd: 0b11", "a: .5\nb: 1_0", "a: null\nb: ~\nc:", "a: !!null x", "&a a: *a",
        "a: &a [*a]", "---\na: 1\n...", "%YAML 1.1\n---\na: 1", "a: \u00e9", "a: \U0001f600", "a: \x01", '{"a": "\\u00e9", "b": [1, 2.0, null]}',
    ]:  # fmt: skip
        yield beyond('{{printf "%v" (fromYaml .)}}', text)
    for text in ["", "a", "päss", "a\nb", "\x00"]:
        yield beyond("{{encodeBase64 .}}{{decodeBase64ToBytes (encodeBase64 .)}}", text)
    for text in ["", "YQ==", "YQ", "Y", "YQ=\n=", "Y\r\nQ==", "YQ==YQ==", "YR==", "Y Q=", "é", "////", "-_-_", "YWI=x"]:
        yield beyond("{{decodeBase64ToBytes .}}", text)
