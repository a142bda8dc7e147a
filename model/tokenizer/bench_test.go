package tokenizer_test

import (
	"compress/gzip"
	"io"
	"os"
	"strings"
	"testing"

	"clara/model/tokenizer"
)

// BenchmarkEncode encodes 1 MiB of German law, the same text each time.
func BenchmarkEncode(b *testing.B) {
	file, err := os.Open(testData(b, "corpus", "verwaltungsrecht.txt.gz"))
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		b.Fatal(err)
	}
	var text strings.Builder
	if _, err := io.CopyN(&text, unzipped, 1<<20); err != nil {
		b.Fatal(err)
	}
	for name, file := range models {
		b.Run(name, func(b *testing.B) {
			tok := fromGGUF(b, model(b, file))
			b.SetBytes(int64(text.Len()))
			for b.Loop() {
				tok.Encode(text.String(), false)
			}
		})
	}
}

// BenchmarkNew makes the tokenizer of a vocabulary that is already in memory.
func BenchmarkNew(b *testing.B) {
	for name, file := range models {
		b.Run(name, func(b *testing.B) {
			v := vocabulary(b, model(b, file))
			for b.Loop() {
				if _, err := tokenizer.New(v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
