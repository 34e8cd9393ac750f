package main

import (
	"bufio"
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"sort"
	"strings"
	"unicode"
)

// base categories partition the code points; the other categories are unions of them.
var base = strings.Fields("Cc Cf Cn Co Cs Ll Lm Lo Lt Lu Mc Me Mn Nd Nl No Pc Pd Pe Pf Pi Po Ps Sc Sk Sm So Zl Zp Zs")

var (
	category = map[rune]string{} // of each code point
	size     = map[string]int{}  // of each base category
)

// tables prints every class that \p{Name} finds, by its canonical name, as regexp itself answers for it.
func tables(out *bufio.Writer) error {
	fmt.Fprintf(out, "# The classes of \\p{..} and simple case folding as Go has them (Unicode %s, %s).\n", unicode.Version, runtime.Version())
	fmt.Fprintf(out, "# Made by `oracle-regexp tables`; unicode.rs explains the format. Data: Unicode, Inc., under the Unicode License V3.\n")
	for _, name := range base {
		found := members(name)
		size[name] = len(found)
		for _, c := range found {
			category[c] = name
		}
		fmt.Fprintf(out, "%s%s\n", name, ranges(found))
	}
	names := []string{"Any", "Assigned", "Ascii", "Lc"}
	for name := range unicode.Categories {
		names = append(names, name)
	}
	for name := range unicode.Scripts {
		names = append(names, name)
	}
	for name := range unicode.CategoryAliases {
		names = append(names, canonical(name))
	}
	sort.Strings(names)
	for i, name := range names {
		if slices.Contains(base, name) || i > 0 && names[i-1] == name || !findable(name) {
			continue
		}
		found := members(name)
		if unicode.Scripts[name] == nil {
			if union, ok := asUnion(found); ok {
				fmt.Fprintf(out, "%s%s\n", name, strings.Join(union, ""))
				continue
			}
		}
		fmt.Fprintf(out, "%s%s\n", name, ranges(found))
	}
	fmt.Fprintf(out, "fold%s\n", folds())
	return nil
}

// findable reports whether \p{name} compiles and name is its own canonical spelling.
func findable(name string) bool {
	_, err := regexp.Compile(`\p{` + name + `}`)
	return err == nil && canonical(name) == name
}

// canonical is the spelling under which \p looks a name up.
func canonical(name string) string {
	name = strings.ToLower(strings.NewReplacer("_", "", "-", "", " ", "").Replace(name))
	return strings.ToUpper(name[:1]) + name[1:]
}

// members lists the code points of a class, without the surrogates, which no text holds.
func members(name string) []rune {
	re := regexp.MustCompile(`^\p{` + name + `}$`)
	var found []rune
	for c := rune(0); c <= unicode.MaxRune; c++ {
		if !(0xD800 <= c && c <= 0xDFFF) && re.MatchString(string(c)) {
			found = append(found, c)
		}
	}
	return found
}

// asUnion writes a set as a union of base categories, if it is one.
func asUnion(found []rune) ([]string, bool) {
	count := map[string]int{}
	for _, c := range found {
		count[category[c]]++
	}
	var union []string
	for _, name := range base {
		switch count[name] {
		case 0:
		case size[name]:
			union = append(union, " ="+name)
		default:
			return nil, false
		}
	}
	return union, true
}

// ranges writes ascending code points as ` lo-hi` and ` lo-hi/2`.
func ranges(found []rune) string {
	var out strings.Builder
	for i := 0; i < len(found); {
		j, stride := i, rune(1)
		if i+2 < len(found) && found[i+1] == found[i]+2 && found[i+2] == found[i]+4 {
			stride = 2
		}
		for j+1 < len(found) && found[j+1] == found[j]+stride {
			j++
		}
		fmt.Fprintf(&out, " %X", found[i])
		if j > i {
			fmt.Fprintf(&out, "-%X", found[j])
		}
		if stride > 1 {
			out.WriteString("/2")
		}
		i = j + 1
	}
	return out.String()
}

// folds writes the successor of each code point in its case orbit as ` lo-hi+distance`.
func folds() string {
	type run struct{ lo, hi, stride, distance rune }
	var runs []run
	for c := rune(0); c <= unicode.MaxRune; c++ {
		distance := unicode.SimpleFold(c) - c
		if distance == 0 {
			continue
		}
		extended := false
		for i := len(runs) - 1; i >= 0 && i >= len(runs)-2 && !extended; i-- {
			r := &runs[i]
			step := c - r.hi
			if r.distance == distance && (r.stride == step || r.stride == 0 && step <= 2) {
				r.hi, r.stride, extended = c, step, true
			}
		}
		if !extended {
			runs = append(runs, run{lo: c, hi: c, distance: distance})
		}
	}
	var out strings.Builder
	for _, r := range runs {
		fmt.Fprintf(&out, " %X", r.lo)
		if r.hi > r.lo {
			fmt.Fprintf(&out, "-%X", r.hi)
		}
		if r.stride == 2 {
			out.WriteString("/2")
		}
		sign, distance := '+', r.distance
		if distance < 0 {
			sign, distance = '-', -distance
		}
		fmt.Fprintf(&out, "%c%X", sign, distance)
	}
	return out.String()
}
