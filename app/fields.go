package app

import (
	"cmp"
	"maps"
	"slices"

	"clara/configs"
	"clara/trainer"
	"clara/widgets"
)

// section is one page of the settings.
type section int

const (
	sectionLooks section = iota
	sectionAnswers
	sectionLearning
	sectionGate
	sectionDevice
	sectionData
	sectionKeys
)

// sections are the pages in their order.
var sections = []struct {
	id          section
	glyph       widgets.Glyph
	name, about string // keys of the words
}{
	{sectionLooks, widgets.IconMoon, "settings.looks", "settings.looks_about"},
	{sectionAnswers, widgets.IconChat, "settings.answers", "settings.answers_about"},
	{sectionLearning, widgets.IconFunnel, "settings.learning", "settings.learning_about"},
	{sectionGate, widgets.IconShield, "settings.gate", "settings.gate_about"},
	{sectionDevice, widgets.IconChip, "settings.device", "settings.device_about"},
	{sectionData, widgets.IconLock, "settings.data", "settings.data_about"},
	{sectionKeys, widgets.IconInfo, "settings.keys", "settings.keys_about"},
}

// field is one setting in the dialog; its range and usual value come from configs.
type field struct {
	section          section
	key              string // in configs
	name, help, unit string // keys of the words
	log              bool
	choices          []choice
	at               func(*configs.Settings) any
}

// choice is one word that a setting can hold.
type choice struct{ value, name string }

