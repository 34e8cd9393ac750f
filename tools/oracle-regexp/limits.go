package main

import (
	"bufio"
	"strings"
)

// limits prints patterns on both sides of Go's limits, and texts for those that Go accepts.
func limits(out *bufio.Writer) error {
	var patterns []string
	around := func(left string, n int, right string) {
		patterns = append(patterns, strings.Repeat(left, n)+"a"+strings.Repeat(right, n))
	}
	for _, n := range []int{998, 999, 1000} {
		around("(", n, ")")
		around("(?:", n, ")*")
		around("(?i)(", n, ")")
		around("b(", n-499, "c)")
		around("(?:b", n-499, ")*")
		around("(?:|", n-499, ")+")
		around("(b|", n-499, ")")
		around("(bb|", n-499, ")")
		around("(?:b*|c(?:", n-499, "))")
		patterns = append(patterns, strings.Repeat("(", n)+"a|b"+strings.Repeat(")", n),
			strings.Repeat("(", n)+"[a-b]"+strings.Repeat(")", n), strings.Repeat("(", n)+"ab"+strings.Repeat(")", n),
			strings.Repeat("(", n)+strings.Repeat(")", n), strings.Repeat("(", n)+"a*"+strings.Repeat(")", n))
	}
	for _, p := range []string{
		"a{1000}", "(a{10}){100}", "(a{10}){101}", "((a{10}){10}){10}", "((a{10}){10}){11}", "(a{2,}){500}", "(a{2,}){501}", "(a{0}){1000}", "(a{1000}){0}", "((a{1000}){0}){1000}",
		"(a{1000})*", "(a{1000}){1}", "(a{1000}){1,}", "(a{1000}){0,1}", "(a{1000}){2}", "(a{1000}){2,}", "(a{1000}){0,2}", "(a{1,1000}b{1,1000})?", "(a{501}|b{2}){2}", "(?:(?:a{100}b{7}){10}){2}",
		"(a{1000}b{1000}c{1000}d{1000})", "(a*){1000}", "(a?){1000}b", `\pL{1000}`, `(?:\pL\pN){500}`,
	} {
		patterns = append(patterns, p)
	}
	for _, n := range []int{3354, 3355, 3356} {
		patterns = append(patterns, strings.Repeat("a{1000}", n), strings.Repeat("(a{1000})", n), strings.Repeat("a{1,1000}|", n))
	}
	for _, n := range []int{1100, 1117, 1119, 1600, 1700, 3400} {
		patterns = append(patterns, "(?:"+strings.Repeat("a*", n)+"){1000}", "(?:"+strings.Repeat("a*b", n)+"){1000}", "(?:"+strings.Repeat("[ab]", n)+"){1000}")
	}
	for _, n := range []int{25000, 27000} {
		patterns = append(patterns, strings.Repeat(`\pL`, n), strings.Repeat(`[\pL]`, n))
	}
	for _, n := range []int{8000, 9000} {
		patterns = append(patterns, strings.Repeat(`(\pL)`, n))
	}
	for _, p := range patterns {
		// Others Go compiles only in gigabytes.
		r := record{Pattern: p}
		if len(p) < 3000 {
			r.Texts = []text{"", "a", "b", text(strings.Repeat("a", 1000))}
		}
		if err := r.print(out); err != nil {
			return err
		}
	}
	return nil
}
