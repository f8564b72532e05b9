package report

import (
	"bufio"
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// columns are the columns of the CSV. They are added to at the end and never moved: people's
// spreadsheets count on them.
func columns() []string {
	return []string{
		"recording", "teacher", "program", "class", "recorded_at",
		"row", "mark", "start", "start_ms", "end", "end_ms",
		"kind", "target_areas", "author", "text", "written_at", "private",
	}
}

// CSV writes doc as comma-separated values (RFC 4180) in UTF-8 with a byte order mark, by which
// Excel knows it: a header, then a row for each mark, followed by a row for each of its replies,
// which has 'reply' in the column 'row' and the mark's number, times, kind and areas. Times are
// written m:ss or h:mm:ss and again in milliseconds; dates as ISO 8601 in the reader's zone.
//
// A text that a spreadsheet would take for a formula is preceded by an apostrophe.
func CSV(w io.Writer, doc Document) error {
	doc = doc.bounded()
	out := bufio.NewWriter(w)
	if _, err := out.WriteString("\ufeff"); err != nil {
		return err
	}
	rows := csv.NewWriter(out)
	rows.UseCRLF = true
	if err := rows.Write(columns()); err != nil {
		return err
	}
	names := map[string]string{}
	for _, a := range doc.Areas {
		names[a.ID] = a.Name
	}
	for i, m := range doc.Marks {
		var areas []string
		for _, id := range m.AreaIDs {
			if name, ok := names[id]; ok && !slices.Contains(areas, name) {
				areas = append(areas, name)
			}
		}
		row := func(row, author, text, at string) []string {
			cells := []string{
				doc.Title, doc.Teacher, doc.Program, doc.Class, doc.iso(doc.RecordedAt),
				row, strconv.Itoa(i + 1),
				clock(m.Start), strconv.FormatInt(m.Start.Milliseconds(), 10),
				clock(m.End), strconv.FormatInt(m.End.Milliseconds(), 10),
				string(m.Kind), strings.Join(areas, "; "), author, text, at,
				strconv.FormatBool(m.Private),
			}
			for i := range cells {
				cells[i] = harmless(cells[i])
			}
			return cells
		}
		if err := rows.Write(row("mark", m.Author, m.Text, doc.iso(m.CreatedAt))); err != nil {
			return err
		}
		for _, r := range m.Replies {
			if err := rows.Write(row("reply", r.Author, r.Text, doc.iso(r.At))); err != nil {
				return err
			}
		}
	}
	rows.Flush()
	if err := rows.Error(); err != nil {
		return err
	}
	return out.Flush()
}

// harmless is cell with an apostrophe before what would make a spreadsheet run it (OWASP, CSV
// Injection). Leading blanks and invisible characters are looked through, since some programs drop
// them before they look.
func harmless(cell string) string {
	rest := strings.TrimLeftFunc(cell, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r)
	})
	first, _ := utf8.DecodeRuneInString(rest)
	if strings.ContainsRune("=+-@＝＋－＠", first) || strings.ContainsAny(cell[:min(1, len(cell))], "\t\r\n") {
		return "'" + cell
	}
	return cell
}
