package reference

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"filippo.io/age"
)

// identity makes a throw-away key the only one that sops finds, and gives its recipient.
func identity(t *testing.T) string {
	t.Helper()
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "SOPS_") || strings.HasPrefix(name, "XDG_") {
			t.Setenv(name, "")
			os.Unsetenv(name)
		}
	}
	t.Setenv("HOME", t.TempDir())
	t.Setenv("SOPS_AGE_KEY", key.String())
	return key.Recipient().String()
}

func encryptFor(t *testing.T, text string, rule Rule) string {
	t.Helper()
	encrypted, err := Encrypt([]byte(text), "yaml", rule)
	if err != nil {
		t.Fatal(err)
	}
	return string(encrypted)
}

func TestEachStageIsTold(t *testing.T) {
	own := identity(t)
	const stranger = "age18thts3qwr97chh3e2q7zdlvk8k0582pqygl5xkn2qrxle68kjsgs78u4du"
	file := encryptFor(t, "a: x\nb_unencrypted: yy\n", Rule{Age: []string{own}})
	for name, c := range map[string]struct {
		text string
		want Stage
	}{
		"whole":           {file, ""},
		"syntax":          {"\t" + file, StageLoad},
		"no metadata":     {"a: x\n", StageNotFound},
		"another's":       {encryptFor(t, "a: x\n", Rule{Age: []string{stranger}}), StageDataKey},
		"renamed key":     {strings.Replace(file, "a: ", "z: ", 1), StageDecrypt},
		"changed value":   {strings.Replace(file, "unencrypted: yy", "unencrypted: z", 1), StageMAC},
		"unhashable type": {strings.Replace(file, ",type:str]", ",type:bytes]", 1), StageDecrypt},
	} {
		verdict := Decrypt([]byte(c.text), "yaml")
		if verdict.Stage != c.want || verdict.OK != (c.want == "") {
			t.Errorf("%s: %+v, want stage %q", name, verdict, c.want)
		}
		if verdict.Panic != (name == "unhashable type") {
			t.Errorf("%s: panic is %t", name, verdict.Panic)
		}
	}
}

func TestEveryFormatComesBack(t *testing.T) {
	own := identity(t)
	for format, text := range map[string]string{
		"yaml": "a: 1\n", "json": "{\n\t\"a\": 1\n}", "dotenv": "A=1\n", "ini": "[s]\na = 1\n", "binary": "\x00\xff",
	} {
		encrypted, err := Encrypt([]byte(text), format, Rule{Age: []string{own}})
		if err != nil {
			t.Errorf("%s: %v", format, err)
		}
		if verdict := Decrypt(encrypted, format); !verdict.OK {
			t.Errorf("%s: %+v", format, verdict)
		}
	}
}

func TestLeavesAreThoseThatSopsWalks(t *testing.T) {
	own := identity(t)
	const text = "# c\na: {b: [x, 012, ~]}\nn: ~\nk_unencrypted: 2001-01-01\ne: ''\n---\na: true\n"
	flat := func(leaves []Leaf) (shown []string) {
		for _, leaf := range leaves {
			mark := leaf.Kind
			if leaf.Selected {
				mark += "+selected"
			}
			if leaf.InMAC {
				mark += "+mac"
			}
			shown = append(shown, strings.Join(leaf.Path, ":")+" "+mark)
		}
		return shown
	}
	clear, err := Tree([]byte(text), "yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"a:b string+selected+mac", "a:b int+selected+mac", "a:b null", "n null", "k_unencrypted time+mac",
		"e string+selected+mac", "a bool+selected+mac"}
	if got := flat(clear); !reflect.DeepEqual(got, want) {
		t.Errorf("in clear: %q", got)
	}
	encrypted, err := Tree([]byte(encryptFor(t, text, Rule{Age: []string{own}, EncryptedRegex: "^a$", MACOnlyEncrypted: true})), "yaml")
	if err != nil {
		t.Fatal(err)
	}
	want = []string{"a:b string+selected+mac", "a:b string+selected+mac", "a:b null", "n null", "k_unencrypted time",
		"e string", "a string+selected+mac"}
	if got := flat(encrypted); !reflect.DeepEqual(got, want) {
		t.Errorf("encrypted: %q", got)
	}
}

func TestAnEncryptedCommentInASequenceIsNotInTheMAC(t *testing.T) {
	own := identity(t)
	leaves, err := Tree([]byte(encryptFor(t, "a:\n  # c\n  - x\n  # d\n  - y\n", Rule{Age: []string{own}})), "yaml")
	if err != nil {
		t.Fatal(err)
	}
	in := 0
	for _, leaf := range leaves {
		if leaf.InMAC {
			in++
		}
	}
	if in != 2 {
		t.Errorf("%d leaves in the MAC, want the two items: %+v", in, leaves)
	}
}

func TestEndlessFilesAreRefused(t *testing.T) {
	bomb := "x: 1\n---\na: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for level := 'b'; level < 'k'; level++ {
		bomb += string(level) + ": &" + string(level) + " [" + strings.Repeat("*"+string(level-1)+",", 10) + "]\n"
	}
	for _, text := range []string{"a: 1\n---\na: &a\n  b: *a\n", bomb} {
		if _, err := Tree([]byte(text), "yaml"); err == nil {
			t.Errorf("read: %.30q", text)
		}
		if verdict := Decrypt([]byte(text), "yaml"); verdict.Stage != StageLoad {
			t.Errorf("%+v", verdict)
		}
	}
}

func TestResealRepairsAStaleMAC(t *testing.T) {
	own := identity(t)
	file := strings.Replace(encryptFor(t, "a: x\nb_unencrypted: yy\n", Rule{Age: []string{own}}), ": yy", ": z", 1)
	resealed, ok := Reseal([]byte(file), "yaml")
	if verdict := Decrypt(resealed, "yaml"); !ok || !verdict.OK {
		t.Errorf("%t %+v", ok, verdict)
	}
}
