"""Templates by chance that call Sprig's functions: typed, so that most of them run, and now and then not."""

from __future__ import annotations

from typing import Any, Final

import random_templates
from random_templates import Author

DATA: Final[dict[str, Any]] = {
    "s": "hello World",
    "e": "",
    "u": "héllo, Wörld \u2014 ßtraße",
    "csv": "a,b,,c d",
    "num": "42",
    "n": None,
    "t": True,
    "f": False,
    "i": 3,
    "z": 0,
    "neg": -7,
    "big": 1700000000,
    "fl": 2.5,
    "l": [1, "b", None, [1, 2]],
    "ints": [3, 1, 2, 3],
    "words": ["pear", "apple", "", "Fig", "apple"],
    "el": [],
    "m": {"a": 1, "b": {"c": "d", "e": [1]}, "n": None},
    "m2": {"a": "other", "z": True},
    "em": {},
    **{name: random_templates.DATA[name] for name in ("p", "ps", "ss", "is", "ms")},
}

# What an argument is, and terms of the kind.
TERMS: Final[dict[str, tuple[str, ...]]] = {
    "s": ('"abc"', '"Some Text-with_parts"', '"a,b"', '""', '"ünïcode"', "`raw \\d`", ".s", ".u", ".csv", ".e", ".num"),
    "i": ("0", "1", "2", "-1", "7", "19", ".i", ".z", ".neg"),
    "N": ("0", "1", "2", "3", "5", "-1", ".i", "12"),
    "f": ("1.5", "-0.25", "0.1", "1e3", ".fl", "2.0"),
    "n": ("1", "2.5", '"3"', '"4.75"', '"x"', ".i", ".fl", ".num", "true", "170", "-3"),
    "E": (".big", "0", "-1", "86399", "(int64 951782400)"),
    "b": ("true", "false", ".t", ".f"),
    "l": (".l", ".ints", ".words", ".el", '(list 1 "x" nil)', "(list)", "(tuple 3 2 1)"),
    "L": (".words", '(list "b" "a")', "(splitList `,` .csv)"),
    "m": (".m", ".m2", ".em", '(dict "k" 1)', '(dict "a" (dict "b" 2) "x" "y")', "(dict)"),
    "d": ('(toDate "2006-01-02" "2024-02-29")', '(toDate "2006-01-02 15:04:05" "2021-12-31 23:59:59")'),
    "D": ('"1h"', '"-90m"', '"1h15m30.918s"', '"36h"', '"x"', '"1.5s"'),
    "y": ('"2006-01-02"', '"Mon Jan _2 15:04:05 2006"', '"02/01/06 03:04PM"', '"15:04:05.000 MST -0700"', '"Z07:00 002"'),
    "Z": ('"UTC"', '"Europe/Berlin"', '"America/New_York"', '"Nowhere/None"', '"Local"', '""'),
    "r": ('"[a-z]+"', '"(.)b"', '"^$"', '"l+"', '"[A-Z](?P<x>\\\\w*)"', '"("', '"a*"', '"\\\\s"', '"(?i)HELLO"'),
    "R": ('"<$1>"', '"$0-"', '"${x}!"', '""', '"$$"', '"$x1"'),
    "j": ('`{"a":1,"b":[true,null,"x<y"]}`', '`[1,2.5,"z"]`', '"3"', '"{"', '""', '`"q"`', '`{"a":{"b":1e3}}`'),
    "c": ('"aGVsbG8="', '"NBSWY3DP"', '"!!"', '"aGVsbG8"', ".s", '"/+8="'),
    "v": ('"1.2.3"', '"v2.0.0-alpha.1+b1"', '"1.2"', '"x.y"', '"1.2.3-beta"', '"0.0.0"', '"3"'),
    "C": ('"^1.2.0"', '">=1.0, <2"', '"~1.2"', '"1.x"', '"!=1.2.3"', '">a"', '"1.2 - 2.0 || 3"', '"*"'),
    "U": ('"https://u:p@host:8080/a/b?q=1&r=%20#frag"', '"/only/path"', '"host"', '"://x"', '"mailto:a@b"', '"http://[::1]/"'),
    "p": ('"/a/b/../c.txt"', '"a//b/"', '"."', '""', '"/"', '"x.tar.gz"', ".s"),
    "k": ('"a"', '"b"', '"k"', '"x"', '"nope"', '"n"'),
    "T": ('"string"', '"int"', '"[]interface {}"', '"map[string]interface {}"', '"int64"', '"slice"', '"map"', '"float64"'),
    "w": ('", "', '"-"', '""', '" "', '"l"', '"a"', '"é"'),
}  # fmt: skip
TERMS_OF_ANY: Final = (
    "nil",
    "1",
    '"a"',
    ".n",
    ".l",
    ".m",
    ".s",
    ".missing",
    ".t",
    ".i",
    ".fl",
    ".e",
    ".el",
    ".em",
    "1.5",
)

