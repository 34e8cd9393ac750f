package damage

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"sopsguard.invalid/oracle/generate"
	"sopsguard.invalid/oracle/reference"
)

// strangerKey is the public half of a key that was thrown away.
const strangerKey = "age18thts3qwr97chh3e2q7zdlvk8k0582pqygl5xkn2qrxle68kjsgs78u4du"

// samples are encrypted files with enough in them for each edit.
func samples(t *testing.T) [][]byte {
	t.Helper()
	var texts [][]byte
	for i := range uint64(40) {
		plain := generate.YAML(generate.Case(1, i), generate.Commented)
		text, err := reference.Encrypt(plain, "yaml", reference.Rule{Age: []string{strangerKey}})
		if err == nil {
			texts = append(texts, text)
		}
	}
	if len(texts) < 20 {
		t.Fatalf("sops encrypts only %d of 40 documents", len(texts))
	}
	return texts
}

func TestEachEditChangesSomeFile(t *testing.T) {
	texts := samples(t)
	for _, edit := range slices.Concat(TextEdits, TokenEdits, MetadataEdits, StructureEdits) {
		changes := 0
		for i, text := range texts {
			r := rand.New(rand.NewPCG(7, uint64(i)))
			if changed := edit.Apply(r, bytes.Clone(text)); changed != nil && !bytes.Equal(changed, text) {
				changes++
			}
		}
		if changes == 0 {
			t.Errorf("%s changes none of %d files", edit.Name, len(texts))
		}
	}
}

func TestEditsAreRepeatable(t *testing.T) {
	for _, text := range samples(t) {
		for seed := range uint64(20) {
			for _, edits := range [][]Edit{TextEdits, TokenEdits, MetadataEdits, StructureEdits} {
				_, a := Apply(rand.New(rand.NewPCG(seed, 1)), edits, text)
				_, b := Apply(rand.New(rand.NewPCG(seed, 1)), edits, text)
				if !bytes.Equal(a, b) {
					t.Fatalf("seed %d gives two results", seed)
				}
			}
		}
	}
}

func TestEditsSurviveAnyText(t *testing.T) {
	for _, text := range []string{"", "\n", "a", ":", "sops:", "sops:\n", "sops:\n    x: 1", "\nsops:\n", "ENC[AES256_GCM,data:]", "- ", "\xff\xfe"} {
		for seed := range uint64(200) {
			for _, edits := range [][]Edit{TextEdits, TokenEdits, MetadataEdits, StructureEdits} {
				Apply(rand.New(rand.NewPCG(seed, 2)), edits, []byte(text))
			}
		}
	}
}
