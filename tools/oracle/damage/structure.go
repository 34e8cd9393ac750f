package damage

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/cmd/sops/common"
	"github.com/getsops/sops/v3/cmd/sops/formats"
	"github.com/getsops/sops/v3/config"

	"sopsguard.invalid/oracle/reference"
)

// StructureEdits change a YAML file as a tree and print it again as sops prints.
var StructureEdits = structureEdits("yaml")

func structureEdits(format string) []Edit {
	return []Edit{
		{"leaf-remove", onTree(format, removeNode)}, {"key-rename", onTree(format, renameKey)},
		{"leaf-move", onTree(format, moveNode)}, {"leaf-copy", onTree(format, copyNode)},
		{"leaf-swap", onTree(format, swapValues)}, {"leaf-wrap", onTree(format, wrapNode)},
		{"leaf-replace", onTree(format, replaceValue)}, {"leaf-add", onTree(format, addNode)},
		{"leaf-unwrap", onTree(format, unwrapNode)}, {"documents", onTree(format, changeDocuments)},
		{"reprint", onTree(format, func(*rand.Rand, *node) bool { return true })},
	}
}

// node is a part of a file that can be changed in place. The root holds the documents.
type node struct {
	key      any // of a pair; a comment that is a pair of its own has children and value nil
	value    any // of a leaf
	children []*node
	mapping  bool
	list     bool
	parent   *node
}

func onTree(format string, edit func(r *rand.Rand, root *node) bool) func(*rand.Rand, []byte) []byte {
	return func(r *rand.Rand, text []byte) []byte {
		stores := config.NewStoresConfig()
		stores.YAML.Indent = pick(r, []int{2, 4, 4})
		stores.JSON.Indent = pick(r, []int{-1, -1, 2, 0})
		store := common.StoreForFormat(formats.FormatFromString(format), stores)
		branches, err := store.LoadPlainFile(text)
		if err != nil || len(branches) == 0 {
			return nil
		}
		root := &node{list: true}
		for _, branch := range branches {
			root.add(fromTree(nil, branch))
		}
		if !edit(r, root) {
			return nil
		}
		var changed sops.TreeBranches
		for _, document := range root.children {
			branch, ok := document.toTree().(sops.TreeBranch)
			if !ok {
				return nil
			}
			changed = append(changed, branch)
		}
		var printed []byte
		err = reference.Guarded(func() (err error) {
			printed, err = store.EmitPlainFile(changed)
			return err
		})
		if err != nil {
			return nil
		}
		return printed
	}
}

func fromTree(key, value any) *node {
	n := &node{key: key}
	switch value := value.(type) {
	case sops.TreeBranch:
		n.mapping = true
		for _, item := range value {
			n.add(fromTree(item.Key, item.Value))
		}
	case []any:
		n.list = true
		for _, item := range value {
			n.add(fromTree(nil, item))
		}
	default:
		n.value = value
	}
	return n
}

func (n *node) toTree() any {
	switch {
	case n.mapping:
		branch := sops.TreeBranch{}
		for _, child := range n.children {
			branch = append(branch, sops.TreeItem{Key: child.key, Value: child.toTree()})
		}
		return branch
	case n.list:
		items := []any{}
		for _, child := range n.children {
			items = append(items, child.toTree())
		}
		return items
	default:
		return n.value
	}
}

func (n *node) add(child *node) {
	child.parent = n
	n.children = append(n.children, child)
}

func (n *node) insert(at int, child *node) {
	child.parent = n
	n.children = slices.Insert(n.children, at, child)
}

func (n *node) detach() {
	at := slices.Index(n.parent.children, n)
	n.parent.children = slices.Delete(n.parent.children, at, at+1)
}

func (n *node) clone() *node {
	c := &node{key: n.key, value: n.value, mapping: n.mapping, list: n.list}
	for _, child := range n.children {
		c.add(child.clone())
	}
	return c
}

// below lists the nodes below n that are not documents; the metadata only now and then.
func (n *node) below(r *rand.Rand) []*node {
	var nodes []*node
	withMetadata := r.IntN(10) == 0
	var collect func(*node)
	collect = func(n *node) {
		for _, child := range n.children {
			if child.key == "sops" && !withMetadata {
				continue
			}
			nodes = append(nodes, child)
			collect(child)
		}
	}
	for _, document := range n.children {
		collect(document)
	}
	return nodes
}

func isComment(value any) bool {
	_, ok := value.(sops.Comment)
	return ok
}

// containers lists the mappings and lists, documents included.
func (n *node) containers(r *rand.Rand) []*node {
	all := slices.Clone(n.children)
	for _, each := range n.below(r) {
		if each.mapping || each.list {
			all = append(all, each)
		}
	}
	return all
}

// into puts child somewhere in a container, with a key that fits.
func (n *node) into(r *rand.Rand, child *node) {
	switch {
	case n.list && !isComment(child.key):
		child.key = nil
	case n.mapping && child.key == nil:
		if isComment(child.value) {
			child.key, child.value = child.value, nil
		} else {
			child.key = fmt.Sprintf("moved%d", r.IntN(1000))
		}
	case n.list:
		child.key, child.value = nil, child.key
	}
	n.insert(r.IntN(len(n.children)+1), child)
}
