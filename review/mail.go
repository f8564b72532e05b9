package review

import (
	"context"
	"fmt"
	"strings"
	"unicode"
)

// Mail is one plain-text message to one person.
type Mail struct {
	To      string // a bare address
	Subject string // one line, any script
	Body    string // plain text, lines ended by \n
}

// Mailer sends mail. Send returns when a server has taken the message, or why it did not. It is
// called from one goroutine at a time.
type Mailer interface {
	Send(ctx context.Context, m Mail) error
}

// subject makes one line of what people named things: no line break may end a header and begin
// another (RFC 5322, section 2.2).
func subject(format string, args ...any) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, fmt.Sprintf(format, args...))
}

func invitationMail(site string, i Invitation, link string) Mail {
	greeting := "Hello,"
	if i.Name != "" {
		greeting = "Hello " + i.Name + ","
	}
	return Mail{
		To:      i.Email,
		Subject: subject("%s invites you to %s", i.InviterName, i.ProgramName),
		Body: fmt.Sprintf(`%s

%s invites you to %s on %s, as %s.

Open this link to accept. It works once, until %s:

%s

If you do not expect this, you need not do anything.
`, greeting, i.InviterName, i.ProgramName, site, i.Role, i.ExpiresAt.Format("2 January 2006"), link),
	}
}

func requestMail(site string, to User, teacher, title string, due Day, link string) Mail {
	return Mail{
		To:      to.Email,
		Subject: subject("%s asks you for a review", teacher),
		Body: fmt.Sprintf(`Hello %s,

%s asks you on %s to review the lesson “%s”, by %s.

%s
`, to.Name, teacher, site, title, due, link),
	}
}

func returnedMail(site string, to User, instructor, title, link string) Mail {
	return Mail{
		To:      to.Email,
		Subject: subject("%s has returned your review", instructor),
		Body: fmt.Sprintf(`Hello %s,

%s has returned the review of your lesson “%s” on %s.

%s
`, to.Name, instructor, title, site, link),
	}
}

func resetMail(site string, to User, link string) Mail {
	return Mail{
		To:      to.Email,
		Subject: subject("A new password for %s", site),
		Body: fmt.Sprintf(`Hello %s,

Open this link to choose a new password for %s. It works once, within an hour:

%s

If you did not ask for this, you need not do anything: your password stays as it is.
`, to.Name, site, link),
	}
}
