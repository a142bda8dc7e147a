package cli

import (
	"strconv"
	"strings"
	"time"

	"clara/catalogue"
	"clara/trainer"
)

// germanReasons says the trainer's reasons in German; {name} stands for an argument.
// In English a reason brings its own sentence.
var germanReasons = map[string]string{
	trainer.CodeLocked:   "ein anderes CLARA arbeitet schon in {home}",
	catalogue.CodeNoFile: "kein Modell gefunden: {where}",

	catalogue.CodeUnknown: "ein Modell „{name}“ gibt es hier nicht",
	catalogue.CodeInUse:   "{name} wird benutzt; wählen Sie erst ein anderes Modell",
	catalogue.CodeForeign: "{file} hat nicht CLARA geholt, die Datei bleibt, wo sie ist",
	catalogue.CodeExists:  "{file} gibt es schon",
	catalogue.CodeBadURL:  "„{url}“ ist keine Adresse einer GGUF-Datei",
	catalogue.CodeOffline: "keine Verbindung zu {host}; {haveBytes} von {allBytes} sind gespeichert ({error})",
	catalogue.CodeRefused: "{host} antwortet: {status}",
	catalogue.CodeWrong:   "was geholt wurde, ist nicht {file}: {error}",
	catalogue.CodeBusy:    "es wird schon ein Modell nach {folder} geholt",
	catalogue.CodeDisk:    "der Datenträger nimmt {file} nicht an: {error}",
	catalogue.CodeSpace:   "in {folder} müssen noch {missingBytes} frei werden",

	catalogue.CodeMissing:     "{path}: {file} fehlt; ein Ordner von Hugging Face muss ganz da sein",
	catalogue.CodeUnsupported: "{path} ist von einer Art, die CLARA nicht lädt: {error}; laden lassen sich Modelle der Familien Llama (auch Mistral, SmolLM2) und Gemma 3",
	catalogue.CodeUnreadable:  "{path} lässt sich nicht als Modell lesen: {error}; falls es heruntergeladen wurde, laden Sie es noch einmal",

	trainer.CodeServerUserName:     "„{name}“ kann kein Benutzername sein: bis zu 32 Zeichen aus a bis z, 0 bis 9, - und _, vorn ein Buchstabe oder eine Ziffer",
	trainer.CodeServerUserExists:   "den Benutzer „{name}“ gibt es schon",
	trainer.CodeServerNoUser:       "den Benutzer „{name}“ gibt es nicht",
	trainer.CodeServerUsersDamaged: "die Liste der Benutzer in {path} ist beschädigt: {error}",
	trainer.CodeServerListens:      "unter {addr} lässt sich nichts anbieten",
	trainer.CodeServerNeedsUsers:   "{addr} ist von anderen Rechnern zu erreichen, und es gibt keinen Benutzer",

	trainer.CodeNeutral:        "neutral bewertet",
	trainer.CodeTooShort:       "zu kurz: {words} von mindestens {least} Wörtern",
	trainer.CodeReplaced:       "durch eine neuere Rückmeldung ersetzt",
	trainer.CodeBelowThreshold: "unter der Schwelle: {score}, mindestens {threshold}",
	trainer.CodeBufferFull:     "aus dem vollen Puffer gefallen",
	trainer.CodeUnchanged:      "die bessere Antwort ist dieselbe wie die gegebene",
	trainer.CodeEmpty:          "kein Text, aus dem man lernen könnte",
	trainer.CodeTooLong:        "der Text ist länger, als das Modell lesen kann ({context} Token)",

	trainer.CodeNoModel:       "es ist kein Modell geladen",
	trainer.CodeOff:           "das Lernen ist ausgeschaltet",
	trainer.CodePaused:        "das Lernen ist angehalten",
	trainer.CodeNothingNew:    "es gibt nichts Neues zu lernen",
	trainer.CodeTooFewRatings: "{ratings} von {least} neuen Bewertungen; das Training beginnt bei {least}{or} oder in {seconds}",
	trainer.CodeInterval:      "Neues liegt vor; das Training beginnt in {seconds}",
	trainer.CodeIntervalOver:  "Neues liegt länger vor als das Intervall von {seconds}",
	trainer.CodeCorrection:    "eine Korrektur der Art liegt vor",
	trainer.CodeEnoughRatings: "neue Bewertungen: {ratings}",
	trainer.CodeWanted:        "Sie haben es gewünscht",
	trainer.CodeUnlearn:       "Zurückgenommenes wird verlernt",
	trainer.CodeInterrupted:   "ein unterbrochenes Training beginnt von vorn",
	trainer.CodeOthersTurn:    "das Training eines anderen Benutzers läuft; dieses wartet, bis es an der Reihe ist",
	trainer.CodeRefusedWaits:  "die Prüfung hat das Training mit diesen Rückmeldungen abgelehnt, es wartet auf neue",
	trainer.CodeRetryLater:    "das letzte Training ist fehlgeschlagen, neuer Versuch in {seconds}: {error}",
	trainer.CodeUpkeepLater:   "was CLARA neben dem Training tut, ist fehlgeschlagen, neuer Versuch in {seconds}: {error}",
	trainer.CodeNewModel:      "das Modell wird einmal gemessen, damit sich das Training daran messen lässt",
	trainer.CodeNoReader:      "dieses Modell ist nicht darauf vorbereitet, Lektionen zu benutzen: Es tut es weniger sicher",
	trainer.CodeAskedAnew:     "eine andere Version antwortet: die Lektionen werden neu abgefragt",
	trainer.CodePhrasing:      "die Lektionen werden in der gelernten Art formuliert",
	trainer.CodePreparing:     "{model} lernt einmalig, Lektionen zu benutzen; bis dahin wirken sie weniger sicher",

	trainer.CodeProven:     "nachweislich besser: {better} besser, {losses} schlechter (p = {p}), {lost}",
	trainer.CodeNotProven:  "{lost}; besser noch unbewiesen: {better} besser, {losses} schlechter (p = {p})",
	trainer.CodeUnharmed:   "nichts vergessen; zum Vergleichen fehlen noch Lektionen und Bewertungen",
	trainer.CodeNotNumber:  "beim Rechnen kam keine Zahl heraus",
	trainer.CodeForgets:    "vergisst zu viel: {kept} von {of} allgemeinen Antworten behalten, mindestens {limit} nötig",
	trainer.CodeDrifts:     "entfernt sich zu weit vom Ausgangsmodell: {kl} KL, höchstens {limit}",
	trainer.CodeGeneral:    "vergisst Allgemeines: {nats} nats, höchstens {limit}",
	trainer.CodeLeaks:      "Gelerntes erscheint an falscher Stelle: {leaks} von {of} Antworten, höchstens {limit}",
	trainer.CodeLoops:      "dreht sich im Kreis: {answers} von {of} Antworten",
	trainer.CodeEndless:    "findet kein Ende: {answers} von {of} Antworten",
	trainer.CodeLength:     "antwortet zu knapp: {words} Wörter im Mittel, mindestens {limit}",
	trainer.CodeLanguage:   "antwortet in einer anderen Sprache, als gefragt wird: {answers} von {of} Antworten sind in der richtigen",
	trainer.CodeUntaught:   "hat die Korrekturen nicht gelernt: {nats} nats Überraschung je Token, beim Ausgangsmodell {base}",
	trainer.CodeOwnMissed:  "weiß zu wenig vom Beigebrachten: {known} von {of} Lektionen, mindestens {limit}",
	trainer.CodeLosesKnown: "verliert, was schon saß: {lessons}",

	trainer.CodeForgetsBehind: "vergisst hinter einer fremden Lektion zu viel: {kept} von {of} allgemeinen Antworten behalten, mindestens {limit} nötig",
	trainer.CodeLeaksBehind:   "Gelerntes erscheint hinter einer fremden Lektion an falscher Stelle: {leaks} von {of} Antworten, höchstens {limit}",

	trainer.CodeRefusedTwice: "{first}; noch einmal trainiert, halb so schnell und doppelt so fest gehalten: {second}",

	trainer.CodeRestored:    "von Ihnen zurückgeholt",
	trainer.CodeWithdrawn:   "Version {number} wurde mit etwas trainiert, das Sie vor mehr als einem Tag gelöscht haben",
	trainer.CodeRolledBack:  "{low} der ersten {of} Bewertungen von Version {version} hatten 1 oder 2 Sterne",
	trainer.CodeCycleFailed: "das Training ist fehlgeschlagen: {error}",
	trainer.CodeStopped:     "angehalten",
	trainer.CodeEnded:       "das Programm wurde währenddessen beendet; das Training beginnt mit dem Programm von neuem",
	trainer.CodeMoves:       "die Lektionen ziehen zu einem anderen Modell um; danach wird weiter gelernt",
	trainer.CodeOvertaken:   "während des Trainings wurde eine andere Version gewählt; es beginnt von vorn",
	trainer.CodeImported:    "eingelesen, nicht geprüft",
	trainer.CodeOnlyAsked:   "nichts zu trainieren, nur abgefragt",
	trainer.CodeNothingGood: "nichts trainiert: Es gibt keine gute Bewertung, mit der sich trainieren ließe, und aus schlechten lernt dieses Verfahren nichts",
	trainer.CodeStillGentle: "würde voll trainiert weiterhin schaden; die behutsam trainierte Version bleibt",
	trainer.CodeInVain:      "trainiert ({count}): {lessons}; damit sitzen {known} von {of} Lektionen, ohne {before}, deshalb wird es nicht benutzt. Die Lektionen wirken weiter wie bisher und werden wieder trainiert, sobald sich eine Lektion oder die Art ändert",
	trainer.CodeStandsOn:    "was zurückgenommen wurde, steht noch in anderen Rückmeldungen: Das Gelernte bleibt, wie es ist",
	trainer.CodeVainBefore:  "nicht noch einmal trainiert ({count}): {lessons}; das half schon einmal nicht. Sie werden wieder trainiert, sobald sich eine Lektion oder die Art ändert",

	trainer.CodeDiskFull:       "der Datenträger ist voll: Es wurde nichts gespeichert",
	trainer.CodeBufferEmpty:    "{kept} von {total} Rückmeldungen trainieren",
	trainer.CodeRateTooLow:     "die Lernrate {rate} ist zu klein: Unter {least} ändert sich nichts Messbares",
	trainer.CodeRefusedAgain:   "nacheinander abgelehnte Trainings: {cycles}",
	trainer.CodeOnlyRatings:    "noch keine Korrektur, nur Bewertungen ({ratings}): Sterne allein lehren wenig",
	trainer.CodeLessonsMissed:  "Lektionen, die noch nicht sitzen: {missed} von {total}",
	trainer.CodeReaderRefused:  "die Vorbereitung von {model} hat die Prüfung nicht bestanden ({why}); Lektionen wirken weniger sicher",
	trainer.CodePrepareFailed:  "das Modell ließ sich nicht auf Lektionen vorbereiten: {error}",
	trainer.CodeTrainingMemory: "das Training braucht mindestens {needs} MiB, {free} MiB Speicher sind dafür da",
	trainer.CodeEngineLost:     "{from} ist ausgefallen, ab jetzt rechnet {to}: {error}",
	trainer.CodePrepared:       "{model} ist vorbereitet: Lektionen wirken sofort",
	trainer.CodeUpkeepFailed:   "was CLARA neben dem Training tut, ist fehlgeschlagen: {error}",
	trainer.CodeStillHolds:     "Version {number} antwortet und enthält noch, was Sie zurückgenommen haben",
	trainer.CodeCutTwice:       "das Programm wurde zweimal hintereinander mitten in diesem Training beendet; es beginnt nicht von selbst wieder",
	trainer.CodeContradiction:  "zwei Lektionen widersprechen sich: „{older}“ und „{newer}“; wählen Sie, welche stimmt, bis dahin wird die ältere nicht trainiert",
	trainer.CodeTooLittle:      "noch zu wenig Bewertungen für eine Kurve: {ratings} von 2",
	trainer.CodeVersionBroken:  "die Dateien von Version {number} fehlen, sind beschädigt oder wurden verändert; das Ausgangsmodell antwortet, bis Sie eine andere Version zurückholen ({error})",
	trainer.CodeGood:           "in Ordnung",
	trainer.CodeVersionDamaged: "die Dateien von Version {number} fehlen, sind beschädigt oder wurden verändert",
	trainer.CodeVersionUnread:  "die Dateien von Version {number} lassen sich gerade nicht lesen; bis dahin wird nichts trainiert",
	trainer.CodeSameModel:      "{name} ist das benutzte Modell: Nehmen Sie ein anderes",
	trainer.CodeMoveEnded:      "ein anderes Modell wurde geladen, ehe die Lektionen umgezogen waren",

	trainer.CodeEngineBuild:  "das Programm wurde ohne dieses Rechenwerk gebaut",
	trainer.CodeEngineDriver: "kein NVIDIA-Treiber, der arbeitet, oder keine Karte, die er benutzen kann",
	trainer.CodeEngineOpenGL: "kein OpenGL 4.3",
	trainer.CodeEngineCard:   "das OpenGL hier rechnet auf dem Prozessor, was das Rechenwerk cpu schneller kann",
	trainer.CodeEngineWrong:  "{operation} rechnet anders als die CPU",
	trainer.CodeEngineMemory: "der Speicher reicht für dieses Rechenwerk nicht",
	trainer.CodeEngineFailed: "die Karte oder ihr Treiber ist ausgefallen",

	trainer.CodeFaultDisk:      "der Datenträger ist voll",
	trainer.CodeFaultMemory:    "der Arbeitsspeicher reicht nicht",
	trainer.CodeFaultEngine:    "das Rechenwerk arbeitet nicht mehr",
	trainer.CodeFaultDiverged:  "das Training ist entgleist: Der Fehler (Loss) war keine Zahl mehr",
	trainer.CodeFaultPass:      "die Berechnung ist abgebrochen",
	trainer.CodeFaultModelFile: "die Modelldatei ist beschädigt oder keine GGUF-Datei",
	trainer.CodeFaultModelKind: "diese Art von Modell wird nicht unterstützt",
	trainer.CodeFaultTemplate:  "die Gesprächsvorlage des Modells ist nicht lesbar",
	trainer.CodeFaultChanged:   "der Adapter in {path} ist nicht der, mit dem seine Version entstand",
	trainer.CodeFaultMissing:   "{path} gibt es nicht",
	trainer.CodeFaultDenied:    "der Zugriff auf {path} ist verweigert",
}

