package damage

import (
	"math/rand/v2"
	"regexp"
	"strings"
)

// TokenEdits change the encrypted values of a file.
var TokenEdits = []Edit{
	{"token-flip", onToken(tokenFlip)}, {"token-flip", onToken(tokenFlip)}, {"token-type", onToken(tokenType)},
	{"token-cut", onToken(tokenCut)}, {"token-plain", onToken(tokenPlain)}, {"token-style", onToken(tokenStyle)},
	{"token-around", onToken(tokenAround)}, {"token-padding", onToken(tokenPadding)},
	{"token-field", onToken(tokenField)}, {"token-swap", tokenSwap}, {"token-copy", tokenCopy},
}

var tokenPattern = regexp.MustCompile(`ENC\[AES256_GCM,data:[^\]\n]*\]`)

// onToken lets an edit replace one token.
func onToken(edit func(r *rand.Rand, token string) string) func(*rand.Rand, []byte) []byte {
	return func(r *rand.Rand, text []byte) []byte {
		places := tokenPattern.FindAllIndex(text, -1)
		if len(places) == 0 {
			return nil
		}
		place := pick(r, places)
		token := string(text[place[0]:place[1]])
		return splice(text, place[0], place[1]-place[0], edit(r, token))
	}
}

func tokenFlip(r *rand.Rand, token string) string {
	const base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
	bytes := []byte(token)
	bytes[r.IntN(len(bytes))] = base64[r.IntN(len(base64))]
	return string(bytes)
}

func tokenType(r *rand.Rand, token string) string {
	at := strings.LastIndex(token, ",type:")
	if at < 0 {
		return token
	}
	kind := pick(r, []string{"str", "int", "float", "bool", "bytes", "time", "comment", "", "Str", "x", "str]", "str,type:int"})
	return token[:at] + ",type:" + kind + "]"
}

func tokenCut(r *rand.Rand, token string) string {
	if r.IntN(2) == 0 {
		return token[:r.IntN(len(token))]
	}
	at := r.IntN(len(token))
	return token[:at] + token[min(at+1+r.IntN(4), len(token)):]
}

func tokenPlain(r *rand.Rand, _ string) string {
	return pick(r, otherValues)
}

func tokenStyle(r *rand.Rand, token string) string {
	at := 1 + r.IntN(len(token)-1)
	return pick(r, []string{
		"'" + token + "'", "\"" + token + "\"", "|-\n        " + token, "!!str " + token, "&t " + token, "[" + token + "]",
		"!!binary " + token, "! " + token, ">-\n        " + token, "|\n        " + token, token[:at] + "\n        " + token[at:],
		"\"" + token[:at] + "\\\n        " + token[at:] + "\"", "{k: '" + token + "'}", "- " + token, "!x " + token,
	})
}

func tokenAround(r *rand.Rand, token string) string {
	return pick(r, []string{
		token + "]", token + "x", token + " x", "x" + token, "\" " + token + "\"", "' " + token + "'", "'" + token + " '",
		token + token, token + " # c", "\"" + token + "\\n\"", "\"" + token + "\\nx\"", token + ",type:str]",
	})
}

// tokenPadding keeps the decoded bytes, or nearly: padding, unused bits, line breaks inside base64.
func tokenPadding(r *rand.Rand, token string) string {
	switch r.IntN(5) {
	case 0:
		return strings.Replace(token, "=,", ",", 1)
	case 1:
		return strings.Replace(token, "==", "=", 1)
	case 2:
		return strings.Replace(token, ",iv:", "=,iv:", 1)
	case 3:
		at := strings.Index(token, "data:") + 5
		return "\"" + token[:at] + pick(r, []string{"\\n", "\\r", " ", "\\r\\n", "\\t"}) + token[at:] + "\""
	default:
		at := strings.IndexByte(token, '=')
		if at < 1 {
			return token
		}
		const base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
		last := strings.IndexByte(base64, token[at-1])
		return token[:at-1] + string(base64[max(last, 0)^1]) + token[at:]
	}
}

// tokenField empties, drops, doubles or reorders the parts of a token.
func tokenField(r *rand.Rand, token string) string {
	fields := strings.Split(strings.TrimSuffix(token, "]"), ",")
	at := r.IntN(len(fields))
	switch r.IntN(4) {
	case 0:
		fields[at] = fields[at][:strings.IndexByte(fields[at], ':')+1]
	case 1:
		fields = append(fields[:at], fields[at+1:]...)
	case 2:
		fields = append(fields, fields[at])
	default:
		other := r.IntN(len(fields))
		fields[at], fields[other] = fields[other], fields[at]
	}
	return strings.Join(fields, ",") + "]"
}

func tokenSwap(r *rand.Rand, text []byte) []byte {
	places := tokenPattern.FindAllIndex(text, -1)
	if len(places) < 2 {
		return nil
	}
	i := r.IntN(len(places) - 1)
	j := i + 1 + r.IntN(len(places)-1-i)
	a, b := places[i], places[j]
	out := append([]byte{}, text[:a[0]]...)
	out = append(out, text[b[0]:b[1]]...)
	out = append(out, text[a[1]:b[0]]...)
	out = append(out, text[a[0]:a[1]]...)
	return append(out, text[b[1]:]...)
}

func tokenCopy(r *rand.Rand, text []byte) []byte {
	places := tokenPattern.FindAllIndex(text, -1)
	if len(places) < 2 {
		return nil
	}
	from, to := pick(r, places), pick(r, places)
	return splice(text, to[0], to[1]-to[0], string(text[from[0]:from[1]]))
}
