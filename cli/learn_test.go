package cli

import (
	"bytes"
	"errors"
	"testing"

	"clara/configs"
)

// Of changed settings it says what holds now, and what only from the next start on.
func TestChangedSettingsAreSaidToHold(t *testing.T) {
	start := configs.Default()
	rank, path := start, start
	rank.Continuous.Rank = 8
	path.Model.Path = "other.gguf"
	for _, tt := range []struct {
		now    configs.Settings
		err    error
		en, de string
	}{
		{rank, nil, "* the changed settings are in force\n", "* die geänderten Einstellungen gelten jetzt\n"},
		{
			path, nil, "* the changed settings are in force, but for those of [model]: they hold from the next start on\n",
			"* die geänderten Einstellungen gelten jetzt, außer denen unter [model]: Diese gelten ab dem nächsten Start\n",
		},
		{
			path, errors.New("why"), "* the changed settings cannot be used, those before are in force: why\n",
			"* die geänderten Einstellungen sind nicht brauchbar, die vorigen gelten weiter: why\n",
		},
	} {
		for lang, want := range map[language]string{english: tt.en, german: tt.de} {
			var out bytes.Buffer
			c := &program{language: lang, began: true, errs: &out}
			c.tellSettings(start)(tt.now, tt.err)
			if out.String() != want {
				t.Errorf("%q, want %q", out.String(), want)
			}
		}
	}
}
