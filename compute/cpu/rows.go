package cpu

// Handing work to the pool costs about a microsecond and leaves the other
// threads with cold caches; a leaf kernel gets through some thousands of values
// in that time. Below inlineValues the calling thread does all the work, as when
// one token is decoded.
const (
	inlineValues = 16 << 10
	taskValues   = 8 << 10 // per task: small enough that threads end together
)

// overRows calls f(worker, from, to) for ranges that cover rows [0, n) of cols
// values each, on the pool if that is worth its while.
func (b *Backend) overRows(n, cols int, f func(worker, from, to int)) {
	if n == 0 || cols == 0 {
		return
	}
	if n == 1 || n*cols <= inlineValues || b.pool.size() == 1 {
		f(0, 0, n)
		return
	}
	rows := max(1, taskValues/cols)
	b.pool.run((n+rows-1)/rows, func(worker, i int) {
		f(worker, i*rows, min((i+1)*rows, n))
	})
}

// overValues is overRows for n values in a row.
func (b *Backend) overValues(n int, f func(from, to int)) {
	if n <= inlineValues || b.pool.size() == 1 {
		// In the pool's steps too: f is assembly, which cannot be preempted.
		for from := 0; from < n; from += taskValues {
			f(from, min(from+taskValues, n))
		}
		return
	}
	b.pool.run((n+taskValues-1)/taskValues, func(_, i int) {
		f(i*taskValues, min((i+1)*taskValues, n))
	})
}

// rowScratch is working memory of each worker, kept from call to call.
type rowScratch struct {
	perWorker [][]float32
}

// reserve makes sure that every worker has n values.
func (s *rowScratch) reserve(workers, n int) error {
	if len(s.perWorker) < workers {
		s.perWorker = append(s.perWorker, make([][]float32, workers-len(s.perWorker))...)
	}
	for i, have := range s.perWorker {
		if len(have) >= n {
			continue
		}
		// Half as much again, so that a growing span does not map anew each time.
		grown, err := mapFloats(n + n/2)
		if err != nil {
			return err
		}
		unmapFloats(have)
		s.perWorker[i] = grown
	}
	return nil
}

// of returns the first n values of a worker's memory; reserve came before.
func (s *rowScratch) of(worker, n int) []float32 { return s.perWorker[worker][:n:n] }

func (s *rowScratch) free() {
	for _, p := range s.perWorker {
		unmapFloats(p)
	}
	s.perWorker = nil
}

// sharedScratch is working memory that the tasks of an operation divide among
// them, kept from call to call.
type sharedScratch struct{ data []float32 }

// reserve returns n values, not cleared.
func (s *sharedScratch) reserve(n int) ([]float32, error) {
	if len(s.data) < n {
		grown, err := mapFloats(n + n/2)
		if err != nil {
			return nil, err
		}
		unmapFloats(s.data)
		s.data = grown
	}
	return s.data[:n:n], nil
}

func (s *sharedScratch) free() {
	unmapFloats(s.data)
	s.data = nil
}
