package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// readTemplate finds the chat template: in a file of its own, as it is written of late, in
// the settings of the tokenizer, or in those of a processor of pictures. "": there is none.
func (f *Folder) readTemplate(settings []byte) (string, error) {
	text, err := f.read(folderTemplateFile, maxFolderText)
	if err == nil {
		return string(text), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	var processor struct {
		Template folderTemplate `json:"chat_template"`
	}
	if settings != nil {
		if err := json.Unmarshal(settings, &processor); err != nil {
			return "", fmt.Errorf("read the chat template: %w: %w", ErrFolder, err)
		}
	}
	if processor.Template == "" {
		err = f.readJSON(folderProcessorFile, true, &processor)
	} else {
		err = nil
	}
	return string(processor.Template), err
}

// folderTemplate is a chat template, which is given by itself or as the one called default
// among several.
type folderTemplate string

// UnmarshalJSON reads either form; null leaves it empty.
func (t *folderTemplate) UnmarshalJSON(data []byte) error {
	if len(data) == 0 || data[0] != '[' {
		return json.Unmarshal(data, (*string)(t))
	}
	var several []struct{ Name, Template string }
	if err := json.Unmarshal(data, &several); err != nil {
		return err
	}
	for _, one := range several {
		if one.Name == "default" {
			*t = folderTemplate(one.Template)
		}
	}
	return nil
}

// readLicence finds the licence's name: in the head of README.md, which Hugging Face calls the
// model card, else in the first line of a LICENSE. "": neither has one.
func (f *Folder) readLicence() string {
	if text, err := f.read("README.md", maxFolderText); err == nil {
		if licence := cardLicence(string(text)); licence != "" {
			return licence
		}
	}
	for _, name := range []string{"LICENSE", "LICENSE.txt", "LICENSE.md"} {
		text, err := f.read(name, maxFolderText)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			if line = strings.Trim(line, "#* \t\r\n"); line != "" {
				return shortened(line)
			}
		}
	}
	return ""
}

// cardLicence reads "license: NAME" from the YAML between two lines of dashes that a model
// card begins with; where that is "other", license_name says which.
func cardLicence(card string) string {
	var licence string
	for i, line := range strings.Split(card, "\n") {
		line = strings.TrimRight(line, " \r")
		if i == 0 && line != "---" || i > 0 && line == "---" {
			break
		}
		key, value, _ := strings.Cut(line, ":")
		value = strings.Trim(strings.TrimSpace(value), `"'`)
		switch {
		case value == "":
		case key == "license":
			licence = value
		case key == "license_name" && (licence == "" || licence == "other"):
			licence = value
		}
	}
	return shortened(licence)
}

// shortened keeps a name to a line's length.
func shortened(name string) string {
	runes := []rune(strings.ToValidUTF8(name, "\uFFFD"))
	return string(runes[:min(len(runes), 80)])
}
