package gguf

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// sample is a small file with a value of every kind.
func sample(t testing.TB) []byte {
	t.Helper()
	return written(t, []KV{
		{"general.architecture", "llama"},
		{"a.uint8", uint8(200)},
		{"a.int8", int8(-3)},
		{"a.uint16", uint16(60000)},
		{"a.int16", int16(-30000)},
		{"a.uint32", uint32(math.MaxUint32)},
		{"a.int32", int32(math.MinInt32)},
		{"a.uint64", uint64(math.MaxUint64)},
		{"a.int64", int64(math.MinInt64)},
		{"a.float32", float32(0.5)},
		{"a.float64", 0.25},
		{"a.bool", true},
		{"a.strings", []string{"", "a", "Größe", "\xff"}},
		{"a.uint8s", []uint8{1, 255}},
		{"a.int32s", []int32{-1, 2}},
		{"a.uint64s", []uint64{1, math.MaxUint64}},
		{"a.float32s", []float32{1, -2}},
		{"a.float64s", []float64{1, -2}},
		{"a.bools", []bool{true, false}},
		{"a.empty", []string{}},
	}, []Tensor{
		{"token_embd.weight", F32, []uint64{2, 3}, make([]byte, 24)},
		{"blk.0.attn_q.weight", Q4_1, []uint64{64, 2}, bytes.Repeat([]byte{7}, 80)},
		{"scalar", I8, nil, []byte{5}},
		{"blk.0.ffn_up.weight", Q6_K, []uint64{256, 1, 1, 1}, bytes.Repeat([]byte{9}, 210)},
	})
}

