package reference

import (
	"errors"
	"fmt"

	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/aes"
	"github.com/getsops/sops/v3/age"
	"github.com/getsops/sops/v3/cmd/sops/common"
	"github.com/getsops/sops/v3/cmd/sops/formats"
	"github.com/getsops/sops/v3/config"
	"github.com/getsops/sops/v3/keyservice"
	"github.com/getsops/sops/v3/version"
)

// Rule is what a creation rule says; at most one of the selectors is set.
type Rule struct {
	Age                     []string   `json:"age,omitempty"`
	KeyGroups               [][]string `json:"key_groups,omitempty"` // in place of Age
	ShamirThreshold         int        `json:"shamir_threshold,omitempty"`
	UnencryptedSuffix       string     `json:"unencrypted_suffix,omitempty"`
	EncryptedSuffix         string     `json:"encrypted_suffix,omitempty"`
	UnencryptedRegex        string     `json:"unencrypted_regex,omitempty"`
	EncryptedRegex          string     `json:"encrypted_regex,omitempty"`
	UnencryptedCommentRegex string     `json:"unencrypted_comment_regex,omitempty"`
	EncryptedCommentRegex   string     `json:"encrypted_comment_regex,omitempty"`
	MACOnlyEncrypted        bool       `json:"mac_only_encrypted,omitempty"`
	Indent                  int        `json:"indent,omitempty"` // of the YAML that is written; 0 is sops's own
}

// Encrypt makes an encrypted file as `sops encrypt` does.
func Encrypt(text []byte, format string, rule Rule) (encrypted []byte, err error) {
	err = Guarded(func() error {
		encrypted, err = encrypt(text, format, rule)
		return err
	})
	return encrypted, err
}

func encrypt(text []byte, format string, rule Rule) ([]byte, error) {
	if err := bounded(text, format); err != nil {
		return nil, err
	}
	stores := config.NewStoresConfig()
	if rule.Indent > 0 {
		stores.YAML.Indent = rule.Indent
	}
	store := common.StoreForFormat(formats.FormatFromString(format), stores)
	branches, err := store.LoadPlainFile(text)
	if err != nil {
		return nil, err
	}
	if len(branches) == 0 {
		return nil, errors.New("no document")
	}
	if store.HasSopsTopLevelKey(branches[0]) {
		return nil, errors.New("already encrypted")
	}
	metadata, err := rule.metadata()
	if err != nil {
		return nil, err
	}
	tree := sops.Tree{Branches: branches, Metadata: metadata}
	services := []keyservice.KeyServiceClient{keyservice.NewLocalClient()}
	key, errs := tree.GenerateDataKeyWithKeyServices(services)
	if len(errs) > 0 {
		return nil, fmt.Errorf("data key: %v", errs)
	}
	err = common.EncryptTree(common.EncryptTreeOpts{Tree: &tree, Cipher: aes.NewCipher(), DataKey: key})
	if err != nil {
		return nil, err
	}
	return store.EmitEncryptedFile(tree)
}

// metadata is that of a new file; with no selector, the command line sets the default suffix.
func (rule *Rule) metadata() (sops.Metadata, error) {
	metadata := sops.Metadata{
		Version:                 version.Version,
		ShamirThreshold:         rule.ShamirThreshold,
		UnencryptedSuffix:       rule.UnencryptedSuffix,
		EncryptedSuffix:         rule.EncryptedSuffix,
		UnencryptedRegex:        rule.UnencryptedRegex,
		EncryptedRegex:          rule.EncryptedRegex,
		UnencryptedCommentRegex: rule.UnencryptedCommentRegex,
		EncryptedCommentRegex:   rule.EncryptedCommentRegex,
		MACOnlyEncrypted:        rule.MACOnlyEncrypted,
	}
	if !selects(&metadata) {
		metadata.UnencryptedSuffix = sops.DefaultUnencryptedSuffix
	}
	groups := rule.KeyGroups
	if len(groups) == 0 {
		groups = [][]string{rule.Age}
	}
	for _, recipients := range groups {
		var group sops.KeyGroup
		for _, recipient := range recipients {
			key, err := age.MasterKeyFromRecipient(recipient)
			if err != nil {
				return metadata, err
			}
			group = append(group, key)
		}
		metadata.KeyGroups = append(metadata.KeyGroups, group)
	}
	return metadata, nil
}

func selects(m *sops.Metadata) bool {
	return m.UnencryptedSuffix != "" || m.EncryptedSuffix != "" || m.UnencryptedRegex != "" ||
		m.EncryptedRegex != "" || m.UnencryptedCommentRegex != "" || m.EncryptedCommentRegex != ""
}
