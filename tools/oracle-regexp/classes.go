package main

import (
	"bufio"
	"fmt"
	"regexp/syntax"
	"unicode"
)

// classes prints questions about the ends of every range of every class, and about every case orbit.
func classes(out *bufio.Writer) error {
	names := []string{"Any", "ASCII", "Assigned"}
	names = append(names, sortedKeys(unicode.Categories)...)
	names = append(names, sortedKeys(unicode.Scripts)...)
	names = append(names, sortedKeys(unicode.CategoryAliases)...)
	for _, name := range names {
		for _, form := range []string{`^\p{%s}$`, `(?i)^\P{%s}$`, `(?i)^[^\p{%s}]$`, `(?i)^\p{%s}x*$`} {
			r := record{Pattern: fmt.Sprintf(form, name)}
			tree, err := syntax.Parse(r.Pattern, syntax.Perl)
			if err == nil {
				r.Texts = ends(tree)
			}
			if err := r.print(out); err != nil {
				return err
			}
		}
	}
	for c := rune(0); c <= unicode.MaxRune; c++ {
		if unicode.SimpleFold(c) == c {
			continue
		}
		for _, form := range []string{`(?i)^%c$`, `(?i)^[%c]$`, `(?i)^[^%c]*$`, `(?i)%cx*$`} {
			r := record{Pattern: fmt.Sprintf(form, c)}
			for f := unicode.SimpleFold(c); ; f = unicode.SimpleFold(f) {
				r.Texts = append(r.Texts, text(string(f)), text(string(f+1)), text(string(f-1)))
				if f == c {
					break
				}
			}
			if err := r.print(out); err != nil {
				return err
			}
		}
	}
	return nil
}

func ends(re *syntax.Regexp) []text {
	var texts []text
	for _, c := range re.Rune {
		for _, near := range []rune{c - 1, c, c + 1} {
			if near >= 0 && near <= unicode.MaxRune && !(0xD800 <= near && near <= 0xDFFF) {
				texts = append(texts, text(string(near)))
			}
		}
	}
	for _, sub := range re.Sub {
		texts = append(texts, ends(sub)...)
	}
	return texts
}