// because says a reason in words.
func (l language) because(r trainer.Reason) string {
	text, ok := germanReasons[r.Code]
	if l != german || !ok {
		return r.Text
	}
	if r.Code == trainer.CodeGood {
		return goodInGerman(r)
	}
	words := l.arguments(r)
	words["lost"] = "nichts vergessen"
	if lost := r.Args["lost"]; lost != "" {
		words["lost"] = "verliert: " + lost
	}
	if tries := trainer.Tries(r); len(tries) == 2 {
		words["first"], words["second"] = l.because(tries[0]), l.because(tries[1])
	}
	switch r.Code {
	case trainer.CodeBufferEmpty:
		text = bufferInGerman(r)
	case trainer.CodeTooFewRatings:
		words["or"] = ", bei einer Korrektur der Art"
		if r.Args["correction"] == "false" {
			words["or"] = ""
		}
	case trainer.CodeReaderRefused:
		words["why"] = l.because(trainer.GateOf(r))
	}
	return fill(text, words)
}

// fill puts words in the places of a text, {name}. It does so in one go: words that look like a
// place are words.
func fill(text string, words map[string]string) string {
	pairs := make([]string, 0, 2*len(words))
	for name, word := range words {
		pairs = append(pairs, "{"+name+"}", word)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// refusal says why the gate refused, for a sentence that has said that it did.
func (l language) refusal(r trainer.Reason) string {
	return strings.TrimPrefix(l.because(r), "refused: ")
}

// arguments writes the arguments of a reason, an error by its kind where that has a name and a
// share in percent.
func (l language) arguments(r trainer.Reason) map[string]string {
	words := make(map[string]string, len(r.Args))
	for name, value := range r.Args {
		words[name] = l.argument(name, value)
		if share, ok := trainer.ShareOf(r, name); ok {
			words[name] = l.number(100*share, 0) + " %"
		}
	}
	if fault, ok := trainer.Fault(r); ok {
		words["error"] = l.because(fault)
	}
	return words
}

// argument writes one argument of a reason.
func (l language) argument(name, value string) string {
	v, err := strconv.ParseFloat(value, 64)
	switch {
	case err != nil || trainer.IsText(name):
		return value
	case name == "seconds":
		return l.span(time.Duration(v * float64(time.Second)))
	case strings.HasSuffix(name, "Bytes"):
		return l.size(int64(v))
	}
	return l.exact(v)
}

// goodInGerman says what is in order: the figures tell which finding it is.
func goodInGerman(r trainer.Reason) string {
	a := r.Args
	switch {
	case a["engine"] != "":
		return a["model"] + " ist geladen, Rechenwerk " + a["engine"]
	case a["kept"] != "":
		return a["kept"] + " von " + a["total"] + " Rückmeldungen trainieren"
	case a["versions"] != "":
		return "Versionen: " + a["versions"] + "; Lektionen, die sitzen: " + a["known"] + " von " + a["total"]
	case r.Text != "":
		return r.Text
	}
	return germanReasons[trainer.CodeGood]
}

// bufferInGerman says how much of the feedback trains, and why the rest mostly does not.
func bufferInGerman(r trainer.Reason) string {
	a := r.Args
	if a["total"] == "0" {
		return "es gibt noch keine Rückmeldungen"
	}
	text := "nur {kept} von {total} Rückmeldungen trainieren"
	if a["top"] != "" {
		text += "; am häufigsten: " + german.dropped(a["top"]) + " (" + a["count"] + ")"
	}
	if a["top"] == trainer.CodeBelowThreshold {
		text += ", die Schwelle ist {threshold}"
	}
	return text
}

// hint says what a person can do where they are: at a prompt its own words are nearer,
// and the data folder is taken.
func (c *program) hint(code string) string {
	l, typed := c.language, c.atPrompt
	if typed == nil {
		return l.hint(code)
	}
	switch code {
	case trainer.HintRate:
		return l.say("Ask something, then rate the answer with %s or say it better with %s.", "Fragen Sie etwas, und bewerten Sie die Antwort mit %s oder verbessern Sie sie mit %s.", typed("feedback"), typed("correct"))
	case trainer.HintTrainNow:
		return l.say("Start the training with %s.", "Starten Sie das Training mit %s.", typed("train"))
	case trainer.HintRestoreOther:
		return l.say("Go back to another version with %s (0 is the base model), then train again with %s.",
			"Holen Sie mit %s eine andere Version zurück (0 ist das Ausgangsmodell) und trainieren Sie mit %s neu.", typed("restore"), typed("train"))
	case trainer.HintRephrase:
		return l.say("Put those that %s shows as missed in other words with %s.", "Sagen Sie, was bei %s noch nicht sitzt, mit %s in anderen Worten.", typed("lessons"), typed("teach"))
	case trainer.HintReviewFeedback:
		return l.say("Look through %s, and after %s through `clara feedback list`: does some of it contradict itself?",
			"Sehen Sie %s durch und nach %s `clara feedback list`: Widersprechen sich Rückmeldungen?", c.contradictionsBy(), typed("quit"))
	case trainer.HintLoadModel, trainer.HintPrepare:
		return l.say("End with %s first. ", "Beenden Sie erst mit %s. ", typed("quit")) + l.hint(code)
	}
	return l.hint(code)
}

// hint says what a person can do, in the words of the command line.
func (l language) hint(code string) string {
	switch code {
	case trainer.HintLoadModel:
		return l.say("Name a model with --model, or see `clara models` for where models are looked for.",
			"Nennen Sie ein Modell mit --model; `clara models` zeigt, wo Modelle gesucht werden.")
	case trainer.HintFreeSpace:
		return l.say("Free some space on the disk and try again.", "Schaffen Sie Platz auf dem Datenträger und versuchen Sie es erneut.")
	case trainer.HintRate:
		return l.say("Rate or correct more answers: `clara chat`, or `clara feedback add`.", "Bewerten oder verbessern Sie mehr Antworten: `clara chat` oder `clara feedback add`.")
	case trainer.HintCorrect:
		return l.say("Correct answers instead of only rating them: it works better.", "Verbessern Sie Antworten, statt sie nur zu bewerten: Das wirkt stärker.")
	case trainer.HintLowerThreshold:
		return l.say("Lower continuous.quality_threshold in the settings file.", "Senken Sie continuous.quality_threshold in der Einstellungsdatei.")
	case trainer.HintLowerBatch:
		return l.say("Lower continuous.min_batch_size in the settings file.", "Senken Sie continuous.min_batch_size in der Einstellungsdatei.")
	case trainer.HintLowerInterval:
		return l.say("Lower continuous.train_interval in the settings file.", "Senken Sie continuous.train_interval in der Einstellungsdatei.")
	case trainer.HintTrainNow:
		return l.say("Start the training with `clara train`.", "Starten Sie das Training mit `clara train`.")
	case trainer.HintRestoreOther:
		return l.say("Go back to another version with `clara adapters restore` (0 is the base model), then train again with `clara train`.",
			"Holen Sie mit `clara adapters restore` eine andere Version zurück (0 ist das Ausgangsmodell) und trainieren Sie mit `clara train` neu.")
	case trainer.HintResume:
		return l.say("Resume learning.", "Setzen Sie das Lernen fort.")
	case trainer.HintEnable:
		return l.say("Set continuous.enabled = true in the settings file.", "Setzen Sie continuous.enabled = true in der Einstellungsdatei.")
	case trainer.HintRaiseRate:
		return l.say("Raise continuous.learning_rate in the settings file; 0.0003 is the default.", "Erhöhen Sie continuous.learning_rate in der Einstellungsdatei; der Standard ist 0.0003.")
	case trainer.HintLowerRate:
		return l.say("Lower continuous.learning_rate in the settings file, or knowledge_rate.", "Senken Sie continuous.learning_rate in der Einstellungsdatei, oder knowledge_rate.")
	case trainer.HintRaiseKnowledgeRate:
		return l.say("Raise continuous.knowledge_rate in the settings file; 0.001 is the default.", "Erhöhen Sie continuous.knowledge_rate in der Einstellungsdatei; der Standard ist 0.001.")
	case trainer.HintMoreEpochs:
		return l.say("Raise continuous.max_epochs in the settings file.", "Erhöhen Sie continuous.max_epochs in der Einstellungsdatei.")
	case trainer.HintReviewFeedback:
		return l.say("Look through `clara lessons contradictions` and `clara feedback list`: does some of it contradict itself?",
			"Sehen Sie `clara lessons contradictions` und `clara feedback list` durch: Widersprechen sich Rückmeldungen?")
	case trainer.HintRephrase:
		return l.say("Put the lessons of `clara lessons` in other words.", "Sagen Sie die Lektionen aus `clara lessons` in anderen Worten.")
	case trainer.HintShorten:
		return l.say("Shorten the text.", "Kürzen Sie den Text.")
	case trainer.HintPrepare:
		return l.say("Prepare it with `clara models prepare`.", "Bereiten Sie es mit `clara models prepare` vor.")
	case trainer.HintTrainingMemory:
		return l.say("Raise model.training_memory or lower continuous.rank in the settings file, or close other programs.",
			"Erhöhen Sie model.training_memory oder senken Sie continuous.rank in der Einstellungsdatei, oder schließen Sie andere Programme.")
	case trainer.HintFreeMemory:
		return l.say("Close other programs, or lower model.context in the settings file.", "Schließen Sie andere Programme, oder senken Sie model.context in der Einstellungsdatei.")
	case trainer.HintEngine:
		return l.say("Name another one with --engine, or auto.", "Nennen Sie mit --engine ein anderes, oder auto.")
	case trainer.HintWait:
		return l.say("It goes on by itself.", "Es geht von selbst weiter.")
	}
	return ""
}
