// Package generate writes YAML texts of great variety: what people write, and what readers trip over.
package generate

import "math/rand/v2"

// Profile says how often the features of a text appear, as probabilities.
type Profile struct {
	Comment  float64 // a comment at each place that can have one
	Anchor   float64 // an anchor on a value, an alias in place of one
	Tag      float64 // an explicit tag
	Flow     float64 // a flow collection in place of a block
	Odd      float64 // keys and spellings that sops may refuse
	Many     float64 // a further document
	CRLF     float64 // the whole text with CRLF line ends
	MaxDepth int
	MaxPairs int
}

// Plain is the everyday text; sops accepts nearly all of them.
var Plain = Profile{
	Comment: 0.15, Anchor: 0.04, Tag: 0.02, Flow: 0.12, Odd: 0.002, Many: 0.15, CRLF: 0.05,
	MaxDepth: 4, MaxPairs: 6,
}

// Commented has a comment nearly everywhere.
var Commented = Profile{
	Comment: 0.55, Anchor: 0.03, Tag: 0.01, Flow: 0.2, Odd: 0.002, Many: 0.2, CRLF: 0.1,
	MaxDepth: 4, MaxPairs: 5,
}

// Wild has what readers disagree about.
var Wild = Profile{
	Comment: 0.3, Anchor: 0.12, Tag: 0.12, Flow: 0.3, Odd: 0.06, Many: 0.3, CRLF: 0.1,
	MaxDepth: 5, MaxPairs: 5,
}

// Case is the source of randomness of one numbered case: each can be made again by itself.
func Case(seed, number uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed, number))
}

func pick[T any](r *rand.Rand, from []T) T {
	return from[r.IntN(len(from))]
}

func chance(r *rand.Rand, probability float64) bool {
	return r.Float64() < probability
}
