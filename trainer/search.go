package trainer

import (
	"context"

	"clara/store"
)

// Hit is a place where all words of a search stand; Span a piece of a text, in bytes.
type (
	Hit  = store.Hit
	Span = store.Span
)

// Search finds the conversations whose titles have all words of a query, then the
// messages that have them, each the newest first, at most limit of both together. Words
// in double quotes are looked for as they stand.
func (t *Trainer) Search(ctx context.Context, query string, limit int) ([]Hit, error) {
	return t.store.Search(ctx, query, limit)
}

// Find returns where the words of a query stand in a text, in order and without overlap.
func Find(text, query string) []Span { return store.Find(text, query) }
