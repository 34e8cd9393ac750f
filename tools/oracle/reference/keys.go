package reference

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/aes"
	"github.com/getsops/sops/v3/age"
)

// KeyState is what the identities of the environment make of a file whose data key sops does not
// recover.
type KeyState struct {
	OwnFails bool // a stanza names one of our recipients, and does not open
	Enough   bool // as many groups opened as should do
}

// Keys tries each age stanza by itself. It is for files that load and that have only age keys.
func Keys(text []byte, format string, own []string) (state KeyState) {
	_ = Guarded(func() error {
		tree, err := storeFor(format).LoadEncryptedFile(text)
		if err != nil {
			return err
		}
		state = keyState(&tree.Metadata, own)
		return nil
	})
	return state
}

func keyState(metadata *sops.Metadata, own []string) (state KeyState) {
	opened := 0
	for _, group := range metadata.KeyGroups {
		groupOpened := false
		for _, key := range group {
			key, ok := key.(*age.MasterKey)
			if !ok {
				continue
			}
			if _, err := key.Decrypt(); err == nil {
				groupOpened = true
			} else if slices.Contains(own, key.Recipient) {
				state.OwnFails = true
			}
		}
		if groupOpened {
			opened++
		}
	}
	state.Enough = opened >= needed(metadata)
	return state
}

// needed is how many groups have to open.
func needed(metadata *sops.Metadata) int {
	if len(metadata.KeyGroups) > 1 {
		return max(2, metadata.ShamirThreshold)
	}
	return 1
}

var macLine = regexp.MustCompile(`(mac"?\s*[:=]\s*"?)ENC\[[^\]]*\]`)

// Reseal gives a file the MAC that its present content has, so that a reduced file can still be
// one that verifies. It fails where values do not decrypt.
func Reseal(text []byte, format string) (resealed []byte, ok bool) {
	err := Guarded(func() error {
		tree, err := storeFor(format).LoadEncryptedFile(text)
		if err != nil {
			return err
		}
		key, err := tree.Metadata.GetDataKey()
		if err != nil {
			return err
		}
		cipher := aes.NewCipher()
		computed, err := tree.Decrypt(key, cipher)
		if err != nil {
			return err
		}
		token, err := cipher.Encrypt(computed, key, tree.Metadata.LastModified.Format(time.RFC3339))
		if err != nil {
			return err
		}
		replacement := "${1}" + strings.ReplaceAll(token, "$", "$$")
		resealed = macLine.ReplaceAll(text, []byte(replacement))
		return nil
	})
	return resealed, err == nil && !bytes.Equal(resealed, text)
}
