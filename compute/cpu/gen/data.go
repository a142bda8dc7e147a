package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// Constants in the read-only data; each is written when it is first used.

var sections = map[string]Mem{}

func section(name string, words ...uint64) Mem {
	m, ok := sections[name]
	if !ok {
		m = GLOBL(name, RODATA|NOPTR)
		for i, w := range words {
			DATA(8*i, U64(w))
		}
		sections[name] = m
	}
	return m
}

// laneNumbers are the dwords 0 to 7, laneEight is eight times 8.
func laneNumbers() Mem {
	return section("laneNumbers", 1<<32|0, 3<<32|2, 5<<32|4, 7<<32|6)
}

func laneEight() Mem {
	return section("laneEight", 8<<32|8, 8<<32|8, 8<<32|8, 8<<32|8)
}

// fifthPick spreads the four bytes of fifth bits over the 32 values that they
// belong to, fifthBit tests each value's own bit.
func fifthPick() Mem {
	return section("fifthPick", 0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303)
}

func fifthBit() Mem {
	const bits = 0x8040201008040201
	return section("fifthBit", bits, bits, bits, bits)
}

var negativeInfinity = float32(math.Inf(-1))

// floatConstant is a single f32.
func floatConstant(f float32) Mem {
	bits := math.Float32bits(f)
	name := fmt.Sprintf("float%08x", bits)
	m, ok := sections[name]
	if !ok {
		m = GLOBL(name, RODATA|NOPTR)
		DATA(0, U32(bits))
		sections[name] = m
	}
	return m
}

// nibbleValues are 0 to 15 as f32.
func nibbleValues() Mem {
	words := make([]uint64, 8)
	for i := range words {
		low, high := math.Float32bits(float32(2*i)), math.Float32bits(float32(2*i+1))
		words[i] = uint64(high)<<32 | uint64(low)
	}
	return section("nibbleValues", words...)
}
