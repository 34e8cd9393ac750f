package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"sopsguard.invalid/oracle/damage"
	"sopsguard.invalid/oracle/generate"
	"sopsguard.invalid/oracle/parallel"
	"sopsguard.invalid/oracle/reference"
)

// printVectors prints new vectors in the form of the recorded ones, made from a seed.
func printVectors(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("vectors", flag.ContinueOnError)
	format := flags.String("format", "yaml", "the `FORMAT` of the texts: yaml, json, dotenv, ini, or flat (metadata)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if args = flags.Args(); len(args) < 2 {
		return fmt.Errorf("vectors: want N and SEED")
	}
	count, err := strconv.Atoi(args[0])
	if err != nil {
		return fmt.Errorf("vectors: N: %w", err)
	}
	seed, err := strconv.ParseUint(args[1], 10, 64)
	if err != nil {
		return fmt.Errorf("vectors: SEED: %w", err)
	}
	seeds, err := seedTexts(args[2:])
	if err != nil {
		return err
	}
	writer := bufio.NewWriter(out)
	encoder := json.NewEncoder(writer)
	encoder.SetEscapeHTML(false)
	newVector := func(i int) any { return newVector(seed, uint64(i), seeds) }
	if *format != "yaml" {
		newVector = func(i int) any { return newTextVector(*format, seed, uint64(i), seeds) }
	}
	for made := range parallel.InOrder(count, newVector) {
		if err := encoder.Encode(made); err != nil {
			return err
		}
	}
	return writer.Flush()
}

// textVector is one recorded answer of the reader of another format.
type textVector struct {
	Name string `json:"name,omitempty"`
	B64  []byte `json:"b64"`
	reference.View
}

// newTextVector makes vector number i of a seed. Its text holds no metadata, which the stores find
// only later.
func newTextVector(format string, seed, i uint64, seeds [][]byte) textVector {
	r := generate.Case(seed, i)
	profiles := []generate.Profile{generate.Plain, generate.Commented, generate.Wild}
	edits := slices.Concat(damage.For(format).Text, damage.TextEdits[:12])
	for {
		kind, text := "text", []byte(nil)
		if format == reference.Flat {
			text = generate.FlatText(r)
		} else {
			text = generate.Text(r, format, profiles[r.IntN(len(profiles))])
		}
		if len(seeds) > 0 && r.IntN(2) == 0 {
			kind, text = "seed", seeds[r.IntN(len(seeds))]
		}
		for range r.IntN(5) {
			if format == reference.Flat {
				break
			}
			var name string
			name, text = damage.Apply(r, edits, text)
			kind += "-" + name
		}
		if len(text) > 1<<14 || bytes.Contains(text, []byte("sops")) {
			continue
		}
		view := reference.ViewText(text, format)
		if !utf8.ValidString(strings.Join(view.Tree, "")) {
			continue // a key that JSON cannot hold
		}
		return textVector{Name: fmt.Sprintf("%d-%d-%s", seed, i, kind), B64: text, View: view}
	}
}

// newVector makes vector number i of a seed: always the same one for the same seed texts.
func newVector(seed, i uint64, seeds [][]byte) vector {
	r := generate.Case(seed, i)
	for {
		kind, text := newText(r, seeds)
		if !utf8.Valid(text) || len(text) > 1<<16 {
			continue
		}
		view := reference.ViewYAML(text)
		if !utf8.ValidString(strings.Join(view.Tree, "")) {
			continue // a key that JSON cannot hold
		}
		return vector{Name: fmt.Sprintf("%d-%d-%s", seed, i, kind), YAML: string(text), YAMLView: view}
	}
}

func newText(r *rand.Rand, seeds [][]byte) (kind string, text []byte) {
	profiles := []generate.Profile{generate.Plain, generate.Commented, generate.Wild}
	profile := profiles[r.IntN(len(profiles))]
	switch choice := r.IntN(10); {
	case choice == 0:
		return "document", generate.YAML(r, profile)
	case choice == 1:
		return "comments", generate.YAML(r, generate.Commented)
	case choice == 2:
		return "scalars", scalarText(r)
	case choice < 7 && len(seeds) > 0:
		kind, text = "seed", seeds[r.IntN(len(seeds))]
		if len(text) > 1<<12 && r.IntN(8) > 0 {
			text = window(r, text)
		}
	default:
		kind, text = "mutant", generate.YAML(r, profile)
	}
	for range 1 + r.IntN(3) {
		var name string
		name, text = damage.Apply(r, damage.TextEdits, text)
		kind += "-" + name
	}
	return kind, text
}

// window cuts some lines out of a long text, so that a parser gets past the first of many values.
func window(r *rand.Rand, text []byte) []byte {
	lines := bytes.SplitAfter(text, []byte("\n"))
	from := r.IntN(len(lines))
	return bytes.Join(lines[from:min(from+2+r.IntN(25), len(lines))], nil)
}

// scalarText has one scalar a line, in the places where resolution can differ.
func scalarText(r *rand.Rand) []byte {
	var b bytes.Buffer
	for i := range 1 + r.IntN(12) {
		scalar := generate.Scalar(r)
		switch r.IntN(6) {
		case 0:
			fmt.Fprintf(&b, "k%d: [%s, x]\n", i, scalar)
		case 1:
			tag := []string{"!!str", "!!int", "!!float", "!!bool", "!!timestamp", "!!null", "!!binary", "!", "!x"}[r.IntN(9)]
			fmt.Fprintf(&b, "k%d: %s %s\n", i, tag, scalar)
		case 2:
			fmt.Fprintf(&b, "k%d: '%s'\n", i, strings.ReplaceAll(scalar, "'", "''"))
		default:
			fmt.Fprintf(&b, "k%d: %s\n", i, scalar)
		}
	}
	return b.Bytes()
}

// seedTexts reads texts to mutate: the YAML of recorded vectors, or whole files.
func seedTexts(files []string) ([][]byte, error) {
	var texts [][]byte
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if filepath.Ext(file) != ".jsonl" {
			texts = append(texts, content)
			continue
		}
		for line := range bytes.Lines(content) {
			var recorded struct {
				YAML, Text string
				B64        []byte
			}
			if err := json.Unmarshal(line, &recorded); err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			if text := recorded.YAML + recorded.Text + string(recorded.B64); text != "" {
				texts = append(texts, []byte(text))
			}
		}
	}
	return texts, nil
}
