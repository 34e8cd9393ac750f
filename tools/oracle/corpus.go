package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"sopsguard.invalid/oracle/generate"
	"sopsguard.invalid/oracle/reference"
)

// vector is one recorded answer of the YAML reader.
type vector struct {
	Name string `json:"name,omitempty"`
	YAML string `json:"yaml"`
	reference.YAMLView
}

// compareCorpus holds recorded vectors (.jsonl) and scalars (.tsv) against the present answers.
func compareCorpus(files []string) error {
	wrong := 0
	for _, file := range files {
		check := compareVector
		format := filepath.Base(filepath.Dir(file))
		if filepath.Base(file) == "metadata.jsonl" {
			format = reference.Flat
		}
		switch {
		case strings.HasSuffix(file, ".tsv"):
			check = compareScalar
		case format == reference.Flat, generate.Formats[format] != "" && format != "yaml":
			check = func(line string) error { return compareText(format, line) }
		}
		lines, differing, err := compareLines(file, check)
		if err != nil {
			return err
		}
		fmt.Printf("%s: %d lines, %d differ\n", file, lines, differing)
		wrong += differing
	}
	if wrong > 0 {
		return fmt.Errorf("%d recorded answers differ", wrong)
	}
	return nil
}

func compareLines(file string, check func(string) error) (lines, differing int, err error) {
	in, err := os.Open(file)
	if err != nil {
		return 0, 0, err
	}
	defer in.Close()
	scanner := bufio.NewScanner(in)
	scanner.Buffer(nil, maxRequest)
	for scanner.Scan() {
		lines++
		if err := check(scanner.Text()); err != nil {
			differing++
			fmt.Printf("%s:%d: %v\n", file, lines, err)
		}
	}
	return lines, differing, scanner.Err()
}

func compareVector(line string) error {
	var recorded vector
	if err := json.Unmarshal([]byte(line), &recorded); err != nil {
		return err
	}
	if now := reference.ViewYAML([]byte(recorded.YAML)); !reflect.DeepEqual(now, recorded.YAMLView) {
		was, _ := json.Marshal(recorded.YAMLView)
		is, _ := json.Marshal(now)
		return fmt.Errorf("%s\n  recorded %s\n  now      %s", recorded.Name, was, is)
	}
	return nil
}

// compareText is compareVector for the formats whose vectors lie in a folder of their name.
func compareText(format, line string) error {
	var recorded textVector
	if err := json.Unmarshal([]byte(line), &recorded); err != nil {
		return err
	}
	was, _ := json.Marshal(recorded.View)
	// An error may quote bytes that are no text, which JSON cannot hold.
	is, _ := json.Marshal(reference.ViewText(recorded.B64, format))
	var now reference.View
	if err := json.Unmarshal(is, &now); err != nil {
		return err
	}
	if !reflect.DeepEqual(now, recorded.View) {
		return fmt.Errorf("%s\n  recorded %s\n  now      %s", recorded.Name, was, is)
	}
	return nil
}

func compareScalar(line string) error {
	fields := strings.Split(line, "\t")
	var text string
	if err := json.Unmarshal([]byte(fields[0]), &text); err != nil {
		return err
	}
	kind, content, err := reference.ResolveScalar(text)
	shown := kind
	switch {
	case err != nil:
		shown += "\tERR " + err.Error()
	case kind != "nil":
		shown += "\t" + string(content)
	}
	recorded := strings.Join(fields[1:], "\t")
	var bytes string
	if len(fields) == 3 && json.Unmarshal([]byte(fields[2]), &bytes) == nil {
		recorded = fields[1] + "\t" + bytes
	}
	if shown != recorded {
		return fmt.Errorf("%q: recorded %q, now %q", text, recorded, shown)
	}
	return nil
}
