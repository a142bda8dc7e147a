package trainer

import (
	"embed"
	"fmt"

	"clara/model"
)

// readers are the reader adapters that come with the program, by the SHA-256 of
// the base model that they were trained on.
//
//go:embed reader
var readers embed.FS

var readerFolders = map[string]string{
	"b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53": "reader", // SmolLM2-135M-Instruct Q4_1
}

// readerFor returns the reader adapter of the runner's model, or nil when there
// is none: then a lesson's turn serves without it (.72 of 25 lessons as written
// instead of 1.0).
func readerFor(r *model.Runner) (*model.Adapter, error) {
	folder, ok := readerFolders[r.Info().Hash]
	if !ok {
		return nil, nil
	}
	config, err := readers.ReadFile(folder + "/adapter_config.json")
	if err != nil {
		return nil, fmt.Errorf("read the built-in reader: %w", err)
	}
	tensors, err := readers.ReadFile(folder + "/adapter_model.safetensors")
	if err != nil {
		return nil, fmt.Errorf("read the built-in reader: %w", err)
	}
	a, err := r.ReadAdapter(config, tensors)
	if err != nil {
		return nil, fmt.Errorf("read the built-in reader: %w", err)
	}
	return a, nil
}
