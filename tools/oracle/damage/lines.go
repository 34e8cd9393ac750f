package damage

import (
	"math/rand/v2"
	"slices"
	"strings"
)

func lineDelete(r *rand.Rand, lines []string) []string {
	at := r.IntN(len(lines))
	n := 1
	if r.IntN(3) == 0 {
		n = min(1+r.IntN(5), len(lines)-at)
	}
	return slices.Delete(lines, at, at+n)
}

func lineDuplicate(r *rand.Rand, lines []string) []string {
	at := r.IntN(len(lines))
	to := at
	if r.IntN(2) == 0 {
		to = r.IntN(len(lines))
	}
	return slices.Insert(lines, to, ended(lines[at]))
}

func lineSwap(r *rand.Rand, lines []string) []string {
	a, b := r.IntN(len(lines)), r.IntN(len(lines))
	lines[a], lines[b] = ended(lines[b]), ended(lines[a])
	return lines
}

func lineMove(r *rand.Rand, lines []string) []string {
	at := r.IntN(len(lines))
	line := ended(lines[at])
	lines = slices.Delete(lines, at, at+1)
	return slices.Insert(lines, r.IntN(len(lines)+1), line)
}

func lineIndent(r *rand.Rand, lines []string) []string {
	at := r.IntN(len(lines))
	pad := pick(r, []string{" ", "  ", "  ", "    ", "\t"})
	lines[at] = pad + lines[at]
	return lines
}

func lineDedent(r *rand.Rand, lines []string) []string {
	at := r.IntN(len(lines))
	indent := len(lines[at]) - len(strings.TrimLeft(lines[at], " "))
	if indent == 0 {
		return nil
	}
	lines[at] = lines[at][1+r.IntN(indent):]
	return lines
}

// blockIndent shifts a run of lines.
func blockIndent(r *rand.Rand, lines []string) []string {
	from := r.IntN(len(lines))
	to := min(from+1+r.IntN(8), len(lines))
	pad := strings.Repeat(" ", 1+r.IntN(4))
	for i := from; i < to; i++ {
		lines[i] = pad + lines[i]
	}
	return lines
}

func lineSplit(r *rand.Rand, lines []string) []string {
	at := r.IntN(len(lines))
	cut := r.IntN(len(lines[at]) + 1)
	pad := strings.Repeat(" ", r.IntN(6))
	lines[at] = lines[at][:cut] + "\n" + pad + lines[at][cut:]
	return lines
}

func lineJoin(r *rand.Rand, lines []string) []string {
	if len(lines) < 2 {
		return nil
	}
	at := r.IntN(len(lines) - 1)
	lines[at] = strings.TrimRight(lines[at], "\r\n") + pick(r, []string{"", " "})
	return lines
}

func lineCRLF(r *rand.Rand, lines []string) []string {
	at := r.IntN(len(lines))
	lines[at] = strings.TrimRight(lines[at], "\r\n") + pick(r, []string{"\r\n", "\r", "\u0085", "\u2028", "\r\r\n"})
	return lines
}

func lineInsert(r *rand.Rand, lines []string) []string {
	inserted := pick(r, []string{
		"\n", "\n\n", "   \n", "---\n", "...\n", "# x\n", "zzz: 1\n", "zz: ''\n", "- q\n", "zy: ~\n", "zx: {}\n", "zw: 012\n",
		"\t\n", "%YAML 1.1\n", "? k\n: v\n", "\"q\": \"\"\n", "zv: [a, b]\n", "<<: {a: b}\n", "zu: &n 5\nzt: *n\n",
	})
	return slices.Insert(lines, r.IntN(len(lines)+1), inserted)
}

func trailingBlank(r *rand.Rand, lines []string) []string {
	at := r.IntN(len(lines))
	body := strings.TrimRight(lines[at], "\r\n")
	lines[at] = body + pick(r, []string{" ", "  ", "\t", " \t "}) + lines[at][len(body):]
	return lines
}

func documentMarker(r *rand.Rand, lines []string) []string {
	marker := pick(r, []string{"---\n", "--- \n", "--- # c\n", "...\n", "...\n---\n"})
	return slices.Insert(lines, r.IntN(len(lines)+1), marker)
}

// conflict wraps a run of lines in the markers of an unresolved merge.
func conflict(r *rand.Rand, lines []string) []string {
	from := r.IntN(len(lines))
	to := min(from+1+r.IntN(3), len(lines))
	ours := slices.Clone(lines[from:to])
	block := append([]string{"<<<<<<< HEAD\n"}, ours...)
	block[len(block)-1] = ended(block[len(block)-1])
	block = append(block, "=======\n")
	block = append(block, ours...)
	block[len(block)-1] = ended(block[len(block)-1])
	block = append(block, ">>>>>>> other\n")
	return slices.Replace(lines, from, to, block...)
}

func commentAdd(r *rand.Rand, lines []string) []string {
	at := r.IntN(len(lines))
	body := strings.TrimRight(lines[at], "\r\n")
	lines[at] = body + pick(r, []string{" # added", " #", "  # sops:enc", "\t# t", " # a # b", "# tight"}) + lines[at][len(body):]
	return lines
}

// commentLine inserts a comment of its own, mostly at the indentation of a neighbour.
func commentLine(r *rand.Rand, lines []string) []string {
	at := r.IntN(len(lines))
	pad := lines[at][:len(lines[at])-len(strings.TrimLeft(lines[at], " "))]
	if r.IntN(3) == 0 {
		pad = strings.Repeat(" ", r.IntN(8))
	}
	text := pick(r, []string{"# added\n", "#\n", "# sops:enc\n", "# sops:plain\n", "# a\n\n", "#ENC[x]\n", "\n# b\n"})
	return slices.Insert(lines, at, pad+text)
}

func commentDelete(r *rand.Rand, lines []string) []string {
	at, ok := lineWith(r, lines, func(line string) bool { return strings.Contains(line, "#") })
	if !ok {
		return nil
	}
	hash := strings.IndexByte(lines[at], '#')
	if strings.TrimSpace(lines[at][:hash]) == "" && r.IntN(2) == 0 {
		return slices.Delete(lines, at, at+1)
	}
	lines[at] = lines[at][:hash] + lineEnd(lines[at])
	return lines
}

func commentOut(r *rand.Rand, lines []string) []string {
	at := r.IntN(len(lines))
	lines[at] = pick(r, []string{"#", "# "}) + lines[at]
	return lines
}

// lineWith picks one of the lines that satisfy a condition.
func lineWith(r *rand.Rand, lines []string, holds func(string) bool) (int, bool) {
	start := r.IntN(len(lines))
	for i := range lines {
		if at := (start + i) % len(lines); holds(lines[at]) {
			return at, true
		}
	}
	return 0, false
}

// ended gives the line with a line end.
func ended(line string) string {
	if strings.HasSuffix(line, "\n") {
		return line
	}
	return line + "\n"
}

func lineEnd(line string) string {
	return line[len(strings.TrimRight(line, "\r\n")):]
}
