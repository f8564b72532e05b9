package review

import (
	"context"
	"crypto/tls"
	"net"
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
	host    string
	from    *netmail.Address
	tls     bool // from the first byte
	options []mail.Option
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
	s := &smtp{host: o.Host, from: from, options: []mail.Option{mail.WithTimeout(sendTimeout)}}
	port, policy := 587, mail.NoTLS
	switch o.Security {
	case "", "starttls":
		policy = mail.TLSMandatory
	case "tls":
		port, s.tls = 465, true
	case "none":
	default:
		return nil, storage.Errorf(storage.Invalid,
			"The security of mail must be starttls, tls or none, not %q.", o.Security)
	}
	if o.Port != 0 {
		port = o.Port
	}
	s.options = append(s.options, mail.WithPort(port), mail.WithTLSPolicy(policy))
	if o.User != "" {
		// PLAIN and LOGIN refuse to send a password in the clear to anything but this machine.
		s.options = append(s.options, mail.WithUsername(o.User), mail.WithPassword(o.Password),
			mail.WithOpportunisticSMTPAuth(mail.SMTPAuthSCRAMSHA256, mail.SMTPAuthSCRAMSHA1,
				mail.SMTPAuthPlain, mail.SMTPAuthLogin, mail.SMTPAuthCramMD5))
	}
	if _, err := mail.NewClient(o.Host, s.options...); err != nil {
		return nil, storage.Errorf(storage.Invalid, "The settings of mail cannot be used: %w", err)
	}
	return s, nil
}

// Send hands m to the server.
func (s *smtp) Send(ctx context.Context, m Mail) error {
	msg, err := s.message(m)
	if err != nil {
		return err
	}
	// The client leaves its connection open when the server's greeting, STARTTLS or the password is
	// not to its liking, and obeys ctx only while dialling: so the connection is held here.
	release := func() {}
	dial := func(dialing context.Context, network, address string) (net.Conn, error) {
		conn, err := s.dial(dialing, network, address)
		if err == nil {
			stop := context.AfterFunc(ctx, func() { conn.Close() })
			release = func() {
				stop()
				conn.Close()
			}
		}
		return conn, err
	}
	client, err := mail.NewClient(s.host, append(s.options[:len(s.options):len(s.options)],
		mail.WithDialContextFunc(dial))...)
	if err != nil {
		return storage.Errorf(storage.Internal, "The settings of mail cannot be used: %w", err)
	}
	connection, err := client.DialToSMTPClientWithContext(ctx)
	defer release()
	if err == nil {
		err = client.SendWithSMTPClient(connection, msg)
	}
	if err != nil {
		return storage.Errorf(storage.Unavailable, "The mail server did not take the message: %w", err)
	}
	client.CloseWithSMTPClient(connection) //nolint:errcheck // the message was taken: QUIT is courtesy
	return nil
}

func (s *smtp) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if !s.tls {
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	config := &tls.Config{ServerName: s.host, MinVersion: tls.VersionTLS12}
	return (&tls.Dialer{Config: config}).DialContext(ctx, network, address)
}

func (s *smtp) message(m Mail) (*mail.Msg, error) {
	to, err := email(m.To)
	if err != nil {
		return nil, err
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
	return msg, nil
}
