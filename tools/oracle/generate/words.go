package generate

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

var keyWords = []string{
	"data", "stringData", "metadata", "kind", "apiVersion", "name", "namespace", "spec", "type",
	"password", "user", "host", "port", "token", "url", "tls", "env", "items", "labels", "config",
	"a", "b", "x-y", "yes", "on", "no", "Zahl", "größe", "ключ", "日本", "a.b/c", "k_e_y", "A B", "sopsx",
	"é", "emoji😀", "under_score", "mac", "lastmodified", "version", "age",
}

var keyEndings = []string{"_enc", "_public", "_unencrypted", "_secret", "_", "-x"}

var oddKeys = []string{
	"<<", "? explicit", "1", "true", "~", "1.5", "2001-01-01", "[a]", "{a: b}", "!!str 5", "&k key",
	"\"\"", "'it''s'", "\"t\\tab\"", "!t custom", "\"\\xe9\"", "null", "0x1F", "=", "!!binary aGk=", "sops",
	"\"a:b\"", "a#b", "-a", "?x", ":x", "\"multi\\\n  line\"", "*k",
}

var commentWords = []string{
	"note", "TODO: change", "sops:enc", "sops:plain", "secret", "x # y", "key: value", "- item", "",
	"#", "ünïcode", "\ttab", "ENC[AES256_GCM,data:YQ==,iv:YQ==,tag:YQ==,type:comment]", "---", "end",
	"'quoted'", "\"dq", "{", "a very long comment that goes on and on so that no printer keeps it on one line, and on",
}

var typedScalars = []string{
	"0", "1", "-1", "42", "012", "08", "0o17", "0x1F", "0b11", "1_000", "+5", "-0", "-0.0", "9223372036854775807",
	"-9223372036854775808", "1.5", "1e3", "1E-3", ".5", "1.", "6.02e23", "1e21", "1e400", ".inf", "-.Inf", ".nan",
	"0.1", "1.10", "3.0", "100000000000000000000", "123456789.125", "1e-7", "true", "false", "True", "FALSE",
	"yes", "no", "on", "off", "y", "n", "null", "Null", "~", "2001-12-14", "2001-12-14T21:59:43.10-05:00",
	"2001-12-14 21:59:43.10", "2001-1-2", "2001-12-14t21:59:43Z", "2024-02-29", "2023-02-29", "12:30:45", "1:30",
	"1,000", "0x", "_1", "1_", "=", "<<", "- -1", "0b-1", "0o-7", "1e", "e1", "+", "-", ".", "..", "2001-12-14 21:59:43 Z",
	"2001-12-14T21:59:43+24:00", "0001-01-01", "9999-12-31T23:59:59.999999999Z", "2001-12-14T21:59:43,5Z",
}

var rareScalars = []string{"9223372036854775808", "18446744073709551615", "0x8000000000000000"}

var plainStrings = []string{
	"value", "two words", "admin", "postgres://u:p@h/db?x=1", "a#b", "a:b", "it's", "say \"hi\"", "ünïcödé", "日本語",
	"😀", "a,b", "x=y", "path/to/file", "trailing.", "C:\\dir", "50%", "a&b", "a*b", "a!b", "a|b", "a>b", "v1.2.3",
	"10.0.0.1", "10.0.0.0/8", "QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "key=value; other=2", "a [b] {c}", "back`tick", "@at",
	"\u00a0nbsp", "a\u2028b", "\u0085", "x\ufeffy",
}

// word gives a short plain string that means itself.
func word(r *rand.Rand) string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	n := 1 + r.IntN(12)
	var b strings.Builder
	b.WriteByte(letters[r.IntN(52)])
	for range n {
		b.WriteByte(letters[r.IntN(len(letters))])
	}
	return b.String()
}

// sentence gives words with single blanks; long ones force printers to fold.
func sentence(r *rand.Rand) string {
	n := 2 + r.IntN(8)
	if chance(r, 0.1) {
		n += 30
	}
	words := make([]string, n)
	for i := range words {
		words[i] = word(r)
	}
	return strings.Join(words, " ")
}

// number gives a random spelling of something that looks like a number or a time.
func number(r *rand.Rand) string {
	switch r.IntN(8) {
	case 0:
		return fmt.Sprint(r.Int64() >> r.IntN(64))
	case 1:
		return fmt.Sprint(-(r.Int64() >> r.IntN(64)))
	case 2:
		return fmt.Sprintf("%g", r.NormFloat64()*1e6)
	case 3:
		return fmt.Sprintf("%e", r.ExpFloat64())
	case 4:
		return fmt.Sprintf("0%o", r.IntN(1<<20))
	case 5:
		return fmt.Sprintf("%d-%d-%d", 1900+r.IntN(200), 1+r.IntN(12), 1+r.IntN(31))
	case 6:
		return fmt.Sprintf("%04d-%02d-%02dT%02d:%02d:%02d.%dZ", r.IntN(3000), 1+r.IntN(12), 1+r.IntN(28),
			r.IntN(24), r.IntN(60), r.IntN(60), r.IntN(1000))
	default:
		return fmt.Sprintf("%.*f", r.IntN(12), r.NormFloat64()*100)
	}
}

// Scalar gives text that resolution may type: for vectors of one plain scalar.
func Scalar(r *rand.Rand) string {
	switch r.IntN(4) {
	case 0:
		return pick(r, typedScalars)
	case 1:
		return number(r)
	case 2:
		return perturb(r, pick(r, typedScalars))
	default:
		return perturb(r, number(r))
	}
}

// perturb changes up to three characters into ones that matter for numbers and times.
func perturb(r *rand.Rand, text string) string {
	const alphabet = "0123456789+-_.:eExXobBTtZz, aFINnf~"
	bytes := []byte(text)
	for range 1 + r.IntN(3) {
		at := r.IntN(len(bytes) + 1)
		c := alphabet[r.IntN(len(alphabet))]
		switch {
		case at == len(bytes) || r.IntN(3) == 0:
			bytes = append(bytes[:at], append([]byte{c}, bytes[at:]...)...)
		case r.IntN(2) == 0 && len(bytes) > 1:
			bytes = append(bytes[:at], bytes[at+1:]...)
		default:
			bytes[at] = c
		}
	}
	return string(bytes)
}
