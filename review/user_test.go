package review_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"backrow/review"
	"backrow/storage"
	"backrow/storage/dbtest"
)

const password = "correct horse battery"

func TestSigningIn(t *testing.T) {
	each(t, func(w *world) {
		ctx := w.t.Context()
		made, err := w.CreateUser(ctx, "", review.NewUser{
			Email: " Dana.Örtiz@Example.org ", Name: "Dana Örtiz", Password: "pässword of Dana",
		})
		w.must(err)
		if made.Email != "Dana.Örtiz@Example.org" {
			w.t.Errorf("kept %q", made.Email)
		}
		// In other letters, and with the ä of a Mac: a and a combining diaeresis.
		u, err := w.Authenticate(ctx, "DANA.ÖRTIZ@example.ORG", "pa\u0308ssword of Dana")
		w.must(err)
		if u != made {
			w.t.Errorf("got %+v, want %+v", u, made)
		}
		_, err = w.Authenticate(ctx, "dana.örtiz@example.org", "password of Dana")
		w.refused(err, storage.Unauthenticated)
		wrong := storage.MessageOf(err)

		w.must(w.Disable(ctx, "", made.ID))
		for _, pair := range [][2]string{
			{"dana.örtiz@example.org", "pässword of Dana"}, // disabled
			{"nobody@example.org", password},
			{"not an address", ""},
			{"nul\x00@example.org\xff", "\xff"},
		} {
			_, err := w.Authenticate(ctx, pair[0], pair[1])
			w.refused(err, storage.Unauthenticated)
			if storage.MessageOf(err) != wrong {
				w.t.Errorf("%q is told apart: %q", pair[0], storage.MessageOf(err))
			}
		}
		w.must(w.Enable(ctx, "", made.ID))
		u, err = w.Authenticate(ctx, "dana.örtiz@example.org", "pässword of Dana")
		w.must(err)
		if u.SessionEpoch != made.SessionEpoch+1 {
			w.t.Errorf("epoch %d after being disabled, was %d", u.SessionEpoch, made.SessionEpoch)
		}
	})
}

// An address that nobody has costs what a wrong password costs. The medians of several runs are
// compared, with a wide margin: without the decoy the ratio is in the hundreds.
func TestUnknownAddressesCostTheSame(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	_, err := w.CreateUser(t.Context(), "", review.NewUser{
		Email: "dana@example.org", Name: "Dana", Password: password,
	})
	w.must(err)
	cost := func(address string) time.Duration {
		best := time.Hour
		for range 3 {
			begun := time.Now()
			_, err := w.Authenticate(t.Context(), address, "wrong password")
			w.refused(err, storage.Unauthenticated)
			best = min(best, time.Since(begun))
		}
		return best
	}
	known, unknown := cost("dana@example.org"), cost("nobody@example.org")
	if unknown*4 < known {
		t.Errorf("unknown %v, known %v", unknown, known)
	}
}

func TestNewUsersAreChecked(t *testing.T) {
	each(t, func(w *world) {
		ctx := w.t.Context()
		for _, c := range []struct {
			name, email, user, password, sentence string
		}{
			{"short password", "a@b.org", "A", "123456789", "at least 10"},
			{"long password", "a@b.org", "A", strings.Repeat("ab", 100) + "c", "at most 200"},
			{"one character", "a@b.org", "A", strings.Repeat("ö", 12), "over and over"},
			{"the address", "anna@example.org", "A", "Anna@Example.org", "email address"},
			{"broken password", "a@b.org", "A", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "UTF-8"},
			{"no address", "", "A", password, "missing"},
			{"no at", "example.org", "A", password, "name@example.org"},
			{"two", "a@b.org, c@d.org", "A", password, "name@example.org"},
			{"named", "Anna <a@b.org>", "A", password, "name@example.org"},
			{"header", "a@b.org\r\nBcc: c@d.org", "A", password, "name@example.org"},
			{"long", strings.Repeat("a", 250) + "@b.org", "A", password, "name@example.org"},
			{"no name", "a@b.org", " \t ", password, "name is missing"},
			{"long name", "a@b.org", strings.Repeat("é", 121), password, "too long"},
			{"lines", "a@b.org", "A\nB", password, "single line"},
			{"nul", "a@b.org", "A\x00", password, "cannot be kept"},
		} {
			_, err := w.CreateUser(ctx, "", review.NewUser{
				Email: c.email, Name: c.user, Password: c.password,
			})
			if err == nil || !strings.Contains(storage.MessageOf(err), c.sentence) {
				w.t.Errorf("%s: %v", c.name, err)
			}
		}
		if n := w.count(`users`); n != 0 {
			w.t.Errorf("%d users were made", n)
		}
	})
}