func written(t testing.TB, meta []KV, tensors []Tensor) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, meta, tensors); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func parsed(t testing.TB, data []byte) *File {
	t.Helper()
	f, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// What was written is read, through the getter of its kind and through no other.
func TestMetadata(t *testing.T) {
	m := parsed(t, sample(t)).Metadata
	getters := map[string]func(key string) (any, bool){
		"String":  func(k string) (any, bool) { return boxed(m.String(k)) },
		"Uint":    func(k string) (any, bool) { return boxed(m.Uint(k)) },
		"Float":   func(k string) (any, bool) { return boxed(m.Float(k)) },
		"Bool":    func(k string) (any, bool) { return boxed(m.Bool(k)) },
		"Strings": func(k string) (any, bool) { return boxed(m.Strings(k)) },
		"Ints":    func(k string) (any, bool) { return boxed(m.Ints(k)) },
		"Floats":  func(k string) (any, bool) { return boxed(m.Floats(k)) },
	}
	for key, want := range map[string]map[string]any{
		"general.architecture": {"String": "llama"},
		"a.uint8":              {"Uint": uint64(200)},
		"a.int8":               {},
		"a.uint16":             {"Uint": uint64(60000)},
		"a.int16":              {},
		"a.uint32":             {"Uint": uint64(math.MaxUint32)},
		"a.int32":              {},
		"a.uint64":             {"Uint": uint64(math.MaxUint64)},
		"a.int64":              {},
		"a.float32":            {"Float": 0.5},
		"a.float64":            {"Float": 0.25},
		"a.bool":               {"Bool": true},
		"a.strings":            {"Strings": []string{"", "a", "Größe", "\xff"}},
		"a.uint8s":             {"Ints": []int64{1, 255}},
		"a.int32s":             {"Ints": []int64{-1, 2}},
		"a.uint64s":            {},
		"a.float32s":           {"Floats": []float32{1, -2}},
		"a.float64s":           {"Floats": []float32{1, -2}},
		"a.bools":              {},
		"a.empty":              {"Strings": []string{}},
		"missing":              {},
	} {
		for name, get := range getters {
			got, ok := get(key)
			if m.Has(key) != (key != "missing") {
				t.Errorf("Has(%q) = %v", key, m.Has(key))
			}
			if expected, there := want[name]; ok != there || ok && !reflect.DeepEqual(got, expected) {
				t.Errorf("%s(%q) = %v, %v; want %v, %v", name, key, got, ok, expected, there)
			}
		}
	}
}

func boxed[T any](v T, ok bool) (any, bool) { return v, ok }

// Tensors have their name, type, shape and bytes, at aligned places.
func TestTensors(t *testing.T) {
	data := sample(t)
	f := parsed(t, data)
	if len(f.Tensors) != 4 {
		t.Fatalf("%d tensors", len(f.Tensors))
	}
	q, ok := f.Tensor("blk.0.attn_q.weight")
	if !ok || q.Type != Q4_1 || !slices.Equal(q.Dims, []uint64{64, 2}) || !bytes.Equal(q.Data, bytes.Repeat([]byte{7}, 80)) {
		t.Errorf("attn_q is %+v, %v", q, ok)
	}
	if s, ok := f.Tensor("scalar"); !ok || len(s.Dims) != 0 || !bytes.Equal(s.Data, []byte{5}) {
		t.Errorf("scalar is %+v, %v", s, ok)
	}
	if _, ok := f.Tensor("nope"); ok {
		t.Error("a tensor is found that is not there")
	}
	for _, tensor := range f.Tensors {
		if cap(tensor.Data) != len(tensor.Data) {
			t.Errorf("%s can grow into its neighbour", tensor.Name)
		}
		if at := bytes.Index(data, tensor.Data); len(tensor.Data) > 24 && at%32 != 0 {
			t.Errorf("%s begins at %d", tensor.Name, at)
		}
	}
}

// general.alignment is honoured.
func TestAlignment(t *testing.T) {
	for _, alignment := range []uint32{8, 16, 64, 4096} {
		data := written(t, []KV{{"general.alignment", alignment}}, []Tensor{
			{"a", I8, []uint64{3}, []byte{1, 2, 3}}, {"b", I8, []uint64{2}, []byte{4, 5}},
		})
		f := parsed(t, data)
		b, _ := f.Tensor("b")
		if at := bytes.LastIndex(data, []byte{4, 5}); at%int(alignment) != 0 || !bytes.Equal(b.Data, []byte{4, 5}) {
			t.Errorf("alignment %d: b lies at %d and is %v", alignment, at, b.Data)
		}
	}
	for _, bad := range []any{uint32(0), uint32(4), uint32(24), uint64(32), "32", int32(32)} {
		err := Write(&bytes.Buffer{}, []KV{{"general.alignment", bad}}, nil)
		if !errors.Is(err, ErrFormat) {
			t.Errorf("alignment %v of %T: error %v", bad, bad, err)
		}
	}
}

// Every type has the block of its name's definition, and a tensor its size.
func TestSizes(t *testing.T) {
	for typ, want := range map[Type]uint64{ // bytes of 256 values
		F32: 1024, F16: 512, BF16: 512, F64: 2048, I8: 256, I16: 512, I32: 1024, I64: 2048,
		Q4_0: 8 * (2 + 16), Q4_1: 8 * (2 + 2 + 16), Q5_0: 8 * (2 + 4 + 16), Q5_1: 8 * (2 + 2 + 4 + 16), Q8_0: 8 * (2 + 32),
		Q4_K: 2 + 2 + 12 + 128, Q5_K: 2 + 2 + 12 + 32 + 128, Q6_K: 128 + 64 + 16 + 2,
	} {
		if got, err := typ.bytes([]uint64{256}); err != nil || got != want {
			t.Errorf("256 values of %v have %d bytes, %v; want %d", typ, got, err, want)
		}
		if got, err := typ.bytes([]uint64{256, 3, 1, 2}); err != nil || got != 6*want {
			t.Errorf("6 rows of %v have %d bytes, %v; want %d", typ, got, err, 6*want)
		}
	}
	for typ, l := range layouts {
		if typ.String() != l.name || l.values == 0 || l.bytes == 0 {
			t.Errorf("type %d is called %v", typ, typ)
		}
	}
	if got := Type(99).String(); got != "type 99" {
		t.Errorf("an unknown type is called %q", got)
	}
}

// crafted is a file by hand, for what Write refuses.
type crafted []byte

func (c crafted) u32(v uint32) crafted { return binary.LittleEndian.AppendUint32(c, v) }
func (c crafted) u64(v uint64) crafted { return binary.LittleEndian.AppendUint64(c, v) }
func (c crafted) text(s string) crafted {
	return append(c.u64(uint64(len(s))), s...)
}

func head(version uint32, tensors, entries uint64) crafted {
	return crafted(magic).u32(version).u64(tensors).u64(entries)
}

func (c crafted) tensor(name string, typ Type, offset uint64, dims ...uint64) crafted {
	c = c.text(name).u32(uint32(len(dims)))
	for _, d := range dims {
		c = c.u64(d)
	}
	return c.u32(uint32(typ)).u64(offset)
}

// section pads to the data section and appends its bytes.
func (c crafted) section(n int) crafted {
	return append(append(c, make([]byte, padding(uint64(len(c)), 32))...), make([]byte, n)...)
}

// A crafted or damaged file is refused with the kind of its fault.
func TestUnsoundFiles(t *testing.T) {
	const huge = math.MaxUint64
	filler := strings.Repeat("x", 4096)
	for name, c := range map[string]struct {
		data crafted
		want error
	}{
		"nothing":                  {nil, ErrTruncated},
		"half the magic":           {crafted("GG"), ErrTruncated},
		"another format":           {crafted("PK\x03\x04 and so on, for a while"), ErrFormat},
		"version 1":                {head(1, 0, 0), ErrVersion},
		"version 4":                {head(4, 0, 0), ErrVersion},
		"big-endian":               {head(3<<24, 0, 0), ErrVersion},
		"no counts":                {crafted(magic).u32(3), ErrTruncated},
		"entries without end":      {head(3, 0, huge), ErrTruncated},
		"tensors without end":      {head(3, huge, 0), ErrTruncated},
		"a long key":               {head(3, 0, 1).u64(huge).u32(0).u64(0), ErrFormat},
		"an empty key":             {head(3, 0, 1).text("").u32(uint32(kindUint8)).u64(0), ErrFormat},
		"a key twice":              {head(3, 0, 2).text("k").u32(uint32(kindUint32)).u32(1).text("k").u32(uint32(kindUint32)).u32(1), ErrFormat},
		"an unknown kind":          {head(3, 0, 1).text("k").u32(99).u64(0), ErrFormat},
		"a truth of 2":             {append(head(3, 0, 1).text("k").u32(uint32(kindBool)), 2), ErrFormat},
		"a long text":              {head(3, 0, 1).text("k").u32(uint32(kindString)).u64(huge), ErrTruncated},
		"a long array":             {head(3, 0, 1).text("k").u32(uint32(kindArray)).u32(uint32(kindUint64)).u64(huge), ErrTruncated},
		"a longer array":           {head(3, 0, 1).text("k").u32(uint32(kindArray)).u32(uint32(kindUint64)).u64(huge / 8), ErrTruncated},
		"many texts":               {head(3, 0, 1).text("k").u32(uint32(kindArray)).u32(uint32(kindString)).u64(huge), ErrTruncated},
		"many arrays":              {head(3, 0, 1).text("k").u32(uint32(kindArray)).u32(uint32(kindArray)).u64(huge), ErrTruncated},
		"an array of nothing":      {head(3, 0, 1).text("k").u32(uint32(kindArray)).u32(77).u64(1).u64(0), ErrFormat},
		"deep arrays":              {deepArrays(100), ErrFormat},
		"five axes":                {head(3, 1, 0).tensor("t", F32, 0, 1, 1, 1, 1, 1).section(4), ErrFormat},
		"axes without end":         {head(3, 1, 0).text("t").u32(math.MaxUint32).u64(1).u64(1), ErrFormat},
		"a long name":              {head(3, 1, 0).tensor(strings.Repeat("n", 65), F32, 0, 1).section(4), ErrFormat},
		"no name":                  {head(3, 1, 0).tensor("", F32, 0, 1).section(4), ErrFormat},
		"a name twice":             {head(3, 2, 0).tensor("t", F32, 0, 1).tensor("t", F32, 32, 1).section(64), ErrFormat},
		"an unknown type":          {head(3, 1, 0).tensor("t", 99, 0, 1).section(64), ErrFormat},
		"a withdrawn type":         {head(3, 1, 0).tensor("t", 4, 0, 32).section(64), ErrFormat},
		"half a block":             {head(3, 1, 0).tensor("t", Q4_0, 0, 48).section(64), ErrFormat},
		"an axis of 0":             {head(3, 1, 0).tensor("t", F32, 0, 4, 0).section(64), ErrFormat},
		"a product beyond 2^64":    {head(3, 1, 0).tensor("t", F32, 0, 1<<33, 1<<33).section(64), ErrFormat},
		"a product that wraps":     {head(3, 1, 0).tensor("t", F32, 0, 1<<62, 4).section(64), ErrFormat},
		"bytes beyond 2^63":        {head(3, 1, 0).tensor("t", F32, 0, 1<<62).section(64), ErrFormat},
		"a tensor behind the end":  {head(3, 1, 0).tensor("t", F32, 64, 1).section(32), ErrTruncated},
		"a tensor that is cut":     {head(3, 1, 0).tensor("t", F32, 0, 9).section(32), ErrTruncated},
		"an offset beyond 2^63":    {head(3, 1, 0).tensor("t", F32, 1<<63, 1).section(32), ErrTruncated},
		"an offset that wraps":     {head(3, 1, 0).tensor("t", F32, huge-31, 16).section(64), ErrTruncated},
		"an offset between places": {head(3, 1, 0).tensor("t", F32, 4, 1).section(64), ErrFormat},
		"tensors that overlap":     {head(3, 2, 0).tensor("t", F32, 0, 16).tensor("u", F32, 32, 1).section(64), ErrFormat},
		"no data section":          {head(3, 1, 0).tensor("t", F32, 0, 1), ErrTruncated},
		"alignment of 12":          {head(3, 0, 1).text("general.alignment").u32(uint32(kindUint32)).u32(12), ErrFormat},
		"alignment as text":        {head(3, 0, 1).text("general.alignment").u32(uint32(kindString)).text(filler), ErrFormat},
	} {
		_, err := Parse(c.data)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, want %v", name, err, c.want)
		}
		for _, kind := range []error{ErrFormat, ErrVersion, ErrTruncated} {
			if errors.Is(err, kind) != (kind == c.want) {
				t.Errorf("%s: error %v is of a second kind", name, err)
			}
		}
	}
}

