package model

// A file without a chat template is that of a base model, which was trained on texts and
// has seen no turns: the control tokens that its vocabulary may have for them it never
// learnt (Gemma 3 270M answers them by saying them again). What it continues well is a text in which
// questions are answered. llama.cpp writes ChatML for such files.
const (
	plainTurns = "{% for m in messages %}{% if m.role == 'system' %}{{ m.content }}\n\n" +
		"{% elif m.role == 'assistant' %}" + plainLead + "{{ m.content }}\n\n" +
		"{% else %}" + plainQuestion + " {{ m.content }}\n" + plainAnswer + "{% endif %}{% endfor %}"

	plainQuestion = "Question:"
	plainAnswer   = "Answer:"

	// plainLead stands between the turn's name and the answer. It belongs to the first token
	// of the answer, as it does in any text.
	plainLead = " "
)

// lead is what stands before an answer's text in its tokens.
func (r *Runner) lead() string {
	if r.info.Plain && !r.tokenizer.AddsSpace() {
		return plainLead
	}
	return ""
}

// plainEnds are the texts by which a base model goes on to a question of its own: the
// answer has ended there.
var plainEnds = []string{"\n\n" + plainQuestion, "\n" + plainQuestion}