# The kinds of the arguments, and of the result: `*` repeats the last one, and `a` is any.
SIGNATURES: Final = """
trim s>s · upper s>s · lower s>s · title s>s · untitle s>s · nospace s>s · initials s>s · swapcase s>s · snakecase s>s
camelcase s>s · kebabcase s>s · abbrev Ns>s · abbrevboth NNs>s · trunc Ns>s · substr NNs>s · repeat Ns>s · trimAll ws>s
trimall ws>s · trimSuffix ws>s · trimPrefix ws>s · contains ws>b · hasPrefix ws>b · hasSuffix ws>b · quote a*>s
squote a*>s · cat a*>s · indent Ns>s · nindent Ns>s · replace wss>s · plural ssN>s · sha1sum s>s · sha256sum s>s
sha512sum s>s · adler32sum s>s · toString a>s · wrap Ns>s · wrapWith Nws>s · hello >s
atoi s>i · int64 n>i · int n>i · float64 n>f · seq N*>s · toDecimal n>i · add1 n>i · add n*>i · sub nn>i · div nn>i
mod nn>i · mul nn*>i · add1f n>f · addf n*>f · subf nn*>f · divf nn*>f · mulf nn*>f · biggest nn*>i · max nn*>i
min nn*>i · maxf nn*>f · minf nn*>f · ceil n>f · floor n>f · round nN>f · until N>l · untilStep NNi>l
split ws>m · splitList ws>L · splitn wNs>m · toStrings l>L · join wl>s · sortAlpha l>L
default aa>a · empty a>b · coalesce a*>a · all a*>b · any a*>b · compact l>l · mustCompact l>l · ternary aab>a
fromJson j>a · mustFromJson j>a · toJson a>j · mustToJson a>j · toPrettyJson a>s · mustToPrettyJson a>s · toRawJson a>s
mustToRawJson a>s · deepCopy l>l · deepCopy m>m · mustDeepCopy m>m
typeOf a>s · typeIs Ta>b · typeIsLike Ta>b · kindOf a>s · kindIs Ta>b · deepEqual aa>b
base p>p · dir p>p · clean p>p · ext p>s · isAbs p>b · osBase p>p · osClean p>p · osDir p>p · osExt p>s · osIsAbs p>b
b64enc s>c · b64dec c>s · b32enc s>c · b32dec c>s
tuple a*>l · list a*>l · dict ka>m · dict kaka>m · get mk>a · set mka>m · unset mk>m · hasKey mk>b · pluck kmm*>l
pick mk*>m · omit mk*>m · merge mm*>m · mustMerge mm*>m · mergeOverwrite mm*>m · mustMergeOverwrite mm*>m · dig kam>a
dig kkam>a · append la>l · push la>l · mustAppend la>l · mustPush la>l · prepend la>l · mustPrepend la>l · first l>a
mustFirst l>a · rest l>l · mustRest l>l · last l>a · mustLast l>a · initial l>l · mustInitial l>l · reverse l>l
mustReverse l>l · uniq l>l · mustUniq l>l · without la*>l · mustWithout la*>l · has al>b · mustHas al>b · slice lN>l
slice lNN>l · mustSlice lNN>l · concat ll*>l · chunk Nl>l · mustChunk Nl>l
semver v>V · semverCompare Cv>b · fail s>s
regexMatch rs>b · mustRegexMatch rs>b · regexFindAll rsN>o · mustRegexFindAll rsN>o · regexFind rs>s
mustRegexFind rs>s · regexReplaceAll rsR>s · mustRegexReplaceAll rsR>s · regexReplaceAllLiteral rsR>s
mustRegexReplaceAllLiteral rsR>s · regexSplit rsN>L · mustRegexSplit rsN>L · regexQuoteMeta s>s
urlParse U>u · urlJoin m>s
date yd>s · date_in_zone ydZ>s · dateInZone yEZ>s · date_modify Dd>d · dateModify Dd>d · must_date_modify Dd>d
mustDateModify Dd>d · mustToDate ys>d · toDate ys>d · duration E>s · duration s>s · durationRound D>s · durationRound E>s
htmlDate d>s · htmlDate E>s · htmlDateInZone dZ>s · unixEpoch d>i · ago d>s · ago E>s · now >d
eq aa>b · ne aa>b · lt nn>b · and aa*>a · or aa*>a · not a>b · len l>i · len m>i · len s>i
index lN>a · index mk>a · print a*>s · html s>s · js s>s · urlquery s>s
"""  # fmt: skip
CALLS: Final[tuple[tuple[str, str, str], ...]] = tuple(
    (name, *kinds.split(">", 1))  # type: ignore[misc]
    for name, kinds in (entry.split() for line in SIGNATURES.split("\n") for entry in line.split(" · ") if entry)
)
# Nothing takes an `o`, of which Go's `slice` shows what was allocated behind its end.
# In Go the order is by chance, so something else is done with it; keys and certificates cost too much to make many.
SORTED: Final = ("keys m>sortAlpha", "values m>len", "shuffle s>len", "randAlpha N>len", "randAlphaNum N>len",
                 "randNumeric N>len", "randAscii N>len", "randBytes N>len", "uuidv4 >len", "randInt NN>kindOf")  # fmt: skip