// deepArrays is a file with arrays inside each other.
func deepArrays(depth int) crafted {
	c := head(3, 0, 1).text("k").u32(uint32(kindArray))
	for range depth {
		c = c.u32(uint32(kindArray)).u64(1)
	}
	return c.u32(uint32(kindUint8)).u64(0)
}

// A crafted count allocates nothing to speak of.
func TestCraftedCountsDoNotAllocate(t *testing.T) {
	big := append(head(3, 0, 1).text("k").u32(uint32(kindArray)).u32(uint32(kindString)).u64(1<<40), make([]byte, 1<<20)...)
	result := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Parse(big); err == nil {
				b.Fatal("no error")
			}
		}
	})
	if n := result.AllocedBytesPerOp(); n > 16<<10 {
		t.Errorf("%d bytes were allocated", n)
	}
}

// A file that ends early anywhere is refused, never misread.
func TestEveryTruncation(t *testing.T) {
	data := sample(t)
	end := len(data) - 210%32 // the last tensor's padding may be missing
	for n := range end - 32 {
		if _, err := Parse(data[:n:n]); !errors.Is(err, ErrTruncated) && !errors.Is(err, ErrFormat) {
			t.Fatalf("%d of %d bytes: error %v", n, len(data), err)
		}
	}
}

