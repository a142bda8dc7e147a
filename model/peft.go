package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"clara/durable"
	"clara/model/safetensors"
)

// The two files of an adapter's folder, as PEFT names them.
const (
	AdapterConfigFile  = "adapter_config.json"
	AdapterTensorsFile = "adapter_model.safetensors"
)

// How PEFT names modules (huggingface/peft, LoraConfig).
const peftPrefix = "base_model.model.model.layers."

var peftModules = [projections]string{
	projQ: "self_attn.q_proj", projK: "self_attn.k_proj", projV: "self_attn.v_proj", projO: "self_attn.o_proj",
	projGate: "mlp.gate_proj", projUp: "mlp.up_proj", projDown: "mlp.down_proj",
}

// peftConfig are the parts of adapter_config.json that change what is computed.
type peftConfig struct {
	PeftType      string          `json:"peft_type"`
	TaskType      string          `json:"task_type"`
	R             int             `json:"r"`
	LoraAlpha     float32         `json:"lora_alpha"`
	LoraDropout   float32         `json:"lora_dropout"`
	Bias          string          `json:"bias"`
	TargetModules json.RawMessage `json:"target_modules"`
	BaseModel     string          `json:"base_model_name_or_path"`
	InferenceMode bool            `json:"inference_mode"`
	FanInFanOut   bool            `json:"fan_in_fan_out"`
	UseRSLoRA     bool            `json:"use_rslora"`
	UseDoRA       bool            `json:"use_dora"`
	RankPattern   map[string]int  `json:"rank_pattern,omitempty"`
	AlphaPattern  map[string]any  `json:"alpha_pattern,omitempty"`
	ModulesToSave []string        `json:"modules_to_save,omitempty"`
	Init          any             `json:"init_lora_weights,omitempty"`       // true or false, or the name of a way
	Invocation    json.RawMessage `json:"alora_invocation_tokens,omitempty"` // null: the adapter holds for every token
}

// changedBase are the ways of beginning an adapter that change the base's weights, too: by what
// A and B begin with (PiSSA, OLoRA, CorDA, LoRA-GA) or by how it is quantised (LoftQ). An adapter
// that PEFT has converted for the base as it was says true.
var changedBase = []string{"pissa", "olora", "corda", "lora_ga", "loftq"}

// begunOn says in which of these ways the adapter began, "" in none.
func (c peftConfig) begunOn() string {
	name, _ := c.Init.(string)
	if slices.ContainsFunc(changedBase, func(way string) bool { return strings.HasPrefix(strings.ToLower(name), way) }) {
		return name
	}
	return ""
}

// check refuses what this program would compute wrongly.
func (c peftConfig) check() error {
	switch {
	case c.PeftType != "LORA":
		return fmt.Errorf("a PEFT adapter of type %.80q, not LORA: %w", c.PeftType, ErrAdapter)
	case c.R < 1 || c.R > maxRank:
		return fmt.Errorf("rank %d, allowed are 1 to %d: %w", c.R, maxRank, ErrAdapter)
	case !(c.LoraAlpha > 0) || math.IsInf(float64(c.LoraAlpha), 0):
		return fmt.Errorf("alpha %g: %w", c.LoraAlpha, ErrAdapter)
	case c.UseDoRA:
		return fmt.Errorf("a DoRA adapter: %w", ErrAdapter)
	case c.FanInFanOut:
		return fmt.Errorf("an adapter for transposed weights (fan_in_fan_out): %w", ErrAdapter)
	case c.Bias != "" && c.Bias != "none":
		return fmt.Errorf("an adapter with trained biases (%.80q): %w", c.Bias, ErrAdapter)
	case len(c.RankPattern) > 0 || len(c.AlphaPattern) > 0:
		return fmt.Errorf("an adapter whose rank or alpha differs between modules: %w", ErrAdapter)
	case c.begunOn() != "":
		return fmt.Errorf("an adapter to another base, changed when its training began (init_lora_weights %.40q): %w", c.begunOn(), ErrAdapter)
	case len(c.Invocation) > 0 && string(c.Invocation) != "null":
		return fmt.Errorf("an adapter that holds only behind some tokens (alora_invocation_tokens): %w", ErrAdapter)
	case len(c.ModulesToSave) > 0:
		return fmt.Errorf("an adapter that replaces whole modules (%d, with %.80q): %w", len(c.ModulesToSave), c.ModulesToSave[0], ErrAdapter)
	}
	return nil
}

