// Package parallel spreads numbered work over the processors.
package parallel

import (
	"iter"
	"runtime"
	"sync"
	"sync/atomic"
)

// Each calls f(0) to f(n-1), on as many goroutines as there are processors.
func Each(n int, f func(int)) {
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n) {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	group.Wait()
}

// InOrder computes f(0) to f(n-1) like Each and gives the results in order.
func InOrder[T any](n int, f func(int) T) iter.Seq[T] {
	const chunk = 256
	return func(yield func(T) bool) {
		for start := 0; start < n; start += chunk {
			results := make([]T, min(chunk, n-start))
			Each(len(results), func(i int) { results[i] = f(start + i) })
			for _, result := range results {
				if !yield(result) {
					return
				}
			}
		}
	}
}
