package reference

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	fileage "filippo.io/age"
	"filippo.io/age/armor"

	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/aes"
	"github.com/getsops/sops/v3/age"
	"github.com/getsops/sops/v3/keys"
)

// CertainlyFails holds for a file that no identity could ever open and verify: something is wrong
// with it that shows without a key.
func CertainlyFails(text []byte, format string) bool {
	err := Guarded(func() error {
		tree, err := storeFor(format).LoadEncryptedFile(text)
		if err != nil {
			return err
		}
		if !openable(&tree.Metadata) {
			return errors.New("no stanza can be opened")
		}
		metadata := &tree.Metadata
		mac, err := newKeyless(nil).Decrypt(metadata.MessageAuthenticationCode, nil, metadata.LastModified.Format(time.RFC3339))
		if err != nil || mac == "" || !macTyped(metadata.MessageAuthenticationCode) {
			return errors.New("no MAC")
		}
		if _, err = tree.Decrypt(make([]byte, 32), newKeyless(tree.Branches)); err != nil {
			return err
		}
		if format != "yaml" { // whose printer looks into what the comments hold
			_, err = storeFor(format).EmitPlainFile(tree.Branches)
		}
		return err
	})
	return err != nil
}

// macTyped holds for a token whose plaintext sops compares as text.
func macTyped(token string) bool {
	parts := tokenParts.FindStringSubmatch(token)
	return parts != nil && parts[4] == "str"
}

// openable holds where enough groups have a stanza that is at least an age file.
func openable(metadata *sops.Metadata) bool {
	good := 0
	for _, group := range metadata.KeyGroups {
		if slices.ContainsFunc(group, func(key keys.MasterKey) bool {
			stanza, ok := key.(*age.MasterKey)
			return !ok || isAgeFile(stanza.EncryptedKey)
		}) {
			good++
		}
	}
	return good >= needed(metadata)
}

// isAgeFile holds for an armored age file with whole armor and a header that age reads.
func isAgeFile(armored string) bool {
	content, err := io.ReadAll(armor.NewReader(strings.NewReader(armored)))
	if err != nil {
		return false
	}
	dummy, err := fileage.GenerateX25519Identity()
	if err != nil {
		return false
	}
	_, err = fileage.Decrypt(bytes.NewReader(content), dummy)
	var noMatch *fileage.NoIdentityMatchError
	return errors.As(err, &noMatch)
}

// keyless is a cipher that finds only what is wrong with a token whatever the key is. One token under
// two paths is: it opens under one of them at most. Of comments sops minds none that does not open.
type keyless struct {
	seen     map[string]string // the path of each token met
	comments map[string]bool   // the tokens that stand in comments
}

func newKeyless(branches sops.TreeBranches) keyless {
	c := keyless{seen: map[string]string{}, comments: map[string]bool{}}
	for _, branch := range branches {
		c.note(branch)
	}
	return c
}

func (c keyless) note(node any) {
	switch node := node.(type) {
	case sops.Comment:
		c.comments[node.Value] = true
	case sops.TreeBranch:
		for _, item := range node {
			c.note(item.Key)
			c.note(item.Value)
		}
	case []any:
		for _, item := range node {
			c.note(item)
		}
	}
}

var tokenParts = regexp.MustCompile(`^ENC\[AES256_GCM,data:(.+),iv:(.+),tag:(.+),type:(.+)\]`)

var tokenTypes = []string{"str", "int", "float", "bytes", "bool", "time", "comment"}

func (c keyless) copied(token, path string) bool {
	parts := tokenParts.FindStringSubmatch(token)
	if parts == nil || c.comments[token] {
		return false
	}
	sealed := strings.Join(parts[1:4], ",")
	first, met := c.seen[sealed]
	if !met {
		c.seen[sealed] = path
	}
	return met && first != path
}

func (keyless) Encrypt(any, []byte, string) (string, error) {
	return "", errors.New("a keyless cipher does not encrypt")
}

func (c keyless) Decrypt(token string, _ []byte, additionalData string) (any, error) {
	if c.copied(token, additionalData) {
		return nil, errors.New("the token stands under another path, too")
	}
	value, err := aes.NewCipher().Decrypt(token, make([]byte, 32), additionalData)
	if err == nil || !strings.Contains(err.Error(), "AES_GCM: cipher: message authentication failed") {
		return value, err
	}
	parts := tokenParts.FindStringSubmatch(token)
	if parts == nil {
		return nil, err
	}
	data, _ := base64.StdEncoding.DecodeString(parts[1])
	tag, _ := base64.StdEncoding.DecodeString(parts[3])
	switch {
	case !slices.Contains(tokenTypes, parts[4]):
		return nil, errors.New("unknown type")
	case len(data)+len(tag) < 16:
		return nil, errors.New("too short")
	case parts[4] == "bytes":
		return nil, errors.New("the library panics")
	}
	if value, ok := examples[parts[4]]; ok && !c.comments[token] {
		return value, nil
	}
	return "unknown", nil
}

// examples are values of the types that are not text.
var examples = map[string]any{"int": 1, "float": 1.5, "bool": true, "time": time.Time{}, "comment": sops.Comment{}}