// LoadAdapter reads a PEFT folder. The error wraps [ErrAdapter] when the adapter
// does not fit this model.
func (r *Runner) LoadAdapter(dir string) (*Adapter, error) {
	config, err := os.ReadFile(filepath.Join(dir, AdapterConfigFile))
	if err != nil {
		return nil, fmt.Errorf("load adapter: %w", err)
	}
	tensors, err := os.ReadFile(filepath.Join(dir, AdapterTensorsFile))
	if err != nil {
		return nil, fmt.Errorf("load adapter: %w", err)
	}
	a, err := r.ReadAdapter(config, tensors)
	if err != nil {
		return nil, fmt.Errorf("load adapter %s: %w", dir, err)
	}
	return a, nil
}

var peftName = regexp.MustCompile(`^base_model\.model\.model\.layers\.(\d{1,4})\.([a-z_.]+)\.lora_([AB])\.weight$`)

// ReadAdapter reads a PEFT adapter from the contents of its two files.
func (r *Runner) ReadAdapter(config, tensors []byte) (*Adapter, error) {
	var c peftConfig
	if err := json.Unmarshal(config, &c); err != nil {
		return nil, fmt.Errorf("read %s: %w: %.200s", AdapterConfigFile, ErrAdapter, err) // which quotes numbers, however long
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	f, err := safetensors.Parse(tensors)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w: %w", AdapterTensorsFile, ErrAdapter, err)
	}
	layers := make([][projections]pair, r.config.Layers)
	for _, t := range f.Tensors {
		m := peftName.FindStringSubmatch(t.Name)
		if m == nil {
			return nil, fmt.Errorf("tensor %.80q is not of a LoRA adapter for a %s model: %w", t.Name, r.config.Architecture, ErrAdapter)
		}
		l, _ := strconv.Atoi(m[1])
		p := projection(slices.Index(peftModules[:], m[2]))
		if p < 0 || l >= r.config.Layers {
			return nil, fmt.Errorf("tensor %.80q: the model has no such layer: %w", t.Name, ErrAdapter)
		}
		out, in := r.config.shape(p)
		want := []int{c.R, in}
		if m[3] == "B" {
			want = []int{out, c.R}
		}
		if !slices.Equal(t.Shape, want) {
			return nil, fmt.Errorf("tensor %.80q is %v, the model wants %v: %w", t.Name, t.Shape, want, ErrAdapter)
		}
		values, err := t.Float32s()
		if err != nil {
			return nil, fmt.Errorf("read tensor %.80q: %w: %w", t.Name, ErrAdapter, err)
		}
		if i := slices.IndexFunc(values, isNoNumber); i >= 0 {
			return nil, fmt.Errorf("tensor %.80q holds %g: %w", t.Name, values[i], ErrAdapter)
		}
		if m[3] == "A" {
			layers[l][p].a = values
		} else {
			layers[l][p].b = r.config.permute(p, values, c.R, true)
		}
	}
	for l := range layers {
		for p, pr := range layers[l] {
			if (pr.a == nil) != (pr.b == nil) {
				return nil, fmt.Errorf("layer %d, %s has only one of A and B: %w", l, peftModules[p], ErrAdapter)
			}
		}
	}
	return newAdapter(&r.config, c.R, c.LoraAlpha, loraScale(c.LoraAlpha, c.R, c.UseRSLoRA), layers), nil
}

// loraScale is what an update is scaled by: alpha/rank (Hu et al. 2021), or alpha/sqrt(rank)
// with rsLoRA (Kalajdzievski 2023).
func loraScale(alpha float32, rank int, rs bool) float32 {
	if rs {
		return alpha / float32(math.Sqrt(float64(rank)))
	}
	return alpha / float32(rank)
}

