package review

// SMTPOptions say which server takes the mail.
type SMTPOptions struct {
	Host     string // "": no mail
	Port     int    // 587 when zero
	User     string // "": without signing in
	Password string
	From     string // such as Backrow <backrow@example.org>
	// Security is starttls (the default: required), tls (from the first byte, port 465) or none.
	Security string
}
