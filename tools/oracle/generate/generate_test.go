package generate

import (
	"bytes"
	"strings"
	"testing"

	"sopsguard.invalid/oracle/reference"
)

func TestMostTextsLoad(t *testing.T) {
	for name, c := range map[string]struct {
		profile Profile
		least   int
	}{"plain": {Plain, 90}, "commented": {Commented, 90}, "wild": {Wild, 50}} {
		loaded := 0
		for i := range uint64(400) {
			view := reference.ViewYAML(YAML(Case(5, i), c.profile))
			if view.Err == nil && view.PrecheckErr == nil {
				loaded++
			}
		}
		if share := loaded * 100 / 400; share < c.least {
			t.Errorf("%s: sops loads %d %% of the texts, want at least %d", name, share, c.least)
		}
	}
}

func TestTextsHaveTheirFeatures(t *testing.T) {
	seen := map[string]int{}
	features := map[string]string{
		"comment": "#", "anchor": "&", "alias": "*", "documents": "\n---", "literal": ": |", "folded": ": >",
		"single": "'", "double": "\"", "flow": "{", "crlf": "\r\n", "tag": "!!str", "sequence": "- ", "octal": "0o", "null": "~",
	}
	for i := range uint64(500) {
		text := string(YAML(Case(9, i), Plain))
		for name, mark := range features {
			if strings.Contains(text, mark) {
				seen[name]++
			}
		}
	}
	for name := range features {
		if seen[name] < 5 {
			t.Errorf("only %d of 500 texts have %q", seen[name], name)
		}
	}
}

func TestACaseIsRepeatable(t *testing.T) {
	for i := range uint64(50) {
		if !bytes.Equal(YAML(Case(3, i), Wild), YAML(Case(3, i), Wild)) {
			t.Fatalf("case %d gives two texts", i)
		}
	}
}
