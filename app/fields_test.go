package app

import (
	"testing"

	"clara/configs"
)

// inFileAlone are the settings that are reached by opening the file, with why: nobody needs them for what they want to see change,
// and each makes what was learnt before hard to compare with what is learnt after.
var inFileAlone = map[string]string{
	"continuous.knowledge_rate": "continues from the reader, whose training fits it",
	"continuous.rank":           "the size of the adapters",
	"continuous.seed":           "makes one training repeatable",
}

// Every setting is in the dialog, or stands in the file alone for a reason; none is in both, and each field changes its own value.
func TestEverySettingIsReached(t *testing.T) {
	shown := map[string]bool{}
	for _, f := range fields {
		key, ok := configs.KeyOf(f.key)
		if !ok || shown[f.key] {
			t.Errorf("%s is no setting, or has two fields", f.key)
			continue
		}
		shown[f.key] = true
		var s configs.Settings
		if f.at(&s) != key.At(&s) {
			t.Errorf("the field of %s changes another setting", f.key)
		}
		if len(f.choices) != len(key.Range.Choices) {
			t.Errorf("%s offers %d of %d choices", f.key, len(f.choices), len(key.Range.Choices))
		}
	}
	for _, k := range configs.Keys() {
		if why := inFileAlone[k.Name]; shown[k.Name] == (why != "") {
			t.Errorf("%s: in the dialog %v, in the file alone for the reason %q", k.Name, shown[k.Name], why)
		}
	}
}