// What can be written can be read, and is the same.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.StringMatching(`[a-z][a-z.]{0,8}`)
		texts := rapid.MapOfN(key, rapid.SliceOf(rapid.String()), 0, 4).Draw(t, "texts")
		numbers := rapid.MapOfN(key, rapid.SliceOf(rapid.Int64()), 0, 4).Draw(t, "numbers")
		var meta []KV
		for k, v := range texts {
			meta = append(meta, KV{"s." + k, v})
		}
		for k, v := range numbers {
			meta = append(meta, KV{"n." + k, v})
		}
		var tensors []Tensor
		for i, typ := range rapid.SliceOfN(rapid.SampledFrom([]Type{F32, F16, Q4_0, Q8_0, I8, Q6_K}), 0, 4).Draw(t, "types") {
			dims := []uint64{layouts[typ].values * rapid.Uint64Range(1, 3).Draw(t, "columns"), rapid.Uint64Range(1, 3).Draw(t, "rows")}
			size, err := typ.bytes(dims)
			if err != nil {
				t.Fatal(err)
			}
			tensors = append(tensors, Tensor{string(rune('a' + i)), typ, dims, rapid.SliceOfN(rapid.Byte(), int(size), int(size)).Draw(t, "data")})
		}
		var b bytes.Buffer
		if err := Write(&b, meta, tensors); err != nil {
			t.Fatal(err)
		}
		f, err := Parse(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		for k, want := range texts {
			if got, ok := f.Metadata.Strings("s." + k); !ok || !slices.Equal(got, want) {
				t.Fatalf("%s is %q, %v; want %q", k, got, ok, want)
			}
		}
		for k, want := range numbers {
			if got, ok := f.Metadata.Ints("n." + k); !ok || !slices.Equal(got, want) {
				t.Fatalf("%s is %v, %v; want %v", k, got, ok, want)
			}
		}
		if len(f.Tensors) != len(tensors) {
			t.Fatalf("%d tensors, want %d", len(f.Tensors), len(tensors))
		}
		for i, want := range tensors {
			if got := f.Tensors[i]; !reflect.DeepEqual(got, want) {
				t.Fatalf("tensor %d is %+v, want %+v", i, got, want)
			}
		}
	})
}

