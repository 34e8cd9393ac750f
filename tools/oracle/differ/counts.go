package differ

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"sopsguard.invalid/oracle/reference"
)

// counts says what the files of a run were like.
type counts struct {
	total, damaged, clear, skipped, panics int
	unfinished                             atomic.Int64
	wants                                  map[string]int
	stages                                 map[string]int
	edits                                  map[string][2]int // by kind of damage: files, of them verified
	elapsed                                time.Duration
}

func (c *counts) add(it *item) {
	if c.wants == nil {
		c.wants, c.stages, c.edits = map[string]int{}, map[string]int{}, map[string][2]int{}
	}
	c.total++
	if it.damaged {
		c.damaged++
	}
	if it.clear {
		c.clear++
	}
	if it.skipped() {
		c.skipped++
	}
	if it.verdict.Panic {
		c.panics++
	}
	c.wants[it.want]++
	stage := string(it.verdict.Stage)
	if it.verdict.OK {
		stage = "ok"
	}
	c.stages[stage]++
	for _, edit := range it.history {
		n := c.edits[edit]
		n[0]++
		if it.verdict.OK {
			n[1]++
		}
		c.edits[edit] = n
	}
}

// skipped holds for a file that is not compared: one that got keys other than age's, since opening it
// would ask the network; and one with two byte order marks, which sopsguard refuses because what
// yaml.v3 reads then depends on where its buffer ends.
func (it *item) skipped() bool {
	return it.verdict.Stage == reference.StageSkipped || bytes.HasPrefix(it.text, []byte("\ufeff\ufeff"))
}

func (c *counts) print(out io.Writer) {
	fmt.Fprintf(out, "%d files in %.1f s (%.0f/s): %d damaged, %d never encrypted, %d skipped, %d panics in sops\n",
		c.total, c.elapsed.Seconds(), float64(c.total)/c.elapsed.Seconds(), c.damaged, c.clear, c.skipped, c.panics)
	if n := c.unfinished.Load(); n > 0 {
		fmt.Fprintf(out, "passed over as unfinished: %d\n", n)
	}
	fmt.Fprintf(out, "expected: %s\n", tally(c.wants))
	fmt.Fprintf(out, "sops:     %s\n", tally(c.stages))
	var edits []string
	for name, n := range c.edits {
		edits = append(edits, fmt.Sprintf("%s %d/%d", name, n[1], n[0]))
	}
	slices.Sort(edits)
	fmt.Fprintf(out, "edits, verified/all: %s\n", strings.Join(edits, ", "))
}

func tally(counts map[string]int) string {
	var parts []string
	for name, n := range counts {
		parts = append(parts, fmt.Sprintf("%s %d", name, n))
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

// degenerate is an error where a run asked too little: each outcome must have its share.
func (c *counts) degenerate() error {
	const enough = 500 // files from which shares mean something
	if c.total < enough {
		return nil
	}
	shares := []struct {
		name  string
		count int
		least float64
	}{
		{"ok", c.stages["ok"], 0.30}, {"load", c.stages["load"], 0.05}, {"decrypt", c.stages["decrypt"], 0.05},
		{"mac", c.stages["mac"], 0.05}, {"datakey", c.stages["datakey"], 0.02}, {"damaged", c.damaged, 0.4},
	}
	for _, share := range shares {
		if float64(share.count) < share.least*float64(c.total) {
			return fmt.Errorf("degenerate run: only %d of %d files are %q", share.count, c.total, share.name)
		}
	}
	if most := c.total / 20; c.skipped > most || c.clear > most {
		return fmt.Errorf("degenerate run: %d files skipped, %d never encrypted of %d", c.skipped, c.clear, c.total)
	}
	return nil
}
