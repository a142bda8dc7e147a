package trainer

import (
	"fmt"
	"maps"
	"strconv"
)

// The codes of a Reason. A face translates a code with its arguments, which
// the comment names; Reason.Text says the same in English.
const (
	// Why the quality filter turned a sample down.
	CodeNeutral        = "neutral"         // rated neutral; score
	CodeTooShort       = "too_short"       // words, least
	CodeReplaced       = "replaced"        // by a newer one on the same question; by
	CodeBelowThreshold = "below_threshold" // score, threshold
	CodeBufferFull     = "buffer_full"     // evicted; size
	CodeUnchanged      = "unchanged"       // the better answer is the given one
	CodeEmpty          = "empty"           // no text to learn from

	// Why there is no answer.
	CodeTooLong = "too_long" // longer than the model can read; context

	// Why the trainer is not training, or is about to.
	CodeNoModel       = "no_model"        // no model is loaded
	CodeOff           = "off"             // switched off in the settings
	CodePaused        = "paused"          // by the user
	CodeNothingNew    = "nothing_new"     // no feedback that no cycle has used
	CodeTooFewRatings = "too_few_ratings" // ratings, least, seconds; correction: whether one of manner starts the training
	CodeInterval      = "interval"        // something is new; seconds
	CodeIntervalOver  = "interval_over"   // something has been new for longer than the interval; seconds
	CodeCorrection    = "correction"      // a correction of manner is in
	CodeEnoughRatings = "enough_ratings"  // ratings, least
	CodeWanted        = "wanted"          // the user asked for it
	CodeUnlearn       = "unlearn"         // something learnt was taken back
	CodeInterrupted   = "interrupted"     // a cycle was cut short and is started again
	CodeOthersTurn    = "others_turn"     // another user's training runs
	CodeRefusedWaits  = "refused_waits"   // the gate refused what there is; waits for new feedback
	CodeCutTwice      = "cut_twice"       // the program was killed in the same cycle twice; waits for the user
	CodeRetryLater    = "retry_later"     // the last cycle failed; seconds, error
	CodeUpkeepLater   = "upkeep_later"    // other work than a cycle failed; seconds, error
	CodeNewModel      = "new_model"       // a model that was not measured yet; model
	CodeNoReader      = "no_reader"       // this model has no reader adapter: the turn alone serves; model
	CodeAskedAnew     = "asked_anew"      // another version answers: the lessons are asked what it knows
	CodePhrasing      = "phrasing"        // the lessons are put into the manner that was taught
	CodePreparing     = "preparing"       // the model's reader is being made; model

	// The gate's verdicts.
	CodeProven     = "proven"      // better, losses, p, lost (the questions of known lessons that it loses; "": none)
	CodeNotProven  = "not_proven"  // likewise
	CodeUnharmed   = "unharmed"    // nothing to compare, nothing harmed
	CodeNotNumber  = "not_number"  // a loss or weight is not a number
	CodeForgets    = "forgets"     // kept, of, limit
	CodeDrifts     = "drifts"      // kl, limit
	CodeGeneral    = "general"     // canary: nats, limit
	CodeLeaks      = "leaks"       // leaks, of, limit
	CodeLoops      = "loops"       // answers, of
	CodeEndless    = "endless"     // answers, of
	CodeLength     = "length"      // words, limit
	CodeLanguage   = "language"    // answers, of, limit
	CodeOwnMissed  = "own_missed"  // known, of, limit
	CodeUntaught   = "untaught"    // nats, base, limit
	CodeLosesKnown = "loses_known" // lessons (their questions), count
	// As CodeForgets and CodeLeaks, with somebody else's lesson before each question.
	CodeForgetsBehind = "forgets_behind"
	CodeLeaksBehind   = "leaks_behind"
	// CodeRefusedTwice: the codes first and second, and the arguments of both with 1
	// and 2 behind their names. See Tries.
	CodeRefusedTwice = "refused_twice"

	// Why the active version changed, or a cycle ended.
	CodeRestored    = "restored"     // version
	CodeRolledBack  = "rolled_back"  // low, of, version (the number of what was rated so), before, after
	CodeWithdrawn   = "withdrawn"    // a version that was trained on what was taken back a day ago; number
	CodeCycleFailed = "cycle_failed" // error; import: it was one, and no training
	CodeStopped     = "stopped"      // by the user (seconds, while the next one waits), or by what took the model or the turn
	CodeEnded       = "ended"        // the program was closed meanwhile
	CodeMoves       = "moves"        // the lessons are moved to another model; also why nothing trains meanwhile
	CodeOvertaken   = "overtaken"    // another version was chosen meanwhile; number (0: the base), import likewise
	CodeImported    = "imported"     // not checked
	CodeOnlyAsked   = "only_asked"   // nothing was due
	CodeNothingGood = "nothing_good" // there are ratings, and none that the objective learns of
	CodeStillGentle = "still_gentle" // refused in full, and trained gently it is the version in use
	CodeInVain      = "in_vain"      // knowledge was trained and is not used: count, lessons (their questions), known, before, of
	CodeStandsOn    = "stands_on"    // what was taken back is still said elsewhere: the adapters are the same
	CodeVainBefore  = "vain_before"  // likewise in an earlier cycle, and not again: count, lessons

	// The assembly's own.
	CodeLocked = "locked" // another program works in the data folder; home

	// The server's. They stand here because the command line has the words for them, and
	// knows no server; the window never meets them.
	CodeServerUserName     = "user_name"     // name
	CodeServerUserExists   = "user_exists"   // name
	CodeServerUsersDamaged = "users_damaged" // path, error
	CodeServerNoUser       = "no_user"       // name
	CodeServerNeedsUsers   = "needs_users"   // addr
	CodeServerListens      = "listens"       // addr

	// Lasting troubles, for Doctor and State.Trouble.
	CodeDiskFull       = "disk_full"
	CodeBufferEmpty    = "buffer_empty"    // kept, total; where most do not train, or no bad rating does, top (the code of most of these), count, threshold
	CodeRateTooLow     = "rate_too_low"    // rate, least
	CodeRefusedAgain   = "refused_again"   // cycles, code (of the last one's reason)
	CodeOnlyRatings    = "only_ratings"    // ratings
	CodeLessonsMissed  = "lessons_missed"  // missed, total
	CodeReaderRefused  = "reader_refused"  // the model's reader, by the gate: the turn alone serves; model, and the gate's own reason (GateOf)
	CodePrepareFailed  = "prepare_failed"  // the model's reader could not be made; error
	CodePrepared       = "prepared"        // the model's reader is ready; model
	CodeUpkeepFailed   = "upkeep_failed"   // what the loop does but training and preparing; error
	CodeStillHolds     = "still_holds"     // the version in use, what was taken back; number
	CodeContradiction  = "contradiction"   // two lessons; older, newer (their questions), count
	CodeTooLittle      = "too_little"      // ratings, for a picture
	CodeTrainingMemory = "training_memory" // not even the smallest step fits; needs, free (MiB)
	CodeEngineLost     = "engine_lost"     // another engine computes from now on; from, to (compute's names), error
	CodeVersionUnread  = "version_unread"  // the files of the version in use cannot be read at present, so nothing is trained; number
	CodeVersionBroken  = "version_broken"  // the files of the version in use cannot be loaded; number, error
	CodeVersionDamaged = "version_damaged" // the files of one that is to be restored or exported cannot be loaded; number
	CodeGood           = "good"

	CodeSameModel = "same_model" // what was taught is to move to the model in use; name
	CodeMoveEnded = "move_ended" // another model was loaded while what was taught moved

	// Why an engine does not compute here, which the assembly finds.
	CodeEngineBuild  = "engine_build"  // the program was built without it
	CodeEngineDriver = "engine_driver" // no NVIDIA driver that works, or no card that fits
	CodeEngineOpenGL = "engine_opengl" // no OpenGL 4.3
	CodeEngineCard   = "engine_card"   // an OpenGL, but none on a card
	CodeEngineWrong  = "engine_wrong"  // it computes something else than the CPU; operation
	CodeEngineMemory = "engine_memory" // it has too little
	CodeEngineFailed = "engine_failed" // it stopped working

	// The kinds of error of FaultOf, and, as the argument "fault", of the error that a reason
	// quotes as its argument "error".
	CodeFaultDisk      = "fault_disk"       // full
	CodeFaultMemory    = "fault_memory"     // too little
	CodeFaultEngine    = "fault_engine"     // it no longer works
	CodeFaultDiverged  = "fault_diverged"   // a training went beyond the numbers
	CodeFaultPass      = "fault_pass"       // a computation broke off, and the engine works on
	CodeFaultModelFile = "fault_model_file" // damaged, or none
	CodeFaultModelKind = "fault_model_kind" // not supported
	CodeFaultTemplate  = "fault_template"   // the model's chat template cannot be read
	CodeFaultChanged   = "fault_changed"    // an adapter that is not what its version was made with; path
	CodeFaultMissing   = "fault_missing"    // path
	CodeFaultDenied    = "fault_denied"     // path
)

