package main

import (
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Pair is a record without methods.
type Pair struct {
	Key   string
	Value any
}

// Named is a record that says itself how it prints.
type Named struct{ Name string }

func (n Named) String() string { return "named " + n.Name }

// values are what every verb is tried with, kind by kind.
var values = map[string][]any{
	"nil":  {nil},
	"bool": {true, false},
	"int": {0, 5, -42, 10, 39, 92, 97, 127, 233, 0x200b, 0xd800, 0xfffd, 0x1f600, 0x10ffff, 0x110000, -1,
		1234567890, math.MaxInt64, math.MinInt64},
	"float64": {0.0, math.Copysign(0, -1), 1.0, -1.5, 2.5, 3.5, 0.1, 1.0 / 3, 100.0, 99.95, 999999.5, 1e5, 1e6, 1234567.0,
		123456789.0, 1e20, 1e21, 1e22, 1e100, 0.0001, 0.00012, 0.00001, 1.5e-7, 5e-324, 2.2250738585072014e-308,
		math.MaxFloat64, 0x1p89, math.Inf(1), math.Inf(-1), math.NaN(), 1.9999999999, 65504.0, 4503599627370497.5},
	"complex128": {complex(0, 0), 1 + 2i, complex(-1.5, -0.25), complex(1e21, 1e-7), complex(math.NaN(), math.Inf(-1))},
	"string": {"", "x", "hello, world", "héllo", "日本語", "a\"b'c\\d", "line\nfeed\ttab\r\a\b\f\v", "\x00\x1f\x7f",
		"`back`", "\xff\xfe", "a\xc3", "\xed\xa0\x80", "\u00a0\u00ad\u200b\u2028\ufeff", "😀e\u0301", "\ufffd",
		"\u0085\u0378\U0001fae8\U000e0001\U0010ffff", "100%d"},
	"list": {[]any{}, []any{1}, []any{1, "a", nil, true, 2.5}, []any{"q\"", []any{"é", []any{}}}, []any{map[string]any{"k": 1.0}}},
	"map": {map[string]any{}, map[string]any{"a": 1}, map[string]any{"b": "x", "a": nil, "é": 2.5, "": false},
		map[string]any{"m": map[string]any{"z": []any{1, 2}, "y": map[string]any{}}}, map[string]any{"\xff": 1, "\u20ac": 2, "𐐷": 3}},
	"record": {Pair{"k", 1}, Pair{"", nil}, &Pair{"p", []any{"x"}}, Named{"n"}, Pair{"n", Named{"inner"}}},
}

var kinds = []string{"nil", "bool", "int", "float64", "complex128", "string", "list", "map", "record"}

// written is a value as the tests read it: what JSON lacks is an object with one key that names the type.
func written(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool, int:
		return fmt.Sprint(v)
	case float64:
		return `{"float":` + number(v) + `}`
	case complex128:
		return `{"complex":[` + number(real(v)) + "," + number(imag(v)) + `]}`
	case string:
		return quoted(v)
	case []any:
		return "[" + joined(v) + "]"
	case map[string]any:
		return `{"map":` + object(v) + "}"
	case Pair:
		return `{"record":["main.Pair",` + pair(v) + `,null]}`
	case *Pair:
		return `{"record":["*main.Pair",` + pair(*v) + `,null]}`
	case Named:
		return `{"record":["main.Named",{"Name":` + quoted(v.Name) + `},` + quoted(v.String()) + `]}`
	}
	panic(fmt.Sprintf("a %T is no value", v))
}

func number(f float64) string { return strconv.Quote(strconv.FormatFloat(f, 'g', -1, 64)) }

func pair(p Pair) string { return `{"Key":` + quoted(p.Key) + `,"Value":` + written(p.Value) + `}` }

func joined(list []any) string {
	texts := make([]string, len(list))
	for i, v := range list {
		texts[i] = written(v)
	}
	return strings.Join(texts, ",")
}

func object(m map[string]any) string {
	texts := make([]string, 0, len(m))
	for k, v := range m {
		texts = append(texts, quoted(k)+":"+written(v))
	}
	sort.Strings(texts)
	return "{" + strings.Join(texts, ",") + "}"
}

// quoted is a string in JSON; a byte that is no UTF-8 becomes the surrogate escape that stands for it in Python.
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\udc%02x`, s[i])
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
		i += size
	}
	return b.String() + `"`
}
