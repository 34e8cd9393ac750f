package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"

	"sopsguard.invalid/oracle/differ"
	"sopsguard.invalid/oracle/generate"
)

// differential reads the options of a differential run.
func differential(args []string) error {
	flags := flag.NewFlagSet("differential", flag.ContinueOnError)
	options := differ.Options{Out: os.Stdout}
	flags.StringVar(&options.Command, "command", "", "the sopsguard `PROGRAM`; without it, sops's side alone is run")
	flags.StringVar(&options.Sops, "self-check", "", "compare the library with this real `SOPS` instead")
	flags.Uint64Var(&options.TreeEvery, "tree-every", 50, "also compare the leaves of one file in `K`; 0 for none")
	flags.Uint64Var(&options.Start, "start", 0, "begin at file number `I` of the seed")
	flags.IntVar(&options.Differences, "differences", 1, "stop at `K` differences of different kinds")
	flags.StringVar(&options.Keep, "keep", os.TempDir(), "`FOLDER` for the files of a difference")
	flags.BoolVar(&options.Unfinished, "unfinished", false, "pass over what sopsguard says it does not support yet")
	formats := flags.String("formats", "yaml,yaml,yaml,yaml,yaml,yaml,json,dotenv,ini,binary", "`LIST` of formats to pick from")
	flags.Usage = func() {
		fmt.Fprintln(flags.Output(), "usage: oracle differential [OPTIONS] N SEED")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	if flags.NArg() != 2 {
		flags.Usage()
		return fmt.Errorf("differential: want N and SEED")
	}
	var err error
	if options.Count, err = strconv.ParseUint(flags.Arg(0), 10, 64); err != nil {
		return fmt.Errorf("differential: N: %w", err)
	}
	if options.Seed, err = strconv.ParseUint(flags.Arg(1), 10, 64); err != nil {
		return fmt.Errorf("differential: SEED: %w", err)
	}
	options.Formats = strings.Split(*formats, ",")
	for _, format := range options.Formats {
		if generate.Formats[format] == "" {
			return fmt.Errorf("differential: unknown format %q", format)
		}
	}
	debug.SetGCPercent(400)
	return differ.Run(options)
}
