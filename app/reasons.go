package app

import (
	"errors"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"clara/catalogue"
	"clara/configs"
	"clara/trainer"
)

// reasonKeys translates the codes of the trainer's and the catalogue's reasons. TestEveryReasonHasWords holds it to their lists.
var reasonKeys = map[string]string{
	trainer.CodeNeutral:        "reason.neutral",
	trainer.CodeTooShort:       "reason.too_short",
	trainer.CodeReplaced:       "reason.replaced",
	trainer.CodeBelowThreshold: "reason.below_threshold",
	trainer.CodeBufferFull:     "reason.buffer_full",
	trainer.CodeUnchanged:      "reason.unchanged",
	trainer.CodeEmpty:          "reason.empty",

	trainer.CodeNoModel:       "reason.no_model",
	trainer.CodeOff:           "reason.off",
	trainer.CodePaused:        "reason.paused",
	trainer.CodeNothingNew:    "reason.nothing_new",
	trainer.CodeTooFewRatings: "reason.too_few_ratings",
	trainer.CodeInterval:      "reason.interval",
	trainer.CodeIntervalOver:  "reason.interval_over",
	trainer.CodeCorrection:    "reason.correction",
	trainer.CodeEnoughRatings: "reason.enough_ratings",
	trainer.CodeWanted:        "reason.wanted",
	trainer.CodeUnlearn:       "reason.unlearn",
	trainer.CodeInterrupted:   "reason.interrupted",
	trainer.CodeOthersTurn:    "reason.others_turn",
	trainer.CodeRefusedWaits:  "reason.refused_waits",
	trainer.CodeRetryLater:    "reason.retry_later",
	trainer.CodeUpkeepLater:   "reason.upkeep_later",
	trainer.CodeNewModel:      "reason.new_model",
	trainer.CodeNoReader:      "reason.no_reader",
	trainer.CodeAskedAnew:     "reason.asked_anew",
	trainer.CodePhrasing:      "reason.phrasing",
	trainer.CodePreparing:     "reason.preparing",
	trainer.CodeReaderRefused: "reason.reader_refused",
	trainer.CodePrepareFailed: "reason.prepare_failed",
	trainer.CodePrepared:      "reason.prepared",

	trainer.CodeProven:     "reason.proven",
	trainer.CodeNotProven:  "reason.not_proven",
	trainer.CodeUnharmed:   "reason.unharmed",
	trainer.CodeNotNumber:  "reason.not_number",
	trainer.CodeForgets:    "reason.forgets",
	trainer.CodeDrifts:     "reason.drifts",
	trainer.CodeGeneral:    "reason.general",
	trainer.CodeLeaks:      "reason.leaks",
	trainer.CodeLoops:      "reason.loops",
	trainer.CodeEndless:    "reason.endless",
	trainer.CodeLength:     "reason.length",
	trainer.CodeLanguage:   "reason.language",
	trainer.CodeOwnMissed:  "reason.own_missed",
	trainer.CodeUntaught:   "reason.untaught",
	trainer.CodeLosesKnown: "reason.loses_known",

	trainer.CodeForgetsBehind: "reason.forgets_behind",
	trainer.CodeLeaksBehind:   "reason.leaks_behind",

	trainer.CodeRefusedTwice: "reason.refused_twice",

	trainer.CodeRestored:    "reason.restored",
	trainer.CodeRolledBack:  "reason.rolled_back",
	trainer.CodeWithdrawn:   "reason.withdrawn",
	trainer.CodeCycleFailed: "reason.cycle_failed",
	trainer.CodeStopped:     "reason.stopped",
	trainer.CodeEnded:       "reason.ended",
	trainer.CodeMoves:       "reason.moves",
	trainer.CodeOvertaken:   "reason.overtaken",
	trainer.CodeOnlyAsked:   "reason.only_asked",
	trainer.CodeNothingGood: "reason.nothing_good",
	trainer.CodeStillGentle: "reason.still_gentle",
	trainer.CodeInVain:      "reason.in_vain",
	trainer.CodeStandsOn:    "reason.stands_on",
	trainer.CodeVainBefore:  "reason.vain_before",
	trainer.CodeImported:    "reason.imported",
	trainer.CodeTooLong:     "reason.too_long",

	trainer.CodeDiskFull:       "reason.disk_full",
	trainer.CodeBufferEmpty:    "reason.buffer_empty",
	trainer.CodeRateTooLow:     "reason.rate_too_low",
	trainer.CodeRefusedAgain:   "reason.refused_again",
	trainer.CodeOnlyRatings:    "reason.only_ratings",
	trainer.CodeLessonsMissed:  "reason.lessons_missed",
	trainer.CodeUpkeepFailed:   "reason.upkeep_failed",
	trainer.CodeStillHolds:     "reason.still_holds",
	trainer.CodeTooLittle:      "reason.too_little",
	trainer.CodeTrainingMemory: "reason.training_memory",
	trainer.CodeEngineLost:     "reason.engine_lost",
	trainer.CodeVersionBroken:  "reason.version_broken",
	trainer.CodeVersionDamaged: "reason.version_damaged",
	trainer.CodeVersionUnread:  "reason.version_unread",
	trainer.CodeCutTwice:       "reason.cut_twice",
	trainer.CodeContradiction:  "reason.contradiction",
	trainer.CodeGood:           "reason.good",
	trainer.CodeSameModel:      "reason.same_model",
	trainer.CodeMoveEnded:      "reason.move_ended",

	trainer.CodeEngineBuild:  "reason.engine_build",
	trainer.CodeEngineDriver: "reason.engine_driver",
	trainer.CodeEngineOpenGL: "reason.engine_opengl",
	trainer.CodeEngineCard:   "reason.engine_card",
	trainer.CodeEngineWrong:  "reason.engine_wrong",
	trainer.CodeEngineMemory: "reason.engine_memory",
	trainer.CodeEngineFailed: "reason.engine_failed",

	trainer.CodeFaultDisk:      "fault.disk",
	trainer.CodeFaultMemory:    "fault.memory",
	trainer.CodeFaultEngine:    "fault.engine",
	trainer.CodeFaultDiverged:  "fault.diverged",
	trainer.CodeFaultPass:      "fault.pass",
	trainer.CodeFaultModelFile: "fault.model_file",
	trainer.CodeFaultModelKind: "fault.model_kind",
	trainer.CodeFaultTemplate:  "fault.template",
	trainer.CodeFaultChanged:   "fault.changed",
	trainer.CodeFaultMissing:   "fault.missing",
	trainer.CodeFaultDenied:    "fault.denied",

	trainer.CodeLocked: "reason.locked",

	catalogue.CodeNoFile:  "reason.no_model_file",
	catalogue.CodeUnknown: "reason.model_unknown",
	catalogue.CodeForeign: "reason.model_foreign",
	catalogue.CodeInUse:   "reason.model_in_use",
	catalogue.CodeExists:  "reason.model_exists",
	catalogue.CodeBadURL:  "reason.download_url",
	catalogue.CodeOffline: "reason.download_offline",
	catalogue.CodeRefused: "reason.download_refused",
	catalogue.CodeWrong:   "reason.download_wrong",
	catalogue.CodeBusy:    "reason.download_busy",
	catalogue.CodeDisk:    "reason.download_disk",
	catalogue.CodeSpace:   "reason.download_space",

	catalogue.CodeMissing:     "reason.model_missing",
	catalogue.CodeUnsupported: "reason.model_unsupported",
	catalogue.CodeUnreadable:  "reason.model_wrong",
}

