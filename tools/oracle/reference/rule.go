package reference

import (
	"github.com/getsops/sops/v3/config"
)

// Chosen is the creation rule that sops applies to a path.
type Chosen struct {
	OK bool `json:"ok"`
	// None says that the configuration has no creation rules.
	None bool `json:"none"`
	// Groups holds the keys as sops prints them.
	Groups           [][]string        `json:"groups"`
	Threshold        int               `json:"shamir_threshold"`
	Selectors        map[string]string `json:"selectors"`
	MacOnlyEncrypted bool              `json:"mac_only_encrypted"`
}

// Choose asks for the creation rule of a path in the configuration of that name.
func Choose(configuration, path string) (chosen Chosen, err error) {
	conf, err := config.LoadCreationRuleForFile(configuration, path, make(map[string]*string))
	if err != nil {
		return chosen, err
	}
	chosen.OK = true
	if conf == nil {
		chosen.None = true
		return chosen, nil
	}
	for _, group := range conf.KeyGroups {
		names := []string{}
		for _, key := range group {
			names = append(names, key.TypeToIdentifier()+":"+key.ToString())
		}
		chosen.Groups = append(chosen.Groups, names)
	}
	chosen.Threshold = conf.ShamirThreshold
	chosen.MacOnlyEncrypted = conf.MACOnlyEncrypted
	chosen.Selectors = map[string]string{}
	for name, text := range map[string]string{
		"unencrypted_suffix":        conf.UnencryptedSuffix,
		"encrypted_suffix":          conf.EncryptedSuffix,
		"unencrypted_regex":         conf.UnencryptedRegex,
		"encrypted_regex":           conf.EncryptedRegex,
		"unencrypted_comment_regex": conf.UnencryptedCommentRegex,
		"encrypted_comment_regex":   conf.EncryptedCommentRegex,
	} {
		if text != "" {
			chosen.Selectors[name] = text
		}
	}
	return chosen, nil
}
