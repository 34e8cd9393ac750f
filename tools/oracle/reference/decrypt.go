package reference

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/aes"
	"github.com/getsops/sops/v3/age"
	"github.com/getsops/sops/v3/cmd/sops/common"
	"github.com/getsops/sops/v3/cmd/sops/formats"
	"github.com/getsops/sops/v3/config"
)

// Stage is the step in which a decryption failed.
type Stage string

// The steps, in sops's order.
const (
	StageLoad     Stage = "load"               // the file is not read: syntax, metadata
	StageNotFound Stage = "metadata-not-found" // the file is read and has no sops metadata
	StageDataKey  Stage = "datakey"            // no identity opens enough of the keys
	StageDecrypt  Stage = "decrypt"            // a value does not decrypt
	StageMAC      Stage = "mac"                // the MAC does not decrypt or is another one
	StageEmit     Stage = "emit"               // the plaintext cannot be printed
	StageTime     Stage = "time"               // no answer within the time limit
	StageSkipped  Stage = "skipped"            // only age keys were to be tried, and there are others
)

// Verdict is whether sops's library decrypts a file, and if not, where it stops.
type Verdict struct {
	OK          bool     `json:"ok"`
	Err         string   `json:"err,omitempty"`
	Stage       Stage    `json:"stage,omitempty"`
	Panic       bool     `json:"panic,omitempty"`
	PlainSHA256 string   `json:"plain_sha256,omitempty"`
	Recipients  []string `json:"recipients,omitempty"` // age recipients that the metadata names
	OtherKeys   int      `json:"other_keys,omitempty"` // master keys of other kinds
	CLIErr      string   `json:"cli_err,omitempty"`    // why the command line alone refuses
	ageOnly     bool
}

// Decrypt says what sops's library does with a file. Identities come from the environment, as sops
// finds them.
func Decrypt(text []byte, format string) Verdict {
	return decryptVerdict(text, format, false)
}

// DecryptAgeOnly is Decrypt for a file that may have been damaged into naming keys of other kinds,
// which start programs or ask the network: such a file is not opened.
func DecryptAgeOnly(text []byte, format string) Verdict {
	return decryptVerdict(text, format, true)
}

func decryptVerdict(text []byte, format string, ageOnly bool) Verdict {
	verdict := Verdict{ageOnly: ageOnly}
	stage := StageLoad
	err := Guarded(func() error {
		plain, err := decrypt(text, format, &stage, &verdict)
		sum := sha256.Sum256(plain)
		verdict.PlainSHA256 = hex.EncodeToString(sum[:])
		return err
	})
	if err == nil {
		verdict.OK = true
		return verdict
	}
	var panicked *PanicError
	verdict.Panic = errors.As(err, &panicked)
	verdict.Err, verdict.Stage, verdict.PlainSHA256 = err.Error(), stage, ""
	return verdict
}

func decrypt(text []byte, format string, stage *Stage, verdict *Verdict) ([]byte, error) {
	store := storeFor(format)
	if err := bounded(text, format); err != nil {
		return nil, err
	}
	tree, err := store.LoadEncryptedFile(text)
	if errors.Is(err, sops.MetadataNotFound) {
		*stage = StageNotFound
	}
	if err != nil {
		return nil, err
	}
	describe(&tree, verdict)
	if verdict.ageOnly && verdict.OtherKeys > 0 {
		*stage = StageSkipped
		return nil, errors.New("keys other than age's")
	}

	*stage = StageDataKey
	key, err := tree.Metadata.GetDataKey()
	if err != nil {
		return nil, err
	}
	*stage = StageDecrypt
	cipher := aes.NewCipher()
	computed, err := tree.Decrypt(key, cipher)
	if err != nil {
		return nil, err
	}
	*stage = StageMAC
	metadata := &tree.Metadata
	stored, err := cipher.Decrypt(metadata.MessageAuthenticationCode, key, metadata.LastModified.Format(time.RFC3339))
	if err != nil {
		return nil, fmt.Errorf("MAC does not decrypt: %w", err)
	}
	if stored != computed {
		return nil, fmt.Errorf("MAC differs: the file has %v", stored)
	}
	*stage = StageEmit
	return store.EmitPlainFile(tree.Branches)
}

// describe notes who the file is for, and what only sops's command line objects to.
func describe(tree *sops.Tree, verdict *Verdict) {
	for _, group := range tree.Metadata.KeyGroups {
		for _, key := range group {
			if key, ok := key.(*age.MasterKey); ok {
				verdict.Recipients = append(verdict.Recipients, key.Recipient)
			} else {
				verdict.OtherKeys++
			}
		}
	}
	if _, err := common.DetectKMSEncryptionContextBug(tree); err != nil {
		verdict.CLIErr = err.Error()
	}
}

func storeFor(format string) common.Store {
	return common.StoreForFormat(formats.FormatFromString(format), config.NewStoresConfig())
}
