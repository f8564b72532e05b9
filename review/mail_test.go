package review_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"backrow/review"
	"backrow/storage"
	"backrow/storage/dbtest"
)

// mailServer is an SMTP server (RFC 5321) that takes one message and hands it over.
func mailServer(t *testing.T) (host string, port int, came <-chan envelope) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done, taken := make(chan struct{}), make(chan envelope, 1)
	t.Cleanup(func() {
		listener.Close()
		<-done
	})
	go func() {
		defer close(done)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		var got envelope
		c := textproto.NewConn(conn)
		c.PrintfLine("220 ready")
		for {
			line, err := c.ReadLine()
			if err != nil {
				return
			}
			switch verb := strings.ToUpper(strings.SplitN(line, " ", 2)[0]); verb {
			case "EHLO":
				c.PrintfLine("250-here")
				c.PrintfLine("250 SMTPUTF8")
			case "RCPT":
				got.to = append(got.to, line)
				c.PrintfLine("250 ok")
			case "DATA":
				c.PrintfLine("354 go on")
				got.data, err = io.ReadAll(c.DotReader())
				if err != nil {
					return
				}
				c.PrintfLine("250 taken")
				taken <- got
			case "QUIT":
				c.PrintfLine("221 bye")
				return
			default:
				c.PrintfLine("250 ok")
			}
		}
	}()
	at := listener.Addr().(*net.TCPAddr)
	return "127.0.0.1", at.Port, taken
}

type envelope struct {
	to   []string
	data []byte
}

func TestSMTP(t *testing.T) {
	host, port, came := mailServer(t)
	mailer, err := review.NewSMTP(review.SMTPOptions{
		Host: host, Port: port, From: "Backrow <backrow@example.org>", Security: "none",
	})
	if err != nil {
		t.Fatal(err)
	}
	// People name things as they like: nothing of it becomes a header or a second recipient.
	body := "Grüße, 日本, سلام\n.\nBcc: thief@example.org\n" + strings.Repeat("long ", 400)
	err = mailer.Send(t.Context(), review.Mail{
		To: "dana@example.org", Subject: "Program Ω\r\nBcc: thief@example.org\u2028x", Body: body,
	})
	if err != nil {
		t.Fatal(err)
	}
	got := <-came
	if len(got.to) != 1 || !strings.Contains(got.to[0], "<dana@example.org>") {
		t.Errorf("recipients %q", got.to)
	}
	message, err := mail.ReadMessage(bufio.NewReader(strings.NewReader(string(got.data))))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(message.Header.Get("Subject"))
	if err != nil || subject != "Program Ω  Bcc: thief@example.org x" {
		t.Errorf("subject %q, %v", subject, err)
	}
	if message.Header.Get("Bcc") != "" || message.Header.Get("From") == "" ||
		message.Header.Get("Auto-Submitted") != "auto-generated" {
		t.Errorf("headers %v", message.Header)
	}
	text, err := io.ReadAll(quotedprintable.NewReader(message.Body))
	if err != nil || strings.ReplaceAll(strings.TrimRight(string(text), "\r\n"), "\r\n", "\n") != strings.TrimRight(body, "\n") {
		t.Errorf("body %q, %v", text, err)
	}
	for _, to := range []string{"", "Dana <dana@example.org>", "a@b.org\r\nRCPT TO:<c@d.org>", "a@b.org,c@d.org"} {
		if err := mailer.Send(t.Context(), review.Mail{To: to, Subject: "x", Body: "x"}); storage.KindOf(err) != storage.Invalid {
			t.Errorf("to %q: %v", to, err)
		}
	}
}

func TestSMTPSettings(t *testing.T) {
	if mailer, err := review.NewSMTP(review.SMTPOptions{}); mailer != nil || err != nil {
		t.Errorf("without a host: %v, %v", mailer, err)
	}
	for _, bad := range []review.SMTPOptions{
		{Host: "h", From: "nobody"},
		{Host: "h", From: "a@b.org", Security: "ssl"},
		{Host: "h", From: "a@b.org", Port: 70000},
	} {
		if _, err := review.NewSMTP(bad); storage.KindOf(err) != storage.Invalid {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	// A server without STARTTLS gets no mail unless that was asked for.
	host, port, _ := mailServer(t)
	mailer, err := review.NewSMTP(review.SMTPOptions{Host: host, Port: port, From: "a@b.org"})
	if err != nil {
		t.Fatal(err)
	}
	err = mailer.Send(t.Context(), review.Mail{To: "c@d.org", Subject: "x", Body: "x"})
	if storage.KindOf(err) != storage.Unavailable {
		t.Errorf("got %v", err)
	}
}

// A server that says nothing is left when whoever waits for it leaves.
func TestASilentMailServer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	mailer, err := review.NewSMTP(review.SMTPOptions{
		Host: "127.0.0.1", Port: listener.Addr().(*net.TCPAddr).Port, From: "a@b.org",
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	sent := make(chan error)
	go func() { sent <- mailer.Send(ctx, review.Mail{To: "c@d.org", Subject: "x", Body: "x"}) }()
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	cancel()
	if err := <-sent; storage.KindOf(err) != storage.Unavailable {
		t.Errorf("got %v", err)
	}
	if _, err := conn.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the connection is still open: %v", err)
	}
}

// A mail server that refuses, or does not answer, costs the lead nothing: the link is there.
func TestMailThatFails(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	w.post.err = errors.New("no")
	lead := w.user("lead", review.Lead)
	for _, address := range []string{"a@example.org", "b@example.org"} {
		_, token := w.invite(lead, address, review.Teacher)
		if m := w.next(); !strings.Contains(m.Body, token) {
			t.Errorf("mail %+v", m)
		}
	}
}

// stuck is a mail server that never answers.
type stuck struct{ begun chan struct{} }

func (s stuck) Send(ctx context.Context, _ review.Mail) error {
	s.begun <- struct{}{}
	<-ctx.Done()
	return ctx.Err()
}

// Closing waits for mail for as long as it may, and not longer; afterwards mail is dropped.
func TestCloseDoesNotHang(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	mailer := stuck{make(chan struct{}, 10)}
	s := review.New(review.Options{DB: w.db, Mailer: mailer})
	lead := w.user("lead", review.Lead)
	invite := func() error {
		_, _, err := s.Invite(t.Context(), lead, review.NewInvitation{
			ProgramID: w.program, Email: "a@example.org", Role: review.Teacher,
		})
		return err
	}
	w.must(invite())
	<-mailer.begun
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	if err := s.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	w.must(invite())
	w.must(s.Close(context.Background()))
}

func TestWithoutMail(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	s := review.New(review.Options{DB: w.db})
	if s.SendsMail() {
		t.Error("it says that it sends mail")
	}
	w.refused(s.AskPasswordReset(t.Context(), "a@example.org"), storage.Unavailable)
	w.must(s.Close(t.Context()))
}
