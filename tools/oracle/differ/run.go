// Package differ compares a program's verdicts on many files with those of sops's library.
package differ

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"sopsguard.invalid/oracle/generate"
	"sopsguard.invalid/oracle/parallel"
)

// Options of a run.
type Options struct {
	Count, Start uint64
	Seed         uint64
	Formats      []string // of the files; one that is named twice is as likely again
	Command      string   // the program under test; empty for sops's side alone
	Sops         string   // real sops, to compare sops's own command line with the library instead
	TreeEvery    uint64   // one in so many files is also read with `explain --tree`; 0 for none
	Unfinished   bool     // pass over what the program says it does not support yet
	Differences  int      // how many differences to look for before the run stops
	Keep         string   // the folder that keeps the files of a difference
	Out          io.Writer

	tries        int                // how many questions one minimisation may ask
	onIdentities func(own []string) // lets a test know the recipients
}

// batchSize is how many files one call of the program gets.
const batchSize = 1000

type batch struct {
	folder string
	items  []*item
}

type runner struct {
	Options
	ids         *identities
	folder      string
	command     *command
	counts      counts
	differences []*difference
}

// Run makes the files, asks both sides, and reports. The error says that there is a difference, or
// that the files were not worth asking about.
func Run(options Options) error {
	folder, err := os.MkdirTemp(memoryFolder(), "sopsguard-differential-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	defer removeOnSignal(folder)()
	if options.tries == 0 {
		options.tries = 3000
	}
	r := &runner{Options: options, folder: folder}
	if r.ids, err = newIdentities(); err != nil {
		return err
	}
	if options.onIdentities != nil {
		options.onIdentities(r.ids.own)
	}
	environment, err := r.ids.adopt(folder)
	if err != nil {
		return err
	}
	r.command = &command{path: options.Command, environment: environment, folder: folder}
	if err := r.compareAll(); err != nil {
		return err
	}
	r.counts.print(r.Out)
	if len(r.differences) > 0 {
		return r.reportDifferences()
	}
	return r.counts.degenerate()
}

// removeOnSignal removes a folder when the run is interrupted, until the returned function is called.
func removeOnSignal(folder string) (stop func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGPIPE)
	go func() {
		if _, interrupted := <-signals; interrupted {
			os.RemoveAll(folder)
			os.Exit(130)
		}
	}()
	return func() {
		signal.Stop(signals)
		close(signals)
	}
}

// memoryFolder is a folder that is not on a disk, where the system has one: creating and removing
// thousands of files would else cost as much as all the rest.
func memoryFolder() string {
	const folder = "/dev/shm"
	probe, err := os.MkdirTemp(folder, "sopsguard-probe-")
	if err != nil {
		return ""
	}
	os.Remove(probe)
	return folder
}

// compareAll makes one batch while the program works on the one before.
func (r *runner) compareAll() error {
	started := time.Now()
	batches := make(chan *batch, 1)
	var making error
	stop := make(chan struct{})
	go func() {
		defer close(batches)
		for first := r.Start; first < r.Start+r.Count; first += batchSize {
			var made *batch
			if made, making = r.newBatch(first); making != nil {
				return
			}
			select {
			case batches <- made:
			case <-stop:
				return
			}
		}
	}()
	var failed error
	for made := range batches {
		if failed = r.compare(made); failed != nil || len(r.differences) >= r.Differences {
			close(stop)
			break
		}
	}
	for range batches { // until the maker has ended
	}
	r.counts.elapsed = time.Since(started)
	if failed == nil {
		failed = making
	}
	return failed
}

func (r *runner) newBatch(first uint64) (*batch, error) {
	b := &batch{folder: filepath.Join(r.folder, fmt.Sprintf("batch-%d", first))}
	if err := os.Mkdir(b.folder, 0o700); err != nil {
		return nil, err
	}
	last := min(first+batchSize, r.Start+r.Count)
	b.items = make([]*item, last-first)
	problems := make([]error, len(b.items))
	parallel.Each(int((last+1)/2-first/2), func(i int) {
		for _, it := range newPair(r.Seed, first/2+uint64(i), r.Formats, r.ids) {
			if it.number >= first && it.number < last {
				b.items[it.number-first] = it
				problems[it.number-first] = os.WriteFile(filepath.Join(b.folder, it.name()), it.text, 0o600)
			}
		}
	})
	for _, problem := range problems {
		if problem != nil {
			return nil, problem
		}
	}
	return b, nil
}

func (it *item) name() string { return fmt.Sprintf("%d%s", it.number, generate.Formats[it.format]) }

// compare asks the other side about a batch and notes the differences.
func (r *runner) compare(b *batch) error {
	defer os.RemoveAll(b.folder)
	for _, it := range b.items {
		r.counts.add(it)
	}
	found := make([]*difference, len(b.items))
	switch {
	case r.Sops != "":
		parallel.Each(len(b.items), func(i int) { found[i] = r.compareSops(b, b.items[i]) })
	case r.Command != "":
		answers, err := r.command.check(b.folder)
		if err != nil {
			fmt.Fprintln(r.Out, "the program fails on a whole batch; asking file by file:", firstLine(err.Error()))
			answers = r.checkSingly(b)
		}
		parallel.Each(len(b.items), func(i int) { found[i] = r.compareItem(b.items[i], answers) })
	}
	for _, each := range found {
		if each != nil && len(r.differences) < r.Differences && !r.known(each) {
			r.differences = append(r.differences, each)
		}
	}
	return nil
}

// known holds for a difference that looks like one already noted.
func (r *runner) known(new *difference) bool {
	return slices.ContainsFunc(r.differences, func(old *difference) bool { return old.kind() == new.kind() })
}

func (r *runner) checkSingly(b *batch) map[string]answer {
	single := make([]answer, len(b.items))
	parallel.Each(len(b.items), func(i int) { single[i], _ = r.command.checkOne(b.items[i].text, b.items[i].format) })
	answers := make(map[string]answer, len(single))
	for i, it := range b.items {
		answers[it.name()] = single[i]
	}
	return answers
}

func (r *runner) compareItem(it *item, answers map[string]answer) *difference {
	if it.skipped() {
		return nil
	}
	if got := listed(answers, it.name()); !it.agrees(got.Verification) {
		if r.Unfinished && got.unfinished(it.want) {
			r.counts.unfinished.Add(1)
			return nil
		}
		return &difference{item: it, want: it.want, got: got.Verification, reason: got.Reason}
	}
	if r.TreeEvery == 0 || it.number%r.TreeEvery != 0 {
		return nil
	}
	tree, err := r.command.compareTree(it.text, it.format)
	if err != nil {
		tree = treeDifference{"not asked", err.Error()}
	}
	if tree.kind != "" {
		return &difference{item: it, tree: tree}
	}
	return nil
}
