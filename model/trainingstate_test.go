package model

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math"
	"testing"
)

// trainSome takes steps on a text until tr has n of them behind it.
func trainSome(t *testing.T, tr *Training, n int) {
	t.Helper()
	items := []Item{{Sequence: Sequence{Prompt: tokensOf("red"), Answer: tokensOf("green")[1:]}}}
	for tr.Steps() < n {
		if _, err := tr.Step(t.Context(), items, nll, steps()); err != nil {
			t.Fatal(err)
		}
	}
}

func saved(t *testing.T, tr *Training) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := tr.Save(&file); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// A training that was saved goes on as if it had never stopped, and one that was saved
// is not disturbed by it.
func TestSavedTrainingGoesOnBitForBit(t *testing.T) {
	for _, arch := range tinyArchitectures {
		r := openTiny(t, arch)
		train := func(o TrainingOptions, n int) *Training {
			tr, err := r.NewTraining(o)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(tr.Close)
			trainSome(t, tr, n)
			return tr
		}
		whole := train(TrainingOptions{Rank: 4, Alpha: 8, Seed: 5}, 3)
		file := saved(t, whole)
		trainSome(t, whole, 6)

		state, err := ReadTrainingState(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		if state.Steps() != 3 {
			t.Errorf("%s: saved after %d steps, want 3", arch, state.Steps())
		}
		resumed := train(TrainingOptions{Seed: 6, State: state}, 6)
		if !bytes.Equal(saved(t, whole), saved(t, resumed)) {
			t.Errorf("%s: 3 + 3 steps differ from 6", arch)
		}
		a, err := whole.Adapter()
		if err != nil {
			t.Fatal(err)
		}
		b, err := resumed.Adapter()
		if err != nil {
			t.Fatal(err)
		}
		if a.Hash() != b.Hash() {
			t.Errorf("%s: the adapters differ", arch)
		}
	}
}

func TestUnusableTrainingStatesAreRefused(t *testing.T) {
	llama := openTiny(t, "llama")
	tr, err := llama.NewTraining(TrainingOptions{Rank: 2, Alpha: 4, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	good := saved(t, tr)
	// sealed has the checksum that belongs to it.
	sealed := func(change func([]byte)) []byte {
		data := bytes.Clone(good[:len(good)-sha256.Size])
		change(data)
		sum := sha256.Sum256(data)
		return append(data, sum[:]...)
	}
	for name, data := range map[string][]byte{
		"empty":            nil,
		"cut short":        good[:len(good)-1],
		"longer":           append(bytes.Clone(good), 0),
		"one bit":          func() []byte { d := bytes.Clone(good); d[len(d)/2] ^= 1; return d }(),
		"another kind":     sealed(func(d []byte) { d[0]++ }),
		"a newer format":   sealed(func(d []byte) { d[7]++ }),
		"no number":        sealed(func(d []byte) { binary.LittleEndian.PutUint32(d[64:], math.Float32bits(float32(math.NaN()))) }),
		"no rank":          sealed(func(d []byte) { binary.LittleEndian.PutUint32(d[40:], 0) }),
		"a huge number":    sealed(func(d []byte) { binary.LittleEndian.PutUint64(d[56:], 1<<62) }),
		"a wrapped number": sealed(func(d []byte) { binary.LittleEndian.PutUint64(d[56:], 1<<62+uint64(tr.params.memory.Len())) }),
	} {
		if _, err := ReadTrainingState(bytes.NewReader(data)); !errors.Is(err, ErrTrainingState) {
			t.Errorf("%s: %v", name, err)
		}
	}

	state, err := ReadTrainingState(bytes.NewReader(good))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openTiny(t, "gemma3").NewTraining(TrainingOptions{State: state}); !errors.Is(err, ErrTrainingState) {
		t.Errorf("on another model: %v", err)
	}
	state, err = ReadTrainingState(bytes.NewReader(sealed(func(d []byte) { binary.LittleEndian.PutUint32(d[40:], 3) })))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := llama.NewTraining(TrainingOptions{State: state}); !errors.Is(err, ErrTrainingState) {
		t.Errorf("of another rank than its values: %v", err)
	}
}
