package access_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"backrow/review/access"
	"backrow/storage"
	"backrow/storage/dbtest"
)

// The people of the table, in the order of its columns.
var people = []string{
	"nobody",    // not signed in
	"stranger",  // an id that is no user's
	"outsider",  // lead of another program
	"colleague", // another teacher of the program
	"owner",     // of the recording; teacher of the target area; the person
	"coach",     // instructor of the pair, nothing shared
	"reviewer",  // instructor of the pair, reviewer share, no review
	"asked",     // instructor of the pair, reviewer share, review requested
	"dropped",   // instructor of the pair, review requested, share taken back
	"watcher",   // colleague with a viewer share
	"late",      // instructor of the pair, reviewer share that ran out
	"other",     // instructor of another teacher
	"former",    // instructor of the pair in a cycle that is over
	"gone",      // instructor in a running cycle, no longer a member
	"lead",      // of the program
	"leadshare", // lead of the program with a viewer share
	"operator",  // of the installation, a member of nothing
	"disabled",  // another owner's account, disabled, with everything the owner has
}

// What each may do: y yes, f forbidden, n not found, u not signed in. One letter for each of the
// people, in order.
var table = map[access.Action]string{
	//                        nobody, stranger, outsider, colleague, owner,
	//                        |        coach, reviewer, asked, dropped, watcher, late,
	//                        |        |           other, former, gone,
	//                        |        |           |     lead, leadshare, operator, disabled
	access.SeeRecording:      "uunny" + "nyynyn" + "nnn" + "nynu",
	access.EditRecording:     "uunny" + "nffnfn" + "nnn" + "nfnu",
	access.DeleteRecording:   "uunny" + "nffnfn" + "nnn" + "nfnu",
	access.Capture:           "uunny" + "nffnfn" + "nnn" + "nfnu",
	access.DownloadRecording: "uunny" + "nffnfn" + "nnn" + "nfnu",
	access.Annotate:          "uunny" + "nyynfn" + "nnn" + "nfnu",
	access.Reply:             "uunny" + "nyynyn" + "nnn" + "nynu",
	access.Share:             "uunny" + "nffnfn" + "nnn" + "nfnu",
	access.RequestReview:     "uunny" + "nffnfn" + "nnn" + "nfnu",
	access.ReturnReview:      "uunnf" + "nfynfn" + "nnn" + "nfnu",
	access.AnswerReview:      "uunny" + "nffnfn" + "nnn" + "nfnu",
	access.DownloadReport:    "uunny" + "nyynfn" + "nnn" + "nfnu",

	access.SeeProgram:    "uunyy" + "yyyyyy" + "yyn" + "yyyu",
	access.Record:        "uunyy" + "yyyyyy" + "yyn" + "yyfu",
	access.ManageProgram: "uunff" + "ffffff" + "ffn" + "yyyu",
	access.Invite:        "uunff" + "ffffff" + "ffn" + "yyyu",
	access.SeeCoverage:   "uunff" + "ffffff" + "ffn" + "yyfu",

	access.SeePerson:     "uunfy" + "yyyyfy" + "ffn" + "yyfu",
	access.AddTargetArea: "uunfy" + "yyyyfy" + "ffn" + "fffu",
	access.ChangePerson:  "uunfy" + "ffffff" + "ffn" + "fffu",

	access.EditTargetArea: "uunny" + "yyyyny" + "nnn" + "ffnu",

	access.Administer: "uufff" + "ffffff" + "fff" + "ffyu",
}

var letters = map[storage.Kind]rune{
	"": 'y', storage.Forbidden: 'f', storage.NotFound: 'n', storage.Unauthenticated: 'u',
}

func TestTable(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		policy := access.New(db)
		for _, action := range access.Actions() {
			want := table[action]
			if len(want) != len(people) {
				t.Errorf("%s: the table has %d columns, there are %d people", action, len(want), len(people))
				continue
			}
			for i, letter := range want {
				who := people[i]
				err := policy.May(t.Context(), w.users[who], action, w.subject(action, who))
				if got := letters[storage.KindOf(err)]; got != letter {
					t.Errorf("%s by %s: %c (%v), want %c", action, who, got, err, letter)
				}
			}
		}
		if len(table) != len(access.Actions()) {
			t.Errorf("the table has %d actions, there are %d", len(table), len(access.Actions()))
		}
	})
}

