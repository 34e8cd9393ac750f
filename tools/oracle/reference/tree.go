package reference

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/getsops/sops/v3"
)

// Leaf is one value as sops sees it. README.md defines the fields.
type Leaf struct {
	Path        []string `json:"path"`
	Kind        string   `json:"kind"`
	Selected    bool     `json:"selected"`
	InMAC       bool     `json:"in-mac"`
	BytesSHA256 string   `json:"bytes-sha256,omitempty"`
}

// nullMark stands for null while sops walks, which would pass over it in silence.
const nullMark = "\x00null\x00"

// commentToken is a token whose plaintext is a comment; it adds nothing to the MAC.
var commentToken = regexp.MustCompile(`^ENC\[AES256_GCM,data:(.+),iv:(.+),tag:(.+),type:comment\]`)

// Tree lists the leaves of a file in document order. With sops metadata its selectors count, else the
// default. An error is sops's reason not to read the file.
func Tree(text []byte, format string) (leaves []Leaf, err error) {
	err = Guarded(func() error {
		leaves, err = listLeaves(text, format)
		return err
	})
	return leaves, err
}

func listLeaves(text []byte, format string) ([]Leaf, error) {
	if err := bounded(text, format); err != nil {
		return nil, err
	}
	tree, encrypted, err := loadEither(text, format)
	if err != nil {
		return nil, err
	}
	leaves := []Leaf{}
	visit := func(in any, path []string, comments [][]string) (any, error) {
		if _, ok := in.(sops.Comment); ok {
			return in, nil
		}
		selected := shouldBeEncrypted(tree, path, comments, false)
		leaf, err := newLeaf(in, path, selected, tree.Metadata.MACOnlyEncrypted, encrypted)
		leaves = append(leaves, leaf)
		return in, err
	}
	for _, branch := range tree.Branches {
		markNulls(branch)
		if _, err := walkBranch(branch, branch, nil, nil, visit); err != nil {
			return nil, err
		}
	}
	return leaves, nil
}

func loadEither(text []byte, format string) (tree sops.Tree, encrypted bool, err error) {
	store := storeFor(format)
	tree, err = store.LoadEncryptedFile(text)
	inClear := errors.Is(err, sops.MetadataNotFound)
	if format == "binary" && err != nil && strings.HasPrefix(err.Error(), "Could not unmarshal") {
		inClear = !bytes.Contains(text, []byte("ENC[AES256_GCM,")) // any content may be encrypted as binary
	}
	if !inClear {
		return tree, true, err
	}
	branches, err := store.LoadPlainFile(text)
	metadata := sops.Metadata{UnencryptedSuffix: sops.DefaultUnencryptedSuffix}
	return sops.Tree{Branches: branches, Metadata: metadata}, false, err
}

func newLeaf(in any, path []string, selected, macOnlyEncrypted, encrypted bool) (Leaf, error) {
	leaf := Leaf{Path: slices.Clone(path)}
	if in == nullMark {
		leaf.Kind = "null"
		return leaf, nil
	}
	leaf.Kind = kindOf(in)
	leaf.Selected = selected
	leaf.InMAC = selected || !macOnlyEncrypted
	if token, ok := in.(string); ok && selected && encrypted && commentToken.MatchString(token) {
		leaf.InMAC = false
	}
	if selected && encrypted {
		return leaf, nil
	}
	content, err := sops.ToBytes(in)
	if err == nil {
		sum := sha256.Sum256(content)
		leaf.BytesSHA256 = hex.EncodeToString(sum[:])
	} else if !leaf.InMAC {
		err = nil
	}
	return leaf, err
}

func kindOf(value any) string {
	switch value.(type) {
	case string, []byte:
		return "string"
	case int:
		return "int"
	case float64:
		return "float"
	case bool:
		return "bool"
	case time.Time:
		return "time"
	default:
		return fmt.Sprintf("%T", value)
	}
}

// markNulls replaces null by its mark, everywhere below value.
func markNulls(value any) {
	switch value := value.(type) {
	case sops.TreeBranch:
		for i, item := range value {
			if _, isComment := item.Key.(sops.Comment); isComment {
				continue
			}
			if item.Value == nil {
				value[i].Value = nullMark
			}
			markNulls(item.Value)
		}
	case []any:
		for i, item := range value {
			if item == nil {
				value[i] = nullMark
			}
			markNulls(item)
		}
	}
}
