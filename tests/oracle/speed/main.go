// The other half of bench/templates.py: renders a template over and over and tells how long each time took.
package main

import (
	"bytes"
	"encoding/json"
	"os"
	"text/template"
	"time"
)

// Secret is what a program written in Go would hold a secret in.
type Secret struct{ Key, Value string }

type job struct {
	Text    string           `json:"text"`
	Rows    []map[string]any `json:"rows"`
	Structs bool             `json:"structs"`
	Times   int              `json:"times"`
}

func main() {
	decoder := json.NewDecoder(os.Stdin)
	encoder := json.NewEncoder(os.Stdout)
	for decoder.More() {
		var j job
		if err := decoder.Decode(&j); err != nil {
			panic(err)
		}
		t := template.Must(template.New("t").Parse(j.Text))
		var data any = j.Rows
		if j.Structs {
			rows := make([]Secret, len(j.Rows))
			for i, row := range j.Rows {
				rows[i] = Secret{row["Key"].(string), row["Value"].(string)}
			}
			data = rows
		} else {
			rows := make([]any, len(j.Rows))
			for i, row := range j.Rows {
				rows[i] = row
			}
			data = rows
		}
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