// permute brings the rows of a B for queries or keys from PEFT's order, where RoPE
// pairs the halves of a head, to that of the base's file, where it pairs
// neighbours (toFile), or back. Other rows stay as they are.
func (c *Config) permute(p projection, b []float32, rank int, toFile bool) []float32 {
	if c.permuted && (p == projQ || p == projK) {
		out := make([]float32, len(b))
		half := c.HeadDim / 2
		for row := range len(b) / rank {
			head, in := row/c.HeadDim*c.HeadDim, row%c.HeadDim
			neighbour := head + in%half*2 + in/half // where the file has PEFT's row
			from, to := row, neighbour
			if !toFile {
				from, to = neighbour, row
			}
			copy(out[to*rank:(to+1)*rank], b[from*rank:(from+1)*rank])
		}
		return out
	}
	return b
}

// peftTensor is one tensor of adapter_model.safetensors.
type peftTensor struct {
	name   string
	shape  []int
	values []float32
}

// peftTensors lists the values of an adapter under PEFT's names and in its order.
func (c *Config) peftTensors(layers [][projections]pair, rank int) []peftTensor {
	var ts []peftTensor
	for l := range layers {
		for p := range projections {
			pr := layers[l][p]
			if pr.a == nil {
				continue
			}
			out, in := c.shape(p)
			name := fmt.Sprintf("%s%d.%s.lora_", peftPrefix, l, peftModules[p])
			ts = append(ts, peftTensor{name + "A.weight", []int{rank, in}, pr.a},
				peftTensor{name + "B.weight", []int{out, rank}, c.permute(p, pr.b, rank, false)})
		}
	}
	return ts
}

// Save writes the adapter as a new PEFT folder, complete or not at all: it is
// written beside dir and renamed when all of it is on the disk. An existing dir is
// never overwritten (fs.ErrExist).
func (a *Adapter) Save(dir string) error {
	if err := a.save(dir); err != nil {
		return fmt.Errorf("save adapter %s: %w", dir, err)
	}
	return nil
}

func (a *Adapter) save(dir string) error {
	if _, err := os.Lstat(dir); err == nil {
		return &fs.PathError{Op: "make", Path: dir, Err: fs.ErrExist}
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dir), filepath.Base(dir)+".tmp-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp) // gone already when all went well
	files, err := a.Files()
	if err != nil {
		return err
	}
	for name, data := range files {
		if err := writeSynced(filepath.Join(tmp, name), data); err != nil {
			return err
		}
	}
	if err := os.Chmod(tmp, 0o755); err != nil {
		return err
	}
	if err := durable.SyncFolder(tmp); err != nil {
		return err
	}
	return durable.Rename(tmp, dir)
}

// Files are the contents of the adapter's PEFT folder by name, as [Runner.ReadAdapter]
// reads them.
func (a *Adapter) Files() (map[string][]byte, error) {
	modules, err := json.Marshal(a.modules())
	if err != nil {
		return nil, fmt.Errorf("encode adapter: %w", err)
	}
	config, err := json.MarshalIndent(peftConfig{
		PeftType: "LORA", TaskType: "CAUSAL_LM", R: a.rank, LoraAlpha: a.alpha, UseRSLoRA: a.scale != loraScale(a.alpha, a.rank, false),
		Bias: "none", TargetModules: modules, InferenceMode: true,
	}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode adapter: %w", err)
	}
	var tensors []safetensors.Tensor
	for _, t := range a.config.peftTensors(a.layers, a.rank) {
		tensors = append(tensors, safetensors.FromFloat32s(t.name, t.shape, t.values))
	}
	var values bytes.Buffer
	if err := safetensors.Write(&values, tensors, map[string]string{"format": "pt"}); err != nil {
		return nil, fmt.Errorf("encode adapter: %w", err)
	}
	return map[string][]byte{AdapterConfigFile: config, AdapterTensorsFile: values.Bytes()}, nil
}

// modules lists the last parts of the module names, as PEFT's target_modules has it.
func (a *Adapter) modules() []string {
	var names []string
	for p := range projections {
		for _, l := range a.layers {
			if l[p].a != nil {
				_, name, _ := strings.Cut(peftModules[p], ".")
				names = append(names, name)
				break
			}
		}
	}
	slices.Sort(names)
	return names
}

// writeSynced writes a file and waits until it is on the disk.
func writeSynced(path string, data []byte) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Sync(); err != nil {
		return errors.Join(err, f.Close())
	}
	return f.Close()
}
