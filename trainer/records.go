package trainer

import (
	"clara/model/chat"
	"clara/store"
)

// The records that cross the face are those of the store, under one roof: a
// face imports no store.
type (
	Conversation = store.Conversation
	Transcript   = store.Transcript
	Message      = store.Message
	Role         = store.Role
	Finish       = store.Finish
	Turn         = store.Turn
	Sample       = store.Sample
	SampleState  = store.SampleState
	SampleQuery  = store.SampleQuery
	Form         = store.Form
	Kind         = store.Kind
	Lesson       = store.Lesson
	LessonState  = store.LessonState
	LessonResult = store.LessonResult
	Cycle        = store.Cycle
	CycleState   = store.CycleState
	Version      = store.Version
	Cause        = store.Cause
	Reason       = store.Reason
)

// The values of those records.
const (
	RoleSystem    = store.RoleSystem
	RoleUser      = store.RoleUser
	RoleAssistant = store.RoleAssistant

	FinishEnd       = store.FinishEnd
	FinishLength    = store.FinishLength
	FinishStop      = store.FinishStop
	FinishCancelled = store.FinishCancelled
	FinishFailed    = store.FinishFailed

	FormRating     = store.FormRating
	FormCorrection = store.FormCorrection
	FormText       = store.FormText

	Knowledge = store.Knowledge
	Manner    = store.Manner

	SampleNew      = store.SampleNew
	SampleUsed     = store.SampleUsed
	SampleRejected = store.SampleRejected
	SampleDeleted  = store.SampleDeleted

	LessonNew    = store.LessonNew
	LessonKnown  = store.LessonKnown
	LessonMissed = store.LessonMissed
	LessonLost   = store.LessonLost

	CycleRunning  = store.CycleRunning
	CyclePromoted = store.CyclePromoted
	CycleRefused  = store.CycleRefused
	CycleFailed   = store.CycleFailed
	CycleStopped  = store.CycleStopped
	CycleChecked  = store.CycleChecked
	CycleCut      = store.CycleCut

	CauseCycle    = store.CauseCycle
	CauseRestore  = store.CauseRestore
	CauseRollback = store.CauseRollback
)

// The errors of the store that a face tells apart, by errors.Is.
var (
	ErrNotFound = store.ErrNotFound
	ErrRemoved  = store.ErrRemoved
	ErrNewer    = store.ErrNewer
	ErrForeign  = store.ErrForeign
	ErrCorrupt  = store.ErrCorrupt
	ErrFull     = store.ErrFull
	ErrInvalid  = store.ErrInvalid
)

// FileError is what the store says of a database file that cannot be used.
type FileError = store.FileError

// ErrTemplate says that the model's chat template refuses a conversation.
var ErrTemplate = chat.ErrRaised