// hintKeys translates what a person can do.
var hintKeys = map[string]string{
	trainer.HintLoadModel:          "hint.load_model",
	trainer.HintFreeSpace:          "hint.free_space",
	trainer.HintRate:               "hint.rate",
	trainer.HintCorrect:            "hint.correct",
	trainer.HintLowerThreshold:     "hint.lower_threshold",
	trainer.HintLowerBatch:         "hint.lower_batch",
	trainer.HintLowerInterval:      "hint.lower_interval",
	trainer.HintTrainNow:           "hint.train_now",
	trainer.HintRestoreOther:       "hint.restore_other",
	trainer.HintResume:             "hint.resume",
	trainer.HintEnable:             "hint.enable",
	trainer.HintRaiseRate:          "hint.raise_rate",
	trainer.HintLowerRate:          "hint.lower_rate",
	trainer.HintRaiseKnowledgeRate: "hint.raise_knowledge_rate",
	trainer.HintMoreEpochs:         "hint.more_epochs",
	trainer.HintReviewFeedback:     "hint.review_feedback",
	trainer.HintRephrase:           "hint.rephrase",
	trainer.HintShorten:            "hint.shorten",
	trainer.HintWait:               "hint.wait",
	trainer.HintPrepare:            "hint.prepare",
	trainer.HintTrainingMemory:     "hint.training_memory",
	trainer.HintFreeMemory:         "hint.free_memory",
	trainer.HintEngine:             "hint.engine",
}

