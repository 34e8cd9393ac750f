package main

import (
	"bufio"
	"fmt"
	"maps"
	"math/rand"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
)

// generator makes patterns that cover the grammar, valid and nearly valid, and texts near their language.
type generator struct{ *rand.Rand }

func generate(seed int64, n int, out *bufio.Writer) error {
	g := generator{rand.New(rand.NewSource(seed))}
	for range n {
		r := record{Pattern: g.pattern()}
		if strings.ContainsRune(r.Pattern, unicode.ReplacementChar) || hasSurrogate(r.Pattern) {
			continue
		}
		r.Texts = g.texts(r.Pattern)
		if err := r.print(out); err != nil {
			return err
		}
	}
	return nil
}

// hasSurrogate reports a literal surrogate, which Go takes for U+FFFD in some anchored patterns.
func hasSurrogate(pattern string) bool {
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return false
	}
	var found func(*syntax.Regexp) bool
	found = func(re *syntax.Regexp) bool {
		for _, c := range re.Rune {
			if re.Op == syntax.OpLiteral && 0xD800 <= c && c <= 0xDFFF {
				return true
			}
		}
		for _, sub := range re.Sub {
			if found(sub) {
				return true
			}
		}
		return false
	}
	return found(tree)
}

func (g generator) pick(of ...string) string { return of[g.Intn(len(of))] }

// real patterns of the kind that sops files and creation rules hold.
var real = []string{
	`^(data|stringData)$`, `^(?:data|stringData)$`, `^data$`, `password`, `^(a|b)`, `.*`, `^.*$`, `^(data|stringData|.*[Pp]assword.*)$`,
	`^(password|secret|token|key)$`, `(?i)password|secret`, `(?i)^(.*_)?(pass(word)?|token)$`, `secrets/.*\.ya?ml$`, `\.enc\.ya?ml$`,
	`.*/prod/.*\.sops\.yaml`, `^k8s/[^/]+/secrets?/.*`, `(dev|stage|prod)/secrets\.(yaml|json)$`, `\.sops\.(ya?ml|json|env|ini)$`,
	`_(secret|key)$`, `^_?encrypted_`, `^(?!data)`, `^(data|stringData`, `*.yaml`, `secrets/**/*.yaml`, `^[A-Z_]+(TOKEN|KEY)$`,
	`^(spec|metadata\.annotations)$`, `\b(pin|code)\b`, `^\p{Lu}.*`, `[[:upper:]]+_SECRET`, `^.{3,8}$`, `key-\d{1,3}`, `^x-[^-]*-y$`,
	`sops:enc`, `#\s*secret`, `^ENC\[AES256_GCM,data:(.+),iv:(.+),tag:(.+),type:(.+)\]`, `^(k|K)ey$`, `[0-9a-f]{8}-[0-9a-f]{4}`,
}

func (g generator) pattern() string {
	var p string
	switch g.Intn(12) {
	case 0:
		p = g.pick(real...)
	case 1:
		p = g.soup()
	case 2, 3, 4:
		p = g.finite()
	default:
		p = g.alternation(g.Intn(4) + 1)
	}
	for g.Intn(3) == 0 {
		p = g.mutate(p)
	}
	return p
}

// soup strings tokens together without regard to the grammar.
func (g generator) soup() string {
	var p strings.Builder
	for range g.Intn(8) + 1 {
		p.WriteString(g.pick("(", ")", "[", "]", "{", "}", "*", "+", "?", "|", "^", "$", ".", "-", ",", "1", "2", ":", "?:", "?i", "?P<", ">", `\\`, `\Q`, `\E`, `\p`, `\x`, "{2,", "[:", ":]", "a", "b", "k", "é", "(?", "[^", "a*", "\n"))
	}
	return p.String()
}

// finite makes patterns of literals, alternations and anchors.
func (g generator) finite() string {
	var words []string
	for range g.Intn(4) + 1 {
		words = append(words, g.pick("data", "stringData", "pass", "key", "k", "", "ſecret", "é", "日本", "a.b", "date", `\$`, "x?", "s*", "[kK]ey", ".", "y+", "(?i:Key)", "n{2}", "z{0,2}"))
	}
	body := strings.Join(words, g.pick("|", "|", "", "_"))
	return g.pick("", "^", "^", "(?i)", "(?m)^", ".*", `\b`, `\A`, "(?s).*", "[ab]*", "a+") + g.pick("(", "(?:", "(?P<n>") + body + ")" + g.pick("", "$", "$", `\b`, `\z`, ".*", `\B`, "(?m:$)", "?", "+")
}

func (g generator) alternation(depth int) string {
	p := g.sequence(depth)
	for g.Intn(4) == 0 {
		p += "|" + g.sequence(depth)
	}
	return p
}

