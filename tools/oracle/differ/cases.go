package differ

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"

	"sopsguard.invalid/oracle/damage"
	"sopsguard.invalid/oracle/generate"
	"sopsguard.invalid/oracle/reference"
)

// item is one file that both sides are asked about.
type item struct {
	number  uint64
	format  string
	history []string // what was done to it
	text    []byte
	damaged bool
	clear   bool // never encrypted: sops refused to, or it was left so on purpose
	verdict reference.Verdict
	want    string // what the other side should say
	certain bool   // it may say "failed" too: what is wrong shows without a key
}

// attempts bounds how often a document is generated anew where sops does not accept it.
const attempts = 5

// newPair makes files 2k and 2k+1 of a seed: a document, and the same one damaged. sops is asked
// about both.
func newPair(seed, k uint64, formats []string, ids *identities) [2]*item {
	r := generate.Case(seed, k)
	whole := &item{number: 2 * k, format: pick(r, formats)}
	whole.encrypted(r, ids)
	damaged := &item{number: 2*k + 1, format: whole.format, text: whole.text, clear: whole.clear,
		history: slices.Clone(whole.history)}
	damaged.damage(r)
	whole.ask(ids)
	damaged.ask(ids)
	return [2]*item{whole, damaged}
}

// encrypted sets the text to an encrypted document. Where sops refuses each attempt, and for some on
// purpose, it stays in clear.
func (it *item) encrypted(r *rand.Rand, ids *identities) {
	rule := ids.rule(r)
	for range attempts {
		it.text = generate.Text(r, it.format, profile(r, rule))
		if r.IntN(100) == 0 {
			break
		}
		if encrypted, err := reference.Encrypt(it.text, it.format, rule); err == nil {
			it.text = encrypted
			it.history = append(it.history, "encrypt")
			return
		}
	}
	it.clear = true
	it.history = append(it.history, "clear")
}

// profile favours comments where they decide what is encrypted.
func profile(r *rand.Rand, rule reference.Rule) generate.Profile {
	if rule.EncryptedCommentRegex+rule.UnencryptedCommentRegex != "" || r.IntN(4) == 0 {
		return generate.Commented
	}
	if r.IntN(8) == 0 {
		return generate.Wild
	}
	return generate.Plain
}

// damage makes one edit, sometimes more.
func (it *item) damage(r *rand.Rand) {
	it.damaged = true
	kinds := damage.For(it.format)
	for range 1 + r.IntN(6)/4 {
		edits := kinds.Text
		switch choice := r.IntN(10); {
		case choice < 2:
			edits = kinds.Token
		case choice < 4:
			edits = kinds.Metadata
		case choice < 6:
			edits = kinds.Structure
		case choice < 8:
			it.editOutside(r, kinds.Text)
			continue
		}
		name, text := damage.Apply(r, edits, it.text)
		it.history = append(it.history, name)
		it.text = text
	}
}

// metadataMark begins the metadata in a file that sops printed.
var metadataMark = map[string]string{
	"yaml": "\nsops:", "json": "\n\t\"sops\":", "binary": "\n\t\"sops\":", "dotenv": "\nsops_", "ini": "\n[sops]",
}

// editOutside makes a text edit outside the metadata, which is most of a file's bytes and would else
// get most of the edits.
func (it *item) editOutside(r *rand.Rand, edits []damage.Edit) {
	at := bytes.Index(it.text, []byte(metadataMark[it.format]))
	if at < 0 {
		at = len(it.text) - 1
	}
	head, tail := it.text[:at+1], it.text[at+1:]
	name, changed := damage.Apply(r, edits, head)
	it.history = append(it.history, name)
	it.text = slices.Concat(changed, tail)
}

// ask gets sops's verdict, and from it what the command under test should say.
func (it *item) ask(ids *identities) {
	expected := reference.ExpectAgeOnly(it.text, it.format, ids.own)
	it.verdict, it.want, it.certain = expected.Verdict, expected.Want, expected.Certain
}

// agrees holds for a verification that fits sops's verdict.
func (it *item) agrees(verification string) bool {
	return verification == it.want || it.certain && verification == "failed"
}

func (it *item) story() string { return strings.Join(it.history, ", ") }
