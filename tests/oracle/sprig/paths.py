from __future__ import annotations

from arguments import Cases, calls, over, raw

WRITTEN = """/ // . .. ./ ../ a a/ a// /a /a/ a/b a/b/ a//b /a//b/ a/./b a/../b a/b/../../.. ../../a /../a /.. /a/../.. a.b .a a. a.b.c
a.b/c a/.b a/b. .../x ./a.txt /x/y.tar.gz é/ü.ä //a/../b/./c/ ~/x a\\b c:\\x"""
PATHS = WRITTEN.split()


def cases() -> Cases:
    for name in ["base", "dir", "clean", "ext", "isAbs"]:
        for form in [name, f"os{name[0].upper()}{name[1:]}"]:
            yield from calls(form, '"/some/file.txt"')
            yield from over(["{{" + form + " .x}}"], ["", " ", "a b/c d.e f", raw(b"/\xff/b.\xc3"), *PATHS])