// What does not exist, and what is no id at all, is told apart from nothing by nobody.
func TestAbsentSubjects(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		policy := access.New(db)
		for _, action := range access.Actions() {
			if access.SubjectOf(action) == access.Installation {
				continue
			}
			for _, who := range []string{"owner", "lead", "operator", "nobody"} {
				want := storage.NotFound
				if who == "nobody" {
					want = storage.Unauthenticated
				}
				for _, subject := range []storage.ID{storage.NewID(), "", "' OR 1=1 --"} {
					err := policy.May(t.Context(), w.users[who], action, subject)
					if storage.KindOf(err) != want {
						t.Errorf("%s by %s on %q: %v, want %s", action, who, subject, err, want)
					}
				}
			}
		}
	})
}

func TestDeletedRecordingIsGoneForItsOwnerToo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		w.exec(`UPDATE recordings SET deleted_at = ?`, storage.Now())
		err := access.New(db).May(t.Context(), w.users["owner"], access.SeeRecording, w.recording)
		if storage.KindOf(err) != storage.NotFound {
			t.Errorf("got %v", err)
		}
	})
}

// An instructor of a teacher in one program is nobody to them in another that both are in.
func TestOneProgramAtATime(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		policy := access.New(db)
		second := storage.NewID()
		w.exec(`INSERT INTO programs (id, name, created_at) VALUES (?, 'Second', ?)`, second, storage.Now())
		for who, role := range map[string]string{"owner": "teacher", "coach": "instructor", "lead": "teacher"} {
			w.member(second, who, role)
		}
		for _, c := range []struct {
			who     string
			program storage.ID
			action  access.Action
			want    storage.Kind
		}{
			{"coach", w.program, access.AddTargetArea, ""},
			{"coach", second, access.AddTargetArea, storage.Forbidden},
			{"lead", w.program, access.SeePerson, ""},
			{"lead", second, access.SeePerson, storage.Forbidden},
			{"owner", second, access.AddTargetArea, ""},
			{"owner", storage.NewID(), access.AddTargetArea, storage.NotFound},
		} {
			err := policy.MayIn(t.Context(), w.users[c.who], c.action, c.program, w.users["owner"])
			if storage.KindOf(err) != c.want {
				t.Errorf("%s by %s: %v, want %q", c.action, c.who, err, c.want)
			}
		}
		for who, want := range map[string]int{"owner": 2, "coach": 1, "lead": 1, "colleague": 0} {
			got, err := policy.Programs(t.Context(), w.users[who], access.SeePerson, w.users["owner"])
			if err != nil || len(got) != want {
				t.Errorf("programs for %s: %v, %v, want %d", who, got, err, want)
			}
		}
	})
}

func TestGateKnowsActionsByTheirText(t *testing.T) {
	db := dbtest.SQLite(t)
	w := newWorld(t, db)
	gate := access.Gate{Policy: access.New(db)}
	if err := gate.May(t.Context(), w.users["owner"], "annotate", w.recording); err != nil {
		t.Error(err)
	}
	err := gate.May(t.Context(), w.users["owner"], "anotate", w.recording)
	if storage.KindOf(err) != storage.Internal {
		t.Errorf("an action that is none: %v", err)
	}
}

// A cycle's first and last day are whole days in any classroom on Earth.
func TestRunningDays(t *testing.T) {
	at := time.Date(2026, 11, 17, 11, 0, 0, 0, time.UTC)
	earliest, latest := access.RunningDays(at)
	if earliest != "2026-11-16" || latest != "2026-11-18" {
		t.Errorf("got %s to %s", earliest, latest)
	}
}

// world is a program with everybody of the table in it.
type world struct {
	t                   *testing.T
	db                  *storage.DB
	users               map[string]storage.ID
	program             storage.ID
	recording, target   storage.ID // the owner's
	recording2, target2 storage.ID // of the one who was disabled
}

func (w *world) subject(action access.Action, who string) storage.ID {
	mine := who == "disabled"
	switch access.SubjectOf(action) {
	case access.Recording:
		if mine {
			return w.recording2
		}
		return w.recording
	case access.Program:
		return w.program
	case access.Person:
		if mine {
			return w.users["disabled"]
		}
		return w.users["owner"]
	case access.TargetArea:
		if mine {
			return w.target2
		}
		return w.target
	}
	return ""
}