// reason makes a Reason; pairs are key, value, key, value, ... and text is the
// sentence in English.
func reason(code, text string, pairs ...any) Reason {
	r := Reason{Code: code, Text: text}
	for i := 0; i+1 < len(pairs); i += 2 {
		if r.Args == nil {
			r.Args = make(map[string]string, len(pairs)/2)
		}
		var v string
		switch x := pairs[i+1].(type) {
		case error:
			v = x.Error()
			if f, _, ok := FaultOf(x); ok {
				r.Args["fault"] = f.Code
				maps.Copy(r.Args, f.Args)
			}
		case float64:
			v = strconv.FormatFloat(x, 'g', 4, 64)
		default:
			v = fmt.Sprint(x)
		}
		r.Args[pairs[i].(string)] = v
	}
	return r
}

// IsText says of an argument of a reason that it is somebody's words or a name: a face writes it as
// it is, also where it looks like a number.
func IsText(argument string) bool {
	switch argument {
	case "word", "lessons", "questions", "lost", "older", "newer", // of what was taught
		"name", "names", "model", "engine", "operation", "from", "to",
		"path", "file", "folder", "where", "home", "addr", "host", "url", "status",
		"error":
		return true
	}
	return false
}

// UserError is an error with something to say to the user: what happened
// (Reason) and what to do next (Hint). Err keeps the chain for the log.
type UserError struct {
	Reason Reason
	Hint   string // a code: see the Hint constants
	Err    error
}