KINDS: Final = "sifnblLmdacvUpj"
FORMATS: Final = ("%v", "%s", "%d", "%q", "%T", "%5.1f", "%x", "%+v", "%-6v|", "%06d", "%t", "%U", "%e", "%#v")
SUBKINDS: Final[dict[str, str]] = {"n": "if", "i": "N", "l": "L", "s": "pcj", "N": "i"}
"""A kind may be given by another."""


class SprigAuthor(Author):
    """Writes templates whose pipelines are calls of Sprig's functions; `strays` of the arguments are of any kind."""

    def __init__(self, seed: int, *, strays: float = 0.02) -> None:
        super().__init__(seed)
        self.strays = strays
        self.makers: dict[str, list[tuple[str, str]]] = {}
        for name, takes, gives in CALLS:
            self.makers.setdefault(gives, []).append((name, takes))

    def node(self, depth: int, *, in_loop: bool) -> str:
        # Mostly calls: the base knows how to go wrong about blocks.
        if depth and self.chance.random() < 0.6:
            return self.tag(self.pipe(2))
        return super().node(depth, in_loop=in_loop)

    def term(self, depth: int) -> str:
        if self.chance.random() < 0.1:
            return super().term(depth)
        return self.expression(self.chance.choice(KINDS), depth)

    def pipe(self, depth: int) -> str:
        if self.chance.random() < 0.05:
            return super().pipe(depth)
        if self.chance.random() < 0.08:
            return self.sorted_()
        if self.chance.random() < 0.1:
            # A time is none of the terms: verbs of numbers show what Go keeps within it, which we do not have.
            return f'printf "{self.chance.choice(FORMATS)}" {self.chance.choice(TERMS[self.chance.choice("sifblLm")])}'
        return self.call(self.chance.choice(CALLS), depth)

    def sorted_(self) -> str:
        call, end = self.chance.choice(SORTED).split(">")
        name, *kinds = call.split()
        args = "".join(f" {self.expression(kind, 0)}" for kind in "".join(kinds))
        return f"{name}{args} | {end}"

    def expression(self, kind: str, depth: int) -> str:
        """Return a term of a kind."""
        if self.chance.random() < self.strays:
            return self.any(0)
        if kind in SUBKINDS and self.chance.random() < 0.1:
            kind = self.chance.choice(SUBKINDS[kind])
        if depth and kind in self.makers and self.chance.random() < 0.4:
            name, takes = self.chance.choice(self.makers[kind])
            return f"({self.call((name, takes, kind), depth - 1)})"
        return self.any(depth) if kind == "a" else self.chance.choice(TERMS.get(kind, TERMS_OF_ANY))

    def any(self, depth: int) -> str:
        if self.chance.random() < 0.4:
            return self.chance.choice(TERMS_OF_ANY)
        return self.expression(self.chance.choice("sifblLmdn"), depth)

    def call(self, call: tuple[str, str, str], depth: int) -> str:
        """Return a call, the last argument of which is now and then piped."""
        name, takes, _ = call
        kinds = list(takes.rstrip("*"))
        if takes.endswith("*"):
            kinds += [kinds[-1]] * self.chance.choice([0, 0, 1, 2])
        if self.chance.random() < self.strays / 4:
            kinds = kinds[:-1] if self.chance.random() < 0.5 else [*kinds, "a"]
        args = [self.expression(kind, depth) for kind in kinds]
        if args and self.chance.random() < 0.4:
            last = args.pop()
            last = last[1:-1] if last.startswith("(") and " | " not in last else last
            if last != "nil":
                return " ".join([f"{last} |", name, *args])
            args.append(last)
        return " ".join([name, *args])
