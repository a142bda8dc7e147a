package model

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
)

// ErrTrainingState says that a saved training is damaged, of a format that this
// program does not know, or of another model.
var ErrTrainingState = errors.New("not a usable training state")

// TrainingState is a training as it was saved: with it in [TrainingOptions] the
// training goes on, bit for bit as if it had never stopped.
type TrainingState struct {
	base         string // hash of the model
	rank         int
	alpha, scale float32
	steps        int
	values       [3][]float32 // parameters, AdamW's m and v, in the order of a lora's memory
}

// Steps is the number of optimiser steps that the saved training has taken.
func (s *TrainingState) Steps() int { return s.steps }

// Base is the hash of the model that is trained, as in [Info].
func (s *TrainingState) Base() string { return s.base }

// stateHeader begins a saved training. After it come parameters, m and v as
// little-endian float32, Values of each, and the SHA-256 of all before it.
type stateHeader struct {
	Magic        [7]byte
	Format       uint8
	Base         [sha256.Size]byte
	Rank         uint32
	Alpha, Scale float32
	Steps        uint32
	Values       uint64
}

// stateFormat also stands for the order of the values in a lora (viewLoRA).
const stateFormat = 1

var stateMagic = [7]byte{'C', 'L', 'A', 'R', 'A', 'T', 'R'}

// Steps is the number of optimiser steps taken, those before a Save included.
func (t *Training) Steps() int { return t.steps }

// Save writes the parameters, the optimiser's moments and the number of steps. What
// is written has 12 bytes for each parameter. Not during a Step.
func (t *Training) Save(w io.Writer) error {
	var values [3][]float32
	err := t.survive(context.Background(), func() (err error) {
		values, err = t.values()
		return err
	})
	if err == nil {
		err = t.save(w, values)
	}
	if err != nil {
		return fmt.Errorf("save the training at step %d: %w", t.steps, err)
	}
	return nil
}

func (t *Training) save(w io.Writer, values [3][]float32) error {
	base, err := hex.DecodeString(t.r.info.Hash)
	if err != nil {
		return err
	}
	head := stateHeader{
		Magic: stateMagic, Format: stateFormat, Base: [sha256.Size]byte(base),
		Rank: uint32(t.rank), Alpha: t.alpha, Scale: t.scale, Steps: uint32(t.steps), Values: uint64(len(values[0])),
	}
	sum := sha256.New()
	out := io.MultiWriter(w, sum)
	if err := binary.Write(out, binary.LittleEndian, head); err != nil {
		return err
	}
	for _, part := range values {
		if err := binary.Write(out, binary.LittleEndian, part); err != nil {
			return err
		}
	}
	_, err = w.Write(sum.Sum(nil))
	return err
}

// ReadTrainingState reads what [Training.Save] wrote, up to the end of r. The error
// wraps [ErrTrainingState] unless r itself failed.
func ReadTrainingState(r io.Reader) (*TrainingState, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read a saved training: %w", err)
	}
	s, err := parseTrainingState(data)
	if err != nil {
		return nil, fmt.Errorf("read a saved training: %w: %w", ErrTrainingState, err)
	}
	return s, nil
}

func parseTrainingState(data []byte) (*TrainingState, error) {
	var head stateHeader
	size := binary.Size(head)
	if len(data) < size+sha256.Size {
		return nil, fmt.Errorf("%d bytes are too few", len(data))
	}
	if err := binary.Read(bytes.NewReader(data), binary.LittleEndian, &head); err != nil {
		return nil, err
	}
	content, sum := data[:len(data)-sha256.Size], data[len(data)-sha256.Size:]
	body := content[size:]
	switch {
	case head.Magic != stateMagic:
		return nil, errors.New("it begins otherwise")
	case head.Format != stateFormat:
		return nil, fmt.Errorf("format %d, this program reads %d", head.Format, stateFormat)
	case head.Values > uint64(len(body)) || uint64(len(body)) != 12*head.Values:
		return nil, fmt.Errorf("%d bytes for %d parameters", len(body), head.Values)
	case sha256.Sum256(content) != [sha256.Size]byte(sum):
		return nil, errors.New("its checksum is wrong")
	case head.Rank < 1 || head.Rank > maxRank:
		return nil, fmt.Errorf("rank %d", head.Rank)
	}
	s := &TrainingState{
		base: hex.EncodeToString(head.Base[:]), rank: int(head.Rank), alpha: head.Alpha, scale: head.Scale, steps: int(head.Steps),
	}
	for i := range s.values {
		s.values[i] = make([]float32, head.Values)
		for j := range s.values[i] {
			v := math.Float32frombits(binary.LittleEndian.Uint32(body))
			if isNoNumber(v) { // every engine would seem to compute such
				return nil, fmt.Errorf("it holds %g", v)
			}
			s.values[i][j], body = v, body[4:]
		}
	}
	return s, nil
}

// restore puts a saved training into one of the same rank.
func (t *Training) restore(s *TrainingState) error {
	if s.base != t.r.info.Hash {
		return fmt.Errorf("a training of the model %.12s on %.12s: %w", s.base, t.r.info.Hash, ErrTrainingState)
	}
	if n := t.params.memory.Len(); len(s.values[0]) != n {
		return fmt.Errorf("a training of %d parameters where rank %d has %d: %w", len(s.values[0]), s.rank, n, ErrTrainingState)
	}
	return t.write(s.values, s.steps)
}
