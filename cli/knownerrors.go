package cli

import (
	"fmt"
	"io/fs"

	"clara/model"
	"clara/model/chat"
	"clara/model/safetensors"
	"clara/trainer"
)

// knownErrors are the errors with words of their own, the more particular first.
var knownErrors = []struct {
	is            error
	code          string
	exit          int
	detail        bool // the error itself tells which and where
	en, de        string
	hint, hinweis string
}{
	{
		trainer.ErrOtherModel, "other_model", exitModel, true, "it belongs to another model", "es gehört zu einem anderen Modell",
		"Name the model that it was made for with --model.", "Nennen Sie mit --model das Modell, für das es gemacht wurde.",
	},
	{
		trainer.ErrNewer, "data_newer", exitData, false, "the data was written by a newer CLARA", "die Daten hat ein neueres CLARA geschrieben",
		"Use that one, or name another folder with --home.", "Nehmen Sie jenes, oder nennen Sie mit --home einen anderen Ordner.",
	},
	{
		trainer.ErrForeign, "data_foreign", exitData, true, "the database in the data folder is not CLARA's", "die Datenbank im Datenordner ist nicht von CLARA",
		"Name another folder with --home.", "Nennen Sie mit --home einen anderen Ordner.",
	},
	{
		trainer.ErrCorrupt, "data_damaged", exitData, true, "the data is damaged", "die Daten sind beschädigt",
		"Put back a copy of the data folder, or name another one with --home.", "Spielen Sie eine Kopie des Datenordners zurück, oder nennen Sie mit --home einen anderen.",
	},
	{
		trainer.ErrFull, "disk_full", exitData, false, "the disk is full: nothing was saved", "der Datenträger ist voll: Es wurde nichts gespeichert",
		"Free some space on the disk and try again.", "Schaffen Sie Platz auf dem Datenträger und versuchen Sie es erneut.",
	},
	{
		trainer.ErrRemoved, "removed", exitNotFound, false, "the files of this version were removed", "die Dateien dieser Version sind gelöscht",
		"`clara adapters` shows the versions that are there.", "`clara adapters` zeigt die Versionen, die noch da sind.",
	},
	{
		trainer.ErrPresetTaken, "preset_exists", exitUsage, false, "another preset has this name", "eine andere Vorlage heißt schon so",
		"Choose another name.", "Wählen Sie einen anderen Namen.",
	},
	{
		trainer.ErrPresetText, "preset", exitUsage, false, "a preset has a name of 1 to 80 characters in one line, and a system prompt of at most 20000",
		"eine Vorlage hat einen Namen von 1 bis 80 Zeichen in einer Zeile und eine Anweisung von höchstens 20000", "", "",
	},
	{
		ErrNoDisplay, "no_display", exitFailed, false, "there is no display to show a window on (DISPLAY and WAYLAND_DISPLAY are empty, or what they name cannot be reached)",
		"hier ist kein Bildschirm, auf dem sich ein Fenster zeigen lässt (DISPLAY und WAYLAND_DISPLAY sind leer, oder was sie nennen ist nicht erreichbar)",
		"`clara help` lists what works in a terminal.", "`clara help` zeigt, was in einem Terminal geht.",
	},
	{
		ErrNoOpenGL, "no_opengl", exitFailed, false, "there is no OpenGL 2.1 to draw the window with",
		"für das Fenster gibt es hier kein OpenGL 2.1",
		"Mostly the driver of the maker of the graphics card helps; `clara help` lists what works in a terminal.",
		"Meist hilft der Treiber vom Hersteller der Grafikkarte; `clara help` zeigt, was in einem Terminal geht.",
	},
	{
		errTooMuch, "too_much", exitUsage, false, fmt.Sprintf("a text on stdin is longer than %d MiB", mostInput>>20),
		fmt.Sprintf("ein Text auf der Standardeingabe ist länger als %d MiB", mostInput>>20), "", "",
	},
	{trainer.ErrNotFound, "not_found", exitNotFound, true, "it is not there", "das gibt es nicht", "", ""},
	{trainer.ErrStars, "stars", exitUsage, false, "want 1 to 5 stars, or 0 to take the rating back", "1 bis 5 Sterne, oder 0, um die Bewertung zurückzunehmen", "", ""},
	{trainer.ErrScore, "score", exitUsage, false, "want a score of -1 to 1 and an importance of 1 to 5", "die Bewertung geht von -1 bis 1, die Wichtigkeit von 1 bis 5", "", ""},
	{trainer.ErrNoLesson, "no_lesson", exitUsage, false, "only a correction can be a lesson", "nur eine Korrektur kann eine Lektion sein", "", ""},
	{trainer.ErrScript, "script", exitUsage, true, "the script cannot be used", "das Drehbuch ist nicht brauchbar", "", ""},
	{trainer.ErrDataset, "data_set", exitUsage, true, "the data set cannot be used", "der Datensatz ist nicht brauchbar", "", ""},
	{trainer.ErrJob, "job", exitUsage, true, "the job cannot be used", "der Auftrag ist nicht brauchbar", "", ""},
	{safetensors.ErrFormat, "adapter", exitModel, true, "the adapter's file is damaged", "die Datei des Adapters ist beschädigt", "", ""},
	{safetensors.ErrTruncated, "adapter", exitModel, true, "the adapter's file ends early", "die Datei des Adapters ist abgeschnitten", "", ""},
	{model.ErrAdapter, "adapter", exitModel, true, "the adapter does not fit this model", "der Adapter passt nicht zu diesem Modell", "", ""},
	{model.ErrContext, "too_long", exitUsage, false, "the text is longer than the model can read", "der Text ist länger, als das Modell lesen kann", "Shorten the text.", "Kürzen Sie den Text."},
	{model.ErrTooLong, "too_long", exitUsage, true, "the texts are longer than one training step can take", "die Texte sind länger, als ein Trainingsschritt fasst", "", ""},
	{model.ErrSampling, "sampling", exitSettings, true, "a setting of the sampling is out of its range", "eine Einstellung der Auswahl liegt außerhalb ihres Bereichs", "", ""},
	{
		model.ErrDiverged, "diverged", exitFailed, false, "the training diverged: a loss was no longer a number", "das Training ist entgleist: Der Fehler (Loss) war keine Zahl mehr",
		"Lower continuous.learning_rate in the settings file.", "Senken Sie continuous.learning_rate in der Einstellungsdatei.",
	},
	{chat.ErrRaised, "template", exitModel, true, "the model's chat template refuses this conversation", "die Gesprächsvorlage des Modells lehnt diese Unterhaltung ab", "", ""},
	{chat.ErrLimit, "template", exitModel, true, "the model's chat template is beyond its limits", "die Gesprächsvorlage des Modells überschreitet ihre Grenzen", "", ""},
	{fs.ErrNotExist, "not_found", exitNotFound, true, "it is not there", "das gibt es nicht", "", ""},
	{fs.ErrExist, "exists", exitData, true, "it is there already", "das gibt es schon", "Name another place.", "Nennen Sie einen anderen Ort."},
	{fs.ErrPermission, "permission", exitData, true, "access is denied", "der Zugriff ist verweigert", "", ""},
}

// faultsOfModels are the kinds of what fails of a model, which [trainer.FaultOf] tells apart, as a
// program gets them; without a hint here the kind's own is said.
var faultsOfModels = map[string]struct {
	code          string
	exit          int
	hint, hinweis string
}{
	trainer.CodeFaultModelFile: {"model_damaged", exitModel, "Fetch the file again, or name another one with --model.", "Laden Sie die Datei neu, oder nennen Sie mit --model eine andere."},
	trainer.CodeFaultModelKind: {
		"model_unsupported", exitModel,
		"Models of the Llama and Gemma 3 families in GGUF format can be used.", "Modelle der Familien Llama und Gemma 3 im GGUF-Format sind möglich.",
	},
	trainer.CodeFaultTemplate: {"template", exitModel, "Name another conversion of the model with --model.", "Nennen Sie mit --model eine andere Umwandlung des Modells."},
	trainer.CodeFaultMemory:   {"memory", exitFailed, "", ""},
	trainer.CodeFaultEngine:   {"engine_lost", exitFailed, "Try again, or with --engine cpu.", "Versuchen Sie es erneut, oder mit --engine cpu."},
	trainer.CodeFaultPass:     {"broke_off", exitFailed, "Try again.", "Versuchen Sie es erneut."},
}
