package reference

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/config"
	yamlstore "github.com/getsops/sops/v3/stores/yaml"
	"go.yaml.in/yaml/v3"
)

// YAMLView is how sops reads one YAML text, in the form of the recorded vectors.
type YAMLView struct {
	Tree        []string `json:"tree"`
	Err         *string  `json:"err"`
	PrecheckErr *string  `json:"precheck_err"`
}

// expansionLimit bounds the nodes of one document after its aliases are expanded. sops itself has no
// such bound and would run out of memory.
const expansionLimit = 1 << 20

var (
	errRecursion = errors.New("recursion")
	errExpansion = errors.New("expansion limit")
	errKey       = errors.New("non-string key")
)

// ViewYAML reads text as sops does: the first decoding, which rejects duplicate keys, and the tree.
func ViewYAML(text []byte) YAMLView {
	var view YAMLView
	if err := Guarded(func() error { return precheck(text) }); err != nil {
		view.PrecheckErr = message(err)
	}
	err := Guarded(func() error {
		branches, err := loadBranches(text)
		if err != nil {
			return err
		}
		view.Tree, err = viewBranches(branches)
		return err
	})
	if err != nil {
		view.Tree, view.Err = nil, message(err)
	}
	return view
}

// View is how sops reads one text of another format.
type View struct {
	Tree []string `json:"tree"`
	Err  *string  `json:"err"`
}

// Flat is the format of flat metadata by themselves, without what tells them from other keys.
const Flat = "flat"

// ViewText reads text as sops's store for the format does before it looks for metadata.
func ViewText(text []byte, format string) (view View) {
	err := Guarded(func() error {
		stored := format
		if format == Flat {
			stored = "dotenv"
		}
		branches, err := storeFor(stored).LoadPlainFile(text)
		if err == nil && format == Flat {
			branches[0], err = unflatten(branches[0])
		}
		if err != nil {
			return err
		}
		view.Tree, err = viewBranches(branches)
		return err
	})
	if err != nil {
		view.Tree, view.Err = nil, message(err)
	}
	return view
}

func message(err error) *string {
	text := err.Error()
	return &text
}

// Guarded runs f and turns a panic into an error.
func Guarded(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &PanicError{r}
		}
	}()
	return f()
}

// PanicError is a panic of the code that was asked.
type PanicError struct{ value any }

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }

// precheck is the decoding of the first document into a map, with which sops begins.
func precheck(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	return yaml.NewDecoder(bytes.NewReader(text)).Decode(make(map[string]any))
}

// loadBranches is sops's load without the first decoding, bounded.
func loadBranches(text []byte) (sops.TreeBranches, error) {
	store := yamlstore.NewStore(&config.YAMLStoreConfig{})
	var branches sops.TreeBranches
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var document yaml.Node
		err := decoder.Decode(&document)
		if err == io.EOF {
			return branches, nil
		}
		if err != nil {
			return nil, err
		}
		if err := checkExpansion(&document); err != nil {
			return nil, err
		}
		branch, err := documentToBranch(*store, document)
		if err != nil {
			return nil, err
		}
		branches = append(branches, branch)
	}
}

// bounded refuses a YAML text whose aliases would make sops recurse for ever or run out of memory.
func bounded(text []byte, format string) error {
	if format != "yaml" || bytes.IndexByte(text, '&') < 0 || bytes.IndexByte(text, '*') < 0 {
		return nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var document yaml.Node
		if err := decoder.Decode(&document); err != nil {
			return nil // the store gives the reason
		}
		if err := checkExpansion(&document); err != nil {
			return err
		}
	}
}

// checkExpansion refuses a document that contains itself or grows beyond the limit.
func checkExpansion(document *yaml.Node) error {
	sizes := make(map[*yaml.Node]int)
	const open = -1
	var size func(node *yaml.Node) (int, error)
	size = func(node *yaml.Node) (int, error) {
		switch known := sizes[node]; {
		case known == open:
			return 0, errRecursion
		case known > 0:
			return known, nil
		}
		sizes[node] = open
		children := node.Content
		if node.Kind == yaml.AliasNode {
			children = []*yaml.Node{node.Alias}
		}
		total := 1
		for _, child := range children {
			n, err := size(child)
			if err != nil {
				return 0, err
			}
			if total += n; total > expansionLimit {
				return 0, errExpansion
			}
		}
		sizes[node] = total
		return total, nil
	}
	_, err := size(document)
	return err
}

// viewBranches lists what sops would walk: documents, leaves and comments, in its order.
func viewBranches(branches sops.TreeBranches) ([]string, error) {
	var lines []string
	for _, branch := range branches {
		lines = append(lines, "DOC")
		var err error
		if lines, err = viewValue(lines, branch, nil); err != nil {
			return nil, err
		}
	}
	return lines, nil
}

func viewValue(lines []string, value any, path []string) ([]string, error) {
	var err error
	switch value := value.(type) {
	case sops.TreeBranch:
		for _, item := range value {
			if comment, ok := item.Key.(sops.Comment); ok {
				lines = append(lines, commentLine(comment, path))
				continue
			}
			key, ok := item.Key.(string)
			if !ok {
				return nil, errKey
			}
			below := append(path[:len(path):len(path)], key)
			if lines, err = viewValue(lines, item.Value, below); err != nil {
				return nil, err
			}
		}
		return lines, nil
	case []any:
		for _, item := range value {
			if lines, err = viewValue(lines, item, path); err != nil {
				return nil, err
			}
		}
		return lines, nil
	case sops.Comment:
		return append(lines, commentLine(value, path)), nil
	}
	kind, content, err := viewScalar(value)
	if err != nil {
		return nil, err
	}
	line := fmt.Sprintf("V\t%s\t%s\t%s", strings.Join(path, ":"), kind, hex.EncodeToString(content))
	return append(lines, line), nil
}

func commentLine(comment sops.Comment, path []string) string {
	return fmt.Sprintf("C\t%s\t%t\t%s", strings.Join(path, ":"), comment.Inline,
		hex.EncodeToString([]byte(comment.Value)))
}

// viewScalar names the Go type of a scalar and gives the bytes that enter the MAC.
func viewScalar(value any) (kind string, content []byte, err error) {
	if value == nil {
		return "nil", nil, nil
	}
	content, err = sops.ToBytes(value)
	return fmt.Sprintf("%T", value), content, err
}

// ResolveScalar decodes text as an untagged plain scalar.
func ResolveScalar(text string) (kind string, content []byte, err error) {
	node := yaml.Node{Kind: yaml.ScalarNode, Value: text}
	var value any
	if err := node.Decode(&value); err != nil {
		return "", nil, err
	}
	kind, content, err = viewScalar(value)
	if err != nil {
		kind = fmt.Sprintf("%T", value)
	}
	return kind, content, err
}
