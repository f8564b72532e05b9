package web

import (
	"fmt"
	"time"

	"backrow/review"
)

// dateNames are needed before any script has run; Intl takes over afterwards.
var dateNames = map[string]struct {
	days   [7]string
	months [12]string
}{
	"en": {
		[7]string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"},
		[12]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
	},
	"es": {
		[7]string{"dom", "lun", "mar", "mié", "jue", "vie", "sáb"},
		[12]string{"ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sept", "oct", "nov", "dic"},
	},
}

// dateText is a moment as a person reads it: 'Tue 17 Nov', with the year when it is another than
// this one, and the hour for the form "moment".
func (v view) dateText(t time.Time, form string) string {
	names, ok := dateNames[v.Language]
	if !ok {
		names = dateNames["en"]
	}
	day, month := names.days[t.Weekday()], names.months[t.Month()-1]
	american := v.american && v.Language == "en"
	text := fmt.Sprintf("%s %d %s", day, t.Day(), month)
	if american {
		text = fmt.Sprintf("%s, %s %d", day, month, t.Day())
	}
	if t.Year() != v.now.In(v.zone).Year() {
		if american {
			text += ","
		}
		text += fmt.Sprintf(" %d", t.Year())
	}
	switch {
	case form != "moment":
	case american:
		text += t.Format(", 3:04 PM")
	default:
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
	return v.dateText(t, "day")
}

// Clock is a length in milliseconds as 12:34 or 1:02:03.
func (v view) Clock(ms int64) string {
	s := ms / 1000
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}
