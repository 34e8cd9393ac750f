package generate

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

var tags = []string{"!!str", "!!int", "!!float", "!!bool", "!!null", "!!timestamp", "!!binary", "!custom", "!",
	"!<tag:yaml.org,2002:str>"}

// scalar gives a scalar that fits on the line after a key or a dash, or inside a flow collection.
func (w *writer) scalar(inFlow bool) string {
	text := w.untaggedScalar(inFlow)
	if chance(w.Rand, w.p.Tag) {
		tag := pick(w.Rand, tags)
		if !chance(w.Rand, w.p.Odd*4) {
			tag = pick(w.Rand, []string{"!!str", "!custom", "!"})
		}
		text = tag + " " + text
	}
	if chance(w.Rand, w.p.Anchor) {
		text = "&" + w.newAnchor() + " " + text
	}
	return text
}

func (w *writer) untaggedScalar(inFlow bool) string {
	switch w.IntN(12) {
	case 0, 1, 2:
		return word(w.Rand)
	case 3:
		return sentence(w.Rand)
	case 4, 5:
		return w.typed()
	case 6:
		return w.doubleQuoted(w.content())
	case 7:
		return singleQuoted(w.content())
	case 8:
		return w.doubleQuoted(pick(w.Rand, typedScalars))
	case 9:
		return singleQuoted(pick(w.Rand, typedScalars))
	case 10:
		if inFlow {
			return `""`
		}
		return pick(w.Rand, []string{"", `""`, "''", "~"})
	default:
		return w.plain(pick(w.Rand, plainStrings), inFlow)
	}
}

func (w *writer) typed() string {
	if chance(w.Rand, w.p.Odd) {
		return pick(w.Rand, rareScalars)
	}
	text := number(w.Rand)
	if w.IntN(2) == 0 {
		text = pick(w.Rand, typedScalars)
	}
	if chance(w.Rand, 0.1) {
		text = perturb(w.Rand, text)
	}
	return w.plain(text, true)
}

// plain leaves text unquoted where that is likely to mean what it says.
func (w *writer) plain(text string, inFlow bool) string {
	trimmed := strings.TrimSpace(text)
	risky := trimmed != text || text == "" || strings.Contains(text, ": ") || strings.Contains(text, " #") ||
		strings.ContainsAny(text[:1], "-?:,[]{}#&*!|>'\"%@`\u0085") || strings.HasSuffix(text, ":") ||
		strings.ContainsAny(text, "\u0085\u2028\ufeff") || (inFlow && strings.ContainsAny(text, ",[]{}"))
	if risky && !chance(w.Rand, w.p.Odd*2) && !leadingSign(text) {
		return w.doubleQuoted(text)
	}
	return text
}

// leadingSign holds for numbers such as -5, which need no quotes.
func leadingSign(text string) bool {
	return len(text) > 1 && text[0] == '-' && (text[1] >= '0' && text[1] <= '9' || text[1] == '.')
}

// content is what a quoted or block scalar may hold.
func (w *writer) content() string {
	switch w.IntN(8) {
	case 0:
		return sentence(w.Rand)
	case 1:
		return word(w.Rand) + "\n" + word(w.Rand)
	case 2:
		return "  " + word(w.Rand) + "  "
	case 3:
		return pick(w.Rand, commentWords)
	case 4:
		return word(w.Rand) + "\n\n\n  " + word(w.Rand) + "\n"
	case 5:
		return pick(w.Rand, plainStrings)
	case 6:
		return "\ttab " + word(w.Rand) + "\t"
	default:
		return word(w.Rand) + pick(w.Rand, []string{": ", " #", "#", ", ", "'", "\"", "\\", "{", "]", "\u2028", "é"}) + word(w.Rand)
	}
}

// doubleQuoted spells text with escapes, some of them not needed.
func (w *writer) doubleQuoted(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\t' && w.IntN(2) == 0:
			b.WriteString(`\t`)
		case c == utf8.RuneError || c == 0xfeff || c == 0x85 || c == 0x2028 || c > 0x7e && w.IntN(3) == 0:
			fmt.Fprintf(&b, `\U%08X`, c)
		case w.IntN(60) == 0 && c < 0x100:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteRune(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// singleQuoted spells text in single quotes; line breaks become blank lines, as folding wants.
func singleQuoted(text string) string {
	text = strings.ReplaceAll(text, "'", "''")
	text = strings.NewReplacer("\n", " ", "\u0085", " ", "\u2028", " ").Replace(text)
	return "'" + text + "'"
}

// multiline gives a plain or quoted scalar over several lines, each indented by n.
func (w *writer) multiline(n int) string {
	pad := strings.Repeat(" ", n)
	lines := make([]string, 2+w.IntN(3))
	for i := range lines {
		lines[i] = word(w.Rand) + " " + word(w.Rand)
		if i > 0 && chance(w.Rand, 0.2) {
			lines[i] = "\n" + pad + lines[i]
		}
	}
	text := strings.Join(lines, "\n"+pad)
	switch w.IntN(3) {
	case 0:
		return `"` + text + `"`
	case 1:
		return "'" + text + "'"
	default:
		return text
	}
}

// block writes a literal or folded scalar whose parent stands at indent.
func (w *writer) block(indent int) {
	step := 1 + w.IntN(4)
	header := pick(w.Rand, []string{"|", "|", "|", ">", ">"})
	chomp := pick(w.Rand, []string{"", "", "-", "+"})
	lines := make([]string, 1+w.IntN(4))
	for i := range lines {
		lines[i] = w.blockLine(i == 0)
	}
	if strings.HasPrefix(lines[0], " ") || chance(w.Rand, 0.1) {
		header += fmt.Sprint(step)
	}
	w.text(header + chomp)
	w.lineComment()
	w.newline()
	for _, line := range lines {
		if line != "" {
			w.text(strings.Repeat(" ", indent+step) + line)
		} else if chance(w.Rand, 0.2) {
			w.text(strings.Repeat(" ", w.IntN(indent+step+1)))
		}
		w.newline()
	}
	for range w.IntN(3) {
		if chance(w.Rand, 0.3) {
			w.newline()
		}
	}
}

func (w *writer) blockLine(first bool) string {
	switch w.IntN(8) {
	case 0:
		if first {
			return word(w.Rand)
		}
		return ""
	case 1:
		return "  " + word(w.Rand)
	case 2:
		return "# " + word(w.Rand)
	case 3:
		return word(w.Rand) + ": " + word(w.Rand) + " "
	case 4:
		return sentence(w.Rand)
	case 5:
		return "- \"" + word(w.Rand) + "'\t"
	default:
		return word(w.Rand)
	}
}
