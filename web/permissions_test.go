package web_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"backrow/annotate"
	"backrow/review"
	"backrow/storage"
)

// persons are the columns of the permission table: nobody who is signed in, another teacher of
// the program, the owner of the recording, the instructor who is paired with them and has
// a review of it requested, another instructor of the program, its lead, and an operator who is
// in no program.
var persons = []string{"nobody", "other", "owner", "pair", "another", "lead", "operator"}

// What a cell of the table says.
const (
	in      = '+' // the request reaches its handler
	signIn  = 'L' // a page: to the sign-in page; the API: 401
	refused = '-' // 403: known to exist, not allowed
	secret  = '0' // 404: existence is itself a secret
)

// permissions says of every route who may use it, in the order of persons.
var permissions = map[string]string{
	// Machines and what is before signing in.
	"GET /healthz":              "+++++++",
	"GET /readyz":               "+++++++",
	"GET /metrics":              "+++++++", // then the token or the loopback address decides
	"GET /api/openapi.json":     "+++++++",
	"GET /assets/{name...}":     "+++++++",
	"GET /favicon.ico":          "+++++++",
	"GET /service-worker.js":    "+++++++",
	"GET /manifest.webmanifest": "+++++++",
	"GET /offline":              "+++++++",
	"GET /login":                "+++++++",
	"POST /login":               "+++++++",
	"POST /logout":              "+++++++",
	"GET /setup":                "+++++++", // then the token decides, and so below
	"POST /setup":               "+++++++",
	"GET /password":             "+++++++",
	"POST /password":            "+++++++",
	"GET /password/{token}":     "+++++++",
	"POST /password/{token}":    "+++++++",
	"GET /invitations/{token}":  "+++++++",
	"POST /invitations/{token}": "+++++++",

	// Encoders that are no browser.
	"POST /api/whip":              "+++++++", // then the stream key decides, and so below
	"OPTIONS /api/whip":           "+++++++",
	"PATCH /api/whip/{session}":   "+++++++",
	"DELETE /api/whip/{session}":  "+++++++",
	"OPTIONS /api/whip/{session}": "+++++++",

	"GET /account/encoders":               "L++++++",
	"POST /account/encoders":              "L++++++",
	"POST /account/encoders/{key}/remove": "L++++++", // then whose key it is decides

	// One's own.
	"GET /{$}":                  "L++++++",
	"GET /account":              "L++++++",
	"POST /account/name":        "L++++++",
	"POST /account/password":    "L++++++",
	"POST /account/preferences": "L++++++",
	"GET /api/me":               "L++++++",
	"GET /record":               "L++++++", // then their programs decide
	"GET /api/recordings":       "L++++++",
	"POST /api/recordings":      "L++++++", // then the program decides

	// A program.
	"GET /programs/{id}":                                  "L++++++",
	"GET /programs/{id}/framework":                        "L++++++",
	"GET /api/programs/{id}/members":                      "L++++++",
	"GET /api/programs/{id}/areas":                        "L++++++",
	"GET /programs/{id}/pairing":                          "L----++",
	"POST /programs/{id}/name":                            "L----++",
	"POST /programs/{id}/invitations":                     "L----++",
	"POST /api/programs/{id}/invitations":                 "L----++",
	"POST /programs/{id}/invitations/{invitation}/revoke": "L----++",
	"POST /programs/{id}/members/{user}/role":             "L----++",
	"POST /programs/{id}/members/{user}/remove":           "L----++",
	"POST /programs/{id}/frameworks":                      "L----++",
	"POST /programs/{id}/areas":                           "L----++",
	"POST /programs/{id}/areas/{area}":                    "L----++",
	"POST /programs/{id}/areas/{area}/remove":             "L----++",
	"POST /programs/{id}/cycles":                          "L----++",
	"POST /programs/{id}/cycles/{cycle}/end":              "L----++",

	// A person, and what they work on.
	"GET /people/{id}":                   "L-++-+-",
	"GET /api/people/{id}/target-areas":  "L-++-+-",
	"POST /people/{id}/target-areas":     "L-++---",
	"POST /api/people/{id}/target-areas": "L-++---",
	"GET /target-areas/{target}":         "L0++0-0",
	"POST /target-areas/{target}":        "L0++0-0",
	"PATCH /api/target-areas/{target}":   "L0++0-0",

	// The installation.
	"GET /admin":                        "L-----+",
	"GET /admin/people":                 "L-----+",
	"POST /admin/people/{user}/disable": "L-----+",
	"POST /admin/people/{user}/enable":  "L-----+",
	"POST /admin/people/{user}/reset":   "L-----+",
	"GET /admin/programs":               "L-----+",
	"POST /admin/programs":              "L-----+",
	"GET /admin/audit":                  "L-----+",

	// A recording: what is seen of it.
	"GET /recordings/{id}":                         "L0++000",
	"GET /api/recordings/{id}":                     "L0++000",
	"GET /api/recordings/{id}/playlist.m3u8":       "L0++000",
	"GET /api/recordings/{id}/takes/{take}/{file}": "L0++000",
	"GET /api/recordings/{id}/renditions/{kind}":   "L0++000",
	"GET /api/recordings/{id}/processing":          "L0++000",
	"GET /api/recordings/{id}/timeline":            "L0++000",
	"GET /api/recordings/{id}/annotations":         "L0++000",
	"GET /api/recordings/{id}/live-feed":           "L0++000",
	"GET /api/recordings/{id}/reviews":             "L0++000",
	"GET /api/recordings/{id}/report.pdf":          "L0++000",
	"GET /api/recordings/{id}/report.csv":          "L0++000",

	// What its owner alone does.
	"GET /api/recordings/{id}/renditions/mp4":                  "L0+-000",
	"PATCH /api/recordings/{id}":                               "L0+-000",
	"DELETE /api/recordings/{id}":                              "L0+-000",
	"POST /api/recordings/{id}/finish":                         "L0+-000",
	"GET /api/recordings/{id}/saved":                           "L0+-000",
	"POST /api/recordings/{id}/processing/retry":               "L0+-000",
	"POST /api/recordings/{id}/capture-token":                  "L0+-000",
	"PUT /api/recordings/{id}/takes/{take}":                    "L0+-000",
	"PUT /api/recordings/{id}/takes/{take}/blobs/{number}":     "L0+-000",
	"GET /api/recordings/{id}/takes/{take}/blobs":              "L0+-000",
	"POST /api/recordings/{id}/takes/{take}/end":               "L0+-000",
	"POST /api/recordings/{id}/takes/{take}/whip":              "L0+-000",
	"OPTIONS /api/recordings/{id}/takes/{take}/whip":           "L0+-000",
	"PATCH /api/recordings/{id}/takes/{take}/whip/{session}":   "L0+-000",
	"DELETE /api/recordings/{id}/takes/{take}/whip/{session}":  "L0+-000",
	"OPTIONS /api/recordings/{id}/takes/{take}/whip/{session}": "L0+-000",
	"GET /api/recordings/{id}/shares":                          "L0+-000",
	"POST /api/recordings/{id}/shares":                         "L0+-000",
	"DELETE /api/recordings/{id}/shares/{user}":                "L0+-000",
	"POST /recordings/{id}/shares":                             "L0+-000",
	"POST /recordings/{id}/shares/{user}/remove":               "L0+-000",
	"POST /api/recordings/{id}/reviews":                        "L0+-000",
	"POST /recordings/{id}/delete":                             "L0+-000",
	"POST /recordings/{id}/reviews":                            "L0+-000",
	"POST /api/recordings/{id}/reviews/{review}/answer":        "L0+-000",

	// Files that go with it.
	"GET /api/recordings/{id}/attachments":                 "L0++000",
	"GET /api/recordings/{id}/attachments/{attachment}":    "L0++000",
	"PUT /api/recordings/{id}/attachments/{attachment}":    "L0+-000",
	"DELETE /api/recordings/{id}/attachments/{attachment}": "L0+-000",

	// Moments that are marked in class, by the teacher or by a phone that has their token.
	"GET /recordings/{id}/moments":                 "+++++++", // the same page for all; then the token decides
	"PUT /api/recordings/{id}/moments/{moment}":    "L0+-000",
	"DELETE /api/recordings/{id}/moments/{moment}": "L0+-000",
	"GET /api/recordings/{id}/lesson-clock":        "L0+-000",
	"PUT /api/recordings/{id}/lesson-clock":        "L0+-000",
	"POST /api/recordings/{id}/moment-links":       "L0+-000",

	// What a reviewer does, and what both do.
	"POST /api/recordings/{id}/reviews/{review}/return":          "L0-+000",
	"POST /recordings/{id}/reviews/{review}/return":              "L0-+000",
	"POST /api/recordings/{id}/annotations":                      "L0++000",
	"POST /recordings/{id}/annotations":                          "L0++000",
	"PATCH /api/recordings/{id}/annotations/{annotation}":        "L0++000", // then its author alone
	"DELETE /api/recordings/{id}/annotations/{annotation}":       "L0++000",
	"POST /api/recordings/{id}/annotations/{annotation}/restore": "L0++000",
	"POST /recordings/{id}/annotations/{annotation}/delete":      "L0++000",
	"POST /api/recordings/{id}/annotations/{annotation}/replies": "L0++000",
	"POST /recordings/{id}/annotations/{annotation}/replies":     "L0++000",
	"PATCH /api/recordings/{id}/replies/{reply}":                 "L0++000",
	"DELETE /api/recordings/{id}/replies/{reply}":                "L0++000",
	"POST /api/recordings/{id}/replies/{reply}/restore":          "L0++000",
}

