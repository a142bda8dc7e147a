// Package words splits texts into words and says which of them are the same: by their spelling,
// their endings, the number that they write. It also knows which carry content, whether a text
// is German, and where its sentences end. It is made for English and German, and gets along with
// scripts that have no spaces between words.
//
// Words are compared in one of two spellings. Folded ones (Fold) have their umlauts written out
// and keep their endings, but for the plural's s (Singular): lists of words are in it, and so are
// the checks of lessons. Plain ones (Plain) have the bare vowels of their umlauts, and a stem
// (Stem): by these, other forms of a word are found.
//
// All functions are pure and may be called from several goroutines. A text of any bytes may be
// given, also one that is no UTF-8.
package words
