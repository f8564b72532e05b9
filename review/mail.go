package review

import "context"

// Mail is one plain-text message to one person.
type Mail struct {
	To      string // a bare address
	Subject string
	Body    string
}

// Mailer sends mail. Send returns when a server has taken the message, or why it did not. It is
// called from one goroutine at a time.
type Mailer interface {
	Send(ctx context.Context, m Mail) error
}
