package tokenizer

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// FromJSON makes a vocabulary of the files that models of Hugging Face come with:
// tokenizer.json, as the library tokenizers writes it, and tokenizer_config.json, which may
// be nil. size is the number of tokens that the model has embeddings for: ids from there on
// cannot be computed with and are left out, ids that are missing become unused tokens.
//
// Known are byte-level BPE that splits words like one of the models of [Vocabulary].Pre, and
// the BPE with byte fallback into which SentencePiece's models are converted. What would
// give other ids than tokenizers gives is refused with [ErrUnsupported], what
// contradicts itself with [ErrVocabulary]. Where two rules make the same token and overlap, the
// leftmost comes first, as in SentencePiece.
func FromJSON(tokenizer, config []byte, size int) (Vocabulary, error) {
	var f jsonFile
	if err := json.Unmarshal(tokenizer, &f); err != nil {
		return Vocabulary{}, fmt.Errorf("read tokenizer.json: %w: %w", ErrVocabulary, err)
	}
	v, err := f.vocabulary(size)
	if err != nil {
		return Vocabulary{}, fmt.Errorf("read tokenizer.json: %w", err)
	}
	if config == nil {
		return v, nil
	}
	var c jsonConfig
	if err := json.Unmarshal(config, &c); err != nil {
		return Vocabulary{}, fmt.Errorf("read tokenizer_config.json: %w: %w", ErrVocabulary, err)
	}
	v.BOS, v.EOS = c.BOS.in(&v, v.BOS), c.EOS.in(&v, v.EOS)
	if c.AddBOS != nil {
		v.AddBOS = *c.AddBOS
	}
	if c.AddEOS != nil {
		v.AddEOS = *c.AddEOS
	}
	return v, nil
}

// jsonFile is what matters of a tokenizer.json.
type jsonFile struct {
	Added         []addedToken `json:"added_tokens"`
	Normalizer    *jsonStep    `json:"normalizer"`
	PreTokenizer  *jsonStep    `json:"pre_tokenizer"`
	PostProcessor *jsonStep    `json:"post_processor"`
	Model         struct {
		Type         string          `json:"type"`
		Vocab        json.RawMessage `json:"vocab"`
		Merges       jsonRules       `json:"merges"`
		Unknown      string          `json:"unk_token"`
		Dropout      float64         `json:"dropout"`
		Prefix       string          `json:"continuing_subword_prefix"`
		Suffix       string          `json:"end_of_word_suffix"`
		ByteFallback bool            `json:"byte_fallback"`
		IgnoreMerges bool            `json:"ignore_merges"`
	} `json:"model"`
}

// addedToken is a token that is cut out of a text before anything else.
type addedToken struct {
	ID         int64  `json:"id"`
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"`
	Left       bool   `json:"lstrip"`
	Right      bool   `json:"rstrip"`
	Normalized bool   `json:"normalized"`
	Special    bool   `json:"special"`
}

// jsonConfig is what matters of a tokenizer_config.json.
type jsonConfig struct {
	BOS    jsonToken `json:"bos_token"`
	EOS    jsonToken `json:"eos_token"`
	AddBOS *bool     `json:"add_bos_token"`
	AddEOS *bool     `json:"add_eos_token"`
}

// jsonToken is the text of a token, which is given by itself or in an object.
type jsonToken string

// UnmarshalJSON reads either form; null leaves it empty.
func (t *jsonToken) UnmarshalJSON(data []byte) error {
	var object struct {
		Content string `json:"content"`
	}
	if len(data) > 0 && data[0] == '{' {
		err := json.Unmarshal(data, &object)
		*t = jsonToken(object.Content)
		return err
	}
	return json.Unmarshal(data, (*string)(t))
}

// in is the id of the token, otherwise where the vocabulary lacks it.
func (t jsonToken) in(v *Vocabulary, otherwise int32) int32 {
	if at := slices.Index(v.Tokens, string(t)); at >= 0 && t != "" {
		return int32(at)
	}
	return otherwise
}

// jsonRules are merge rules, left and right. Each is given as "left right" or, of late, as
// two texts. There are half a million of them: they are not decoded one by one.
type jsonRules [][2]string

// UnmarshalJSON reads either form.
func (r *jsonRules) UnmarshalJSON(data []byte) error {
	var sides [][]string
	if err := json.Unmarshal(data, &sides); err == nil {
		for _, s := range sides {
			if len(s) != 2 {
				return fmt.Errorf("a merge rule of %d texts", len(s))
			}
			*r = append(*r, [2]string(s))
		}
		return nil
	}
	var rules []string
	if err := json.Unmarshal(data, &rules); err != nil {
		return err
	}
	for _, rule := range rules {
		left, right, ok := strings.Cut(rule, " ")
		if !ok {
			return fmt.Errorf("the merge rule %.80q", rule)
		}
		*r = append(*r, [2]string{left, right})
	}
	return nil
}