// At the edges a password and a name just fit, in any script.
func TestLimitsAtTheEdge(t *testing.T) {
	each(t, func(w *world) {
		long := strings.Repeat("密", 199) + "x"
		u, err := w.CreateUser(w.t.Context(), "", review.NewUser{
			Email: "e@example.org", Name: strings.Repeat("ň", 120), Password: long,
		})
		w.must(err)
		_, err = w.Authenticate(w.t.Context(), u.Email, long)
		w.must(err)
		_, err = w.SetPassword(w.t.Context(), "", u.ID, "0123456789")
		w.must(err)
	})
}

func TestCreatingAUserTwice(t *testing.T) {
	each(t, func(w *world) {
		ctx := w.t.Context()
		n := review.NewUser{ID: storage.NewID(), Email: "a@example.org", Name: "A", Password: password}
		first, err := w.CreateUser(ctx, "", n)
		w.must(err)
		again, err := w.CreateUser(ctx, "", n)
		w.must(err)
		if first != again {
			w.t.Errorf("%+v and %+v", first, again)
		}
		_, err = w.CreateUser(ctx, "", review.NewUser{Email: "A@EXAMPLE.ORG", Name: "B", Password: password})
		w.refused(err, storage.Conflict)
		// Full-width letters are the same letters.
		_, err = w.CreateUser(ctx, "", review.NewUser{Email: "ａ@example.org", Name: "B", Password: password})
		w.refused(err, storage.Conflict)
		n.Email = "other@example.org"
		_, err = w.CreateUser(ctx, "", n)
		w.refused(err, storage.Conflict)
		if n := w.count(`users`); n != 1 {
			w.t.Errorf("%d users", n)
		}
	})
}

func TestChangingThePasswordEndsSessions(t *testing.T) {
	each(t, func(w *world) {
		ctx := w.t.Context()
		u, err := w.CreateUser(ctx, "", review.NewUser{Email: "a@example.org", Name: "A", Password: password})
		w.must(err)
		_, err = w.ChangePassword(ctx, u.ID, "not the old one", "another password")
		w.refused(err, storage.Invalid)
		changed, err := w.ChangePassword(ctx, u.ID, password, "another password")
		w.must(err)
		if changed.SessionEpoch != u.SessionEpoch+1 || !w.hasLost(u.ID, "") {
			w.t.Errorf("sessions go on: %+v", changed)
		}
		_, err = w.Authenticate(ctx, u.Email, password)
		w.refused(err, storage.Unauthenticated)
		_, err = w.Authenticate(ctx, u.Email, "another password")
		w.must(err)
	})
}