// TestPermissions asks every route as everybody. A route without a row fails, and so does a row
// without a route.
func TestPermissions(t *testing.T) {
	st := newSite(t)
	routes := st.server.Routes()
	for row := range permissions {
		if !slices.Contains(routes, row) {
			t.Errorf("the table has a row for %q, which is no route", row)
		}
	}
	w := &world{st: st, target: st.target()}
	w.renew(t)
	// Signing out comes last, because it ends the sessions that the others use.
	slices.SortStableFunc(routes, func(a, b string) int { return last(a) - last(b) })
	browsers := make(map[string]*browser)
	for _, who := range persons {
		browsers[who] = st.as(who)
	}
	for _, row := range routes {
		want, ok := permissions[row]
		if !ok {
			t.Errorf("the permission table has no row for %q", row)
			continue
		}
		method, pattern, _ := strings.Cut(row, " ")
		for i, who := range persons {
			if row == "DELETE /api/recordings/{id}" {
				w.renew(t) // for each, since one of them may do it
			}
			path := w.path(t, pattern)
			mediaType, body := "application/x-www-form-urlencoded", ""
			if strings.HasPrefix(pattern, "/api/") && method != http.MethodGet {
				mediaType, body = "application/json", "{}"
			}
			got := browsers[who].send(method, path, mediaType, body)
			if cell := outcome(st, got); cell != rune(want[i]) {
				t.Errorf("%s as %s: %c (%d), want %c", row, who, cell, got.StatusCode, want[i])
			}
			if got.StatusCode == http.StatusInternalServerError && !strings.Contains(pattern, "/whip") {
				t.Errorf("%s as %s: %s", row, who, got.body)
			}
		}
	}
}

