package words

import "strings"

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// LineEnds makes the ends of lines those that models write. Files and programs of Windows have
// others, and what is trained with them teaches a model to write them.
func LineEnds(s string) string { return lineEnds.Replace(s) }
