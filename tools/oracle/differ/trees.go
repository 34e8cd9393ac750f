package differ

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sopsguard.invalid/oracle/generate"
	"sopsguard.invalid/oracle/reference"
)

// treeDifference is how the two sides read one text differently; its zero value is agreement.
type treeDifference struct {
	kind string // what makes two look alike
	text string
}

// compareTree asks both sides for the leaves of a text.
func (c *command) compareTree(text []byte, format string) (treeDifference, error) {
	folder, err := os.MkdirTemp(c.folder, "tree-")
	if err != nil {
		return treeDifference{}, err
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "case"+generate.Formats[format])
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return treeDifference{}, err
	}
	want, refused := reference.Tree(text, format)
	got, loads, err := c.tree(path)
	switch {
	case err != nil:
		return treeDifference{"explain fails", firstLine(err.Error())}, nil
	case refused != nil && loads:
		return treeDifference{"only sops refuses the file", refused.Error()}, nil
	case refused == nil && !loads:
		return treeDifference{"only explain refuses the file", "sops reads it"}, nil
	case refused != nil:
		return treeDifference{}, nil
	}
	return compareLeaves(want, got), nil
}

func compareLeaves(want, got []reference.Leaf) treeDifference {
	for i := range max(len(want), len(got)) {
		switch {
		case i >= len(want):
			return treeDifference{"a leaf too many", shown(got[i])}
		case i >= len(got):
			return treeDifference{"a leaf is missing", shown(want[i])}
		}
		if field := differing(want[i], got[i]); field != "" {
			text := fmt.Sprintf("leaf %d: sops %s, explain %s", i, shown(want[i]), shown(got[i]))
			return treeDifference{fmt.Sprintf("%s of a %s leaf", field, want[i].Kind), text}
		}
	}
	return treeDifference{}
}

// differing names the first field in which two leaves differ. Names that are not UTF-8 cannot be told
// apart in JSON.
func differing(a, b reference.Leaf) string {
	switch {
	case !slices.Equal(readable(a.Path), readable(b.Path)):
		return "path"
	case a.Kind != b.Kind:
		return "kind"
	case a.Selected != b.Selected:
		return "selected"
	case a.InMAC != b.InMAC:
		return "in-mac"
	case a.BytesSHA256 != b.BytesSHA256:
		return "bytes-sha256"
	}
	return ""
}

func readable(path []string) []string {
	names := make([]string, len(path))
	for i, name := range path {
		names[i] = strings.ToValidUTF8(name, "?")
		names[i] = strings.ReplaceAll(names[i], "\ufffd", "?")
	}
	return names
}

func shown(leaf reference.Leaf) string {
	return fmt.Sprintf("{%q %s selected=%t in-mac=%t %.8s}", leaf.Path, leaf.Kind, leaf.Selected, leaf.InMAC, leaf.BytesSHA256)
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
