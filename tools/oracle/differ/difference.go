package differ

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"sopsguard.invalid/oracle/generate"
	"sopsguard.invalid/oracle/reference"
)

// difference is one file on which the two sides disagree.
type difference struct {
	item              *item
	want, got, reason string
	tree              treeDifference // where the verdicts agree and the leaves do not
}

// kind is what makes two differences look alike.
func (d *difference) kind() string {
	if d.tree.kind != "" {
		return "tree: " + d.tree.kind
	}
	return fmt.Sprintf("%s: %s (%s) instead of %s (%s)", d.item.format, d.got, d.reason, d.want, d.item.verdict.Stage)
}

func (r *runner) reportDifferences() error {
	for _, d := range r.differences {
		if err := r.report(d); err != nil {
			return err
		}
	}
	return fmt.Errorf("%d differences", len(r.differences))
}

// report minimises a difference, prints it, and keeps its files.
func (r *runner) report(d *difference) error {
	minimal := d.item.text
	if r.Sops == "" {
		minimal = minimise(d.item.text, d.item.format, r.tries, func(text []byte) bool { return r.persists(d, text) })
	}
	folder := filepath.Join(r.Keep, fmt.Sprintf("difference-%d-%d", r.Seed, d.item.number))
	if err := r.keep(folder, d, minimal); err != nil {
		return err
	}
	verdict := reference.DecryptAgeOnly(minimal, d.item.format)
	fmt.Fprintf(r.Out, "\nDIFFERENCE in file %d of seed %d (%s)\n", d.item.number, r.Seed, d.item.story())
	if d.tree.kind != "" {
		fmt.Fprintf(r.Out, "  %s: %s\n", d.tree.kind, d.tree.text)
		if now, err := r.command.compareTree(minimal, d.item.format); err == nil {
			fmt.Fprintf(r.Out, "  minimal: %s\n", now.text)
		}
	} else {
		fmt.Fprintf(r.Out, "  expected %q, got %q (%s)\n", d.want, d.got, d.reason)
	}
	fmt.Fprintf(r.Out, "  sops: ok=%t stage=%s %s\n", verdict.OK, verdict.Stage, firstLine(verdict.Err))
	fmt.Fprintf(r.Out, "  minimal case, %d bytes:\n%s\n", len(minimal), indented(minimal))
	fmt.Fprintf(r.Out, "  kept with its throw-away identities: %s\n", folder)
	fmt.Fprintf(r.Out, "  again: SOPS_AGE_KEY_FILE=%s/identities.txt sopsguard check --format json %s/minimal%s\n", folder, folder,
		generate.Formats[d.item.format])
	fmt.Fprintf(r.Out, "  made anew: scripts/differential --start %d 1 %d\n", d.item.number, r.Seed)
	return nil
}

// persists holds where both sides still say what they said.
func (r *runner) persists(d *difference, text []byte) bool {
	if d.tree.kind != "" {
		now, err := r.command.compareTree(text, d.item.format)
		return err == nil && now.kind == d.tree.kind
	}
	it := &item{text: text, format: d.item.format}
	it.ask(r.ids)
	if it.skipped() || it.want != d.want || it.verdict.Stage != d.item.verdict.Stage {
		return false
	}
	got, err := r.command.checkOne(text, d.item.format)
	return err == nil && got.Verification == d.got && !it.agrees(d.got)
}

func (r *runner) keep(folder string, d *difference, minimal []byte) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	ending := generate.Formats[d.item.format]
	files := map[string][]byte{
		"original" + ending: d.item.text,
		"minimal" + ending:  minimal,
		"identities.txt":    []byte(strings.Join(r.ids.secrets, "\n") + "\n"),
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// indented shows a text with its invisible bytes visible.
func indented(text []byte) string {
	var b strings.Builder
	for line := range bytes.Lines(text) {
		quoted := fmt.Sprintf("%+q", line)
		b.WriteString("    | " + strings.TrimSuffix(quoted[1:len(quoted)-1], `\n`) + "\n")
	}
	return b.String()
}

// compareSops holds the library's verdict against real sops's command line.
func (r *runner) compareSops(b *batch, it *item) *difference {
	if it.skipped() {
		return nil
	}
	process := exec.Command(r.Sops, "decrypt", filepath.Join(b.folder, it.name()))
	process.Env = r.command.environment
	plain, err := process.Output()
	var exited *exec.ExitError
	if err != nil && !errors.As(err, &exited) {
		return &difference{item: it, want: "an answer", got: err.Error()}
	}
	want := it.verdict.OK && it.verdict.CLIErr == ""
	if want != (err == nil) {
		return &difference{item: it, want: fmt.Sprint(want), got: fmt.Sprint(err == nil)}
	}
	sum := sha256.Sum256(plain)
	if want && hex.EncodeToString(sum[:]) != it.verdict.PlainSHA256 {
		return &difference{item: it, want: "the same plaintext", got: "another"}
	}
	return nil
}