// What a user can do about a UserError or a finding of Doctor.
const (
	HintLoadModel          = "load_model"
	HintFreeSpace          = "free_space"
	HintRate               = "rate"                 // rate or correct more answers
	HintCorrect            = "correct"              // correct instead of rating
	HintLowerThreshold     = "lower_threshold"      // quality_threshold
	HintLowerBatch         = "lower_batch"          // min_batch_size
	HintLowerInterval      = "lower_interval"       // train_interval
	HintTrainNow           = "train_now"            //
	HintRestoreOther       = "restore_other"        // restore another version, or train again
	HintResume             = "resume"               //
	HintEnable             = "enable"               //
	HintRaiseRate          = "raise_rate"           // learning_rate
	HintLowerRate          = "lower_rate"           // learning_rate, or knowledge_rate
	HintRaiseKnowledgeRate = "raise_knowledge_rate" // knowledge_rate
	HintMoreEpochs         = "more_epochs"          // max_epochs
	HintReviewFeedback     = "review_feedback"      // look at contradicting or wrong feedback
	HintRephrase           = "rephrase"             // say the lesson in other words, or its keywords
	HintShorten            = "shorten"              // the text is too long for the model's context
	HintWait               = "wait"                 //
	HintPrepare            = "prepare"              // make the model's reader
	HintTrainingMemory     = "training_memory"      // training_memory, rank
	HintFreeMemory         = "free_memory"          // close other programs, or lower context
	HintEngine             = "engine"               // choose another engine, or none
	HintNone               = ""                     //
)

// Error implements error.
func (e *UserError) Error() string {
	if e.Err == nil {
		return e.Reason.Text
	}
	if e.Reason.Text == "" {
		return e.Err.Error()
	}
	return e.Reason.Text + ": " + e.Err.Error()
}

// Unwrap implements errors.Unwrap.
func (e *UserError) Unwrap() error { return e.Err }

// ShareOf is an argument of a reason that is a share of the cases counted beside it, from 0 to 1:
// beside counts it reads as one of them unless it is said in percent.
func ShareOf(r Reason, argument string) (share float64, ok bool) {
	if argument != "limit" {
		return 0, false
	}
	switch r.Code {
	case CodeForgets, CodeForgetsBehind, CodeLeaks, CodeLeaksBehind, CodeOwnMissed, CodeLanguage:
		share, err := strconv.ParseFloat(r.Args[argument], 64)
		return share, err == nil
	}
	return 0, false
}
