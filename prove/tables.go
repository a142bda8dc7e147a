package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// pooled is a count over several lines with its 95 % interval. The seeds mostly ask the
// same questions, so the interval counts a question once: it is that of as many tries
// as one seed has on average.
type pooled struct {
	count
	low, high float64
	lines     []int
}

func pool(lines []result, name string) pooled {
	var p pooled
	seeds := make(map[uint64]bool)
	for _, r := range lines {
		c, ok := r.Counts[name]
		if !ok {
			continue
		}
		p.N += c.N
		p.Of += c.Of
		seeds[r.Seed] = true
		p.lines = append(p.lines, r.line)
	}
	n := float64(max(1, len(seeds)))
	p.low, p.high = wilson(float64(p.N)/n, float64(p.Of)/n)
	return p
}

func (p pooled) share() float64 {
	if p.Of == 0 {
		return 0
	}
	return float64(p.N) / float64(p.Of)
}

// cell is ".97 [.92, .99] 35/36".
func (p pooled) cell() string {
	if p.Of == 0 {
		return "–"
	}
	return fmt.Sprintf("%s [%s, %s] %d/%d", decimals(p.share()), decimals(p.low), decimals(p.high), p.N, p.Of)
}

// decimals writes a share as ".97", a whole as "1.0".
func decimals(v float64) string {
	s := strconv.FormatFloat(v, 'f', 3, 64)
	s = strings.TrimSuffix(s, "0")
	s = strings.TrimSuffix(s, "0")
	if strings.HasSuffix(s, ".") {
		return s + "0"
	}
	return strings.TrimPrefix(s, "0")
}

// lineList names lines of the results file: "1–3, 7".
func lineList(lines []result) string {
	var ns []int
	for _, r := range lines {
		ns = append(ns, r.line)
	}
	slices.Sort(ns)
	var parts []string
	for i := 0; i < len(ns); {
		j := i
		for j+1 < len(ns) && ns[j+1] == ns[j]+1 {
			j++
		}
		switch {
		case j == i:
			parts = append(parts, fmt.Sprint(ns[i]))
		case j == i+1:
			parts = append(parts, fmt.Sprint(ns[i]), fmt.Sprint(ns[j]))
		default:
			parts = append(parts, fmt.Sprintf("%d–%d", ns[i], ns[j]))
		}
		i = j + 1
	}
	return strings.Join(parts, ", ")
}

// table writes rows as markdown, the first as the head.
func table(rows [][]string) string {
	var b strings.Builder
	for i, row := range rows {
		b.WriteString("|")
		for _, c := range row {
			b.WriteString(" " + strings.ReplaceAll(c, "|", `\|`) + " |")
		}
		b.WriteString("\n")
		if i == 0 {
			b.WriteString("|" + strings.Repeat("---|", len(row)) + "\n")
		}
	}
	return b.String()
}

// lineTable is every line of a measurement as it was counted.
func lineTable(lines []result, measurement string) string {
	var counts, values []string
	var some []result
	for _, r := range lines {
		if r.Measurement != measurement {
			continue
		}
		some = append(some, r)
		for name := range r.Counts {
			if !slices.Contains(counts, name) {
				counts = append(counts, name)
			}
		}
		for name := range r.Values {
			if !slices.Contains(values, name) {
				values = append(values, name)
			}
		}
	}
	if len(some) == 0 {
		return ""
	}
	slices.Sort(counts)
	slices.Sort(values)
	head := []string{"line", "set", "variant", "seed"}
	for _, name := range slices.Concat(counts, values) {
		head = append(head, strings.ReplaceAll(name, "_", " "))
	}
	rows := [][]string{append(head, "seconds", "commit")}
	for _, r := range some {
		set := r.Set
		if r.Measurement == "german" && r.Model != builtIn {
			set += " (" + r.Model + ")"
		}
		row := []string{fmt.Sprint(r.line), set, r.Variant, fmt.Sprint(r.Seed)}
		if r.Skipped != "" {
			row[2] += " skipped: " + r.Skipped
		}
		for _, name := range counts {
			c, ok := r.Counts[name]
			if !ok {
				row = append(row, "")
				continue
			}
			row = append(row, fmt.Sprintf("%d/%d", c.N, c.Of))
		}
		for _, name := range values {
			v, ok := r.Values[name]
			if !ok {
				row = append(row, "")
				continue
			}
			row = append(row, strconv.FormatFloat(v, 'g', 4, 64))
		}
		rows = append(rows, append(row, strconv.FormatFloat(r.Seconds, 'f', 0, 64), r.Commit))
	}
	return table(rows)
}
