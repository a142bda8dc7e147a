package main

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The files in which a desktop reads what the program is have to agree with it and with each other.

const linuxPackaging = "packaging/linux/" + appID

// keysOf reads the lines of a file that are a key and its value.
func keysOf(t *testing.T, path string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			keys[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	return keys
}

func TestDesktopFileSaysWhatTheProgramIs(t *testing.T) {
	entry, meta := keysOf(t, linuxPackaging+".desktop"), keysOf(t, "FyneApp.toml")
	asEntry := strings.NewReplacer(`", "`, ";", `["`, "", `"]`, ";", `"`, "") // lists too
	for key, want := range map[string]string{
		"Name": meta["Name"], "StartupWMClass": meta["Name"], "Icon": meta["ID"], "GenericName": meta["GenericName"], "Comment": meta["Comment"],
		"Categories": meta["Categories"], "Keywords": meta["Keywords"], "Exec": "@BIN@/clara" + meta["ExecParams"],
	} {
		if got := entry[key]; got == "" || got != asEntry.Replace(want) {
			t.Errorf("%s is %q in the desktop file, %s in FyneApp.toml", key, got, want)
		}
	}
	if entry["Icon"] != appID {
		t.Errorf("the desktop knows the program as %q, the window is %q", entry["Icon"], appID)
	}
	for _, key := range []string{"GenericName", "Comment", "Keywords"} {
		if entry[key+"[de]"] == "" {
			t.Errorf("the desktop file has no German %s", key)
		}
	}
	if _, err := os.Stat(filepath.FromSlash(asEntry.Replace(meta["Icon"]))); err != nil {
		t.Error(err)
	}
}

func TestModelFilesAreOpenedWithTheProgram(t *testing.T) {
	text, err := os.ReadFile(linuxPackaging + ".xml")
	if err != nil {
		t.Fatal(err)
	}
	var info struct {
		Types []struct {
			Type string `xml:"type,attr"`
			Glob struct {
				Pattern string `xml:"pattern,attr"`
			} `xml:"glob"`
		} `xml:"mime-type"`
	}
	if err := xml.Unmarshal(text, &info); err != nil {
		t.Fatal(err)
	}
	if len(info.Types) != 1 || info.Types[0].Glob.Pattern != "*.gguf" {
		t.Fatalf("the MIME file has %+v", info)
	}
	if got := keysOf(t, linuxPackaging+".desktop")["MimeType"]; got != info.Types[0].Type+";" {
		t.Errorf("the program opens %q, models are %q", got, info.Types[0].Type)
	}
}
