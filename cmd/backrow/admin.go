package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"golang.org/x/term"

	"backrow/review"
	"backrow/storage"
	"backrow/web"
)

type migrateCommand struct {
	dataSettings
	logSettings
}

// Run brings the database up to date.
func (c *migrateCommand) Run(ctx context.Context, t *terminal) error {
	if err := c.validate(); err != nil {
		return err
	}
	db, err := openDatabase(ctx, c.dataSettings, newLog(t.err, c.logSettings))
	if err != nil {
		return err
	}
	defer db.Close()
	fmt.Fprintln(t.out, "The database is up to date.")
	return nil
}

type openAPICommand struct{}

// Run prints the description of the JSON API.
func (openAPICommand) Run(t *terminal) error {
	description, err := web.OpenAPI()
	if err != nil {
		return err
	}
	_, err = t.out.Write(append(description, '\n'))
	return err
}

type adminCommand struct {
	CreateOperator createOperatorCommand `cmd:"" help:"Make an account that runs the installation."`
	ResetPassword  resetPasswordCommand  `cmd:"" help:"Set a new password for somebody who has lost theirs. Their sessions end."`
}

type createOperatorCommand struct {
	dataSettings
	logSettings
	Email string `help:"The account's address." required:""`
	Name  string `help:"The person's name." required:""`
}

// Run makes an operator.
func (c *createOperatorCommand) Run(ctx context.Context, t *terminal) error {
	return withReview(ctx, c.dataSettings, c.logSettings, t, func(people *review.Service) error {
		password, err := askPassword(t)
		if err != nil {
			return err
		}
		user, err := people.CreateUser(ctx, "", review.NewUser{
			Email: c.Email, Name: c.Name, Password: password, IsOperator: true,
		})
		if err != nil {
			return err
		}
		fmt.Fprintf(t.out, "%s can sign in now, as operator.\n", user.Email)
		return nil
	})
}

type resetPasswordCommand struct {
	dataSettings
	logSettings
	Email string `help:"The account's address." required:""`
}

// Run sets a new password.
func (c *resetPasswordCommand) Run(ctx context.Context, t *terminal) error {
	return withReview(ctx, c.dataSettings, c.logSettings, t, func(people *review.Service) error {
		user, err := people.UserByEmail(ctx, c.Email)
		if storage.KindOf(err) == storage.NotFound {
			return storage.Errorf(storage.NotFound, "Nobody here has the address %s.", c.Email)
		}
		if err != nil {
			return err
		}
		password, err := askPassword(t)
		if err != nil {
			return err
		}
		if _, err := people.SetPassword(ctx, "", user.ID, password); err != nil {
			return err
		}
		fmt.Fprintf(t.out, "%s has a new password, and was signed out everywhere.\n", user.Email)
		return nil
	})
}

func withReview(ctx context.Context, data dataSettings, logs logSettings, t *terminal,
	act func(*review.Service) error,
) error {
	if err := data.validate(); err != nil {
		return err
	}
	log := newLog(t.err, logs)
	db, err := openDatabase(ctx, data, log)
	if err != nil {
		return err
	}
	defer db.Close()
	people := review.New(review.Options{DB: db, Log: log})
	defer closeQuietly(log, "review", people.Close)
	return act(people)
}

// askPassword reads a password twice from a terminal without showing it, or once, as a line, from
// anything else.
func askPassword(t *terminal) (string, error) {
	input := int(os.Stdin.Fd())
	if !term.IsTerminal(input) {
		line, err := bufio.NewReader(os.Stdin).ReadString('\n')
		if err != nil && (err != io.EOF || line == "") {
			return "", storage.Errorf(storage.Invalid, "Write the password to the standard input. %w", err)
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	var typed [2]string
	for i, prompt := range []string{"New password: ", "Once more: "} {
		fmt.Fprint(t.err, prompt)
		text, err := term.ReadPassword(input)
		fmt.Fprintln(t.err)
		if err != nil {
			return "", err
		}
		typed[i] = string(text)
	}
	if typed[0] != typed[1] {
		return "", storage.Errorf(storage.Invalid, "The two were not the same. Nothing was changed.")
	}
	return typed[0], nil
}

func closeQuietly(log *slog.Logger, what string, end func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.Background(), drainFor)
	defer cancel()
	if err := end(ctx); err != nil {
		log.Warn("not closed in order", "what", what, "error", err)
	}
}
