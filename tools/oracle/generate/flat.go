package generate

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Formats are sops's, with the ending that names each.
var Formats = map[string]string{
	"yaml": ".enc.yaml", "json": ".enc.json", "dotenv": ".enc.env", "ini": ".enc.ini", "binary": ".enc.bin",
}

// Text writes a text of any of the formats.
func Text(r *rand.Rand, format string, p Profile) []byte {
	var text string
	switch format {
	case "json":
		text = jsonText(r, p)
	case "dotenv":
		text = dotenvText(r, p)
	case "ini":
		text = iniText(r, p)
	case "binary":
		return binaryText(r)
	default:
		return YAML(r, p)
	}
	if chance(r, p.CRLF) {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	return []byte(text)
}

var flatValues = []string{
	"", " ", "value", "two words", " padded ", "a=b=c", "a: b", "\"quoted\"", "'single'", "\"open", "it's", "a # b", "a ; b", "#x", ";x",
	"\\n", "a\\nb", "a\\\\nb", "C:\\new", "tab\there", "é", "日本 😀", "`tick`", "${VAR}", "%(ref)s", "[x]", "{}", "12", "012", "1e3",
	"true", "null", "2001-12-14", "a\\", "\"a\\\"b\"", "=", "==", ",", "\"\"", "''", "\"\"\"x\"\"\"", "\u00a0", "<<EOF", "sops", "ENC[x]",
	"-----BEGIN KEY-----\\nabc\\n-----END KEY-----", "\"x\" y", "a\"b", "\u2028", "x\ufeff",
}

func flatValue(r *rand.Rand) string {
	switch r.IntN(4) {
	case 0:
		return word(r)
	case 1:
		return sentence(r)
	default:
		return pick(r, flatValues)
	}
}

func dotenvText(r *rand.Rand, p Profile) string {
	var b strings.Builder
	for range 1 + r.IntN(10) {
		if chance(r, p.Comment) {
			b.WriteString("#" + pick(r, []string{"", " ", "  "}) + pick(r, commentWords) + "\n")
		}
		if chance(r, 0.1) {
			b.WriteString("\n")
		}
		key := strings.ToUpper(word(r))
		if chance(r, 0.3) {
			key = pick(r, keyWords)
		}
		if chance(r, 0.2) {
			key += pick(r, keyEndings)
		}
		if chance(r, 0.05) {
			key = pick(r, []string{"export " + key, " " + key, key + " ", "", "'" + key + "'", "a\\nb"})
		}
		fmt.Fprintf(&b, "%s=%s\n", key, flatValue(r))
	}
	if chance(r, p.Odd) {
		b.WriteString(pick(r, []string{"no equals\n", " \n", " # c\n", "\r\n"}))
	}
	return b.String()
}

// FlatText writes names of flat metadata that agree with each other more often than not.
func FlatText(r *rand.Rand) []byte {
	var b strings.Builder
	for range 1 + r.IntN(4) {
		b.WriteString(pick(r, []string{"a", "b", "mac", "", "a_", "__map", "age"}))
		for range r.IntN(4) {
			if r.IntN(2) == 0 {
				b.WriteString("__map_" + pick(r, []string{"a", "b", "", "enc", "_", "0", "a__list"}))
			} else {
				b.WriteString("__list_" + pick(r, []string{"0", "0", "0", "1", "1", "2", "00", "+1", "-0", "-1", "x", "1x", "",
					"99999999999999999999", "99999999999999999999x", "x99999999999999999999", "9223372036854775807"}))
			}
		}
		fmt.Fprintf(&b, "=%d\n", r.IntN(9))
	}
	return []byte(b.String())
}

func iniText(r *rand.Rand, p Profile) string {
	var b strings.Builder
	comment := func() {
		if chance(r, p.Comment) {
			b.WriteString(pick(r, []string{"; ", ";", "# ", "#"}) + pick(r, commentWords) + "\n")
		}
	}
	for i := range 1 + r.IntN(4) {
		comment()
		if i > 0 || chance(r, 0.8) {
			name := pick(r, keyWords) + pick(r, []string{"", "", ".sub", " two", ":x", "_enc", "_unencrypted"})
			b.WriteString("[" + name + "]" + pick(r, []string{"\n", "\n", " \n", " ; c\n"}))
		}
		for range r.IntN(6) {
			comment()
			b.WriteString(iniPair(r))
			if chance(r, 0.1) {
				b.WriteString("\n")
			}
		}
	}
	return b.String()
}

func iniPair(r *rand.Rand) string {
	key := pick(r, keyWords)
	if chance(r, 0.5) {
		key = word(r)
	}
	if chance(r, 0.2) {
		key += pick(r, keyEndings)
	}
	if chance(r, 0.05) {
		key = pick(r, []string{"\"" + key + "\"", "`" + key + "`", "-", "key 1", "a.b"})
	}
	value := flatValue(r)
	switch r.IntN(16) {
	case 0:
		value = "\"\"\"" + word(r) + "\n  " + word(r) + "\"\"\""
	case 1:
		value = word(r) + "\\\n" + word(r)
	case 2:
		value += pick(r, []string{" ; c", " # c", ";c"})
	}
	return pick(r, []string{"", "", "  "}) + key + pick(r, []string{"=", " = ", ": ", "    = "}) + value + "\n"
}

func binaryText(r *rand.Rand) []byte {
	if r.IntN(2) == 0 {
		return []byte(flatValue(r) + pick(r, []string{"", "\n", "\n\n" + word(r)}))
	}
	content := make([]byte, r.IntN(200))
	for i := range content {
		content[i] = byte(r.Uint32())
	}
	return content
}
