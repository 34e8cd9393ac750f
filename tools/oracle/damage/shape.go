package damage

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/getsops/sops/v3"
)

func removeNode(r *rand.Rand, root *node) bool {
	nodes := root.below(r)
	if len(nodes) == 0 {
		return false
	}
	pick(r, nodes).detach()
	return true
}

func renameKey(r *rand.Rand, root *node) bool {
	for _, n := range shuffled(r, root.below(r)) {
		key, ok := n.key.(string)
		if !ok {
			continue
		}
		n.key = pick(r, []string{key + "x", key + "_unencrypted", key + "_enc", "data", "kind", "a:b", key + ":", "", "sops", "ü"})
		return true
	}
	return false
}

// moveNode takes a leaf or a subtree to another place, or to another place among its siblings.
func moveNode(r *rand.Rand, root *node) bool {
	nodes := root.below(r)
	if len(nodes) == 0 {
		return false
	}
	moved := pick(r, nodes)
	target := moved.parent
	if r.IntN(2) == 0 {
		target = pick(r, root.containers(r))
	}
	for at := target; at != nil; at = at.parent {
		if at == moved {
			return false
		}
	}
	moved.detach()
	target.into(r, moved)
	return true
}

func copyNode(r *rand.Rand, root *node) bool {
	nodes := root.below(r)
	if len(nodes) == 0 {
		return false
	}
	source := pick(r, nodes)
	target := source.parent
	if r.IntN(2) == 0 {
		target = pick(r, root.containers(r))
	}
	twin := source.clone()
	if key, ok := twin.key.(string); ok && target.mapping {
		twin.key = key + "_copy"
	}
	target.into(r, twin)
	return true
}

func swapValues(r *rand.Rand, root *node) bool {
	var leaves []*node
	for _, n := range root.below(r) {
		if n.value != nil && !isComment(n.value) {
			leaves = append(leaves, n)
		}
	}
	if len(leaves) < 2 {
		return false
	}
	a, b := pick(r, leaves), pick(r, leaves)
	a.value, b.value = b.value, a.value
	return true
}

// wrapNode puts a value into a list of its own, which keeps its path, or into a mapping, which does not.
func wrapNode(r *rand.Rand, root *node) bool {
	for _, n := range shuffled(r, root.below(r)) {
		if isComment(n.key) || isComment(n.value) {
			continue
		}
		inner := n.clone()
		inner.key = nil
		wrapped := &node{key: n.key, list: true}
		if r.IntN(3) == 0 {
			wrapped.list, wrapped.mapping = false, true
			inner.key = "inner"
		}
		wrapped.add(inner)
		*n = node{key: n.key, list: wrapped.list, mapping: wrapped.mapping, children: wrapped.children, parent: n.parent}
		return true
	}
	return false
}

// unwrapNode replaces a container by what it holds.
func unwrapNode(r *rand.Rand, root *node) bool {
	for _, n := range shuffled(r, root.containers(r)) {
		if n.parent == root || len(n.children) == 0 {
			continue
		}
		parent, children := n.parent, n.children
		n.detach()
		for i, child := range children {
			if key, ok := n.key.(string); ok && child.key == nil {
				child.key = fmt.Sprintf("%s%d", key, i)
			}
			parent.into(r, child)
		}
		return true
	}
	return false
}

func otherValue(r *rand.Rand) any {
	return pick(r, []any{
		nil, "", "x", 5, -1, 0, true, false, 1.5, 1e21, -0.0, "5", "true", "null", "12:30", "a\nb\n", " x ", "2001-12-14",
		time.Date(2001, 12, 14, 0, 0, 0, 0, time.UTC), "ENC[AES256_GCM,data:YQ==,iv:YQ==,tag:YQ==,type:str]", "\t", "é\u2028",
		"0x10", "1_000", "ENC[", "#x", "- a",
	})
}

func replaceValue(r *rand.Rand, root *node) bool {
	for _, n := range shuffled(r, root.below(r)) {
		if isComment(n.key) {
			n.key = sops.Comment{Value: " changed"}
			return true
		}
		if n.mapping || n.list {
			if r.IntN(3) == 0 {
				n.children = nil
				return true
			}
			continue
		}
		n.value = otherValue(r)
		return true
	}
	return false
}

func addNode(r *rand.Rand, root *node) bool {
	added := &node{key: fmt.Sprintf("added%d", r.IntN(100)), value: otherValue(r)}
	switch r.IntN(5) {
	case 0:
		added = &node{key: sops.Comment{Value: " added"}}
	case 1:
		added.value, added.mapping = nil, true
	case 2:
		added.value, added.list = nil, true
	}
	pick(r, root.containers(r)).into(r, added)
	return true
}

func changeDocuments(r *rand.Rand, root *node) bool {
	at := r.IntN(len(root.children))
	switch r.IntN(5) {
	case 0:
		if len(root.children) < 2 {
			return false
		}
		root.children[at].detach()
	case 1:
		root.insert(at, root.children[at].clone())
	case 2:
		root.insert(at, &node{mapping: true})
	case 3:
		root.add(&node{mapping: true})
	default:
		if len(root.children) < 2 {
			return false
		}
		other := r.IntN(len(root.children))
		root.children[at], root.children[other] = root.children[other], root.children[at]
	}
	return true
}

func shuffled(r *rand.Rand, nodes []*node) []*node {
	r.Shuffle(len(nodes), func(i, j int) { nodes[i], nodes[j] = nodes[j], nodes[i] })
	return nodes
}
