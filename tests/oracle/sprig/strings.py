from __future__ import annotations

from arguments import VALUES, Cases, calls, each, over, raw

TEXTS = [
    "",
    " ",
    "a",
    "_",
    "--a",
    "first_name",
    "FirstName",
    "HTTPServer",
    "NoHTTPS",
    "GO_PATH",
    "GO PATH",
    "GO-PATH",
    "http2xx",
    "HTTP20xOK",
    "Duration2m3s",
    "Bld4Floor3rd",
    "some_words",
    "_complex__case_",
    "a1B2c3",
    "12",
    "a12",
    "12a",
    "12A!",
    "A1!b",
    "A1B",
    "a1-b",
    "!a?B",
    "ABC",
    "ABc",
    "AbC1",
    "aB1c2D3",
    "x\u4e2d\u6587y",
    "\u4e2d1\u6587",
    "\u01c5x\u01c6Y",
    "\u00dfa\u0130\u0131",
    "\u03a3\u03c3\u03c2\u03a3",
    "\u1fb3\ufb01\u0149",
    "\u00e9l\u00e0n vital",
    "a\u00a0b\u2003c\u0085d",
    "\ttwo  words\n",
    "it's o'clock 3rd_x",
    "\x1cs\x1f",
    "\u2160\u2170\u24b6\u24d0",
    raw(b"\xff"),
    raw(b"a\xff"),
    raw(b"\xffab\xc3"),
    raw(b"Ab\xffC d\xe2\x82"),
    raw(b"A\xff\xfeB1\xfe"),
    "a\ufffdB",
    "TheQuick brown Fox_jumps-over 13LazyDogs",
]


def cases() -> Cases:
    for name in ["upper", "lower", "title", "untitle", "swapcase", "trim", "nospace", "initials"]:
        yield from calls(name, '"heLLo wORLD"')
        yield from over(["{{" + name + " .x}}"], TEXTS[-20:])
    for name in ["snakecase", "kebabcase", "camelcase"]:
        yield from calls(name, '"FirstName"')
        yield from over(["{{" + name + " .x}}"], TEXTS)
    yield from parts()
    yield from questions()
    yield from lines()
    yield from quoting()
    yield from calls("hello")
    yield from each(["{{plural `o` `m` 0}}", "{{plural `o` `m` 1}}", "{{plural `o` `m` -1}}", "{{plural `o` `m` 2}}"])
    yield from calls("plural", '"one"', '"many"', "1")
    yield {"text": '{{shuffle "hello"}}', "shape": "[helo]{5}"}
    yield {"text": '{{shuffle "h\u00e9\u4e2d"}}', "shape": "[h\u00e9\u4e2d]{3}"}
    yield {"text": "{{shuffle .x}}", "data": {"x": VALUES["raw"]}, "shape": "[ab \ufffd]{5}"}
    yield from each(
        ['{{shuffle ""}}', '{{shuffle "aaa"}}', '{{len (shuffle "hello")}}', '{{shuffle "x"}}', "{{shuffle}}"]
    )
    yield from each(
        ["{{shuffle 1}}", "{{shuffle nil}}", "{{shuffle .x}}", '{{shuffle "a" "b"}}', "{{.none | shuffle}}"]
    )


