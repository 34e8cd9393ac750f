// Command oracle answers questions about sops-encrypted files with sops's own code.
//
// With no argument it serves requests, one JSON object a line; README.md lists the operations and
// defines what their answers mean. The subcommands make test material from the same code.
package main

import (
	"fmt"
	"os"
)

const usage = `usage: oracle [COMMAND]

  (none)                       answer JSON requests, one a line, from standard input
  corpus FILE...               compare recorded vectors and scalars with the present answers
  differential [OPTIONS] N SEED  compare sopsguard with sops on N files (--help lists the options)
  vectors [--format F] N SEED [FILE...]
                               print N new vectors; FILEs (.jsonl of vectors, or texts) are mutated too
`

func main() {
	command, args := "serve", []string(nil)
	if len(os.Args) > 1 {
		command, args = os.Args[1], os.Args[2:]
	}
	if err := run(command, args); err != nil {
		fmt.Fprintln(os.Stderr, "oracle:", err)
		os.Exit(1)
	}
}

func run(command string, args []string) error {
	switch command {
	case "serve":
		return serve(os.Stdin, os.Stdout)
	case "corpus":
		return compareCorpus(args)
	case "vectors":
		return printVectors(args, os.Stdout)
	case "differential":
		return differential(args)
	case "help", "-h", "--help":
		fmt.Print(usage)
		return nil
	default:
		return fmt.Errorf("unknown command %q\n%s", command, usage)
	}
}