func newWorld(t *testing.T, db *storage.DB) *world {
	w := &world{t: t, db: db, users: map[string]storage.ID{"nobody": "", "stranger": storage.NewID()}}
	now := storage.Now()
	w.program = storage.NewID()
	elsewhere := storage.NewID()
	for _, id := range []storage.ID{w.program, elsewhere} {
		w.exec(`INSERT INTO programs (id, name, created_at) VALUES (?, 'Program', ?)`, id, now)
	}
	roles := map[string]string{
		"colleague": "teacher", "owner": "teacher", "watcher": "teacher", "disabled": "teacher",
		"lead": "lead", "leadshare": "lead",
	}
	for _, who := range people[2:] {
		w.users[who] = storage.NewID()
		w.exec(`INSERT INTO users (id, email, email_folded, name, password_hash, is_operator, created_at)
VALUES (?, ?, ?, ?, '', CASE WHEN ? = 'operator' THEN 1 ELSE 0 END, ?)`, w.users[who],
			who+"@example.org", who+"@example.org", strings.ToUpper(who), who, now)
		switch role := roles[who]; {
		case who == "outsider":
			w.member(elsewhere, who, "lead")
		case who == "operator", who == "gone":
		case role != "":
			w.member(w.program, who, role)
		default:
			w.member(w.program, who, "instructor")
		}
	}
	framework, area := storage.NewID(), storage.NewID()
	w.exec(`INSERT INTO frameworks (id, program_id, name, created_at) VALUES (?, ?, 'F', ?)`, framework,
		w.program, now)
	w.exec(`INSERT INTO areas (id, framework_id, name) VALUES (?, ?, 'Wait time')`, area, framework)
	w.recording, w.target = w.lesson("owner", area)
	w.recording2, w.target2 = w.lesson("disabled", area)

	day := func(n int) string { return time.Now().AddDate(0, 0, n).UTC().Format(time.DateOnly) }
	for _, who := range []string{"coach", "reviewer", "asked", "dropped", "late", "gone"} {
		w.cycle(who, "owner", day(-7), day(7))
	}
	w.cycle("other", "colleague", day(-7), day(7))
	w.cycle("former", "owner", day(-70), day(-7))

	w.share("reviewer", "reviewer", storage.Time{})
	w.share("asked", "reviewer", storage.At(time.Now().Add(time.Hour)))
	w.share("watcher", "viewer", storage.Time{})
	w.share("leadshare", "viewer", storage.Time{})
	w.share("late", "reviewer", storage.At(time.Now().Add(-time.Second)))
	for _, who := range []string{"asked", "dropped"} {
		w.exec(`INSERT INTO reviews (id, recording_id, instructor_id, state, requested_by, requested_at,
    promised_for) VALUES (?, ?, ?, 'requested', ?, ?, ?)`, storage.NewID(), w.recording, w.users[who],
			w.users["owner"], now, day(7))
	}
	w.exec(`UPDATE users SET disabled_at = ? WHERE id = ?`, now, w.users["disabled"])
	return w
}

func (w *world) lesson(who string, area storage.ID) (recording, target storage.ID) {
	recording, target = storage.NewID(), storage.NewID()
	now := storage.Now()
	w.exec(`INSERT INTO recordings (id, program_id, owner_id, title, state, started_at, created_at,
    updated_at) VALUES (?, ?, ?, 'Lesson', 'ready', ?, ?, ?)`, recording, w.program, w.users[who], now,
		now, now)
	w.exec(`INSERT INTO target_areas (id, program_id, teacher_id, area_id, hue, goal, status, created_at)
VALUES (?, ?, ?, ?, 1, 'Wait', 'active', ?)`, target, w.program, w.users[who], area, now)
	return recording, target
}

func (w *world) member(program storage.ID, who, role string) {
	w.exec(`INSERT INTO members (program_id, user_id, role, created_at) VALUES (?, ?, ?, ?)`, program,
		w.users[who], role, storage.Now())
}

func (w *world) cycle(instructor, teacher, from, to string) {
	w.exec(`INSERT INTO cycles (id, program_id, instructor_id, teacher_id, starts_on, ends_on, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?)`, storage.NewID(), w.program, w.users[instructor], w.users[teacher], from,
		to, storage.Now())
}

func (w *world) share(who, kind string, until storage.Time) {
	w.exec(`INSERT INTO shares (recording_id, user_id, access, until, granted_by, created_at)
VALUES (?, ?, ?, ?, ?, ?)`, w.recording, w.users[who], kind, until, w.users["owner"], storage.Now())
}

func (w *world) exec(query string, args ...any) {
	w.t.Helper()
	if _, err := w.db.Exec(context.Background(), query, args...); err != nil {
		w.t.Fatal(err)
	}
}
