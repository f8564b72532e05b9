package review

import (
	"context"
	netmail "net/mail"
	"strings"

	"github.com/wneessen/go-mail"

	"backrow/storage"
)

// SMTPOptions say which server takes the mail.
type SMTPOptions struct {
	Host     string // "": no mail
	Port     int    // when zero 587, or 465 with tls
	User     string // "": without signing in
	Password string
	From     string // such as Backrow <backrow@example.org>
	// Security is starttls (the default; a server that does not offer it gets no mail), tls from the
	// first byte, or none, for a relay on the same machine.
	Security string
}

// smtp hands each message to a server, by a connection of its own: mail is rare, and a connection
// that is kept is a connection that is found dead.
type smtp struct {
	client *mail.Client
	from   *netmail.Address
}

// NewSMTP makes the Mailer that o describes, without reaching for the server; nil, without an
// error, when o names no host.
func NewSMTP(o SMTPOptions) (Mailer, error) {
	if o.Host == "" {
		return nil, nil
	}
	from, err := netmail.ParseAddress(o.From)
	if err != nil {
		return nil, storage.Errorf(storage.Invalid,
			"The sender of mail must look like Backrow <backrow@example.org>, not %q. %w", o.From, err)
	}
	options := []mail.Option{mail.WithTimeout(sendTimeout)}
	port := 587
	switch o.Security {
	case "", "starttls":
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	case "tls":
		port = 465
		options = append(options, mail.WithSSL())
	case "none":
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	default:
		return nil, storage.Errorf(storage.Invalid,
			"The security of mail must be starttls, tls or none, not %q.", o.Security)
	}
	if o.Port != 0 {
		port = o.Port
	}
	options = append(options, mail.WithPort(port))
	if o.User != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover),
			mail.WithUsername(o.User), mail.WithPassword(o.Password))
	}
	client, err := mail.NewClient(o.Host, options...)
	if err != nil {
		return nil, storage.Errorf(storage.Invalid, "The settings of mail cannot be used: %w", err)
	}
	return &smtp{client, from}, nil
}

// Send hands m to the server.
func (s *smtp) Send(ctx context.Context, m Mail) error {
	to, err := email(m.To)
	if err != nil {
		return err
	}
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent())
	msg.FromMailAddress(s.from)
	msg.ToMailAddress(&netmail.Address{Address: to})
	msg.Subject(subject("%s", m.Subject))
	msg.SetMessageID()
	msg.SetDate()
	// No answers from holiday machines, please (RFC 3834, section 5).
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetBodyString(mail.TypeTextPlain, strings.ReplaceAll(m.Body, "\x00", ""))
	if err := s.client.DialAndSendWithContext(ctx, msg); err != nil {
		return storage.Errorf(storage.Unavailable, "The mail server did not take the message: %w", err)
	}
	return nil
}
