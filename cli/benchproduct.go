package cli

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"time"

	"clara/compute"
)

// measureProduct measures one product on the engine alone.
func (c *program) measureProduct(ctx context.Context, o Options) (report benchReport, err error) {
	b, err := c.Engine(ctx, o)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	once, free, err := newProduct(b)
	if err != nil {
		return report, err
	}
	defer free()
	report = benchReport{Work: workGEMM, Model: "none", Tokens: gemmRows}
	err = report.take(ctx, once, b.Info(), 2*gemmRows*gemmInputs*gemmOutputs)
	return report, err
}

// productsPerRound makes a round of gemm long enough for the clock.
const productsPerRound = 20

// newProduct makes the operands of the product that gemm measures.
func newProduct(b compute.Backend) (round, func(), error) {
	r := rand.New(rand.NewPCG(1, 1))
	weights := make([]byte, 4*gemmOutputs*gemmInputs)
	for i := range gemmOutputs * gemmInputs {
		binary.LittleEndian.PutUint32(weights[4*i:], math.Float32bits(r.Float32()-0.5))
	}
	w, err := b.NewWeight(compute.Matrix{Type: compute.F32, Rows: gemmOutputs, Cols: gemmInputs, Data: weights})
	if err != nil {
		return nil, nil, err
	}
	memory, err := b.Alloc(gemmRows * (gemmInputs + gemmOutputs))
	if err != nil {
		w.Free()
		return nil, nil, err
	}
	free := func() { memory.Free(); w.Free() }
	x := compute.Tensor{Mem: memory, Rows: gemmRows, Cols: gemmInputs, Stride: gemmInputs}
	y := compute.Tensor{Mem: memory, Off: gemmRows * gemmInputs, Rows: gemmRows, Cols: gemmOutputs, Stride: gemmOutputs}
	values := make([]float32, gemmRows*gemmInputs)
	for i := range values {
		values[i] = r.Float32() - 0.5
	}
	if err := b.Write(x, values); err != nil {
		free()
		return nil, nil, err
	}
	last := make([]float32, gemmOutputs)
	return func(context.Context, int) (time.Duration, error) {
		start := time.Now()
		for range productsPerRound {
			if err := b.Linear(y, x, w, compute.Exact, false); err != nil {
				return 0, err
			}
		}
		// Reading waits for what is under way.
		if err := b.Read(last, y.Slice(gemmRows-1, gemmRows)); err != nil {
			return 0, err
		}
		return time.Since(start) / productsPerRound, nil
	}, free, nil
}
