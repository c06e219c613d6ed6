// Writes what Go's fmt and text/template make of many formats and values, as golden files for the tests of
// secretsync.templates. Run by `go run tests/oracle/printf/*.go tests/oracle/printf`.
package main

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/template"
)

func main() {
	write("values.jsonl", writeValues)
	write("verbs.jsonl", writeVerbs)
	write("formats.jsonl", writeFormats)
	write("printing.jsonl", writePrinting)
	write("comparison.jsonl", writeComparison)
	write("printable.jsonl", writePrintable)
}

func write(name string, lines func(line func(...string))) {
	f, err := os.Create(filepath.Join(os.Args[1], name))
	if err != nil {
		panic(err)
	}
	w := bufio.NewWriter(f)
	lines(func(fields ...string) { fmt.Fprintf(w, "[%s]\n", strings.Join(fields, ",")) })
	if err := w.Flush(); err != nil {
		panic(err)
	}
	if err := f.Close(); err != nil {
		panic(err)
	}
}

// writeValues writes the values, one a line: kind and value. verbs.jsonl names a value by its line, from 0.
func writeValues(line func(...string)) {
	for _, kind := range kinds {
		for _, v := range values[kind] {
			line(quoted(kind), written(v))
		}
	}
}

const verbs = "vTtbcdoOqxXUeEfFgGspwzé"

var (
	flags  = []string{"", "+", "-", "#", " ", "0", "+#", "-0", "# ", "+0", "-+# 0"}
	shapes = []string{"", "6", ".1", "12.3", ".0"}
	// natural are the verbs that a kind has; without flags, or with one and no width, these meet every value.
	natural = map[string]string{"int": "vdboOxXcqU", "float64": "vbgGxXfFeE", "complex128": "vgxe", "string": "vsxXq",
		"bool": "vt", "list": "vdsqx", "map": "vdsqx", "record": "vdsqx", "nil": "v"}
)

// writeVerbs tries formats of one directive: a line has a format, and its texts by the line of the value.
func writeVerbs(line func(...string)) {
	turn := 0
	for _, verb := range verbs {
		for f, flag := range flags {
			for s, shape := range shapes {
				form := "%" + flag + shape + string(verb)
				var texts []string
				first := 0
				for _, kind := range kinds {
					every := strings.ContainsRune(natural[kind], verb) && (f == 0 || f < 6 && s == 0)
					for n, v := range values[kind] {
						away := (n + turn) % len(values[kind]) // each format takes its turn at the values
						if !hasAddress(verb, v) && (every || away == 0 || f == 0 && away < 3) {
							texts = append(texts, fmt.Sprintf(`"%d":%s`, first+n, quoted(fmt.Sprintf(form, v))))
						}
					}
					first += len(values[kind])
				}
				turn++
				line(quoted(form), "{"+strings.Join(texts, ",")+"}")
			}
		}
	}
}

// hasAddress tells where a text differs from run to run.
func hasAddress(verb rune, v any) bool {
	switch v.(type) {
	case []any, map[string]any, *Pair:
		return verb == 'p'
	}
	return false
}

// writeFormats tries formats of several directives: indexes, stars, too few and too many arguments, broken ones.
func writeFormats(line func(...string)) {
	arguments := [][]any{{}, {7}, {"x"}, {nil}, {2, 7}, {-6, 3.25}, {"w", 9}, {3, 5, "abc"}, {-3, -5, "abc"},
		{1000001, 2, 3}, {true, 1.5, nil}, {1, "two", 3.0, []any{4}, map[string]any{"5": 5}}}
	for _, form := range formats {
		for _, args := range arguments {
			text := fmt.Sprintf(form, args...)
			if len(text) < 300 {
				line(quoted(form), "["+joined(args)+"]", quoted(text))
			}
		}
	}
}