// because says a reason in words; one that this window does not know yet is said as the trainer put it.
func because(r trainer.Reason) string {
	key, ok := reasonKeys[r.Code]
	if !ok {
		return r.Text
	}
	if tries := trainer.Tries(r); len(tries) == 2 {
		return say(key, "First", because(tries[0]), "Second", because(tries[1]))
	}
	if r.Code == trainer.CodeReaderRefused {
		return say(key, "Model", r.Args["model"], "Gate", because(trainer.GateOf(r)))
	}
	if r.Code == trainer.CodeBufferEmpty {
		return bufferWords(r)
	}
	return reasonWords(key, r)
}

// counting are the words that have two forms, by the argument of their reason that chooses between them.
var counting = map[string]string{
	"reason.enough_ratings":       "ratings",
	"reason.lessons_missed":       "missed",
	"reason.too_few_ratings":      "ratings",
	"reason.too_few_ratings_only": "ratings",
}

// reasonWords says a reason by the words of a key.
func reasonWords(key string, r trainer.Reason) string {
	if by, ok := counting[key]; ok {
		form := ".other"
		if r.Args[by] == "1" {
			form = ".one"
		}
		key += form
	}
	return say(key, argumentsOf(r)...)
}

// waits says, as a part of a sentence, for what the next training waits. onCorrection is whether a correction would start it.
func waits(r trainer.Reason, onCorrection bool) string {
	text := because(r)
	if r.Code == trainer.CodeTooFewRatings && !onCorrection {
		text = reasonWords("reason.too_few_ratings_only", r)
	}
	return strings.TrimSuffix(text, ".") // the full stop is the sentence's
}

// counted is the reason for which a training waits with the seconds that are left now: the loop counts them when it begins to wait.
func counted(s trainer.State, now time.Time) trainer.Reason {
	r := s.Why
	switch r.Code {
	case trainer.CodeTooFewRatings, trainer.CodeInterval, trainer.CodeRetryLater, trainer.CodeUpkeepLater, trainer.CodeStopped:
		if left := s.StartsAt.Sub(now); !s.StartsAt.IsZero() {
			args := map[string]string{}
			maps.Copy(args, r.Args)
			args["seconds"] = strconv.Itoa(max(1, int(math.Ceil(left.Seconds()))))
			r.Args = args
		}
	}
	return r
}

// bufferKeys are the words for a buffer that does not fill, by why most of the rest does not train.
var bufferKeys = map[string]string{
	trainer.CodeBelowThreshold: "reason.buffer_threshold",
	trainer.CodeNeutral:        "reason.buffer_neutral",
	trainer.CodeTooShort:       "reason.buffer_too_short",
	trainer.CodeReplaced:       "reason.buffer_replaced",
	trainer.CodeBufferFull:     "reason.buffer_buffer_full",
}

// bufferWords says how much of the feedback trains, and why the rest mostly does not.
func bufferWords(r trainer.Reason) string {
	if r.Args["total"] == "0" {
		return say("reason.buffer_none")
	}
	key, ok := bufferKeys[r.Args["top"]]
	if !ok {
		key = "reason.buffer_empty"
	}
	return say(key, argumentsOf(r)...)
}

