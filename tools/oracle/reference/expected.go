package reference

import "bytes"

// Expectation is what the command under test should say of a file, by sops's verdict.
type Expectation struct {
	Want    string `json:"want"`              // the verification
	Certain bool   `json:"certain,omitempty"` // it may say "failed" too: what is wrong shows without a key
	Verdict
}

// Expect asks sops's library about a file, with the identities of the environment. own are their
// recipients.
func Expect(text []byte, format string, own []string) Expectation {
	return expectation(text, format, own, Decrypt(text, format))
}

// ExpectAgeOnly is Expect for a file that may have been damaged into naming keys of other kinds.
func ExpectAgeOnly(text []byte, format string, own []string) Expectation {
	return expectation(text, format, own, DecryptAgeOnly(text, format))
}

func expectation(text []byte, format string, own []string, verdict Verdict) Expectation {
	want := verification(text, format, verdict, own)
	certain := want == "not-verified" && CertainlyFails(text, format)
	return Expectation{Want: want, Certain: certain, Verdict: verdict}
}

// verification is the one that a verdict of sops asks for.
func verification(text []byte, format string, verdict Verdict, own []string) string {
	switch {
	case verdict.OK:
		return "verified"
	case verdict.Stage == StageNotFound, onlyComments(text):
		return "not-encrypted"
	case verdict.Stage == StageDataKey && !verdict.Panic:
		if state := Keys(text, format, own); !state.OwnFails && !state.Enough {
			return "not-verified"
		}
	}
	return "failed"
}

// onlyComments holds for a text without a document, which sops refuses (at the end of the file) and
// which is no file of sops's all the same.
func onlyComments(text []byte) bool {
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] != '#' {
			return false
		}
	}
	return true
}
