package main

// What the page says around its tables, for somebody who sees it for the first time.

// introduction is formatted with the name of the folder of the results.
const introduction = `Made by ` + "`go run ./prove -report%[2]s`" + ` of [results.jsonl](%[1]s/results.jsonl); do not edit it by hand.
` + "`make prove%[3]s`" + ` measures what has no line in that file yet, with ` + "`-again`" + ` in ARGS also what was measured at
another commit than the present one, and ` + "`make prove-short%[3]s`" + ` a part of it, into a folder of its own.

`

const howToRead = `## How to read it

- **Cells.** ` + "`.983 [.911, .997] 177/180`" + ` is a share, its 95 % interval (Wilson), and the counts of all seeds together. A seed changes which
  lessons lie in memory together and in which order, and what is drawn or trained at random. The questions stay mostly the same, so the
  interval is that of one seed's number of answers (here 60), not of all of them.
- **Where an interval is too narrow.** Within a seed each answer counts as an independent one, also where the same question was asked with
  several memories or for several manners, or was sampled four times.
- **Lines.** The last column names the lines of results.jsonl that a row adds up. Each of them stands at the end of this page.
- **Sets not tuned on** were written by another hand than the recipes, and no recipe was found on them. Results on them were looked at between
  versions, so a fault that they showed was mended with them in view. **Given sets** came with the project; the recipes were found on them,
  and that of ratings on ratings-en as well, which stands among them.
- **As written** is the question of a lesson itself; **in other words** are at least three rewordings of it. **Leak**: a similar question, to
  which the lesson is not the answer, is answered with the lesson. **Unrelated kept**: questions that the untrained model gets right and that are
  still answered right.
- **Canary** is how much worse plain text is predicted than by the untrained model, in nats per token.
- **Looping** is an answer in which a run of four words comes more than four times, or a run of one to three words follows itself as
  often. The gate counts runs of four words alone, so it finds fewer.
`

const goalsText = `Met and missed compare the share itself with the goal, not its interval. "Met so far": the lines that there are meet it, but fewer were run
than promised (see below). Better than another is who is better in each count, or level with it where nothing is left to win; a single
answer can decide that.
`

const notAskedText = `Lessons are asked in whole groups of as many as lie in memory; with 1 and 4 in memory only 12 and 24 lessons are asked. Where a set has fewer lessons
than are to lie in memory, lessons that nobody asks for lie beside them. What a set has beyond that is not asked:`

const notRunSays = `Promised, and without a line here: ` + "`make prove%s`" + ` measures it; ` + "`make prove-peers`" + ` what is said of TRL, beside the built-in model alone. Whatever is said about it elsewhere, this page does not show it.
`

// section is a part of the page that is about one thing: a table, a picture, or both. Where
// there is nothing to show it is left out.
type section struct {
	title, text string
	table       func(lines, peers []result) string // nil: none
	file        string                             // of the picture
	draw        func([]result) ([]byte, error)     // nil: no picture
}

var sections = []section{
	{
		title: "Retrieval without a reader",
		text: `"Without reader": the same lessons, found by their words alone and put before the untrained model. That is plain retrieval. In the picture all sets of
facts are added up; dashed is without the reader.
`,
		table: readerTable, file: "memory.png", draw: drawMemory,
	},
	{
		title: "Ratings against shuffled ratings",
		text: `32 answers get five stars where they comply with a wish that is never said, else one star. Shuffled are the same stars dealt to other answers: what
is gained with them is no learning. With noisy stars each is turned round with a chance of one in five. p is Fisher's exact test, one-sided, on the answers of all seeds, each as an
independent one. What two trainings on the same stars differ by is not in it, so p is too small. The last word of a variant is the objective that was chosen; where "trait told" is 1, what the good
answers have in common was found, and pairs of answers that differ in it were trained instead, if there were ten. The picture adds up the wishes, with KTO chosen.
`,
		table: controlTable, file: "ratings.png", draw: drawRatings,
	},
	{
		title: "Seconds from a correction to the next answer",
		text: `After each of 12 lessons the question is asked in other words; the time runs until the last token of that answer, right or wrong, or its 40th: one that
is not the lesson can go on for long. Nothing trains meanwhile.
"changed" in the lines below says how many of the answers show the lesson.
`,
		table: secondsTable,
	},
	{
		title: "Many cycles",
		text: `Each cycle adds, changes or deletes a lesson, and then asks all that are in memory. Corrections of a manner and lessons that need training come at fixed cycles.
A cycle makes a version only where an adapter was due and passed the gate; the others only ask the lessons. A look, every 20 cycles, asks
unrelated questions and reads plain text with every adapter of the version in use. The picture has one curve for each seed.
`,
		table: driftTable, file: "drift.png", draw: drawDrift,
	},
	{
		title: "What the gate saw",
		text: `Each point is one adapter, by two of the gate's figures: how many unrelated questions it keeps, and how much worse it predicts plain text
(0 also where it predicts it better). It may be refused for another figure. Of the damaged ones of each line, the one with a value that is not a number is refused as its
file is read, before the gate: it counts as damaged and not let through, and has no point here.
`,
		file: "gate.png", draw: drawGate,
	},
	{
		title: "Beside TRL",
		text: `TRL's trainers with their defaults on the same data, counted alike; prove/peers has the program. Their base is this one dequantised to f32. Each is asked the
unrelated questions that its own base gets right, which are not quite the same. Lines are those of peers.jsonl, unless results.jsonl is named.
`,
		table: peerTable,
	},
}