// argumentsOf are the arguments of a reason as names of places with what fills them.
func argumentsOf(r trainer.Reason) []any {
	pairs := make([]any, 0, 2*len(r.Args))
	for _, name := range slices.Sorted(maps.Keys(r.Args)) {
		words := argument(name, r.Args[name])
		if f, ok := trainer.Fault(r); ok && name == "error" { // the log has the chain
			words = because(f)
		}
		if share, ok := trainer.ShareOf(r, name); ok {
			words = percent(share)
		}
		pairs = append(pairs, strings.ToUpper(name[:1])+name[1:], words)
	}
	return pairs
}

// argument writes one argument of a reason: numbers as numbers are written in the language spoken, seconds as a span, the rest as
// it is.
func argument(name, text string) string {
	v, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil || trainer.IsText(name):
		return text
	case name == "seconds":
		if v <= 0 {
			return "" // no timer runs
		}
		return span(time.Duration(v * float64(time.Second)))
	case name == "p":
		return chance(v)
	case strings.HasSuffix(name, "Bytes"):
		return bytes(int64(v))
	}
	return exact(v)
}

// fault says an error: what happened, and what to do about it. Errors without words of their own are said as they are, since
// a chain of English causes tells more than "something went wrong".
func fault(err error) string {
	switch limit, _ := configs.KeyOf(presetPrompt.key); {
	case errors.Is(err, trainer.ErrNoModel):
		return say("reason.no_model")
	case errors.Is(err, trainer.ErrPresetText):
		return say("fault.preset", "Name", whole(trainer.MostPresetName), "Most", whole(limit.Range.Length))
	case configs.Mistakes(err) != nil:
		return settingsFault(err)
	}
	var u *trainer.UserError
	var file *trainer.FileError
	var words, hint string
	if errors.As(err, &u) {
		words, hint = because(u.Reason), u.Hint
		if u.Reason.Code == trainer.CodeReplaced { // of what was to come back
			words = say("fault.newer")
		}
	} else if errors.As(err, &file) && !errors.Is(err, trainer.ErrFull) {
		words = databaseFault(file)
	} else if why, todo, ok := trainer.FaultOf(err); ok {
		words, hint = because(why), todo
	}
	switch {
	case words != "":
	case errors.Is(err, trainer.ErrRemoved):
		words = say("fault.removed")
	case errors.Is(err, trainer.ErrNotFound):
		words = say("fault.gone")
	default:
		words = say("fault.cause", "Cause", err.Error())
	}
	if key, ok := hintKeys[hint]; ok {
		words = strings.TrimSuffix(words, ".") + ". " + say(key)
	}
	return words
}

// databaseFault says what is wrong with the database as a whole, and what to do.
func databaseFault(e *trainer.FileError) string {
	switch {
	case errors.Is(e, trainer.ErrNewer):
		return say("fault.data_newer", "Path", e.Path)
	case errors.Is(e, trainer.ErrForeign):
		return say("fault.data_foreign", "Path", e.Path)
	case e.Copy != "":
		return say("fault.data_copy", "Path", e.Path, "Copy", e.Copy)
	}
	return say("fault.data_damaged", "Path", e.Path)
}

// versionName names a version as it is called in a sentence or a list.
func versionName(number int) string {
	if number == 0 {
		return say("version.base")
	}
	return say("version.number", "N", whole(number))
}

// versionWords names the active version with what is known of it.
func versionWords(v trainer.ActiveVersion) string {
	if v.ID == 0 {
		return say("version.base")
	}
	if verdict := verdictWords(v.Verdict); verdict != "" {
		return say("version.with_verdict", "Version", versionName(v.Number), "Verdict", verdict)
	}
	return versionName(v.Number)
}

// verdictWords says what the gate found in two words.
func verdictWords(verdict string) string {
	switch verdict {
	case trainer.VerdictProven:
		return say("verdict.proven")
	case trainer.VerdictNotProven:
		return say("verdict.not_proven")
	case trainer.VerdictRefused:
		return say("verdict.refused")
	}
	return ""
}