func (g generator) sequence(depth int) string {
	var p strings.Builder
	for range g.Intn(5) {
		p.WriteString(g.atom(depth))
		if g.Intn(3) == 0 {
			p.WriteString(g.repeat())
		}
	}
	return p.String()
}

func (g generator) repeat() string {
	p := g.pick("*", "+", "?", "{2}", "{0}", "{,2}", "{1,3}", "{2,}", "{0,}", "{0,1}", "{1}", "{,2}")
	if g.Intn(8) == 0 {
		p = g.pick("{3,2}", "{1000}", "{1001}", "{", "{a}", "{1", "{1,", "{01}", "{0,01}", "{99999999999}", "{1,99999999999}", "{ 1}", "{500}", "{1,1000}")
	}
	if g.Intn(4) == 0 {
		p += "?"
	}
	if g.Intn(40) == 0 {
		p += g.pick("*", "+", "?", "{2}", "(?i)*", `\Q\E+`, "??")
	}
	return p
}

func (g generator) atom(depth int) string {
	if depth > 0 && g.Intn(3) == 0 {
		open := g.pick("(", "(?:", "(?i)(", "(?i:", "(?s:", "(?m:", "(?U:", "(?i-s:", "(?im-sU:", "(?-i:", "(?P<name>", "(?<name>", "(?P<n_1>")
		if g.Intn(25) == 0 {
			open = g.pick("(?P<>", "(?P<a b>", "(?P<é>", "(?P=n)", "(?x:", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?#", "(?-:", "(?i-:", "(?i--s:", "(?:", "(", "(?ismU:", "(?^:", "(?P<", "(?<", "(?P", "(?")
		}
		end := ")"
		if g.Intn(30) == 0 {
			end = g.pick("", "))")
		}
		return open + g.alternation(depth-1) + end
	}
	switch g.Intn(12) {
	case 0, 1:
		return g.class()
	case 2:
		return g.pick("^", "$", `\A`, `\z`, `\b`, `\B`, "(?m)", "(?i)", "(?s)", "(?U)", "(?-i)", "(?)", "(?-)", "(?m)$", "(?m)^", "(?im-s)", "(?i-i)", "(?i-)")
	case 3:
		return g.escape(30)
	case 4:
		return g.named()
	case 5:
		return g.pick(".", ".", "(?s:.)", "|", ")", "{", "}", "]", "-", ":", ",")
	case 6:
		return g.pick(`\Qa.b\E`, `\Q*`, `\Q\E`, `\Q[\E]`, `\E`, `\QkK\Es`, `\Qa\b\E`, `\Q(?i)\E`)
	default:
		return g.literal()
	}
}

func (g generator) literal() string {
	if g.Intn(4) == 0 {
		return g.pick("é", "ß", "ẞ", "ſ", "K", "日", "😀", "İ", "ı", "ǅ", "Σ", "ς", "\u0345", "ᲀ", "ꙋ", "\u2028", "\u00A0", "\x00", "\x7f", "\n", "Ⅷ", "Ⓐ", "ﬅ", "Ꭰ", "ꭰ", "𐐀", "ɤ", "ƛ")
	}
	return g.pick("a", "b", "c", "k", "K", "s", "S", "x", "z", "A", "Z", "0", "9", "_", "-", " ", "/", "data", "key", "I", "i", "\t", "#", "@", "~", "&", "&&", "ab")
}

// escape makes escapes, one in so many of which may be invalid.
func (g generator) escape(strays int) string {
	if g.Intn(2) == 0 {
		return g.pick(`\d`, `\D`, `\s`, `\S`, `\w`, `\W`, `\pL`, `\PN`, `\p{Greek}`, `\P{^Lu}`)
	}
	if g.Intn(strays) != 0 {
		return g.pick(`\a`, `\f`, `\t`, `\n`, `\r`, `\v`, `\0`, `\00`, `\012`, `\0123`, `\123`, `\1234`, `\777`, `\08`, `\400`, `\x41`, `\x{41}`, `\x{041}`, `\x{10FFFF}`, `\x{1F600}`, `\x{212a}`, `\x6b`, `\x{17f}`, `\x{345}`, `\x{0}`, `\xff`, `\.`, `\\`, `\[`, `\-`, `\_`, `\/`, `\ `, `\$`, `\{`)
	}
	return g.pick(`\1`, `\7`, `\8`, `\9`, `\18`,
		`\x`, `\x4`, `\x41`, `\x4g`, `\xé`, `\x{}`, `\x{41}`, `\x{041}`, `\x{10FFFF}`, `\x{110000}`, `\x{1F600}`, `\x{212a}`, `\x{`, `\x{4`, `\x{4g}`, `\x{FFFFFFFFFF}`, `\x6b`, `\x{17f}`, `\x{345}`, `\x{0}`, `\xff`,
		`\.`, `\\`, `\[`, `\]`, `\{`, `\}`, `\(`, `\)`, `\^`, `\$`, `\|`, `\*`, `\+`, `\?`, `\-`, `\_`, `\/`, `\ `, `\!`, `\~`, `\"`, `\é`, `\日`, `\Z`, `\C`, `\G`, `\K`, `\R`, `\X`, `\h`, `\e`, `\c`, `\u0041`, `\N`, `\y`, `\i`, `\k`, `\E`, `\<`, `\>`, `\`+"\n", `\z`, `\A`, `\`)
}

// named makes \p and \P with names that exist, nearly exist, or do not.
func (g generator) named() string {
	p := g.pick(`\p`, `\p`, `\P`)
	if g.Intn(12) != 0 {
		return p + g.pick("L", "N", "P", "S", "Z", "M", "C", "{Any}", "{ascii}", "{Assigned}", "{Cn}", "{LC}", "{Lu}", "{^Ll}", "{Lt}", "{Nd}", "{greek}", "{Latin}", "{Han}", "{Common}", "{Cyrillic}", "{cherokee}", "{Letter}", "{Uppercase_Letter}", "{Cs}", "{Mn}")
	}
	switch g.Intn(6) {
	case 0:
		return p + g.pick("l", "q", "X", "^", "é", "", "_", "{")
	case 1:
		return p + "{" + g.pick("", "^") + g.name(unicode.Scripts) + "}"
	case 2:
		return p + "{" + g.pick("", "^") + g.name(unicode.CategoryAliases) + "}"
	case 3:
		return p + "{" + g.pick("Any", "any", "ASCII", "ascii", "Assigned", "Cn", "LC", "Lc", "l c", "Unknown", "IsL", "L&", "", "^", "^^L", "Letter}", "Script=Greek", "sc=Greek", "gc=L", "Alphabetic", "White_Space", "Lü", "fold", "#", "Latin1", "Zzzz", "Old_Italic", "OldItalic", "SignWriting", "Nko", "-L-", " Lu", "_")
	default:
		return p + "{" + g.pick("", "", "^") + g.name(unicode.Categories) + "}"
	}
}

func (g generator) name(of any) string {
	var names []string
	switch of := of.(type) {
	case map[string]*unicode.RangeTable:
		names = sortedKeys(of)
	case map[string]string:
		names = sortedKeys(of)
	}
	name := g.pick(names...)
	switch g.Intn(6) {
	case 0:
		return strings.ToLower(name)
	case 1:
		return strings.ToUpper(name)
	case 2:
		return strings.ReplaceAll(name, "_", g.pick(" ", "-", "", "__"))
	}
	return name
}

func sortedKeys[V any](of map[string]V) []string {
	return slices.Sorted(maps.Keys(of))
}

func (g generator) class() string {
	var p strings.Builder
	p.WriteString(g.pick("[", "[", "[^"))
	if g.Intn(8) == 0 {
		p.WriteString(g.pick("]", "-", "^", "]-", "[", "[:", "-]"))
	}
	for range g.Intn(4) + 1 {
		switch g.Intn(9) {
		case 0:
			p.WriteString("[:" + g.pick("", "", "^") + g.pick("alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "word", "xdigit", "foo", "Alpha", "", "alpha:") + g.pick(":]", ":]", ":]", ":]", ":]", "]", ":", ""))
		case 1:
			p.WriteString(g.named())
		case 2:
			p.WriteString(g.escape(20))
		case 3, 4:
			p.WriteString(g.bound() + "-" + g.bound())
		case 5:
			p.WriteString(g.pick("&&", "--", "~~", "-", "^", "[", "[a", "a-", "-a", `\b`, `\Q`, `\E`, "a-b-c", `a-\d`, `\d-a`, `\x{D700}-\x{E000}`, `\x{D800}-\x{DFFF}`, ".", "|", "$", "("))
		default:
			p.WriteString(g.literal())
		}
	}
	if g.Intn(40) != 0 {
		p.WriteString("]")
	}
	return p.String()
}

func (g generator) bound() string {
	return g.pick("a", "f", "k", "z", "A", "K", "Z", "0", "9", " ", "~", "_", "é", "ÿ", "ſ", "K", "Ω", "日", "😀", `\x00`, `\x7f`, `\x{80}`, `\x{ffff}`, `\x{10000}`, `\x{10ffff}`, `\n`, `\\`, `\]`, "α", "ω", "Ꭰ", "ꭰ", "!", "[", "-")
}

// mutate edits a pattern in one place.
func (g generator) mutate(p string) string {
	runes := []rune(p)
	at := g.Intn(len(runes) + 1)
	end := min(len(runes), at+g.Intn(3))
	switch g.Intn(4) {
	case 0:
		return string(runes[:at]) + string(runes[end:])
	case 1:
		return string(runes[:at]) + g.pick(`\`, "(", ")", "[", "]", "{", "}", "*", "+", "?", "|", "^", "$", ".", "-", ":", "P", "<", ">", "p", "Q", "E", "i", ",", "1", "0", "{2}", "{1000}", "(?i)", "|", "a*") + string(runes[at:])
	case 2:
		return string(runes[:end]) + string(runes[at:])
	default:
		return string(runes[:at]) + g.atom(1) + string(runes[end:])
	}
}

// texts samples the pattern's language and its neighbourhood.
func (g generator) texts(pattern string) []text {
	texts := []text{text(g.plain())}
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return texts
	}
	for range g.Intn(4) + 3 {
		var out []byte
		if g.Intn(3) == 0 {
			out = append(out, g.plain()...)
		}
		budget := 200
		out = g.sample(tree, out, &budget)
		if g.Intn(3) == 0 {
			out = append(out, g.plain()...)
		}
		for g.Intn(2) == 0 {
			out = g.damage(out)
		}
		if len(out) > 300 && g.Intn(4) != 0 {
			out = out[:g.Intn(300)]
		}
		texts = append(texts, text(out))
	}
	return texts
}

func (g generator) plain() string {
	return g.pick("", "", "a", "b", "k", "K", "ſ", "\n", "a\n", "\nb", "_", "-", " ", "é", "日本", "😀", "0", "data", "stringData", "password", "metadata", "x\ny", "\r\n", "aéa", "éaé", "\xff", "\xe6\x97", "\xed\xa0\x80", "a\xc3", "\x80b", "\ufffd", "ab cd", "secrets/prod/a.enc.yaml", "KEY_TOKEN")
}

func (g generator) sample(re *syntax.Regexp, out []byte, budget *int) []byte {
	if *budget--; *budget < 0 {
		return out
	}
	switch re.Op {
	case syntax.OpLiteral:
		for _, c := range re.Rune {
			if re.Flags&syntax.FoldCase != 0 {
				for range g.Intn(4) {
					c = unicode.SimpleFold(c)
				}
			}
			out = append(out, string(c)...)
		}
	case syntax.OpCharClass:
		if len(re.Rune) == 0 {
			return out
		}
		i := g.Intn(len(re.Rune)/2) * 2
		lo, hi := re.Rune[i], re.Rune[i+1]
		c := []rune{lo, hi, lo - 1, hi + 1, lo + rune(g.Intn(int(hi-lo)+1))}[g.Intn(5)]
		if g.Intn(6) == 0 {
			c = unicode.SimpleFold(max(c, 0))
		}
		out = append(out, string(c)...)
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		out = append(out, g.pick("a", "\n", "é", "😀", " ", "\xff", "_", "\x00", "\u0378", "\U0010ffff")...)
	case syntax.OpBeginLine, syntax.OpEndLine:
		out = append(out, g.pick("\n", "", "\r")...)
	case syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		out = append(out, g.pick("", "", "a", " ", "é", "_", "\xc3")...)
	case syntax.OpCapture, syntax.OpConcat:
		for _, sub := range re.Sub {
			out = g.sample(sub, out, budget)
		}
	case syntax.OpAlternate:
		out = g.sample(re.Sub[g.Intn(len(re.Sub))], out, budget)
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		count := g.Intn(4)
		switch {
		case re.Op == syntax.OpQuest:
			count = g.Intn(2)
		case re.Op == syntax.OpPlus:
			count++
		case re.Op == syntax.OpRepeat && re.Max == re.Min:
			count = re.Min
		case re.Op == syntax.OpRepeat:
			count += re.Min
		}
		for range count {
			out = g.sample(re.Sub[0], out, budget)
		}
	}
	return out
}

func (g generator) damage(out []byte) []byte {
	if len(out) == 0 {
		return append(out, g.plain()...)
	}
	at := g.Intn(len(out))
	end := min(len(out), at+g.Intn(3))
	switch g.Intn(4) {
	case 0:
		return append(out[:at:at], out[end:]...)
	case 1:
		return append(append(out[:at:at], g.plain()...), out[at:]...)
	case 2:
		out[at] = byte(g.Intn(256))
		return out
	default:
		return []byte(fmt.Sprintf("%s%s", out[at:], out[:at]))
	}
}