// fields are the settings that a person may change here, in their order. The others are reached by opening the file.
var fields = []field{
	{
		section: sectionLooks, key: "window.language", name: "set.language", help: "set.language_help",
		choices: []choice{{"system", "set.system"}, {german, "set.german"}, {english, "set.english"}},
		at:      func(s *configs.Settings) any { return &s.Window.Language },
	},
	{
		section: sectionLooks, key: "window.appearance", name: "set.appearance", help: "set.appearance_help",
		choices: []choice{{"system", "set.system"}, {"light", "set.light"}, {"dark", "set.dark"}},
		at:      func(s *configs.Settings) any { return &s.Window.Appearance },
	},
	{
		section: sectionLooks, key: "window.text_size", name: "set.text_size", help: "set.text_size_help", unit: "set.percent",
		at: func(s *configs.Settings) any { return &s.Window.TextSize },
	},
	{
		section: sectionLooks, key: "window.high_contrast", name: "set.contrast", help: "set.contrast_help",
		at: func(s *configs.Settings) any { return &s.Window.HighContrast },
	},
	{
		section: sectionLooks, key: "window.reduced_motion", name: "set.motion", help: "set.motion_help",
		at: func(s *configs.Settings) any { return &s.Window.ReducedMotion },
	},

	{
		section: sectionAnswers, key: "answer.temperature", name: "set.temperature", help: "set.temperature_help",
		at: func(s *configs.Settings) any { return &s.Answer.Temperature },
	},
	{
		section: sectionAnswers, key: "answer.top_p", name: "set.top_p", help: "set.top_p_help",
		at: func(s *configs.Settings) any { return &s.Answer.TopP },
	},
	{
		section: sectionAnswers, key: "answer.top_k", name: "set.top_k", help: "set.top_k_help", unit: "set.tokens",
		at: func(s *configs.Settings) any { return &s.Answer.TopK },
	},
	{
		section: sectionAnswers, key: "answer.min_p", name: "set.min_p", help: "set.min_p_help",
		at: func(s *configs.Settings) any { return &s.Answer.MinP },
	},
	{
		section: sectionAnswers, key: "answer.repeat_penalty", name: "set.repeat", help: "set.repeat_help",
		at: func(s *configs.Settings) any { return &s.Answer.RepeatPenalty },
	},
	{
		section: sectionAnswers, key: "answer.max_tokens", name: "set.max_tokens", help: "set.max_tokens_help", unit: "set.tokens", log: true,
		at: func(s *configs.Settings) any { return &s.Answer.MaxTokens },
	},
	{
		section: sectionAnswers, key: "answer.system", name: "set.system_prompt", help: "set.system_prompt_help",
		at: func(s *configs.Settings) any { return &s.Answer.System },
	},

	{
		section: sectionLearning, key: "continuous.enabled", name: "set.enabled", help: "set.enabled_help",
		at: func(s *configs.Settings) any { return &s.Continuous.Enabled },
	},
	{
		section: sectionLearning, key: "continuous.train_on_correction", name: "set.on_correction", help: "set.on_correction_help",
		at: func(s *configs.Settings) any { return &s.Continuous.TrainOnCorrection },
	},
	{
		section: sectionLearning, key: "continuous.quality_threshold", name: "set.quality", help: "set.quality_help", unit: "set.score",
		at: func(s *configs.Settings) any { return &s.Continuous.QualityThreshold },
	},
	{
		section: sectionLearning, key: "continuous.min_batch_size", name: "set.ratings", help: "set.ratings_help", unit: "set.new",
		at: func(s *configs.Settings) any { return &s.Continuous.MinBatchSize },
	},
	{
		section: sectionLearning, key: "continuous.train_interval", name: "set.interval", help: "set.interval_help", unit: "set.seconds", log: true,
		at: func(s *configs.Settings) any { return &s.Continuous.TrainInterval },
	},
	{
		section: sectionLearning, key: "continuous.objective", name: "set.objective", help: "set.objective_help",
		choices: []choice{{"kto", "set.objective_kto"}, {"sft", "set.objective_sft"}, {"dpo", "set.objective_dpo"}, {"bounded", "set.objective_bounded"}},
		at:      func(s *configs.Settings) any { return &s.Continuous.Objective },
	},
	{
		section: sectionLearning, key: "continuous.learning_rate", name: "set.rate", help: "set.rate_help", log: true,
		at: func(s *configs.Settings) any { return &s.Continuous.LearningRate },
	},
	{
		section: sectionLearning, key: "continuous.buffer_size", name: "set.buffer", help: "set.buffer_help", unit: "set.pieces", log: true,
		at: func(s *configs.Settings) any { return &s.Continuous.BufferSize },
	},
	{
		section: sectionLearning, key: "continuous.min_words", name: "set.words", help: "set.words_help", unit: "set.word_unit",
		at: func(s *configs.Settings) any { return &s.Continuous.MinWords },
	},
	{
		section: sectionLearning, key: "continuous.max_epochs", name: "set.epochs", help: "set.epochs_help",
		at: func(s *configs.Settings) any { return &s.Continuous.MaxEpochs },
	},

	{
		section: sectionGate, key: "continuous.auto_rollback", name: "set.rollback", help: "set.rollback_help",
		at: func(s *configs.Settings) any { return &s.Continuous.AutoRollback },
	},
	{
		section: sectionDevice, key: "continuous.prepare_models", name: "set.prepare", help: "set.prepare_help",
		at: func(s *configs.Settings) any { return &s.Continuous.PrepareModels },
	},
	{
		section: sectionGate, key: "continuous.keep_versions", name: "set.keep", help: "set.keep_help", unit: "set.pieces",
		at: func(s *configs.Settings) any { return &s.Continuous.KeepVersions },
	},

	{
		section: sectionDevice, key: "model.engine", name: "set.engine", help: "set.engine_help",
		choices: []choice{{"auto", "set.engine_auto"}, {"cuda", "set.engine_cuda"}, {"cuda-f16", "set.engine_cuda_f16"}, {"opengl", "set.engine_opengl"}, {"cpu", "set.engine_cpu"}},
		at:      func(s *configs.Settings) any { return &s.Model.Engine },
	},
	{
		section: sectionDevice, key: "model.threads", name: "set.threads", help: "set.threads_help", unit: "set.pieces",
		at: func(s *configs.Settings) any { return &s.Model.Threads },
	},
	{
		section: sectionDevice, key: "model.training_memory", name: "set.training_memory", help: "set.training_memory_help", unit: "set.mebibytes",
		at: func(s *configs.Settings) any { return &s.Model.TrainingMemory },
	},
	{
		section: sectionDevice, key: "model.context", name: "set.context", help: "set.context_help", unit: "set.tokens", log: true,
		at: func(s *configs.Settings) any { return &s.Model.Context },
	},
	{
		section: sectionDevice, key: "model.path", name: "set.model_path", help: "set.model_path_help",
		at: func(s *configs.Settings) any { return &s.Model.Path },
	},
}

// droppedKeys counts the samples that would not train, by the code of the reason.
var droppedKeys = map[string]string{
	trainer.CodeNeutral:        "dropped.neutral",
	trainer.CodeTooShort:       "dropped.too_short",
	trainer.CodeReplaced:       "dropped.replaced",
	trainer.CodeBelowThreshold: "dropped.below_threshold",
	trainer.CodeBufferFull:     "dropped.buffer_full",
	trainer.CodeUnchanged:      "dropped.unchanged",
	trainer.CodeEmpty:          "dropped.empty",
}

// sortedByCount lists the keys of counts, the most frequent first.
func sortedByCount(counts map[string]int) []string {
	return slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
}
