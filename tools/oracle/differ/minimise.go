package differ

import (
	"bytes"

	"sopsguard.invalid/oracle/reference"
)

// minimise removes lines, then bytes, as long as the difference persists. Where a removal makes the
// MAC stale, the file with a new MAC is tried too. At most so many tries are made.
func minimise(text []byte, format string, tries int, persists func([]byte) bool) []byte {
	left := tries
	holds := func(candidate []byte) ([]byte, bool) {
		if left--; left < 0 {
			return nil, false
		}
		if persists(candidate) {
			return candidate, true
		}
		if resealed, ok := reference.Reseal(candidate, format); ok && persists(resealed) {
			return resealed, true
		}
		return nil, false
	}
	text = reduce(text, func(t []byte) [][]byte { return bytes.SplitAfter(t, []byte("\n")) }, holds)
	return reduce(text, func(t []byte) [][]byte { return bytes.Split(t, nil) }, holds)
}

// reduce drops ever smaller runs of parts.
func reduce(text []byte, split func([]byte) [][]byte, holds func([]byte) ([]byte, bool)) []byte {
	for size := len(split(text)) / 2; size > 0; {
		removed := false
		for at := 0; ; {
			parts := split(text)
			if at >= len(parts) {
				break
			}
			if len(parts[at]) == 0 {
				at++
				continue
			}
			rest := append(bytes.Join(parts[:at], nil), bytes.Join(parts[min(at+size, len(parts)):], nil)...)
			if smaller, ok := holds(rest); ok && len(smaller) < len(text) {
				text, removed = smaller, true
			} else {
				at += size
			}
		}
		if !removed || size > 1 {
			size /= 2
		}
	}
	return text
}