// What Parse would refuse, Write refuses before the first byte.
func TestWriteRefuses(t *testing.T) {
	one := []byte{1, 2, 3, 4}
	for name, c := range map[string]struct {
		meta    []KV
		tensors []Tensor
	}{
		"a key twice":       {[]KV{{"k", "a"}, {"k", "b"}}, nil},
		"an empty key":      {[]KV{{"", "a"}}, nil},
		"an int":            {[]KV{{"k", 1}}, nil},
		"nothing":           {[]KV{{"k", nil}}, nil},
		"a name twice":      {nil, []Tensor{{"t", F32, []uint64{1}, one}, {"t", F32, []uint64{1}, one}}},
		"too few bytes":     {nil, []Tensor{{"t", F32, []uint64{2}, one}}},
		"half a block":      {nil, []Tensor{{"t", Q4_0, []uint64{8}, one}}},
		"too many axes":     {nil, []Tensor{{"t", F32, []uint64{1, 1, 1, 1, 1}, one}}},
		"an unknown type":   {nil, []Tensor{{"t", 99, []uint64{1}, one}}},
		"a name too long":   {nil, []Tensor{{strings.Repeat("n", 65), F32, []uint64{1}, one}}},
		"alignment of zero": {[]KV{{"general.alignment", uint32(0)}}, nil},
	} {
		var b bytes.Buffer
		if err := Write(&b, c.meta, c.tensors); !errors.Is(err, ErrFormat) || b.Len() > 0 {
			t.Errorf("%s: %d bytes and the error %v", name, b.Len(), err)
		}
	}
}

// An opened file reads as a parsed one; closing it empties it.
func TestOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "model.gguf")
	if err := os.WriteFile(path, sample(t), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	m := f.Metadata
	q, ok := f.Tensor("blk.0.attn_q.weight")
	if !ok || !bytes.Equal(q.Data, bytes.Repeat([]byte{7}, 80)) {
		t.Errorf("attn_q is %+v", q)
	}
	for range 2 {
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	// the memory is gone, so nothing may lead to it
	if _, ok := m.Strings("a.strings"); ok {
		t.Error("metadata can be read after Close")
	}
	if _, ok := f.Tensor("blk.0.attn_q.weight"); ok || len(f.Tensors) > 0 {
		t.Error("tensors are there after Close")
	}
}

// What cannot be opened says which file it was, and why.
func TestOpenRefuses(t *testing.T) {
	folder := t.TempDir()
	empty, text := filepath.Join(folder, "empty.gguf"), filepath.Join(folder, "text.gguf")
	for path, content := range map[string]string{empty: "", text: "<html>404 not found</html>"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]error{
		empty: ErrTruncated, text: ErrFormat, folder: ErrFormat, filepath.Join(folder, "none"): os.ErrNotExist,
	} {
		_, err := Open(path)
		if !errors.Is(err, want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error %v, want %v", path, err, want)
		}
	}
}

// Whatever the bytes are, the result is an error of one kind or a file in which
// everything can be read.
func FuzzParse(f *testing.F) {
	data := sample(f)
	f.Add(data)
	f.Add(data[:100])
	f.Add([]byte(deepArrays(5)))
	f.Add([]byte(head(2, 1, 0).tensor("t", Q8_0, 0, 32).section(64)))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Parse(data)
		if err != nil {
			if !errors.Is(err, ErrFormat) && !errors.Is(err, ErrVersion) && !errors.Is(err, ErrTruncated) {
				t.Errorf("an error of no kind: %v", err)
			}
			return
		}
		m := file.Metadata
		for key := range m.values {
			m.String(key)
			m.Uint(key)
			m.Has(key)
			m.Float(key)
			m.Bool(key)
			m.Strings(key)
			m.Floats(key)
			m.Ints(key)
		}
		for _, tensor := range file.Tensors {
			size, err := tensor.Type.bytes(tensor.Dims)
			if err != nil || size != uint64(len(tensor.Data)) {
				t.Errorf("tensor %q of %v %v has %d bytes", tensor.Name, tensor.Type, tensor.Dims, len(tensor.Data))
			}
			if got, ok := file.Tensor(tensor.Name); !ok || got.Type != tensor.Type {
				t.Errorf("tensor %q is not found", tensor.Name)
			}
		}
	})
}

// Version 2 differs from 3 in nothing that is read here.
func TestVersion2(t *testing.T) {
	data := head(2, 1, 1).text("general.name").u32(uint32(kindString)).text("old").tensor("t", F16, 0, 2).section(4)
	f := parsed(t, data)
	name, ok := f.Metadata.String("general.name")
	if x, found := f.Tensor("t"); !ok || name != "old" || !found || len(x.Data) != 4 {
		t.Errorf("name %q, tensor %+v", name, x)
	}
}
