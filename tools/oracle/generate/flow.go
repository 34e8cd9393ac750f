package generate

import "strings"

func (w *writer) flowMapping(indent, depth int) string {
	used := map[string]bool{}
	return w.flow("{", "}", indent, func() string {
		key := w.key(used)
		if chance(w.Rand, w.p.Odd) {
			return key
		}
		return key + ": " + w.flowValue(indent, depth)
	})
}

func (w *writer) flowSequence(indent, depth int) string {
	return w.flow("[", "]", indent, func() string {
		if chance(w.Rand, w.p.Odd) {
			return pick(w.Rand, []string{"a: b", "? a", "-", "a:b", "? a : b"})
		}
		return w.flowValue(indent, depth)
	})
}

func (w *writer) flowValue(indent, depth int) string {
	if chance(w.Rand, w.p.Anchor) {
		if name, ok := w.alias(); ok {
			return "*" + name + " "
		}
	}
	if depth > 0 && chance(w.Rand, 0.2) {
		if w.IntN(2) == 0 {
			return w.flowMapping(indent, depth-1)
		}
		return w.flowSequence(indent, depth-1)
	}
	return w.scalar(true)
}

// flow joins items between brackets, on one line or over several with comments between.
func (w *writer) flow(open, shut string, indent int, item func() string) string {
	n := w.IntN(5)
	var b strings.Builder
	b.WriteString(open)
	spread := chance(w.Rand, 0.2)
	pad := strings.Repeat(" ", indent+w.IntN(3))
	for i := range n {
		if spread {
			w.flowBreak(&b, pad)
		}
		b.WriteString(item())
		if i < n-1 || chance(w.Rand, 0.1) {
			b.WriteString(pick(w.Rand, []string{", ", ", ", ",", " , "}))
		}
	}
	if spread {
		w.flowBreak(&b, pad)
	}
	b.WriteString(shut)
	return b.String()
}

func (w *writer) flowBreak(b *strings.Builder, pad string) {
	if chance(w.Rand, w.p.Comment*0.6) {
		b.WriteString(" " + w.commentText())
	}
	b.WriteString("\n")
	for chance(w.Rand, w.p.Comment*0.4) {
		b.WriteString(pad + w.commentText() + "\n")
	}
	b.WriteString(pad)
}
