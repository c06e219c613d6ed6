from __future__ import annotations

from arguments import Cases, calls, each, over, raw


def cases() -> Cases:
    for name, *args in [
        ("join", '","', '(list "a" 1 nil "b")'),
        ("splitList", '","', '"a,b,,c"'),
        ("split", '","', '"a,b,,c"'),
        ("splitn", '","', "2", '"a,b,,c"'),
        ("sortAlpha", '(list "b" "a" 3 nil)'),
        ("toStrings", "(list 1 nil 2.5 true)"),
    ]:
        yield from calls(name, *args)
    texts = ["", "abab", "\u00e9a\u00e9", raw(b"\xffa\xc3\xa9\xc3"), ",", "a,b,c"]
    for separator in ["", ",", "b", "\u00e9", raw(b"\xc3"), "ab"]:
        for text in texts:
            data = {"s": separator, "x": text}
            yield {"text": "{{splitList .s .x}}{{len (splitList .s .x)}}", "data": data}
            yield {"text": "{{split .s .x}}", "data": data}
            for count in [-1, 0, 1, 2, 9]:
                yield {"text": f"{{{{splitn .s {count} .x}}}}", "data": data}
    yield from each(
        [
            '{{(split "," "a,b")._0}}{{(split "," "a,b")._9}}',
            '{{index (split "," "a,b") "_1"}}[{{index (split "," "a,b") "_9"}}]',
            '{{(split "," "a")._0.x}}',
            '{{range splitList "," "a,b"}}{{.}}{{.x}}{{end}}',
            '{{range $i, $p := splitList "," "a,b"}}{{$i}}={{upper $p}};{{end}}',
            '{{range $k, $p := split "," "a,b"}}{{$k}}={{upper $p}};{{end}}',
            '{{printf "%T %T" (split "," "a") (splitList "," "a")}}',
            '{{printf "%#v %q %x" (splitList "," "a,b") (splitList "," "a,b") (splitList "," "a,b")}}',
            '{{eq (splitList "," "a") nil}}',
            '{{keys (split "," "a")}}',
            '{{join "-" (splitList "," "a,b")}}',
            '{{join "-" (split "," "a,b")}}',
            '{{join "-" (until 3)}}',
            '{{splitList "," "a,b" | join "\u00e9"}}',
            '{{sortAlpha (list "b" "\u00e9" "\\xff" "\\U0001F600" "\ufffd" "a")}}',
            '{{sortAlpha (splitList "" "zebra")}}',
            "{{sortAlpha (until 12)}}",
            "{{sortAlpha (dict `a` 1)}}",
            "{{toStrings (until 3)}}",
            '{{printf "%#v" (toStrings nil)}}{{printf "%#v" (toStrings (list nil))}}',
            "{{toStrings (add 1 2)}}",
            "{{toStrings (list (list 1 nil) (dict `k` 1))}}",
            '{{slice (splitList "," "a,b,c") 1 2 | printf "%T"}}',
            '{{index (splitList "," "a,b,c") 1 | printf "%T"}}',
            '{{index (splitList "," "a,b,c") 3}}',
        ]
    )
    yield from over(["{{join .x (list 1 2)}}", "{{join `,` .x}}"], ["a", "\u00e9", raw(b"\xff"), ["a", ["b"]], [[]]])
