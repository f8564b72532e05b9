package web

import (
	"fmt"
	"time"

	"backrow/review"
)

// names of months and days are needed before any script has run; Intl takes over afterwards.
var dateNames = map[string]struct {
	days   [7]string
	months [12]string
	order  string // %s: day of the week; %d: day; %s: month
}{
	"en": {
		[7]string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"},
		[12]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
		"%s %d %s",
	},
	"es": {
		[7]string{"dom", "lun", "mar", "mié", "jue", "vie", "sáb"},
		[12]string{"ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sept", "oct", "nov", "dic"},
		"%s %d %s",
	},
}

// dateText is a moment as a person reads it: 'Tue 17 Nov 2026', and the hour for form "moment".
func dateText(language string, t time.Time, form string) string {
	names, ok := dateNames[language]
	if !ok {
		names = dateNames["en"]
	}
	text := fmt.Sprintf(names.order, names.days[t.Weekday()], t.Day(), names.months[t.Month()-1]) +
		fmt.Sprintf(" %d", t.Year())
	if form == "moment" {
		text += t.Format(", 15:04")
	}
	return text
}

// Day is a calendar day as a person reads it; nothing for none.
func (v view) Day(d review.Day) string {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return ""
	}
	return dateText(v.Language, t, "day")
}

// Clock is a length in milliseconds as 12:34 or 1:02:03.
func (v view) Clock(ms int64) string {
	s := ms / 1000
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}
