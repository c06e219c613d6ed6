"""`printf`: Go's formatted text, down to the complaints it writes into the text.

    parse       what a format says: flags, indexes, width, precision, verb
    formats     what is done with that: `printf`, and a format that stands in a template, as a function
    values      which verbs a value has; lists, maps, records; `%v`, `%T`, `%p` and `%!d(string=x)`
    integers    %d %b %o %O %x %X %c %q %U
    floats      %e %E %f %F %g %G %b %x %X
    strings     %s %q %x %X, and %t

How `%q` escapes is in `quoting`, a module of `templates`, as errors quote so too. A wrong format or argument raises
nothing: as in Go, the text says what was wrong.
"""
