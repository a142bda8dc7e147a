package safetensors

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"
)

// Write writes tensors, in the order of the reference implementation: the widest
// types first, then by name. The same tensors and metadata give the same bytes.
// What [Parse] would refuse is refused before the first byte is written. metadata
// may be nil.
func Write(w io.Writer, tensors []Tensor, metadata map[string]string) error {
	sorted := slices.Clone(tensors)
	slices.SortFunc(sorted, func(a, b Tensor) int {
		return cmp.Or(-cmp.Compare(widths[a.DType], widths[b.DType]), cmp.Compare(a.Name, b.Name))
	})
	head, err := appendHeader(sorted, metadata)
	if err != nil {
		return fmt.Errorf("write safetensors: %w", err)
	}
	out := bufio.NewWriter(w)
	// a bufio.Writer keeps its first error until Flush
	_, _ = out.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(head))))
	_, _ = out.Write(head)
	for _, t := range sorted {
		_, _ = out.Write(t.Data)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write safetensors: %w", err)
	}
	return nil
}

// appendHeader encodes the header, padded with spaces so that the values that
// follow are aligned to 8 bytes.
func appendHeader(tensors []Tensor, metadata map[string]string) ([]byte, error) {
	var b bytes.Buffer
	separator := byte('{')
	member := func(name string, value any) error {
		b.WriteByte(separator)
		separator = ','
		for i, v := range []any{name, value} {
			if i > 0 {
				b.WriteByte(':')
			}
			text, err := json.Marshal(v)
			if err != nil {
				return fmt.Errorf("encode %q: %w", name, err)
			}
			b.Write(text)
		}
		return nil
	}
	if len(metadata) > 0 {
		if err := member(metadataKey, metadata); err != nil {
			return nil, err
		}
	}
	seen := map[string]bool{metadataKey: true}
	at := uint64(0)
	for _, t := range tensors {
		if seen[t.Name] || !utf8.ValidString(t.Name) {
			return nil, fmt.Errorf("tensor name %q is reserved, not UTF-8 or there twice: %w", t.Name, ErrFormat)
		}
		seen[t.Name] = true
		size, err := t.size()
		if err != nil {
			return nil, fmt.Errorf("tensor %q: %w", t.Name, err)
		}
		if size != uint64(len(t.Data)) {
			return nil, fmt.Errorf("tensor %q has %d bytes, %s %v needs %d: %w", t.Name, len(t.Data), t.DType, t.Shape, size, ErrFormat)
		}
		shape := t.Shape
		if shape == nil {
			shape = []int{} // not null
		}
		if err := member(t.Name, entry{t.DType, shape, []uint64{at, at + size}}); err != nil {
			return nil, err
		}
		at += size
	}
	if separator == '{' {
		b.WriteByte('{')
	}
	b.WriteByte('}')
	for b.Len()%8 != 0 {
		b.WriteByte(' ')
	}
	if b.Len() > maxHeader {
		return nil, fmt.Errorf("the header has %d bytes, wanted at most %d: %w", b.Len(), maxHeader, ErrFormat)
	}
	return b.Bytes(), nil
}