def parts() -> Cases:
    for name, *args in [
        ("abbrev", "6", '"some text"'),
        ("abbrevboth", "5", "8", '"a rather long text"'),
        ("trunc", "3", '"some text"'),
        ("substr", "1", "3", '"some text"'),
        ("trimAll", '"$"', '"$x$"'),
        ("trimall", '"$"', '"$x$"'),
        ("trimPrefix", '"-"', '"-x-"'),
        ("trimSuffix", '"-"', '"-x-"'),
    ]:
        yield from calls(name, *args)
    texts = ["h\u00e9llo wörld", "", raw(b"a\xc3\xff\xe2\x82bcdef")]
    for count in [-100, -4, -1, 0, 1, 3, 4, 7, 100]:
        yield from over([f"{{{{trunc {count} .x}}}}", f"{{{{abbrev {count} .x}}}}"], texts)
        yield from over([f"{{{{abbrevboth {left} {count} .x}}}}" for left in (-1, 3, 5, 9)], ["abcdefghijklmno"])
        yield from over([f"{{{{substr {begin} {count} .x}}}}" for begin in (-1, 0, 2, 6, 30)], texts[:1])
    yield from over(
        ["{{abbrevboth 5 7 .x}}", "{{substr 1 2 .x}}", "{{substr 2 -1 .x}}", "{{abbrevboth 6 9 .x}}"], texts
    )
    cuts = ["", "ab", "\u00e9", "\ufffd", raw(b"\xff"), raw(b"\xc3"), "ba\u00e9"]
    ends = ["ababxba", "\u00e9x\u00e9", raw(b"\xffx\xff\xc3"), "aab\u00e9x\ufffd"]
    for name in ["trimAll", "trimPrefix", "trimSuffix", "contains", "hasPrefix", "hasSuffix"]:
        for cut in cuts:
            for end in ends:
                yield {"text": "{{" + name + " .c .x}}", "data": {"c": cut, "x": end}}


def questions() -> Cases:
    for name in ["contains", "hasPrefix", "hasSuffix"]:
        yield from calls(name, '"some"', '"some text"')
    yield from calls("replace", '"t"', '"T"', '"text to turn"')
    for old in ["", "a", "aa", "\u00e9", raw(b"\xc3"), raw(b"\xff"), "\ufffd"]:
        for text in ["", "aaa", "b\u00e9b", raw(b"a\xff\xc3\xa9"), "x"]:
            yield {"text": '{{replace .o "-\u00fc" .x}}', "data": {"o": old, "x": text}}
    yield from calls("repeat", "3", '"ab"')
    yield from each(
        ["{{repeat 0 `a`}}", "{{repeat -1 `a`}}", "{{repeat 5 ``}}", "{{repeat 2 `\u00e9`}}", "{{`a` | repeat 2}}"]
    )


def lines() -> Cases:
    for name, *args in [
        ("indent", "2", '"a\\nb"'),
        ("nindent", "2", '"a\\nb"'),
        ("wrap", "5", '"some words to wrap"'),
        ("wrapWith", "5", '"|"', '"some longerwords to wrap"'),
    ]:
        yield from calls(name, *args)
    for name in ["indent", "nindent"]:
        for count in [-1, 0, 1, 4]:
            yield from over([f"{{{{{name} {count} .x}}}}"], ["", "a", "a\n", "\n\na\r\nb", "\u00e9\nb"])
    texts = [
        "",
        "a",
        "  lead and   gaps  ",
        "a verylongwordindeed and more",
        "verylongwordindeed",
        "one two three four five six seven",
        "h\u00e9llo w\u00f6rld \u4e2d\u6587 \u6587\u5b57",
        raw(b"a\xff bc\xc3 \xe2\x82d e f"),
        "line\nbreaks stay\nhere",
    ]
    for width in [-1, 1, 5, 8, 100]:
        yield from over([f"{{{{wrap {width} .x}}}}", f"{{{{wrapWith {width} `|` .x}}}}"], texts)
    yield from over(["{{wrapWith 4 `` .x}}", "{{wrapWith 4 `\u00e9-` .x}}", "{{wrap 2 .x | len}}"], texts)


def quoting() -> Cases:
    for name in ["quote", "squote", "cat"]:
        yield from calls(name, '"a"')
        yield from calls(name, '"a"', "1")
        yield from each(
            [
                "{{" + name + "}}",
                "{{" + name + " nil}}",
                "{{" + name + ' nil "a" nil 2 1.5 true nil}}',
                "{{" + name + " (list 1 nil `a`) (dict `k` nil)}}",
                "{{" + name + ' "a\\"b\\\\c\\n\\x00\u2028" `%d %`}}',
                "{{" + name + ' "" " "}}',
                "{{add 1 2 | " + name + " 5}}",
            ]
        )
        yield from over(["{{" + name + " .x .x}}"], TEXTS[-24::2])
