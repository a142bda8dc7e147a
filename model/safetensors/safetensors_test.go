package safetensors

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// sample is a small adapter.
func sample() []Tensor {
	return []Tensor{
		FromFloat32s("layers.0.lora_B.weight", []int{2, 1}, []float32{0.5, -1}),
		FromFloat32s("layers.0.lora_A.weight", []int{1, 3}, []float32{1, 2, 3}),
		{Name: "half", DType: BF16, Shape: []int{1}, Data: []byte{0x80, 0x3F}},
		{Name: "steps", DType: I64, Data: []byte{7, 0, 0, 0, 0, 0, 0, 0}},
		{Name: "none", DType: F16, Shape: []int{0, 4}, Data: []byte{}},
	}
}

func written(t testing.TB, tensors []Tensor, metadata map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, tensors, metadata); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// What was written is read, in the order of the bytes: widest type first, then by
// name.
func TestRoundTrip(t *testing.T) {
	metadata := map[string]string{"format": "pt", "a": "ü\n"}
	f, err := Parse(written(t, sample(), metadata))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(f.Metadata, metadata) {
		t.Errorf("metadata %v", f.Metadata)
	}
	var names []string
	for _, got := range f.Tensors {
		names = append(names, got.Name)
		want := sample()[slices.IndexFunc(sample(), func(t Tensor) bool { return t.Name == got.Name })]
		if got.DType != want.DType || !slices.Equal(got.Shape, want.Shape) || !bytes.Equal(got.Data, want.Data) || cap(got.Data) != len(got.Data) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	if want := []string{"steps", "layers.0.lora_A.weight", "layers.0.lora_B.weight", "half", "none"}; !slices.Equal(names, want) {
		t.Errorf("the order is %v, want %v", names, want)
	}
}

// The bytes are those that the format describes, and the same each time whatever
// the order of the tensors.
func TestBytes(t *testing.T) {
	tensors := []Tensor{FromFloat32s("b", []int{1}, []float32{1}), FromFloat32s("a", nil, []float32{2})}
	got := written(t, tensors, map[string]string{"format": "pt"})
	header := `{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`
	for len(header)%8 != 0 {
		header += " "
	}
	want := append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...)
	want = append(want, 0, 0, 0, 0x40, 0, 0, 0x80, 0x3F)
	if !bytes.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	slices.Reverse(tensors)
	if again := written(t, tensors, map[string]string{"format": "pt"}); !bytes.Equal(again, want) {
		t.Errorf("in another order: %q", again)
	}
	if empty := written(t, nil, nil); !bytes.Equal(empty[8:], []byte("{}      ")) {
		t.Errorf("without tensors: %q", empty)
	}
}

