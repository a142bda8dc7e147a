package main

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"clara/model"
	"clara/model/safetensors"
)

// damage is one way to break an adapter's weights.
type damage struct {
	name string
	to   func(tensors []weights, rng *rand.Rand)
}

// weights are one tensor of an adapter: lora_A (rank rows) or lora_B (rank columns).
type weights struct {
	name   string
	shape  []int
	values []float32
}

func (w weights) isB() bool { return strings.Contains(w.name, ".lora_B.") }

// damages are the ways, in a fixed order.
var damages = []damage{
	{"noise of the weights' own size", noise(1)},
	{"noise of twice their size", noise(2)},
	{"noise of four times their size", noise(4)},
	{"B scaled by 4", scaleB(4)},
	{"B scaled by 8", scaleB(8)},
	{"B scaled by -4", scaleB(-4)},
	{"B's values shuffled and doubled", func(ts []weights, rng *rand.Rand) { shuffleB(ts, rng); scaleB(2)(ts, rng) }},
	{"B's values shuffled, four times as large", func(ts []weights, rng *rand.Rand) { shuffleB(ts, rng); scaleB(4)(ts, rng) }},
	{"A redrawn, four times as large", func(ts []weights, rng *rand.Rand) { redrawA(ts, rng, 4) }},
	{"one value that is not a number", func(ts []weights, rng *rand.Rand) {
		w := ts[rng.IntN(len(ts))]
		w.values[rng.IntN(len(w.values))] = float32(math.NaN())
	}},
	{"one value of a million", func(ts []weights, rng *rand.Rand) {
		w := ts[rng.IntN(len(ts))]
		w.values[rng.IntN(len(w.values))] = 1e6
	}},
}

// noise adds normal noise of so many times a tensor's root mean square.
func noise(times float64) func([]weights, *rand.Rand) {
	return func(ts []weights, rng *rand.Rand) {
		for _, t := range ts {
			sum := 0.0
			for _, v := range t.values {
				sum += float64(v) * float64(v)
			}
			size := times * math.Sqrt(sum/float64(len(t.values)))
			for i := range t.values {
				t.values[i] += float32(size * rng.NormFloat64())
			}
		}
	}
}

func scaleB(by float32) func([]weights, *rand.Rand) {
	return func(ts []weights, _ *rand.Rand) {
		for _, t := range ts {
			for i := range t.values {
				if t.isB() {
					t.values[i] *= by
				}
			}
		}
	}
}

func shuffleB(ts []weights, rng *rand.Rand) {
	for _, t := range ts {
		if t.isB() {
			rng.Shuffle(len(t.values), func(i, j int) { t.values[i], t.values[j] = t.values[j], t.values[i] })
		}
	}
}

func redrawA(ts []weights, rng *rand.Rand, times float64) {
	for _, t := range ts {
		if t.isB() {
			continue
		}
		bound := times / math.Sqrt(float64(t.shape[1]))
		for i := range t.values {
			t.values[i] = float32((2*rng.Float64() - 1) * bound)
		}
	}
}

// damaged is an adapter with its weights changed, read back as from a disk.
func damaged(r *model.Runner, a *model.Adapter, dir string, d damage, rng *rand.Rand) (*model.Adapter, error) {
	folder := filepath.Join(dir, "adapter-"+a.Hash())
	if _, err := os.Stat(folder); err != nil {
		if err := a.Save(folder); err != nil {
			return nil, err
		}
	}
	config, err := os.ReadFile(filepath.Join(folder, model.AdapterConfigFile))
	if err != nil {
		return nil, fmt.Errorf("damage an adapter: %w", err)
	}
	data, err := os.ReadFile(filepath.Join(folder, model.AdapterTensorsFile))
	if err != nil {
		return nil, fmt.Errorf("damage an adapter: %w", err)
	}
	f, err := safetensors.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("damage an adapter: %w", err)
	}
	ts := make([]weights, len(f.Tensors))
	for i, t := range f.Tensors {
		values, err := t.Float32s()
		if err != nil {
			return nil, fmt.Errorf("damage an adapter: %w", err)
		}
		ts[i] = weights{t.Name, t.Shape, values}
	}
	d.to(ts, rng)
	for i, t := range ts {
		f.Tensors[i] = safetensors.FromFloat32s(t.name, t.shape, t.values)
	}
	var out bytes.Buffer
	if err := safetensors.Write(&out, f.Tensors, nil); err != nil {
		return nil, fmt.Errorf("damage an adapter: %w", err)
	}
	return r.ReadAdapter(config, out.Bytes())
}
