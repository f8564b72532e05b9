package report

import (
	"fmt"
	"strings"
	"time"
)

// phrases are the report's own words in one language.
type phrases struct {
	report, teacher, instructor, instructors, recorded, class, length, program string

	chart, total, several, withoutArea   string
	goal, measure, by                    string
	alsoFor, seeUnder, private           string
	noMarks, noMarksHint, noMarksForArea string
	summary, untitled, unnamed, still    string
	continued, page, generated, more     string

	kinds    map[Kind]string
	weekdays [7]string
	months   [12]string
	date     string // of day, month and year
	dated    string // of weekday and date
}

// phrasesIn are the words in the language of a BCP 47 tag, English if there is no better.
func phrasesIn(lang string) phrases {
	if base, _, _ := strings.Cut(strings.ToLower(lang), "-"); base == "es" {
		return spanish()
	}
	return english()
}

func english() phrases {
	return phrases{
		report: "Report", teacher: "Teacher", instructor: "Instructor", instructors: "Instructors",
		recorded: "Recorded", class: "Class", length: "Length", program: "Program",
		chart: "Marks by area and kind", total: "%d in all",
		several:     "A mark tied to several areas is counted in each.",
		withoutArea: "Without a target area",
		goal:        "Goal", measure: "How it shows", by: "By",
		alsoFor: "Also for", seeUnder: "told under ‘%s’", private: "only you",
		noMarks:        "There is no feedback here yet.",
		noMarksHint:    "When somebody marks a moment of this lesson, it will be in the next report.",
		noMarksForArea: "Nothing was marked for this area in this lesson.",
		summary:        "Summary", untitled: "Untitled lesson", unnamed: "Unnamed", still: "Still at %s",
		continued: "continued", page: "Page %d of %d", generated: "Made %s",
		more: "%d more marks are beyond what one report holds. The CSV has those that fit there.",
		kinds: map[Kind]string{Strength: "Strength", Suggestion: "Suggestion",
			Question: "Question", Note: "Note"},
		weekdays: [7]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
		months: [12]string{"January", "February", "March", "April", "May", "June", "July",
			"August", "September", "October", "November", "December"},
		date: "%d %s %d", dated: "%s %s",
	}
}

func spanish() phrases {
	return phrases{
		report: "Informe", teacher: "Docente", instructor: "Instructor", instructors: "Instructores",
		recorded: "Grabada", class: "Clase", length: "Duración", program: "Programa",
		chart: "Marcas por área y tipo", total: "%d en total",
		several:     "Una marca ligada a varias áreas se cuenta en cada una.",
		withoutArea: "Sin área de enfoque",
		goal:        "Meta", measure: "Cómo se nota", by: "Hasta",
		alsoFor: "También para", seeUnder: "en «%s»", private: "solo tú",
		noMarks:        "Aquí todavía no hay comentarios.",
		noMarksHint:    "Cuando alguien marque un momento de esta clase, estará en el próximo informe.",
		noMarksForArea: "Nada se marcó para esta área en esta clase.",
		summary:        "Resumen", untitled: "Clase sin título", unnamed: "Sin nombre", still: "Imagen en %s",
		continued: "continúa", page: "Página %d de %d", generated: "Hecho el %s",
		more: "%d marcas más no caben en un informe. El CSV tiene las que caben allí.",
		kinds: map[Kind]string{Strength: "Fortaleza", Suggestion: "Sugerencia",
			Question: "Pregunta", Note: "Nota"},
		weekdays: [7]string{"domingo", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado"},
		months: [12]string{"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio",
			"agosto", "septiembre", "octubre", "noviembre", "diciembre"},
		date: "%d de %s de %d", dated: "%s %s",
	}
}

// day is the date of t, in t's zone.
func (p phrases) day(t time.Time) string {
	return fmt.Sprintf(p.date, t.Day(), p.months[t.Month()-1], t.Year())
}

// moment is weekday, date, time and zone of t; empty for the zero time.
func (p phrases) moment(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return ""
	}
	t = t.In(zone)
	abbreviation := t.Format("MST")
	if strings.HasPrefix(abbreviation, "+") || strings.HasPrefix(abbreviation, "-") {
		abbreviation = "UTC" + abbreviation
	}
	return fmt.Sprintf(p.dated, p.weekdays[t.Weekday()], p.day(t)) + t.Format(", 15:04 ") + abbreviation
}

// dueOn is a date written YYYY-MM-DD in words; what is none is left as it is.
func (p phrases) dueOn(date string) string {
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return date
	}
	return p.day(t)
}

// length is how long d is, to the second below an hour and to the minute above.
func length(d time.Duration) string {
	switch {
	case d <= 0:
		return ""
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%d min %02d s", d/time.Minute, d/time.Second%60)
	}
	return fmt.Sprintf("%d h %02d min", d/time.Hour, d/time.Minute%60)
}
