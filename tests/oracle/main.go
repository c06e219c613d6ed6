// The oracle executes templates with Go's own text/template: it reads cases from one file as JSON lines, and writes
// results to another in the same order. See generate.py, which makes the cases and keeps the results.
//
// Built with `-tags faketime` its clock stands still at 2009-11-10 23:00:00 UTC; that is why it does not write to
// stdout, whose writes Go then wraps in headers.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"text/template"
	"time"
	"unicode/utf8"

	"github.com/Masterminds/sprig/v3"
	"gopkg.in/yaml.v3"
)

// Case is one template with its data. A whole number in the data is an int, any other a float64.
type Case struct {
	Name       string      `json:"name"`
	Text       string      `json:"text"`
	Raw        string      `json:"raw"` // the text in base64, where it is no UTF-8
	More       [][2]string `json:"more"`
	Data       any         `json:"data"`
	Delimiters [2]string   `json:"delimiters"`
	MissingKey string      `json:"missingkey"`
	Functions  string      `json:"functions"` // besides Go's own: none, "sprig" or "kmssecret"
	ParseOnly  bool        `json:"parse_only"`
}

// Result is what came of a case: a text or an error.
type Result struct {
	Output *string `json:"output,omitempty"`
	Raw    string  `json:"raw_output,omitempty"` // in base64, where it is no UTF-8
	Error  string  `json:"error,omitempty"`
}

// Pair is a struct for templates to look into.
type Pair struct {
	Key   string
	Value any
}

// Greet is a method with an argument.
func (p Pair) Greet(name string) string { return p.Key + " greets " + name }

// Size is a method without one.
func (p Pair) Size() int { return len(p.Key) }

// Fail is a method that fails.
func (p Pair) Fail() (string, error) { return "", fmt.Errorf("no way") }

func value(v any) any {
	switch v := v.(type) {
	case json.Number:
		if strings.ContainsAny(v.String(), ".eE") {
			f, _ := v.Float64()
			return f
		}
		i, err := v.Int64()
		if err != nil {
			panic(err)
		}
		return int(i)
	case []any:
		for i := range v {
			v[i] = value(v[i])
		}
		return slices.Clip(v) // what the decoder has left room for is no element of the data
	case map[string]any:
		for k := range v {
			v[k] = value(v[k])
		}
		if pair, ok := v["$pair"].([]any); ok {
			return Pair{pair[0].(string), pair[1]}
		}
		if texts, ok := v["$texts"].([]any); ok {
			return typedList[string](texts)
		}
		if numbers, ok := v["$numbers"].([]any); ok {
			return typedList[int](numbers)
		}
		if named, ok := v["$named"].(map[string]any); ok {
			return typedMap(named)
		}
		if raw, ok := v["$raw"].(string); ok {
			bytes, _ := base64.StdEncoding.DecodeString(raw)
			return string(bytes)
		}
	}
	return v
}

func typedList[T any](v []any) []T {
	made := make([]T, len(v))
	for i := range v {
		made[i] = v[i].(T)
	}
	return made
}

func typedMap(v map[string]any) map[string]string {
	made := map[string]string{}
	for k := range v {
		made[k] = v[k].(string)
	}
	return made
}

// sprigFunctions are those of the text map that answer without the environment and the network.
var sprigFunctions = func() template.FuncMap {
	functions := sprig.TxtFuncMap()
	for _, name := range []string{"env", "expandenv", "getHostByName"} {
		delete(functions, name)
	}
	// Without the reading of the monotonic clock, which is another each time and of no use to a template.
	functions["now"] = func() time.Time { return time.Now().Round(0) }
	return functions
}()

// kmsSecretFunctions are Sprig's, and those of KMSSecret beyond Sprig whose answers are the same each time.
var kmsSecretFunctions = func() template.FuncMap {
	functions := template.FuncMap{}
	maps.Copy(functions, sprigFunctions)
	maps.Copy(functions, beyondSprig)
	for _, name := range onlyNamed {
		functions[name] = func(...any) string { panic("this is for parsing alone") }
	}
	return functions
}()

// onlyNamed are those that are not executed here: what they give is by chance, or not worth a library.
var onlyNamed = []string{
	"filterCertChain", "filterPEM", "fullPemToPkcs12", "fullPemToPkcs12Pass", "jwkPrivateKeyPem", "jwkPublicKeyPem",
	"pemToPkcs12", "pemToPkcs12Pass", "pkcs12cert", "pkcs12certPass", "pkcs12key", "pkcs12keyPass",
}

var beyondSprig = template.FuncMap{
	"encodeBase64": func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) },
	"decodeBase64ToBytes": func(text string) string {
		raw, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			panic("the text is no base64")
		}
		return string(raw)
	},
	"toYaml": func(value any) string {
		text, err := yaml.Marshal(value)
		if err != nil {
			panic(err)
		}
		return strings.TrimSuffix(string(text), "\n")
	},
	"fromYaml": func(text string) map[string]any {
		found := map[string]any{}
		if err := yaml.Unmarshal([]byte(text), &found); err != nil {
			panic(err)
		}
		return found
	},
}

func functions(set string) template.FuncMap {
	switch set {
	case "":
		return nil
	case "sprig":
		return sprigFunctions
	case "kmssecret":
		return kmsSecretFunctions
	}
	panic("no such set of functions: " + set)
}

func run(c Case) (string, error) {
	if c.Raw != "" {
		bytes, err := base64.StdEncoding.DecodeString(c.Raw)
		if err != nil {
			panic(err)
		}
		c.Text = string(bytes)
	}
	t := template.New(c.Name).Delims(c.Delimiters[0], c.Delimiters[1]).Funcs(functions(c.Functions))
	if c.MissingKey != "" {
		t.Option("missingkey=" + c.MissingKey)
	}
	if _, err := t.Parse(c.Text); err != nil {
		return "", err
	}
	for _, more := range c.More {
		if _, err := t.New(more[0]).Parse(more[1]); err != nil {
			return "", err
		}
	}
	if c.ParseOnly {
		return "", nil
	}
	var out strings.Builder
	err := t.Execute(&out, value(c.Data))
	return out.String(), err
}

func open(file *os.File, err error) *os.File {
	if err != nil {
		panic(err)
	}
	return file
}

func main() {
	debug.SetMaxStack(64 << 20) // what overflows it would overflow any
	decoder := json.NewDecoder(bufio.NewReader(open(os.Open(os.Args[1]))))
	decoder.UseNumber()
	encoder := json.NewEncoder(open(os.Create(os.Args[2])))
	encoder.SetEscapeHTML(false)
	for decoder.More() {
		var c Case
		if err := decoder.Decode(&c); err != nil {
			panic(err)
		}
		output, err := run(c)
		var result Result
		switch {
		case err != nil:
			result.Error = err.Error()
		case !utf8.ValidString(output):
			result.Raw = base64.StdEncoding.EncodeToString([]byte(output))
		default:
			result.Output = &output
		}
		if err := encoder.Encode(result); err != nil {
			panic(err)
		}
	}
}