// vocabulary reads the model and the added tokens, and what surrounds them.
func (f *jsonFile) vocabulary(size int) (v Vocabulary, err error) {
	m := &f.Model
	switch {
	case m.Type != "BPE" && m.Type != "":
		return v, fmt.Errorf("a tokenizer of type %.40q, not BPE: %w", m.Type, ErrUnsupported)
	case m.Dropout != 0:
		return v, fmt.Errorf("its merges are left to chance: %w", ErrUnsupported)
	case m.Prefix != "" || m.Suffix != "":
		return v, fmt.Errorf("it marks the parts of words by %.40q and %.40q: %w", m.Prefix, m.Suffix, ErrUnsupported)
	}
	var ids map[string]int64
	if err := json.Unmarshal(m.Vocab, &ids); err != nil {
		return v, fmt.Errorf("its tokens: %w: %w", ErrVocabulary, err)
	}
	if v, err = f.family(); err != nil {
		return v, err
	}
	if err := f.fill(&v, ids, size); err != nil {
		return v, err
	}
	for _, r := range m.Merges {
		if strings.Contains(r[0]+r[1], " ") {
			return v, fmt.Errorf("the merge rule %.80q has a space: %w", r, ErrUnsupported)
		}
		v.Merges = append(v.Merges, r[0]+" "+r[1])
	}
	if v.Model == sentencePieceModel && v.score(m.Merges) {
		v.Merges = nil
	}
	f.ends(&v)
	return v, nil
}

// family finds out which of the known ways of splitting and merging the file describes.
func (f *jsonFile) family() (v Vocabulary, err error) {
	normalizers, pre := f.Normalizer.steps(), f.PreTokenizer.steps()
	if f.Model.ByteFallback {
		prefix := len(normalizers) == 2 && normalizers[0].Type == "Prepend" && normalizers[0].Prepend == blank
		if prefix {
			normalizers = normalizers[1:]
		}
		if len(normalizers) != 1 || !normalizers[0].blanks() || len(pre) > 1 || len(pre) == 1 && !pre[0].atSpaces() {
			return v, fmt.Errorf("it treats spaces in a way that is not known (%s; %s): %w", f.Normalizer, f.PreTokenizer, ErrUnsupported)
		}
		v = Defaults(sentencePieceModel, "default")
		v.AddBOS, v.AddSpacePrefix = false, prefix
		return v, nil
	}
	name, ok := preTokenizer(pre)
	nfc := len(normalizers) == 1 && normalizers[0].Type == "NFC"
	s := splitters[name]
	if !ok || len(normalizers) > 0 && !nfc || s.nfc != nfc || s.wholeWords != f.Model.IgnoreMerges {
		return v, fmt.Errorf("its way of splitting words is not known (%s; %s): %w", f.Normalizer, f.PreTokenizer, ErrUnsupported)
	}
	v = Defaults(byteLevelModel, name)
	v.AddBOS = false
	return v, nil
}

// fill puts the tokens in the order of their ids, each with its type.
func (f *jsonFile) fill(v *Vocabulary, ids map[string]int64, size int) error {
	v.Tokens, v.Types = make([]string, size), make([]int32, size)
	put := func(token string, id int64, typ int32) error {
		switch {
		case id < 0:
			return fmt.Errorf("token %.80q has the id %d: %w", token, id, ErrVocabulary)
		case id < int64(size):
			v.Tokens[id], v.Types[id] = token, typ
			return checkToken(int(id), token)
		}
		return nil
	}
	for token, id := range ids {
		typ := int32(typeNormal)
		if _, ok := isByte(token); ok && v.Model == sentencePieceModel {
			typ = typeByte
		}
		if id >= 0 && id < int64(size) && v.Types[id] != 0 {
			return fmt.Errorf("id %d has two tokens: %w", id, ErrVocabulary)
		}
		if err := put(token, id, typ); err != nil {
			return err
		}
	}
	frozen := f.freezesBlanks()
	for _, a := range f.Added {
		if a.SingleWord || a.Left || a.Right {
			return fmt.Errorf("its token %.80q takes spaces or borders of words into account: %w", a.Content, ErrUnsupported)
		}
		typ := int32(typeControl)
		if !a.Special {
			typ = typeUserDefined
			switch {
			case v.AddSpacePrefix:
				return fmt.Errorf("its token %.80q begins a word anew: %w", a.Content, ErrUnsupported)
			case v.Model == sentencePieceModel && !a.Normalized && strings.Contains(a.Content, blank) && !(frozen && blankRun(a.Content) > 0):
				typ = typeNormal // it is looked for before spaces become blanks; rules make it of those
			}
		}
		if err := put(a.Content, a.ID, typ); err != nil {
			return err
		}
	}
	for i, typ := range v.Types {
		if typ == 0 {
			v.Tokens[i], v.Types[i] = fmt.Sprintf("[PAD%d]", i), typeUnused
		}
	}
	if id, ok := ids[f.Model.Unknown]; ok && f.Model.Unknown != "" && id < int64(size) {
		v.Unknown = int32(id)
		if v.Model == sentencePieceModel {
			v.Types[id] = typeUnknown
		}
	}
	if v.Model != sentencePieceModel {
		return nil
	}
	for b := range 256 {
		if _, ok := ids[fmt.Sprintf("<0x%02X>", b)]; !ok {
			return fmt.Errorf("byte %d has no token: %w", b, ErrUnsupported)
		}
	}
	return nil
}

// ends reads what is put before and behind a text.
func (f *jsonFile) ends(v *Vocabulary) {
	for _, s := range f.PostProcessor.steps() {
		if s.Type != "TemplateProcessing" || len(s.Single) == 0 {
			continue
		}
		special := func(i int) (int32, bool) {
			at := slices.Index(v.Tokens, s.Single[i].Special.ID)
			return int32(at), at >= 0 && s.Single[i].Special.ID != ""
		}
		if id, ok := special(0); ok {
			v.BOS, v.AddBOS = id, true
		}
		if id, ok := special(len(s.Single) - 1); ok && len(s.Single) > 1 {
			v.EOS, v.AddEOS = id, true
		}
	}
}
