package trainer

import (
	"errors"
	"io/fs"
	"maps"
	"runtime"
	"strings"
	"syscall"

	"clara/model"
	"clara/model/chat"
	"clara/model/gguf"
	"clara/model/tokenizer"
	"clara/store"
)

// faults are the kinds of error that a person meets and can do something about, whatever
// was attempted; the more particular first.
var faults = []struct {
	is   error
	code string
	text string
	hint string
}{
	{store.ErrFull, CodeFaultDisk, "the disk is full", HintFreeSpace},
	{diskFull(), CodeFaultDisk, "the disk is full", HintFreeSpace},
	{errChanged, CodeFaultChanged, "the adapter is not the one that its version was made with", HintRestoreOther},
	{gguf.ErrFormat, CodeFaultModelFile, "the model file is damaged or no GGUF file", HintLoadModel},
	{gguf.ErrTruncated, CodeFaultModelFile, "the model file is damaged or no GGUF file", HintLoadModel},
	{tokenizer.ErrVocabulary, CodeFaultModelFile, "the model file is damaged or no GGUF file", HintLoadModel},
	{gguf.ErrVersion, CodeFaultModelKind, "this kind of model is not supported", HintLoadModel},
	{tokenizer.ErrUnsupported, CodeFaultModelKind, "this kind of model is not supported", HintLoadModel},
	{model.ErrUnsupported, CodeFaultModelKind, "this kind of model is not supported", HintLoadModel},
	{chat.ErrSyntax, CodeFaultTemplate, "the model's chat template cannot be read", HintLoadModel},
	{model.ErrMemory, CodeFaultMemory, "there is not enough memory", HintFreeMemory},
	{model.ErrDiverged, CodeFaultDiverged, "the training diverged: a loss was no longer a number", HintLowerRate},
	{model.ErrLost, CodeFaultEngine, "the engine no longer works", HintNone},
	{model.ErrNoNumbers, CodeFaultEngine, "the engine no longer works", HintNone},
	{model.ErrPass, CodeFaultPass, "the computation broke off", HintNone},
	{fs.ErrNotExist, CodeFaultMissing, "there is no such file", HintNone},
	{fs.ErrPermission, CodeFaultDenied, "access is denied", HintNone},
}

// diskFull is how this system says that a disk is full.
func diskFull() error {
	if runtime.GOOS == "windows" {
		return syscall.Errno(112) // ERROR_DISK_FULL; ENOSPC is an invention of Go's there
	}
	return syscall.ENOSPC
}

// FaultOf names the kind of an error, with what to do, for a face to say in its language;
// ok is false where the error is of none that has a name. An error that brings its own
// words, a *UserError, is named by these.
func FaultOf(err error) (why Reason, hint string, ok bool) {
	for _, f := range faults {
		if !errors.Is(err, f.is) {
			continue
		}
		why, hint = reason(f.code, f.text), f.hint
		var path *fs.PathError
		if f.code != CodeFaultMissing && f.code != CodeFaultDenied && f.code != CodeFaultChanged {
			return why, hint, true
		}
		if !errors.As(err, &path) { // it may be no file that is missing
			return Reason{}, HintNone, false
		}
		return reason(f.code, path.Path+": "+f.text, "path", path.Path), hint, true
	}
	return Reason{}, HintNone, false
}

// Detail is what an error says besides its kind, for a face that has said that in its language.
func Detail(err error) string {
	for _, f := range faults {
		if errors.Is(err, f.is) {
			return strings.TrimSuffix(err.Error(), ": "+f.is.Error())
		}
	}
	return err.Error()
}

// Fault is the kind of the error that a reason quotes as its argument "error"; ok is false
// where it quotes none, or one without a name.
func Fault(r Reason) (why Reason, ok bool) {
	why = Reason{Code: r.Args["fault"], Text: r.Args["error"], Args: maps.Clone(r.Args)}
	delete(why.Args, "fault")
	delete(why.Args, "error")
	return why, why.Code != ""
}
