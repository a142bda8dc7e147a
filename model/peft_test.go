package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"clara/model/safetensors"
)

// peftFiles are the two files of an adapter, in memory.
func peftFiles(t *testing.T, a *Adapter) (config, tensors []byte) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "adapter")
	if err := a.Save(dir); err != nil {
		t.Fatal(err)
	}
	config, err := os.ReadFile(filepath.Join(dir, AdapterConfigFile))
	if err != nil {
		t.Fatal(err)
	}
	tensors, err = os.ReadFile(filepath.Join(dir, AdapterTensorsFile))
	if err != nil {
		t.Fatal(err)
	}
	return config, tensors
}

// An adapter that PEFT wrote is, when we write it again, the same tensors under the
// same names: nothing is lost and Q and K find their rows again.
func TestPEFTRoundTrip(t *testing.T) {
	for _, tc := range []struct{ model, golden string }{
		{"SmolLM2-135M-Instruct.Q4_1.gguf", "smollm2"},
		{"gemma-3-270m-q4_k_m.gguf", "gemma3"},
	} {
		t.Run(tc.golden, func(t *testing.T) {
			theirs := testdata(t, "golden", tc.golden)
			r := openModel(t, tc.model)
			a, err := r.LoadAdapter(theirs)
			if err != nil {
				t.Fatal(err)
			}
			ours := filepath.Join(t.TempDir(), "again")
			if err := a.Save(ours); err != nil {
				t.Fatal(err)
			}
			want, err := safetensors.Open(filepath.Join(theirs, AdapterTensorsFile))
			if err != nil {
				t.Fatal(err)
			}
			defer want.Close()
			got, err := safetensors.Open(filepath.Join(ours, AdapterTensorsFile))
			if err != nil {
				t.Fatal(err)
			}
			defer got.Close()
			byName := map[string]safetensors.Tensor{}
			for _, x := range got.Tensors {
				byName[x.Name] = x
			}
			if len(want.Tensors) == 0 || len(byName) != len(want.Tensors) {
				t.Fatalf("%d tensors, theirs has %d", len(byName), len(want.Tensors))
			}
			for _, x := range want.Tensors {
				if y := byName[x.Name]; !slices.Equal(x.Shape, y.Shape) || !bytes.Equal(x.Data, y.Data) {
					t.Errorf("tensor %s: %v here, %v there, or other values", x.Name, y.Shape, x.Shape)
				}
			}
			var config struct {
				R       int      `json:"r"`
				Alpha   float64  `json:"lora_alpha"`
				Modules []string `json:"target_modules"`
			}
			if err := readJSON(filepath.Join(ours, AdapterConfigFile), &config); err != nil {
				t.Fatal(err)
			}
			if config.R != 4 || config.Alpha != 8 || len(config.Modules) != int(projections) {
				t.Errorf("the configuration says %+v", config)
			}
		})
	}
}