// Any tensors come back as they were.
func TestAnyTensors(t *testing.T) {
	types := []DType{F64, F32, F16, BF16, F8E4M3, F8E5M2, I64, I32, I16, I8, U64, U32, U16, U8, Bool}
	rapid.Check(t, func(t *rapid.T) {
		var tensors []Tensor
		for _, name := range rapid.SliceOfDistinct(rapid.StringMatching(`[a-zäö."\\ ]{0,6}`), rapid.ID).Draw(t, "names") {
			x := Tensor{Name: name, DType: rapid.SampledFrom(types).Draw(t, "type")}
			x.Shape = rapid.SliceOfN(rapid.IntRange(0, 3), 0, 3).Draw(t, "shape")
			n, err := x.size()
			if err != nil {
				t.Fatal(err)
			}
			x.Data = rapid.SliceOfN(rapid.Byte(), int(n), int(n)).Draw(t, "data")
			tensors = append(tensors, x)
		}
		var b bytes.Buffer
		if err := Write(&b, tensors, nil); err != nil {
			t.Fatal(err)
		}
		f, err := Parse(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if len(f.Tensors) != len(tensors) {
			t.Fatalf("%d tensors, want %d", len(f.Tensors), len(tensors))
		}
		for _, got := range f.Tensors {
			i := slices.IndexFunc(tensors, func(t Tensor) bool { return t.Name == got.Name })
			if i < 0 || got.DType != tensors[i].DType || !slices.Equal(got.Shape, tensors[i].Shape) || !bytes.Equal(got.Data, tensors[i].Data) {
				t.Fatalf("tensor %+v was not written", got)
			}
		}
	})
}

// Values are widened exactly; an F64 is rounded.
func TestFloat32s(t *testing.T) {
	for _, c := range []struct {
		dtype DType
		data  []byte
		want  []float32
	}{
		{F32, []byte{0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0}, []float32{1, -2}},
		{BF16, []byte{0x80, 0x3F, 0, 0xC0, 0x80, 0x7F}, []float32{1, -2, float32(math.Inf(1))}},
		{F64, binary.LittleEndian.AppendUint64(nil, math.Float64bits(0.1)), []float32{0.1}},
		// 1, -2, the largest, the smallest normal and subnormal ones, infinity
		{
			F16,
			[]byte{0, 0x3C, 0, 0xC0, 0xFF, 0x7B, 0, 0x04, 1, 0, 1, 0x80, 0, 0x7C},
			[]float32{1, -2, 65504, 1.0 / (1 << 14), 1.0 / (1 << 24), -1.0 / (1 << 24), float32(math.Inf(1))},
		},
	} {
		got, err := Tensor{DType: c.dtype, Shape: []int{len(c.want)}, Data: c.data}.Float32s()
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, %v; want %v", c.dtype, got, err, c.want)
		}
	}
	nan, err := Tensor{DType: F16, Data: []byte{1, 0x7C}}.Float32s()
	if err != nil || !math.IsNaN(float64(nan[0])) {
		t.Errorf("NaN is read as %v, %v", nan, err)
	}
	zero, err := Tensor{DType: F16, Data: []byte{0, 0x80}}.Float32s()
	if err != nil || zero[0] != 0 || !math.Signbit(float64(zero[0])) {
		t.Errorf("-0 is read as %v, %v", zero, err)
	}
	if _, err := (Tensor{Name: "steps", DType: I64, Data: make([]byte, 8)}).Float32s(); !errors.Is(err, ErrFormat) {
		t.Errorf("integers: error %v", err)
	}
}

// withHeader is a file with this header and so many bytes behind it.
func withHeader(header string, n int) []byte {
	b := append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...)
	return append(b, make([]byte, n)...)
}

