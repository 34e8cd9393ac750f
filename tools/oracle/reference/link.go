package reference

import (
	_ "unsafe" // for go:linkname

	"github.com/getsops/sops/v3"
	yamlstore "github.com/getsops/sops/v3/stores/yaml"
	"go.yaml.in/yaml/v3"
)

// The functions below are sops's own, not exported by it. Linking to them keeps the oracle free of
// any second implementation of what it has to answer for.

// documentToBranch turns one parsed YAML document into sops's tree. The store's public entry point
// does the same only after a first decoding of the whole file has succeeded; the vectors record
// both steps apart.
//
//go:linkname documentToBranch github.com/getsops/sops/v3/stores/yaml.Store.yamlDocumentNodeToTreeBranch
func documentToBranch(store yamlstore.Store, document yaml.Node) (sops.TreeBranch, error)

// unflatten makes a mapping of metadata that a flat format holds under long names.
//
//go:linkname unflatten github.com/getsops/sops/v3/stores.unflattenTreeBranch
func unflatten(branch sops.TreeBranch) (sops.TreeBranch, error)

// shouldBeEncrypted is the selection of one leaf: the keys on its path, the comments in force on
// each level, and whether the leaf is itself a comment.
//
//go:linkname shouldBeEncrypted github.com/getsops/sops/v3.Tree.shouldBeEncrypted
func shouldBeEncrypted(tree sops.Tree, path []string, comments [][]string, isComment bool) bool

// walkBranch is sops's traversal: it calls onLeaves for each value and comment, with the keys on its
// path and the comments in force.
//
//go:linkname walkBranch github.com/getsops/sops/v3.TreeBranch.walkBranch
func walkBranch(receiver, in sops.TreeBranch, path []string, comments [][]string,
	onLeaves func(in any, path []string, comments [][]string) (any, error)) (sops.TreeBranch, error)