// Adapters of another kind or for another model are refused by name of the reason,
// never computed wrongly.
func TestAdaptersThatDoNotFit(t *testing.T) {
	r := openTiny(t, "llama")
	config, tensors := peftFiles(t, randomAdapter(r, 2, 1))
	if _, err := r.ReadAdapter(config, tensors); err != nil {
		t.Fatalf("the sound one: %v", err)
	}
	change := func(key string, value any) []byte {
		var m map[string]any
		if err := json.Unmarshal(config, &m); err != nil {
			t.Fatal(err)
		}
		m[key] = value
		out, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	rewrite := func(f func([]safetensors.Tensor) []safetensors.Tensor) []byte {
		file, err := safetensors.Parse(tensors)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := safetensors.Write(&out, f(slices.Clone(file.Tensors)), nil); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	rename := func(from, to string) []byte {
		return rewrite(func(ts []safetensors.Tensor) []safetensors.Tensor {
			for i := range ts {
				ts[i].Name = strings.Replace(ts[i].Name, from, to, 1)
			}
			return ts
		})
	}
	for name, tc := range map[string]struct{ config, tensors []byte }{
		"no JSON":           {[]byte("{"), tensors},
		"another method":    {change("peft_type", "IA3"), tensors},
		"DoRA":              {change("use_dora", true), tensors},
		"trained biases":    {change("bias", "all"), tensors},
		"transposed":        {change("fan_in_fan_out", true), tensors},
		"rank 0":            {change("r", 0), tensors},
		"rank 1,000,000":    {change("r", 1000000), tensors},
		"alpha 0":           {change("lora_alpha", 0), tensors},
		"PiSSA":             {change("init_lora_weights", "pissa_niter_16"), tensors},
		"OLoRA":             {change("init_lora_weights", "OLoRA"), tensors},
		"CorDA":             {change("init_lora_weights", "corda"), tensors},
		"LoftQ":             {change("init_lora_weights", "loftq"), tensors},
		"LoRA-GA":           {change("init_lora_weights", "lora_ga"), tensors},
		"aLoRA":             {change("alora_invocation_tokens", []int{5, 6}), tensors},
		"ranks that differ": {change("rank_pattern", map[string]int{"q_proj": 8}), tensors},
		"another rank":      {change("r", 3), tensors},
		"no tensors":        {config, []byte("????????")},
		"layer 77":          {config, rename("layers.3.", "layers.77.")},
		"another module":    {config, rename("q_proj", "qkv_proj")},
		"another prefix":    {config, rename("base_model.model.model", "transformer")},
		"only A": {config, rewrite(func(ts []safetensors.Tensor) []safetensors.Tensor {
			return slices.DeleteFunc(ts, func(x safetensors.Tensor) bool {
				return strings.HasSuffix(x.Name, "layers.0.self_attn.q_proj.lora_B.weight")
			})
		})},
		"no numbers": {config, rewrite(func(ts []safetensors.Tensor) []safetensors.Tensor {
			values, err := ts[0].Float32s()
			if err != nil {
				t.Fatal(err)
			}
			values[0] = float32(math.NaN())
			ts[0] = safetensors.FromFloat32s(ts[0].Name, ts[0].Shape, values)
			return ts
		})},
	} {
		if _, err := r.ReadAdapter(tc.config, tc.tensors); !errors.Is(err, ErrAdapter) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, init := range []any{true, false, nil, "gaussian", "eva", "orthogonal"} { // the base stays as it is
		if _, err := r.ReadAdapter(change("init_lora_weights", init), tensors); err != nil {
			t.Errorf("begun with %v: %v", init, err)
		}
	}
	if _, err := r.ReadAdapter(change("alora_invocation_tokens", nil), tensors); err != nil {
		t.Errorf("for all tokens: %v", err)
	}
	// An adapter for another base is found out when it is used.
	other := openTiny(t, "gemma3")
	foreign := randomAdapter(other, 2, 1)
	foreign.layers = foreign.layers[:3]
	if _, err := r.Generate(t.Context(), greedy("x", 2, foreign), nil); !errors.Is(err, ErrAdapter) {
		t.Errorf("an adapter with three layers on seven: %v", err)
	}
}

// An error says what is wrong, not all that is in a file that is meant to flood the log.
func TestErrorsOfHostileAdaptersAreShort(t *testing.T) {
	r := openTiny(t, "llama")
	config, tensors := peftFiles(t, randomAdapter(r, 2, 1))
	letters := strings.Repeat("x", 1<<14)
	named := func(name string, shape ...int) []byte {
		n := 1
		for _, d := range shape {
			n *= d
		}
		var out bytes.Buffer
		if err := safetensors.Write(&out, []safetensors.Tensor{safetensors.FromFloat32s(name, shape, make([]float32, n))}, nil); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	change := func(key, value string) []byte {
		return []byte(`{"peft_type":"LORA","r":2,"lora_alpha":4,"` + key + `":` + value + `}`)
	}
	module := "base_model.model.model.layers.0." + letters + ".lora_A.weight"
	for name, tc := range map[string]struct{ config, tensors []byte }{
		"a tensor":        {config, named(letters, 1)},
		"a module":        {config, named(module, 1)},
		"digits":          {change("r", strings.Repeat("9", 1<<14)), tensors},
		"a type":          {change("peft_type", `"`+letters+`"`), tensors},
		"biases":          {change("bias", `"`+letters+`"`), tensors},
		"a whole module":  {change("modules_to_save", `["`+letters+`"]`), tensors},
		"modules":         {change("modules_to_save", `["a"`+strings.Repeat(`,"b"`, 1<<14)+`]`), tensors},
		"a way to begin":  {change("init_lora_weights", `"pissa`+letters+`"`), tensors},
		"invocation":      {change("alora_invocation_tokens", "["+strings.Repeat("1,", 1<<14)+"1]"), tensors},
		"the file's type": {[]byte(letters), tensors},
	} {
		if _, err := r.ReadAdapter(tc.config, tc.tensors); !errors.Is(err, ErrAdapter) || len(err.Error()) > 1000 {
			t.Errorf("%s: an error of %d bytes, %.200v", name, len(fmt.Sprint(err)), err)
		}
	}
}

// An adapter is the same one when it was written and read, and when a training begins with
// it: whatever its scale, which not every factor gives back, nothing is rounded again.
func TestAdapterKeepsItsScale(t *testing.T) {
	r := openTiny(t, "llama")
	const rank, alpha = 7, 31 // 31/7, rounded, times 7 is no 31
	for name, scale := range map[string]float32{"alpha/rank": loraScale(alpha, rank, false), "rsLoRA": loraScale(alpha, rank, true)} {
		t.Run(name, func(t *testing.T) {
			a := newAdapter(&r.config, rank, alpha, scale, randomAdapter(r, rank, 1).layers)
			again, err := r.ReadAdapter(peftFiles(t, a))
			if err != nil {
				t.Fatal(err)
			}
			if again.Hash() != a.Hash() {
				t.Errorf("alpha %v and scale %v were written, %v and %v are read", a.alpha, a.scale, again.alpha, again.scale)
			}
			training, err := r.NewTraining(TrainingOptions{From: a})
			if err != nil {
				t.Fatal(err)
			}
			defer training.Close()
			begun, err := training.Adapter()
			if err != nil {
				t.Fatal(err)
			}
			if begun.Hash() != a.Hash() {
				t.Error("a training that begins with the adapter has other values before its first step")
			}
		})
	}
}

// Somebody's GPT-2 adapter is read as a file and refused with a reason.
func TestForeignAdapter(t *testing.T) {
	dir := testdata(t, "adapters", "kto-gpt2")
	if _, err := openTiny(t, "llama").LoadAdapter(dir); !errors.Is(err, ErrAdapter) {
		t.Errorf("%v", err)
	}
}
