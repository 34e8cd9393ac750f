package reference

import "regexp"

// Match says whether Go's regexp accepts a pattern, and which texts it finds it in.
func Match(pattern string, texts [][]byte) (matches []bool, err error) {
	compiled, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err
	}
	matches = make([]bool, len(texts))
	for i, text := range texts {
		matches[i] = compiled.Match(text)
	}
	return matches, nil
}