var formats = []string{
	"", "plain", "é\xff", "%", "100%", "%%", "%5%", "%-%", "%*%", "%[1]%", "%d", "%s", "%v", "%q", "%s=%d", "%d %s", "%v,%v", "%d%%",
	"%*d", "%-*d", "%0*d", "%+*d", "%*v", "%*s|", "%.*f", "%.*s", "%*.*f", "%*.*s", "%-*.*q", "%*.3v", "%8.*v",
	"%[1]d", "%[2]d", "%[2]d %[1]d", "%[1]d %[1]v", "%[1]d %d", "%[2]*[1]d", "%[2]*d", "%[1]*d", "%[3]*.[2]*[1]f",
	"%.[2]*[1]f", "%[2]*.[1]*[3]s", "%[3]v%[1]v", "%[3]*s", "%6.2f", "%[2]6.2f", "%[1].2d", "%[1]2d", "%[2].*[1]d",
	"%[0]d", "%[-1]d", "%[x]d", "%[]d", "%[]", "%.[]", "%[1", "%[", "%[1]", "%[1]s %[9]d %s", "%[99999999]d", "%[1]*.[x]d", "%.[]d", "%[x]*d", "%.[", "%.[2",
	"%[1]*[2]d", "%[1]*[9]d", "%[2][1]d", "%[1][2]v", "%.3[2]v", "%3[2]v", "%[1]+d", "%+[1]d",
	"%!", "%z", "%!d", "% d", "%\xff", "%é", "%\n", "%.", "%.d", "%..d", "%5.", "%-", "%+-# 0", "%.5", "%08", "%#+v", "%+#v", "%#q %+q",
	"%99999999d", "%.99999999d", "%10000001d|", "%10000019d", "%19999999d", "%1000000000000d", "%.1000000000000s", "%l", "%ld", "%5", "%5.3.2d", "%*", "%.*", "%**d", "%*5d", "%5*d",
	"%w", "%#w", "%+w %v", "%T %T", "%p", "%t %t", "%x % x %#x", "%c%c%c", "%U %#U", "%e %g %G", "%s %s %s %s %s %s", "%v %v %v %v %v",
	"[%5v] [%-5v] [%05v]", "%d items in %s\n", "%s%s=%s\n", "%[5]v %[4]v %[3]v %[2]v %[1]v",
}

// writePrinting tries an action, print and println: a line has what is called, its arguments, the text.
func writePrinting(line func(...string)) {
	var all []any
	for _, kind := range kinds {
		for _, v := range values[kind] {
			all = append(all, v)
			line(`"text"`, "["+written(v)+"]", quoted(executed("{{.a}}", map[string]any{"a": v})))
			for _, f := range []string{"print", "println"} {
				line(quoted(f), "["+written(v)+"]", quoted(executed("{{"+f+" .a}}", map[string]any{"a": v})))
			}
		}
	}
	for n, a := range all {
		b, c := all[(n*7+3)%len(all)], all[(n*11+5)%len(all)]
		for _, f := range []string{"print", "println"} {
			data := map[string]any{"a": a, "b": b, "c": c}
			line(quoted(f), "["+joined([]any{a, b, c})+"]", quoted(executed("{{"+f+" .a .b .c}}", data)))
		}
	}
}

// writeComparison tries every function of comparison on pairs: a line has function, arguments, result, error.
func writeComparison(line func(...string)) {
	some := []any{nil, true, false, 0, 1, 1.0, math.NaN(), complex(1, 0), "", "a", "é", "\xff", []any{}, []any{1},
		map[string]any{"a": 1}, Pair{"k", 1}, Pair{"k", 2}, Named{"n"}, &Pair{"k", 1}}
	for _, function := range []string{"eq", "ne", "lt", "le", "gt", "ge"} {
		for _, a := range some {
			compare(line, function, a)
			for _, b := range some {
				compare(line, function, a, b)
			}
		}
	}
	for n := range some {
		compare(line, "eq", some[n], some[(n+1)%len(some)], some[(n*5+2)%len(some)], some[n])
	}
}

func compare(line func(...string), function string, args ...any) {
	text, data := "{{"+function, map[string]any{}
	for n, v := range args {
		name := string(rune('a' + n))
		text, data[name] = text+" ."+name, v
	}
	result, err := execute(text+"}}", data)
	if err == nil {
		line(quoted(function), "["+joined(args)+"]", result, "null")
	} else if _, reason, called := strings.Cut(err.Error(), "error calling "+function+": "); called {
		line(quoted(function), "["+joined(args)+"]", "null", quoted(redacted(reason, args)))
	}
}

// redacted takes out what Go quotes of the values.
func redacted(reason string, args []any) string {
	const mark = "non-comparable type"
	if !strings.HasPrefix(reason, mark) {
		return reason
	}
	for _, v := range args {
		reason = strings.Replace(reason, fmt.Sprintf(" %s:", v), " [redacted]:", 1)
		if text, ends := strings.CutSuffix(reason, fmt.Sprintf(": %v", v)); ends {
			reason = text + ": [redacted]"
		}
	}
	return reason
}

func executed(text string, data any) string {
	result, err := execute(text, data)
	if err != nil {
		panic(err)
	}
	return result
}

func execute(text string, data any) (string, error) {
	var b strings.Builder
	err := template.Must(template.New("t").Parse(text)).Execute(&b, data)
	return b.String(), err
}

// writePrintable writes the ranges of the characters beyond ASCII that %q leaves as they are.
func writePrintable(line func(...string)) {
	start := rune(-1)
	for r := rune(0x80); r <= 0x110000; r++ {
		is := strconv.IsPrint(r)
		if is && start < 0 {
			start = r
		} else if !is && start >= 0 {
			line(fmt.Sprint(start), fmt.Sprint(r-1))
			start = -1
		}
	}
}
