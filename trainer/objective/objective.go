// Package objective holds the losses that CLARA trains with, one file each.
//
// A loss sees log-probabilities and returns its value with the derivative by
// each of them; nothing else crosses the line to the model. All of them are
// natural logarithms in float64: an answer has tens of tokens, so precision
// costs nothing here. l stands for the log-probabilities of the answer's tokens
// (the closing end-of-turn token among them) by the adapter under training, r
// for those by the frozen base, w for the sample's weight. Weights belong in the
// loss and not on the gradient: AdamW cancels a scale that all steps share.
//
// No function keeps or changes what it is given. An answer without tokens has the
// loss 0 and no derivative.
package objective