// tokenOpens are the routes that a capture token opens, of the recording that it is for.
var tokenOpens = []string{
	"PUT /api/recordings/{id}/takes/{take}",
	"PUT /api/recordings/{id}/takes/{take}/blobs/{number}",
	"GET /api/recordings/{id}/takes/{take}/blobs",
	"POST /api/recordings/{id}/takes/{take}/end",
	"GET /api/recordings/{id}/saved",
	"POST /api/recordings/{id}/finish",
	"POST /api/recordings/{id}/takes/{take}/whip",
	"OPTIONS /api/recordings/{id}/takes/{take}/whip",
	"PATCH /api/recordings/{id}/takes/{take}/whip/{session}",
	"DELETE /api/recordings/{id}/takes/{take}/whip/{session}",
	"OPTIONS /api/recordings/{id}/takes/{take}/whip/{session}",
}

// TestTokenPermissions asks every route with each sort of capture token and no session. The columns
// are the recording's own token, that of another recording of the same person, one that has
// expired, one that was revoked, a guess; then its own again when its owner has been switched off,
// and when the recording has been deleted. To any other route a token is nobody.
func TestTokenPermissions(t *testing.T) {
	st := newSite(t)
	w := &world{st: st, target: st.target()}
	w.renew(t)
	ctx, catalogue := t.Context(), storage.NewCatalogue(st.db)
	token := func(recording storage.ID, age time.Duration) string {
		made, err := catalogue.NewCaptureToken(ctx, recording, st.id("owner"), time.Now().Add(-age))
		check(t, err)
		return made.Secret
	}
	gone := token(w.recording, 0)
	check(t, catalogue.RevokeCaptureTokens(ctx, w.recording))
	own := token(w.recording, 0)
	ask := func(column, token string, opened rune) {
		b := st.withToken(token)
		for _, row := range st.server.Routes() {
			want := rune(permissions[row][0]) // nobody's
			if slices.Contains(tokenOpens, row) {
				want = opened
			}
			method, pattern, _ := strings.Cut(row, " ")
			mediaType, body := "", ""
			if method != http.MethodGet {
				mediaType, body = "application/json", "{}"
			}
			got := b.send(method, w.path(t, pattern), mediaType, body)
			if cell := outcome(st, got); cell != want {
				t.Errorf("%s with a token, %s: %c (%d), want %c", row, column, cell, got.StatusCode, want)
			}
		}
	}
	ask("its own", own, in)
	ask("another recording's", token(st.recording("Decimals"), 0), signIn)
	ask("expired", token(w.recording, 61*24*time.Hour), signIn)
	ask("revoked", gone, signIn)
	ask("guessed", "brt_"+strings.Repeat("A", 43), signIn)
	check(t, st.review.Disable(ctx, st.id("founder"), st.id("owner")))
	ask("of an owner who is switched off", own, signIn)
	check(t, st.review.Enable(ctx, st.id("founder"), st.id("owner")))
	check(t, st.db.InTx(ctx, func(tx *storage.Tx) error { return catalogue.DeleteRecording(ctx, tx, w.recording) }))
	ask("of a recording that was deleted", own, secret)
}

