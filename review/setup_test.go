package review_test

import (
	"testing"

	"backrow/review"
	"backrow/storage"
)

func setup(token string) review.Setup {
	return review.Setup{
		Token: token, SiteName: "Backrow at Öxnered", Email: "op@example.org", Name: "Op",
		Password: password, Program: "First program",
	}
}

func TestSetup(t *testing.T) {
	each(t, func(w *world) {
		ctx := w.t.Context()
		w.refused(w.CheckSetup(ctx, ""), storage.NotFound) // no link was made yet
		old, err := w.OpenSetup(ctx)
		w.must(err)
		token, err := w.OpenSetup(ctx)
		w.must(err)
		w.must(w.CheckSetup(ctx, token))
		for _, wrong := range []string{"", old, token + "x"} {
			w.refused(w.CheckSetup(ctx, wrong), storage.NotFound)
			_, _, err = w.SetUp(ctx, setup(wrong))
			w.refused(err, storage.NotFound)
		}
		bad := setup(token)
		bad.Program = ""
		_, _, err = w.SetUp(ctx, bad)
		w.refused(err, storage.Invalid)

		user, program, err := w.SetUp(ctx, setup(token))
		w.must(err)
		lead, err := w.Member(ctx, program.ID, user.ID)
		w.must(err)
		site, err := w.SiteName(ctx)
		w.must(err)
		if !user.IsOperator || lead.Role != review.Lead || site != "Backrow at Öxnered" {
			w.t.Errorf("%+v, %+v, %q", user, lead, site)
		}
		_, _, err = w.SetUp(ctx, setup(token))
		w.refused(err, storage.Conflict)
		w.refused(w.CheckSetup(ctx, token), storage.Conflict)
		again, err := w.OpenSetup(ctx)
		w.must(err)
		if again != "" {
			w.t.Error("setup opened again")
		}
	})
}

// An operator whom the command line made closes setup too.
func TestSetupAfterAnOperatorWasMade(t *testing.T) {
	each(t, func(w *world) {
		ctx := w.t.Context()
		token, err := w.OpenSetup(ctx)
		w.must(err)
		_, err = w.CreateUser(ctx, "", review.NewUser{
			Email: "a@example.org", Name: "A", Password: password, IsOperator: true,
		})
		w.must(err)
		_, _, err = w.SetUp(ctx, setup(token))
		w.refused(err, storage.Conflict)
	})
}

func TestTwoSetupsAtOnce(t *testing.T) {
	each(t, func(w *world) {
		token, err := w.OpenSetup(w.t.Context())
		w.must(err)
		errs := make(chan error, 2)
		for _, address := range []string{"a@example.org", "b@example.org"} {
			go func() {
				f := setup(token)
				f.Email = address
				_, _, err := w.SetUp(w.t.Context(), f)
				errs <- err
			}()
		}
		first, second := <-errs, <-errs
		if first != nil {
			first, second = second, first
		}
		w.must(first)
		w.refused(second, storage.Conflict)
		if n := w.count(`users`); n != 1 {
			w.t.Errorf("%d operators", n)
		}
	})
}
