package differ

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"

	"sopsguard.invalid/oracle/reference"
)

// identities are the throw-away keys of one run: two that both sides have, one that neither has.
type identities struct {
	secrets  []string
	own      []string
	stranger string
}

func newIdentities() (*identities, error) {
	ids := &identities{}
	for range 2 {
		identity, err := age.GenerateX25519Identity()
		if err != nil {
			return nil, err
		}
		ids.secrets = append(ids.secrets, identity.String())
		ids.own = append(ids.own, identity.Recipient().String())
	}
	stranger, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, err
	}
	ids.stranger = stranger.Recipient().String()
	return ids, nil
}

// environment is what both sides see: the identities, and a home folder with nothing in it.
func (ids *identities) environment(home string) []string {
	var kept []string
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if !strings.HasPrefix(name, "SOPS_") && !strings.HasPrefix(name, "XDG_") && name != "HOME" {
			kept = append(kept, variable)
		}
	}
	return append(kept, "HOME="+home, "SOPS_AGE_KEY="+strings.Join(ids.secrets, "\n"))
}

// adopt makes the environment that of this process, where sops's library looks.
func (ids *identities) adopt(folder string) ([]string, error) {
	home := filepath.Join(folder, "home")
	if err := os.Mkdir(home, 0o700); err != nil {
		return nil, err
	}
	environment := ids.environment(home)
	os.Clearenv()
	for _, variable := range environment {
		name, value, _ := strings.Cut(variable, "=")
		if err := os.Setenv(name, value); err != nil {
			return nil, err
		}
	}
	return environment, nil
}

// rule is a creation rule: mostly for us, with each kind of selector.
func (ids *identities) rule(r *rand.Rand) reference.Rule {
	var rule reference.Rule
	switch r.IntN(24) {
	case 0:
		rule.Age = []string{ids.stranger}
	case 1:
		rule.Age = []string{ids.stranger, ids.own[0]}
	case 2:
		rule.Age = []string{ids.own[1], ids.own[0], ids.stranger}
	case 3:
		rule.KeyGroups = [][]string{{ids.own[0]}, {ids.own[1]}}
	case 4:
		rule.KeyGroups = [][]string{{ids.own[0], ids.stranger}, {ids.stranger}, {ids.own[1]}}
		rule.ShamirThreshold = 2
	case 5:
		rule.KeyGroups = [][]string{{ids.own[0]}, {ids.stranger}}
	default:
		rule.Age = []string{ids.own[r.IntN(2)]}
	}
	switch r.IntN(9) {
	case 0:
		rule.EncryptedRegex = pick(r, []string{"^(data|stringData)$", "^(password|token|a|items)", "(?i)DATA|SPEC|ENV", "[a-m]$", "."})
	case 1:
		rule.UnencryptedRegex = pick(r, []string{"^(kind|metadata|name|apiVersion)$", "^[a-k]", "\\d", "ü|é", "^$"})
	case 2:
		rule.EncryptedSuffix = pick(r, []string{"_enc", "a", "_", "e"})
	case 3:
		rule.UnencryptedSuffix = pick(r, []string{"_public", "a", "_unencrypted", "s"})
	case 4:
		rule.EncryptedCommentRegex = pick(r, []string{"sops:enc", "^ ?(note|secret|TODO)", ".", "#", "^$"})
	case 5:
		rule.UnencryptedCommentRegex = pick(r, []string{"sops:plain", "note|secret", "^ ?[a-m]", "x # y"})
	}
	rule.MACOnlyEncrypted = r.IntN(4) == 0
	if r.IntN(3) == 0 {
		rule.Indent = 1 + r.IntN(9)
	}
	return rule
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

func (ids *identities) describe() string {
	return fmt.Sprintf("own %s, %s; stranger %s", ids.own[0], ids.own[1], ids.stranger)
}