func TestPasswordResets(t *testing.T) {
	each(t, func(w *world) {
		ctx := w.t.Context()
		u, err := w.CreateUser(ctx, "", review.NewUser{Email: "Ann@example.org", Name: "Ann", Password: password})
		w.must(err)
		w.must(w.AskPasswordReset(ctx, "nobody@example.org")) // no mail
		w.must(w.AskPasswordReset(ctx, "ANN@example.org"))
		m := w.next()
		if m.To != u.Email {
			w.t.Errorf("mailed to %q: only the stored address may get it", m.To)
		}
		_, link, found := strings.Cut(m.Body, "https://backrow.example/password/")
		if !found {
			w.t.Fatalf("no link in %q", m.Body)
		}
		token, _, _ := strings.Cut(link, "\n")
		who, err := w.PasswordReset(ctx, token)
		w.must(err)
		if who.ID != u.ID {
			w.t.Errorf("the token is %s's", who.Name)
		}
		second, err := w.NewPasswordReset(ctx, "", u.ID)
		w.must(err)
		_, err = w.NewPasswordReset(ctx, "", u.ID)
		w.must(err)
		_, err = w.NewPasswordReset(ctx, "", u.ID)
		w.refused(err, storage.TooMany)

		_, err = w.ResetPassword(ctx, token, "short")
		w.refused(err, storage.Invalid)
		after, err := w.ResetPassword(ctx, token, "a new password")
		w.must(err)
		if after.SessionEpoch != u.SessionEpoch+1 {
			w.t.Error("sessions go on")
		}
		for _, used := range []string{token, second, "", "guess"} {
			_, err = w.ResetPassword(ctx, used, "yet another one")
			w.refused(err, storage.NotFound)
		}
		late, err := w.NewPasswordReset(ctx, "", u.ID)
		w.must(err)
		w.pass(time.Hour)
		_, err = w.PasswordReset(ctx, late)
		w.refused(err, storage.NotFound)
		if n := w.count(`password_resets WHERE token_hash IN (?, ?)`, token, late); n != 0 {
			w.t.Error("a token itself is stored")
		}
	})
}

func TestTheLastOperatorStays(t *testing.T) {
	each(t, func(w *world) {
		ctx := w.t.Context()
		a, b := w.user("a", ""), w.user("b", "")
		w.exec(`UPDATE users SET is_operator = 1`)
		errs := make(chan error, 2)
		for _, id := range []storage.ID{a, b} {
			go func() { errs <- w.Disable(ctx, "", id) }()
		}
		first, second := <-errs, <-errs
		if (first == nil) == (second == nil) {
			w.t.Errorf("of two operators, disabling each: %v, %v", first, second)
		}
		if n := w.count(`users WHERE disabled_at = ''`); n != 1 {
			w.t.Errorf("%d operators are left", n)
		}
	})
}

// Whoever waits to sign in stops waiting when they go away.
func TestWaitingObeysContext(t *testing.T) {
	db := dbtest.SQLite(t)
	w := newWorld(t, db)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := w.CreateUser(ctx, "", review.NewUser{Email: "a@example.org", Name: "A", Password: password})
	w.refused(err, storage.Unavailable)
}

func TestUsersByMany(t *testing.T) {
	each(t, func(w *world) {
		ids := make([]storage.ID, 600)
		for i := range ids {
			ids[i] = storage.NewID()
		}
		ids[0], ids[599] = w.user("first", ""), w.user("last", "")
		names, err := w.Names(w.t.Context(), ids)
		w.must(err)
		if len(names) != 2 || names[ids[0]] != "first" || names[ids[599]] != "last" {
			w.t.Errorf("got %v", names)
		}
	})
}

func TestUsersArePaged(t *testing.T) {
	each(t, func(w *world) {
		for _, name := range []string{"a", "b", "c"} {
			w.user(name, "")
		}
		var seen []string
		page := review.Page{Limit: 2}
		for {
			list, err := w.AllUsers(w.t.Context(), page)
			w.must(err)
			for _, u := range list.Items {
				seen = append(seen, u.Name)
			}
			if page.After = list.Next; list.Next == "" {
				break
			}
		}
		if strings.Join(seen, "") != "abc" {
			w.t.Errorf("saw %v", seen)
		}
		// A key that is none of ours is no fault of the server.
		_, err := w.AllUsers(w.t.Context(), review.Page{After: "\x00\xff'"})
		w.must(err)
	})
}