// A crafted or damaged file is refused with the kind of its fault.
func TestUnsoundFiles(t *testing.T) {
	tensor := func(dtype, shape, offsets string) string {
		return fmt.Sprintf(`{"a":{"dtype":%q,"shape":%s,"data_offsets":%s}}`, dtype, shape, offsets)
	}
	one := `{"dtype":"F32","shape":[1],"data_offsets":[0,4]}`
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"nothing":                   {nil, ErrTruncated},
		"half a length":             {[]byte{1, 0, 0}, ErrTruncated},
		"a long header":             {bytes.Repeat([]byte{0xFF}, 16), ErrFormat},
		"a header that is cut":      {withHeader("{}", 0)[:9], ErrTruncated},
		"no JSON":                   {withHeader("hello", 0), ErrFormat},
		"an array":                  {withHeader("[]", 0), ErrFormat},
		"half an object":            {withHeader(`{"a":`+one, 4), ErrFormat},
		"two objects":               {withHeader(`{}{}`, 0), ErrFormat},
		"a name twice":              {withHeader(`{"a":`+one+`,"a":`+one+`}`, 4), ErrFormat},
		"metadata twice":            {withHeader(`{"__metadata__":{},"__metadata__":{}}`, 0), ErrFormat},
		"metadata of numbers":       {withHeader(`{"__metadata__":{"a":1}}`, 0), ErrFormat},
		"a number for a tensor":     {withHeader(`{"a":1}`, 0), ErrFormat},
		"another field":             {withHeader(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}`, 4), ErrFormat},
		"no type":                   {withHeader(`{"a":{"shape":[1],"data_offsets":[0,4]}}`, 4), ErrFormat},
		"an unknown type":           {withHeader(tensor("F3", "[1]", "[0,4]"), 4), ErrFormat},
		"a negative axis":           {withHeader(tensor("F32", "[-1]", "[0,4]"), 4), ErrFormat},
		"two negative axes":         {withHeader(tensor("F32", "[-1,-1]", "[0,4]"), 4), ErrFormat},
		"half an axis":              {withHeader(tensor("F32", "[1.5]", "[0,4]"), 4), ErrFormat},
		"a product beyond 2^64":     {withHeader(tensor("F32", "[4294967296,4294967296]", "[0,0]"), 0), ErrFormat},
		"an axis beyond 2^64":       {withHeader(tensor("F32", "[18446744073709551617]", "[0,4]"), 4), ErrFormat},
		"one offset":                {withHeader(tensor("F32", "[1]", "[4]"), 4), ErrFormat},
		"three offsets":             {withHeader(tensor("F32", "[1]", "[0,4,9]"), 4), ErrFormat},
		"offsets that fall":         {withHeader(tensor("F32", "[1]", "[4,0]"), 4), ErrFormat},
		"negative offsets":          {withHeader(tensor("F32", "[1]", "[-4,0]"), 4), ErrFormat},
		"too few bytes for a shape": {withHeader(tensor("F32", "[2]", "[0,4]"), 4), ErrFormat},
		"a tensor that is cut":      {withHeader(tensor("F32", "[2]", "[0,8]"), 4), ErrTruncated},
		"a hole before":             {withHeader(tensor("F32", "[1]", "[4,8]"), 8), ErrFormat},
		"bytes left over":           {withHeader(tensor("F32", "[1]", "[0,4]"), 5), ErrFormat},
		"tensors that overlap":      {withHeader(`{"a":`+one+`,"b":`+one+`}`, 4), ErrFormat},
		"deep JSON":                 {withHeader(`{"a":`+strings.Repeat("[", 1<<20), 0), ErrFormat},
	} {
		_, err := Parse(c.data)
		if !errors.Is(err, c.want) || errors.Is(err, ErrFormat) && errors.Is(err, ErrTruncated) {
			t.Errorf("%s: error %v, want %v", name, err, c.want)
		}
	}
}

// An error says what is wrong, not all that is in a file that is meant to flood the log.
func TestErrorsOfHostileFilesAreShort(t *testing.T) {
	many := "[" + strings.Repeat("1,", 1<<14) + "1]"
	digits := strings.Repeat("9", 1<<14)
	letters := strings.Repeat("x", 1<<14)
	for name, header := range map[string]string{
		"axes":               `{"a":{"dtype":"F32","shape":` + many + `,"data_offsets":[0,8]}}`,
		"axes that overflow": `{"a":{"dtype":"F32","shape":` + strings.ReplaceAll(many, "1", "99999") + `,"data_offsets":[0,8]}}`,
		"offsets":            `{"a":{"dtype":"F32","shape":[1],"data_offsets":` + many + `}}`,
		"digits":             `{"a":{"dtype":"F32","shape":[` + digits + `],"data_offsets":[0,4]}}`,
		"a field":            `{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"` + letters + `":1}}`,
		"a type":             `{"a":{"dtype":"` + letters + `","shape":[1],"data_offsets":[0,4]}}`,
		"a name":             `{"` + letters + `":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}`,
	} {
		if _, err := Parse(withHeader(header, 4)); !errors.Is(err, ErrFormat) || len(err.Error()) > 1000 {
			t.Errorf("%s: an error of %d bytes, %.200v", name, len(fmt.Sprint(err)), err)
		}
	}
	if _, err := (Tensor{Name: letters, DType: I64}).Float32s(); err == nil || len(err.Error()) > 1000 {
		t.Errorf("a name of integers: an error of %d bytes", len(fmt.Sprint(err)))
	}
}

// What Parse would refuse, Write refuses before the first byte.
func TestWriteRefuses(t *testing.T) {
	one := FromFloat32s("a", []int{1}, []float32{1})
	for name, tensors := range map[string][]Tensor{
		"a name twice":      {one, one},
		"the reserved name": {FromFloat32s("__metadata__", []int{1}, []float32{1})},
		"no UTF-8":          {FromFloat32s("\xff", []int{1}, []float32{1})},
		"too few values":    {FromFloat32s("a", []int{2}, []float32{1})},
		"a negative axis":   {FromFloat32s("a", []int{-1}, []float32{1})},
		"an unknown type":   {{Name: "a", DType: "F3", Shape: []int{1}, Data: []byte{1}}},
	} {
		var b bytes.Buffer
		if err := Write(&b, tensors, nil); !errors.Is(err, ErrFormat) || b.Len() > 0 {
			t.Errorf("%s: %d bytes and the error %v", name, b.Len(), err)
		}
	}
}

// A full disk is reported.
func TestWriteFails(t *testing.T) {
	big := FromFloat32s("a", []int{1 << 16}, make([]float32, 1<<16))
	if err := Write(fullDisk{}, []Tensor{big}, nil); !errors.Is(err, errFull) {
		t.Errorf("error %v", err)
	}
}

var errFull = errors.New("no space left")

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

// An opened file reads as a parsed one; what cannot be opened says which file it
// was, and why.
func TestOpen(t *testing.T) {
	folder := t.TempDir()
	path, empty := filepath.Join(folder, "adapter_model.safetensors"), filepath.Join(folder, "empty")
	if err := os.WriteFile(path, written(t, sample(), nil), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if values, err := f.Tensors[1].Float32s(); err != nil || !slices.Equal(values, []float32{1, 2, 3}) {
		t.Errorf("lora_A is %v, %v", values, err)
	}
	for range 2 {
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(f.Tensors) > 0 {
		t.Error("tensors are there after Close")
	}
	for path, want := range map[string]error{empty: ErrTruncated, folder: ErrFormat, filepath.Join(folder, "none"): os.ErrNotExist} {
		if _, err := Open(path); !errors.Is(err, want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error %v, want %v", path, err, want)
		}
	}
}

// Files that others made: a PEFT adapter and a model of Hugging Face.
func TestFilesOfOthers(t *testing.T) {
	for _, c := range []struct {
		path    []string
		tensors int
		name    string
		dtype   DType
		shape   []int
	}{
		{[]string{"adapters", "kto-gpt2", "adapter_model.safetensors"}, 24, "base_model.model.transformer.h.0.attn.c_attn.lora_A.weight", F32, []int{16, 768}},
		{[]string{"models", "arithmetic-llama", "model.safetensors"}, 39, "model.embed_tokens.weight", BF16, nil},
		{[]string{"golden", "smollm2", "adapter_model.safetensors"}, 420, "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight", F32, []int{4, 576}},
	} {
		t.Run(c.path[1], func(t *testing.T) {
			f, err := Open(testData(t, c.path...))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if len(f.Tensors) != c.tensors {
				t.Errorf("%d tensors, want %d", len(f.Tensors), c.tensors)
			}
			i := slices.IndexFunc(f.Tensors, func(t Tensor) bool { return t.Name == c.name })
			if i < 0 {
				t.Fatalf("no tensor %s; the first is %s", c.name, f.Tensors[0].Name)
			}
			x := f.Tensors[i]
			if x.DType != c.dtype || c.shape != nil && !slices.Equal(x.Shape, c.shape) {
				t.Errorf("%s is %s %v", x.Name, x.DType, x.Shape)
			}
			values, err := x.Float32s()
			if err != nil {
				t.Fatal(err)
			}
			sum := 0.0
			for _, v := range values {
				sum += math.Abs(float64(v))
			}
			if mean := sum / float64(len(values)); !(mean > 1e-4 && mean < 10) {
				t.Errorf("the mean size of %d weights is %g", len(values), mean)
			}
		})
	}
}

// testData returns the path of a file of the shared test data, or skips the test.
func testData(t testing.TB, path ...string) string {
	t.Helper()
	folder := os.Getenv("CLARA_TESTDATA")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "shared", "data")
	}
	file := filepath.Join(append([]string{folder}, path...)...)
	if _, err := os.Stat(file); err != nil {
		if os.Getenv("CLARA_NEED_DATA") != "" { // a skip would look green
			t.Fatal(err)
		}
		t.Skipf("needs %s: %v", file, err)
	}
	return file
}

// Whatever the bytes are, the result is an error of one kind or a file that can be
// written and read again.
func FuzzParse(f *testing.F) {
	f.Add(written(f, sample(), map[string]string{"format": "pt"}))
	f.Add(written(f, nil, nil))
	f.Add(withHeader(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Parse(data)
		if err != nil {
			if !errors.Is(err, ErrFormat) && !errors.Is(err, ErrTruncated) {
				t.Errorf("an error of no kind: %v", err)
			}
			return
		}
		for _, x := range file.Tensors {
			if n, err := x.size(); err != nil || n != uint64(len(x.Data)) {
				t.Errorf("tensor %q, %s %v, has %d bytes", x.Name, x.DType, x.Shape, len(x.Data))
			}
		}
		var b bytes.Buffer
		if err := Write(&b, file.Tensors, file.Metadata); err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		again, err := Parse(b.Bytes())
		if err != nil || len(again.Tensors) != len(file.Tensors) {
			t.Errorf("what was written cannot be read: %v", err)
		}
	})
}
