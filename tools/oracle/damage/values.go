package damage

import (
	"math/rand/v2"
	"strings"
)

// halves finds a line of the form `key: value` or `- value` and cuts it before the value; the line
// end is given apart.
func halves(r *rand.Rand, lines []string) (at int, before, value, end string, ok bool) {
	at, ok = lineWith(r, lines, func(line string) bool { return valueStart(line) > 0 })
	if !ok {
		return 0, "", "", "", false
	}
	start := valueStart(lines[at])
	end = lineEnd(lines[at])
	return at, lines[at][:start], lines[at][start : len(lines[at])-len(end)], end, true
}

func valueStart(line string) int {
	body := strings.TrimRight(line, "\r\n")
	if i := strings.Index(body, ": "); i >= 0 && i+2 < len(body) {
		return i + 2
	}
	if trimmed := strings.TrimLeft(body, " "); strings.HasPrefix(trimmed, "- ") && len(trimmed) > 2 {
		return len(body) - len(trimmed) + 2
	}
	return -1
}

var otherValues = []string{
	"x", "''", "\"\"", "~", "null", "1", "01", "0x10", "1.0", "1e3", "-0.0", ".inf", "true", "yes", "2001-12-14", "[]", "{}",
	"[a, b]", "{a: b}", "!!str 12", "!!int \"3\"", "!!binary aGVsbG8=", "*a", "&z v", "|", "\"two\\nlines\"", "|\n      block\n",
	"9223372036854775808", "!!float 1", "!!null ''", "- x", "@x", "'it''s'", "!!int x", "!!binary x", "0o17", "1_000",
}

func valueChange(r *rand.Rand, lines []string) []string {
	at, before, _, end, ok := halves(r, lines)
	if !ok {
		return nil
	}
	lines[at] = before + pick(r, otherValues) + end
	return lines
}

func valueDrop(r *rand.Rand, lines []string) []string {
	at, before, _, end, ok := halves(r, lines)
	if !ok {
		return nil
	}
	lines[at] = strings.TrimRight(before, " ") + end
	return lines
}

func valueTag(r *rand.Rand, lines []string) []string {
	at, before, value, end, ok := halves(r, lines)
	if !ok {
		return nil
	}
	tag := pick(r, []string{"!!str ", "!!int ", "!!binary ", "! ", "!x ", "&t ", "!!float ", "!!null ", "!!timestamp ", "!!bool "})
	lines[at] = before + tag + value + end
	return lines
}

// valueRequote gives a plain or quoted value another style.
func valueRequote(r *rand.Rand, lines []string) []string {
	at, before, value, end, ok := halves(r, lines)
	if !ok {
		return nil
	}
	bare := value
	if n := len(value); n >= 2 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
		bare = value[1 : n-1]
	}
	styles := []string{bare, "'" + bare + "'", "\"" + bare + "\""}
	lines[at] = before + pick(r, styles) + end
	return lines
}

// valueBlock spells a value as a literal or folded scalar.
func valueBlock(r *rand.Rand, lines []string) []string {
	at, before, value, end, ok := halves(r, lines)
	if !ok {
		return nil
	}
	indent := len(before) - len(strings.TrimLeft(before, " "))
	pad := strings.Repeat(" ", indent+2+r.IntN(4))
	header := pick(r, []string{"|", "|-", "|+", ">", ">-", ">+"})
	lines[at] = before + header + "\n" + pad + value + end
	return lines
}

func keyChange(r *rand.Rand, lines []string) []string {
	at, ok := lineWith(r, lines, func(line string) bool { return strings.Contains(line, ":") })
	if !ok {
		return nil
	}
	colon := strings.IndexByte(lines[at], ':')
	rest := lines[at][colon:]
	pad := lines[at][:colon-len(strings.TrimLeft(lines[at][:colon], " -"))]
	key := lines[at][len(pad):colon]
	switch r.IntN(6) {
	case 0:
		key += "_unencrypted"
	case 1:
		key += pick(r, []string{"x", "_enc", "_public", "_"})
	case 2:
		key = pick(r, []string{"data", "x", "1", "true", "~", "<<", "sops", "[a]", "? q", "*a ", "&k k"})
	case 3:
		key = strings.ToUpper(key)
	case 4:
		if key != "" {
			key = key[:len(key)-1]
		}
	default:
		key = "!!str " + key
	}
	lines[at] = pad + key + rest
	return lines
}

func keyRequote(r *rand.Rand, lines []string) []string {
	at, ok := lineWith(r, lines, func(line string) bool { return strings.Contains(line, ": ") })
	if !ok {
		return nil
	}
	colon := strings.Index(lines[at], ": ")
	pad := lines[at][:colon-len(strings.TrimLeft(lines[at][:colon], " -"))]
	key := strings.Trim(lines[at][len(pad):colon], `"'`)
	quote := pick(r, []string{"", "'", "\""})
	lines[at] = pad + quote + key + quote + lines[at][colon:]
	return lines
}
