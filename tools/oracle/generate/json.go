package generate

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// jsonText writes one object, as people and programs lay them out.
func jsonText(r *rand.Rand, p Profile) string {
	w := &jsonWriter{Rand: r, p: p}
	w.gap = pick(r, []string{"\t", "  ", "    ", ""})
	text := w.object(0, p.MaxDepth)
	if chance(r, p.Odd) {
		text += pick(r, []string{" {}", "x", ",", "\n\n", "\ufeff"})
	}
	return text + pick(r, []string{"", "\n"})
}

type jsonWriter struct {
	*rand.Rand
	p   Profile
	gap string
}

// lines joins the parts of an object or an array; without a gap it stays on one line.
func (w *jsonWriter) lines(open, shut string, level int, parts []string) string {
	if len(parts) == 0 {
		return open + shut
	}
	if w.gap == "" {
		return open + strings.Join(parts, pick(w.Rand, []string{",", ", "})) + shut
	}
	pad := "\n" + strings.Repeat(w.gap, level+1)
	return open + pad + strings.Join(parts, ","+pad) + "\n" + strings.Repeat(w.gap, level) + shut
}

func (w *jsonWriter) object(level, depth int) string {
	used := map[string]bool{}
	var parts []string
	for range w.IntN(w.p.MaxPairs + 1) {
		key := pick(w.Rand, keyWords)
		if chance(w.Rand, 0.3) {
			key += pick(w.Rand, keyEndings)
		}
		if used[key] && !chance(w.Rand, w.p.Odd*5) {
			continue
		}
		used[key] = true
		parts = append(parts, w.text(key)+pick(w.Rand, []string{": ", ": ", ":", " : "})+w.value(level+1, depth))
	}
	return w.lines("{", "}", level, parts)
}

func (w *jsonWriter) value(level, depth int) string {
	switch choice := w.IntN(12); {
	case choice < 5:
		return w.text(flatValue(w.Rand))
	case choice < 8:
		return w.number()
	case choice == 8:
		return pick(w.Rand, []string{"true", "false", "null"})
	case depth == 0:
		return pick(w.Rand, []string{"[]", "{}", `""`})
	case choice == 9:
		var parts []string
		for range w.IntN(5) {
			parts = append(parts, w.value(level+1, depth-1))
		}
		return w.lines("[", "]", level, parts)
	default:
		return w.object(level, depth-1)
	}
}

var jsonNumbers = []string{
	"0", "-0", "1", "-1", "1.0", "1.50", "-0.0", "1e3", "1E+3", "1e-7", "1e21", "1e20", "123456789012345678", "9007199254740993",
	"9223372036854775807", "9223372036854775808", "-9223372036854775809", "18446744073709551616", "0.1", "1e400", "1e-400", "5e-324",
	"0.000001", "0.0000001", "100000000000000000000000", "3.14159265358979323846", "2.5E0", "1.0e+2",
}

func (w *jsonWriter) number() string {
	if w.IntN(2) == 0 {
		return pick(w.Rand, jsonNumbers)
	}
	return pick(w.Rand, []string{fmt.Sprint(w.Int64() >> w.IntN(64)), fmt.Sprint(w.NormFloat64()),
		fmt.Sprintf("%e", w.ExpFloat64()), fmt.Sprintf("%.*f", w.IntN(9), w.NormFloat64())})
}

// text spells a string, some characters as escapes.
func (w *jsonWriter) text(content string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range content {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case c == '/' && w.IntN(4) == 0:
			b.WriteString(`\/`)
		case c < 0x20 || w.IntN(40) == 0 && c < 0x10000:
			fmt.Fprintf(&b, pick(w.Rand, []string{`\u%04x`, `\u%04X`}), c)
		case c >= 0x10000 && w.IntN(2) == 0:
			c -= 0x10000
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+c>>10, 0xdc00+c&0x3ff)
		default:
			b.WriteRune(c)
		}
	}
	if chance(w.Rand, 0.03) {
		b.WriteString(pick(w.Rand, []string{`\ud800`, `\udc00x`, `\u0000`, `\b\f\r\t`, `\u2028`, `\ufeff`, "\u2028", "\u007f", `\u003c`}))
	}
	b.WriteByte('"')
	return b.String()
}
