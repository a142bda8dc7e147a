package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"slices"
)

// maxHeader is the limit that the format sets on its header, in bytes.
const maxHeader = 100_000_000

const metadataKey = "__metadata__"

// entry is what the header says about a tensor.
type entry struct {
	DType   DType    `json:"dtype"`
	Shape   []int    `json:"shape"`
	Offsets []uint64 `json:"data_offsets"` // of two
}

// place is where a tensor lies behind the header.
type place struct {
	tensor     Tensor
	start, end uint64
}

// Parse reads a safetensors file from memory. The tensors of the result are slices
// of data.
func Parse(data []byte) (*File, error) {
	if len(data) < 8 {
		return nil, fmt.Errorf("it has %d bytes: %w", len(data), ErrTruncated)
	}
	n, rest := binary.LittleEndian.Uint64(data), data[8:]
	if n > maxHeader {
		return nil, fmt.Errorf("its header has %d bytes, wanted at most %d: %w", n, maxHeader, ErrFormat)
	}
	if n > uint64(len(rest)) {
		return nil, fmt.Errorf("its header has %d bytes, %d are there: %w", n, len(rest), ErrTruncated)
	}
	places, metadata, err := header(rest[:n])
	if err != nil {
		return nil, err
	}
	f := &File{Metadata: metadata}
	f.Tensors, err = locate(places, rest[n:])
	return f, err
}

// header decodes the JSON object token by token: decoding it into a map would let
// a name that is there twice pass.
func header(text []byte) ([]place, map[string]string, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	bad := func(what string, err error) ([]place, map[string]string, error) {
		if err != nil {
			what += fmt.Sprintf(": %.200s", err) // it quotes names and numbers, however long
		}
		return nil, nil, fmt.Errorf("read the header: %s: %w", what, ErrFormat)
	}
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return bad("it is no JSON object", err)
	}
	var places []place
	var metadata map[string]string
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return bad("a name is missing", err)
		}
		if seen[name] {
			return bad(fmt.Sprintf("%.80q is there twice", name), nil)
		}
		seen[name] = true
		if name == metadataKey {
			if err := d.Decode(&metadata); err != nil {
				return bad("metadata that are not texts", err)
			}
			continue
		}
		var e entry
		if err := d.Decode(&e); err != nil {
			return bad(fmt.Sprintf("tensor %.80q", name), err)
		}
		tensor := Tensor{Name: name, DType: e.DType, Shape: e.Shape}
		size, err := tensor.size()
		if err != nil {
			return nil, nil, fmt.Errorf("read tensor %.80q: %w", name, err)
		}
		if len(e.Offsets) != 2 {
			return bad(fmt.Sprintf("tensor %.80q has %d offsets, wanted 2", name, len(e.Offsets)), nil)
		}
		if o := e.Offsets; o[0] > o[1] || o[1]-o[0] != size {
			return bad(fmt.Sprintf("tensor %.80q, %v %v, lies at %v", name, e.DType, e.Shape, o), nil)
		}
		places = append(places, place{tensor, e.Offsets[0], e.Offsets[1]})
	}
	if _, err := d.Token(); err != nil {
		return bad("it does not end", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return bad("something follows the JSON object", err)
	}
	return places, metadata, nil
}

// locate gives each tensor its bytes. The format allows neither holes nor overlaps.
func locate(places []place, data []byte) ([]Tensor, error) {
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end), cmp.Compare(a.tensor.Name, b.tensor.Name))
	})
	tensors := make([]Tensor, 0, len(places))
	at := uint64(0)
	for _, p := range places {
		if p.start != at {
			return nil, fmt.Errorf("tensor %.80q begins at %d, wanted %d: %w", p.tensor.Name, p.start, at, ErrFormat)
		}
		if p.end > uint64(len(data)) {
			return nil, fmt.Errorf("tensor %.80q ends at %d of %d bytes: %w", p.tensor.Name, p.end, len(data), ErrTruncated)
		}
		p.tensor.Data = data[p.start:p.end:p.end]
		tensors = append(tensors, p.tensor)
		at = p.end
	}
	if at != uint64(len(data)) {
		return nil, fmt.Errorf("%d bytes belong to no tensor: %w", uint64(len(data))-at, ErrFormat)
	}
	return tensors, nil
}
