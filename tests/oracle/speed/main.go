// The other half of bench/templates.py: renders a template over and over and tells how long each time took.
package main

import (
	"bytes"
	"encoding/json"
	"os"
	"text/template"
	"time"

	"github.com/Masterminds/sprig/v3"
)

// Secret is what a program written in Go would hold a secret in.
type Secret struct{ Key, Value string }

type job struct {
	Text  string           `json:"text"`
	Rows  []map[string]any `json:"rows"`
	Kind  string           `json:"kind"` // of the data: "maps", "structs", or "dict", one map from keys to values
	Times int              `json:"times"`
}

func shaped(j job) any {
	switch j.Kind {
	case "structs":
		rows := make([]Secret, len(j.Rows))
		for i, row := range j.Rows {
			rows[i] = Secret{row["Key"].(string), row["Value"].(string)}
		}
		return rows
	case "dict":
		dict := make(map[string]any, len(j.Rows))
		for _, row := range j.Rows {
			dict[row["Key"].(string)] = row["Value"]
		}
		return dict
	}
	rows := make([]any, len(j.Rows))
	for i, row := range j.Rows {
		rows[i] = row
	}
	return rows
}

func main() {
	decoder := json.NewDecoder(os.Stdin)
	encoder := json.NewEncoder(os.Stdout)
	for decoder.More() {
		var j job
		if err := decoder.Decode(&j); err != nil {
			panic(err)
		}
		t := template.Must(template.New("t").Funcs(sprig.TxtFuncMap()).Parse(j.Text))
		data := shaped(j)
		var out bytes.Buffer
		began := time.Now()
		for i := 0; i < j.Times; i++ {
			out.Reset()
			if err := t.Execute(&out, data); err != nil {
				panic(err)
			}
		}
		took := time.Since(began).Seconds()
		if err := encoder.Encode(map[string]any{"seconds": took, "output": out.String()}); err != nil {
			panic(err)
		}
	}
}