func last(row string) int {
	if row == "POST /logout" {
		return 1
	}
	return 0
}

// outcome is what the door did: the log says whether it let the request in.
func outcome(st *site, got answered) rune {
	line := st.lines.request(st.t, got.Header.Get("X-Request-Id"))
	// The socket asks for itself, so that it can ask again while it is open.
	if line["admitted"] == true && !strings.HasSuffix(got.Request.URL.Path, "/live-feed") {
		return in
	}
	switch {
	case got.StatusCode == http.StatusUnauthorized,
		got.StatusCode == http.StatusSeeOther && strings.HasPrefix(got.Header.Get("Location"), "/login"):
		return signIn
	case got.StatusCode == http.StatusForbidden:
		return refused
	case got.StatusCode == http.StatusNotFound:
		return secret
	}
	return in
}

// world is what the paths of routes are about.
type world struct {
	st                            *site
	target                        review.TargetArea
	recording, review, annotation storage.ID
}

// renew makes a recording of the owner, with a review asked of the pair's instructor and a mark.
func (w *world) renew(t *testing.T) {
	t.Helper()
	ctx, st := t.Context(), w.st
	w.recording = st.recording("Fractions")
	asked, err := st.review.RequestReview(ctx, st.id("owner"), review.NewReview{
		RecordingID: w.recording, InstructorID: st.id("pair")})
	check(t, err)
	mark, _, err := st.marks.Create(ctx, st.id("pair"), annotate.Draft{ID: storage.NewID(),
		RecordingID: w.recording, Kind: "note", Text: "Here", Visibility: "shared"})
	check(t, err)
	w.review, w.annotation = asked.ID, mark.ID
}

// path fills in the pattern of a route.
func (w *world) path(t *testing.T, pattern string) string {
	t.Helper()
	st, subject := w.st, w.st.program.ID
	switch {
	case strings.HasPrefix(pattern, "/people/"), strings.HasPrefix(pattern, "/api/people/"):
		subject = st.id("owner")
	case strings.Contains(pattern, "recordings/{id}"):
		subject = w.recording
	}
	values := map[string]string{
		"id": string(subject), "target": string(w.target.ID), "user": string(st.id("spare")),
		"review": string(w.review), "annotation": string(w.annotation), "reply": string(storage.NewID()),
		"number": "1",
		"take":   string(storage.NewID()), "session": "session", "file": "1.m4s", "kind": "poster",
		"token": "no-such-token", "invitation": string(storage.NewID()), "area": string(storage.NewID()),
		"cycle": string(storage.NewID()), "name...": "none.js", "key": string(storage.NewID()), "attachment": string(storage.NewID()), "moment": string(storage.NewID()), "$": "",
	}
	var out strings.Builder
	for rest := pattern; ; {
		before, after, found := strings.Cut(rest, "{")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		name, tail, _ := strings.Cut(after, "}")
		value, ok := values[name]
		if !ok {
			t.Fatalf("the test knows no value for {%s} of %s", name, pattern)
		}
		out.WriteString(value)
		rest = tail
	}
}
