//go:build cgo && (linux || windows)

package shaders

import (
	"embed"
	"fmt"
	"strings"

	"github.com/go-gl/gl/v4.3-core/gl"

	"clara/compute"
)

//go:embed *.comp *.glsl
var sources embed.FS

// shader names a program: a file, what it includes, and the constants that it is
// compiled with, as lines "NAME VALUE".
type shader struct {
	file    string
	parts   []string // *.glsl files, in order
	defines []string
}

func (s shader) key() string { return s.file + "\n" + strings.Join(s.defines, "\n") }

// The places of the uniforms that every shader has the same way: where each operand
// begins and how far apart its rows are, then integers and fractions.
const (
	maxInts   = 16
	maxFloats = 9

	locationAt     = 0
	locationInts   = maxBuffers
	locationFloats = maxBuffers + maxInts
)

// header declares them.
var header = fmt.Sprintf(`#version 430 core
layout(location = %d) uniform ivec2 at[%d]; // of the operand bound there: its first value, its stride
layout(location = %d) uniform int n[%d];
layout(location = %d) uniform float f[%d];
`, locationAt, maxBuffers, locationInts, maxInts, locationFloats, maxFloats)

// source puts a shader together.
func (s shader) source(edit func(file, text string) string) (string, error) {
	var text strings.Builder
	text.WriteString(header)
	for _, d := range s.defines {
		fmt.Fprintf(&text, "#define %s\n", d)
	}
	for _, file := range append(append([]string{}, s.parts...), s.file) {
		part, err := sources.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("read shader %s: %w", file, err)
		}
		if edit != nil {
			part = []byte(edit(file, string(part)))
		}
		fmt.Fprintf(&text, "#line 1\n%s", part)
	}
	return text.String(), nil
}

// program compiles a shader, once.
func (d *device) program(s shader) (uint32, error) {
	key := s.key()
	if p, ok := d.programs[key]; ok {
		return p, nil
	}
	text, err := s.source(d.edit)
	if err != nil {
		return 0, err
	}
	p, err := compile(text)
	if err != nil {
		return 0, fmt.Errorf("compile %s with %v for %s: %w: %w", s.file, s.defines, d.name, err, compute.ErrLost)
	}
	d.programs[key] = p
	return p, nil
}

func compile(text string) (uint32, error) {
	sh := gl.CreateShader(gl.COMPUTE_SHADER)
	defer gl.DeleteShader(sh)
	source, free := gl.Strs(text + "\x00")
	gl.ShaderSource(sh, 1, source, nil)
	free()
	gl.CompileShader(sh)
	var good int32
	if gl.GetShaderiv(sh, gl.COMPILE_STATUS, &good); good == 0 {
		return 0, fmt.Errorf("%s", infoLog(sh, gl.GetShaderiv, gl.GetShaderInfoLog))
	}
	p := gl.CreateProgram()
	gl.AttachShader(p, sh)
	gl.LinkProgram(p)
	if gl.GetProgramiv(p, gl.LINK_STATUS, &good); good == 0 {
		log := infoLog(p, gl.GetProgramiv, gl.GetProgramInfoLog)
		gl.DeleteProgram(p)
		return 0, fmt.Errorf("%s", log)
	}
	return p, nil
}

func infoLog(object uint32, get func(uint32, uint32, *int32), text func(uint32, int32, *int32, *uint8)) string {
	var n int32
	get(object, gl.INFO_LOG_LENGTH, &n)
	log := make([]byte, n+1)
	text(object, n, nil, &log[0])
	return strings.TrimRight(string(log), "\x00\n")
}

// dispatch is one run of a shader: what is bound to its buffers, in order, and the
// values of its uniforms.
type dispatch struct {
	shader   shader
	operands []operand
	ints     []int32
	floats   []float32
	groups   [3]int  // 0 stands for 1
	flops    float64 // about
}

// operand is a part of a buffer bound to a dispatch. It holds the buffer's name and not
// the buffer, which may have been freed by the time that the dispatch runs.
type operand struct {
	name     uint32
	bytes    int // of the whole buffer
	from, to int // of the part
	stride   int // in values
	write    bool
}

// flushAfter is the work after which what was recorded is sent off: a driver that
// gets too much at once looks dead to Windows, which then resets it.
const flushAfter = 8e9

// run does a dispatch.
func (d *device) run(c dispatch) {
	switch {
	case d.lost != nil:
	case d.watch != nil:
		d.watch(c, func() { d.submit(c) })
	default:
		d.submit(c)
	}
}

// submit hands a dispatch to the driver.
func (d *device) submit(c dispatch) {
	p, err := d.program(c.shader)
	if err != nil {
		d.fail(err)
		return
	}
	var at [2 * maxBuffers]int32
	var parts [maxBuffers]touched
	for i, o := range c.operands {
		from := o.from / d.alignment * d.alignment
		at[2*i], at[2*i+1] = int32((o.from-from)/4), int32(o.stride)
		gl.BindBufferRange(gl.SHADER_STORAGE_BUFFER, uint32(i), o.name, from, min(o.to, o.bytes)+padding-from)
		parts[i] = touched{o.name, o.from, o.to, o.write}
	}
	d.hazards.before(parts[:len(c.operands)])
	gl.UseProgram(p)
	gl.Uniform2iv(locationAt, int32(len(c.operands)), &at[0])
	if len(c.ints) > 0 {
		gl.Uniform1iv(locationInts, int32(len(c.ints)), &c.ints[0])
	}
	if len(c.floats) > 0 {
		gl.Uniform1fv(locationFloats, int32(len(c.floats)), &c.floats[0])
	}
	gl.DispatchCompute(uint32(max(c.groups[0], 1)), uint32(max(c.groups[1], 1)), uint32(max(c.groups[2], 1)))
	if d.unsent += c.flops; d.unsent >= flushAfter {
		gl.Flush()
		d.unsent = 0
	}
}
