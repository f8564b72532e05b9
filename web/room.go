package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"backrow/annotate"
	"backrow/review"
	"backrow/review/access"
	"backrow/storage"
)

// roomRoutes are the review room's page and the forms on it that work without scripts; with
// them, the island review uses the API instead.
func (s *Server) roomRoutes() []route {
	const room = "/recordings/{id}"
	again := func(which string) func(http.ResponseWriter, *http.Request, error) error {
		return func(w http.ResponseWriter, r *http.Request, err error) error {
			return s.showRoom(w, r, refused(r, which, err))
		}
	}
	row := func(method, rest string, action access.Action, handle handler) route {
		return route{method: method, pattern: room + rest, who: may(action, "id"), handle: handle}
	}
	return []route{
		row("GET", "", access.SeeRecording, s.room),
		row("POST", "/annotations", access.Annotate, s.action(s.addFeedback, again("feedback"))),
		row("POST", "/annotations/{annotation}/delete", access.Annotate,
			s.action(s.dropFeedback, again("list"))),
		row("POST", "/annotations/{annotation}/replies", access.Reply,
			s.action(s.addReply, again("reply"))),
		row("POST", "/shares", access.Share, s.action(s.addShare, again("share"))),
		row("POST", "/shares/{user}/remove", access.Share, s.action(s.dropShare, again("share"))),
		row("POST", "/delete", access.DeleteRecording, s.action(s.dropRecording, again("delete"))),
		row("POST", "/reviews", access.RequestReview, s.action(s.askReview, again("request"))),
		row("POST", "/reviews/{review}/return", access.ReturnReview,
			s.action(s.giveReview, again("return"))),
	}
}

// onePage is how many marks the page lists before any script; the island shows all.
const onePage = 200

// mostPeople bounds whom a recording can be shared with from the page: a program's members.
const mostPeople = 1000

// roomPage is what the template review shows.
type roomPage struct {
	Form      form
	Theme     string
	Recording storage.Recording
	Owner     string
	Open      string // share, request or return: the panel that is open
	ReplyTo   storage.ID
	Marks     []roomMark // a page of them
	More      int        // where the next page begins; 0: this is the last
	Boot      boot
}

// roomMark is a mark in the list, with its target areas.
type roomMark struct {
	annotate.Annotation
	Areas []bootArea
	Mine  bool
}

// boot is what the island begins with.
type boot struct {
	Me          annotate.Person         `json:"me"`
	Recording   bootRecording           `json:"recording"`
	May         bootMay                 `json:"may"`
	TargetAreas []bootArea              `json:"target_areas"`
	Annotations []annotate.Annotation   `json:"annotations"`
	Seq         int64                   `json:"seq"`
	Renditions  []storage.RenditionKind `json:"renditions"`
	Processing  Processing              `json:"processing"`
	Spans       []Span                  `json:"spans"`
	Expected    []Stretch               `json:"expected"`
	Main        string                  `json:"main"`
	Sources     []SourceTimeline        `json:"sources"`
	Reviews     []Review                `json:"reviews"`
	Shares      []Share                 `json:"shares"`
	Attachments []Attachment            `json:"attachments"`
	Members     []bootMember            `json:"members"`
}

type bootRecording struct {
	ID         storage.ID             `json:"id"`
	ProgramID  storage.ID             `json:"program_id"`
	Title      string                 `json:"title"`
	Owner      annotate.Person        `json:"owner"`
	State      storage.RecordingState `json:"state"`
	DurationMS int64                  `json:"duration_ms"`
}

type bootMay struct {
	Annotate      bool `json:"annotate"`
	Reply         bool `json:"reply"`
	Share         bool `json:"share"`
	RequestReview bool `json:"request_review"`
	ReturnReview  bool `json:"return_review"`
	Report        bool `json:"report"`
	Download      bool `json:"download"`
	Answer        bool `json:"answer"`
	Retry         bool `json:"retry"`
	Attach        bool `json:"attach"`
	Delete        bool `json:"delete"`
}

type bootArea struct {
	ID     storage.ID `json:"id"`
	Name   string     `json:"name"`
	Goal   string     `json:"goal"`
	Hue    int        `json:"hue"`
	Active bool       `json:"active"` // new marks can be about it
}

type bootMember struct {
	ID     storage.ID  `json:"id"`
	Name   string      `json:"name"`
	Role   review.Role `json:"role"`
	Paired bool        `json:"paired"`
}

func (s *Server) room(w http.ResponseWriter, r *http.Request) error {
	return s.showRoom(w, r, form{})
}

func (s *Server) showRoom(w http.ResponseWriter, r *http.Request, f form) error {
	ctx := r.Context()
	id, err := pathID(r, "id")
	if err != nil {
		return err
	}
	recording, err := s.options.Catalogue.Recording(ctx, id)
	if err != nil {
		return err
	}
	b, err := s.bootOf(ctx, viewer(r), recording)
	if err != nil {
		return err
	}
	query := r.URL.Query()
	page := roomPage{Form: f, Theme: roomTheme(r), Recording: recording, Owner: b.Recording.Owner.Name, Boot: b,
		Open: query.Get("open"), ReplyTo: storage.ID(query.Get("reply"))}
	switch f.which {
	case "share", "request", "return", "delete":
		page.Open = f.which
	case "reply":
		page.ReplyTo = storage.ID(r.PathValue("annotation"))
	}
	from, err := strconv.Atoi(query.Get("from"))
	if err != nil || from < 0 || from > len(b.Annotations) {
		from = 0
	}
	to := min(from+onePage, len(b.Annotations))
	if to < len(b.Annotations) {
		page.More = to
	}
	for _, a := range b.Annotations[from:to] {
		page.Marks = append(page.Marks, roomMark{Annotation: a, Areas: b.areas(a.TargetAreaIDs),
			Mine: a.Author.ID == b.Me.ID})
	}
	return s.show(w, r, f, "review", page)
}

// roomTheme is dark, so that the video is the brightest thing on the screen, unless the viewer
// chose a light room on this device.
func roomTheme(r *http.Request) string {
	if cookie(r, "room_theme") == "light" {
		return "light"
	}
	return "dark"
}

// bootOf gathers all that the room knows at its start, for one viewer.
func (s *Server) bootOf(ctx context.Context, v Viewer, recording storage.Recording) (boot, error) {
	id := recording.ID
	b := boot{Me: annotate.Person{ID: v.ID, Name: v.Name}, Shares: []Share{}, Members: []bootMember{}}
	var err error
	if b.May, err = s.mayOf(ctx, v.ID, id); err != nil {
		return boot{}, err
	}
	if b.May.ReturnReview {
		// Who was asked for a review and opens the room has begun it.
		if err := s.options.Review.BeginReview(ctx, v.ID, id); err != nil {
			return boot{}, err
		}
	}
	owner, err := s.options.Review.User(ctx, recording.OwnerID)
	if err != nil {
		return boot{}, err
	}
	b.Recording = bootRecording{ID: id, ProgramID: recording.ProgramID, Title: recording.Title,
		Owner: annotate.Person{ID: owner.ID, Name: owner.Name}, State: recording.State,
		DurationMS: recording.DurationMS}
	if b.Annotations, b.Seq, err = s.options.Marks.List(ctx, v.ID, id); err != nil {
		return boot{}, err
	}
	if b.TargetAreas, err = s.areasOf(ctx, recording); err != nil {
		return boot{}, err
	}
	if b.Processing, err = s.processingOf(ctx, recording); err != nil {
		return boot{}, err
	}
	b.Renditions = b.Processing.Renditions
	timeline, err := s.timelineOf(ctx, id)
	if err != nil {
		return boot{}, err
	}
	b.Spans, b.Expected = timeline.Spans, timeline.Expected
	b.Main, b.Sources = timeline.Main, timeline.Sources
	attachments, err := s.options.Catalogue.Attachments(ctx, id)
	if err != nil {
		return boot{}, err
	}
	b.Attachments = each(attachments, attachmentOf)
	reviews, err := s.options.Review.Reviews(ctx, id)
	if err != nil {
		return boot{}, err
	}
	b.Reviews = each(reviews, reviewOf)
	if !b.May.Share && !b.May.RequestReview {
		return b, nil
	}
	shares, err := s.options.Review.Shares(ctx, id)
	if err != nil {
		return boot{}, err
	}
	b.Shares = each(shares, shareOf)
	b.Members, err = s.othersIn(ctx, recording)
	return b, err
}

// mayOf asks the policy for all that the room offers.
func (s *Server) mayOf(ctx context.Context, user, recording storage.ID) (bootMay, error) {
	var b bootMay
	for action, answer := range map[access.Action]*bool{
		access.Annotate: &b.Annotate, access.Reply: &b.Reply, access.Share: &b.Share,
		access.RequestReview: &b.RequestReview, access.ReturnReview: &b.ReturnReview,
		access.DownloadReport: &b.Report, access.DownloadRecording: &b.Download,
		access.EditRecording: &b.Retry, access.AnswerReview: &b.Answer, access.DeleteRecording: &b.Delete,
	} {
		err := s.options.Policy.May(ctx, user, action, recording)
		if err != nil && storage.KindOf(err) != storage.Forbidden {
			return bootMay{}, err
		}
		*answer = err == nil
	}
	b.Attach = b.Retry // both are edits of the recording
	return b, nil
}

// areasOf are the target areas that a mark can be about: those that the recording is about first,
// then the teacher's others in its program. Those that are no longer worked on come last.
func (s *Server) areasOf(ctx context.Context, recording storage.Recording) ([]bootArea, error) {
	chosen, err := s.options.Review.RecordingTargetAreas(ctx, recording.ID)
	if err != nil {
		return nil, err
	}
	all, err := s.options.Review.TargetAreas(ctx, recording.ProgramID, recording.OwnerID)
	if err != nil {
		return nil, err
	}
	areas := []bootArea{}
	for _, t := range append(chosen, all...) {
		if slices.ContainsFunc(areas, func(a bootArea) bool { return a.ID == t.ID }) {
			continue
		}
		areas = append(areas, bootArea{ID: t.ID, Name: t.AreaName, Goal: t.Goal, Hue: t.Hue,
			Active: t.Status == review.Active})
	}
	slices.SortStableFunc(areas, func(a, b bootArea) int {
		switch {
		case a.Active == b.Active:
			return 0
		case a.Active:
			return -1
		}
		return 1
	})
	return areas, nil
}

// othersIn are the members of the recording's program but its owner, by name; those who coach the
// owner now come first.
func (s *Server) othersIn(ctx context.Context, recording storage.Recording) ([]bootMember, error) {
	cycles, err := s.options.Review.InstructorsOf(ctx, recording.OwnerID)
	if err != nil {
		return nil, err
	}
	found := []bootMember{}
	for page := (review.Page{Limit: 200}); len(found) < mostPeople; {
		list, err := s.options.Review.Members(ctx, recording.ProgramID, page)
		if err != nil {
			return nil, err
		}
		for _, m := range list.Items {
			if m.UserID == recording.OwnerID || !m.DisabledAt.IsZero() {
				continue
			}
			paired := slices.ContainsFunc(cycles, func(c review.Cycle) bool {
				return c.InstructorID == m.UserID && c.ProgramID == recording.ProgramID
			})
			found = append(found, bootMember{ID: m.UserID, Name: m.Name, Role: m.Role, Paired: paired})
		}
		if page.After = list.Next; page.After == "" {
			break
		}
	}
	slices.SortStableFunc(found, func(a, b bootMember) int {
		switch {
		case a.Paired != b.Paired && a.Paired:
			return -1
		case a.Paired != b.Paired:
			return 1
		}
		return compareNames(a.Name, b.Name)
	})
	return found, nil
}

func (b boot) areas(ids []storage.ID) []bootArea {
	var out []bootArea
	for _, id := range ids {
		for _, a := range b.TargetAreas {
			if a.ID == id {
				out = append(out, a)
			}
		}
	}
	return out
}

// Own is the review that the viewer was asked for and has not returned.
func (p roomPage) Own() *Review {
	for _, v := range p.Boot.Reviews {
		if v.Instructor.ID == p.Boot.Me.ID && v.State != review.Returned && v.State != review.Answered {
			return &v
		}
	}
	return nil
}

// Returned are the reviews that have come back, with their summaries.
func (p roomPage) Returned() []Review {
	var out []Review
	for _, v := range p.Boot.Reviews {
		if v.ReturnedAt != nil && v.Summary != "" {
			out = append(out, v)
		}
	}
	return out
}

// Unshared are the members whom the recording is not shared with.
func (p roomPage) Unshared() []bootMember {
	return slices.DeleteFunc(slices.Clone(p.Boot.Members), func(m bootMember) bool {
		return slices.ContainsFunc(p.Boot.Shares, func(s Share) bool { return s.User.ID == m.ID })
	})
}

// Instructors are the members who can be asked for a review.
func (p roomPage) Instructors() []bootMember {
	return slices.DeleteFunc(slices.Clone(p.Boot.Members), func(m bootMember) bool {
		return m.Role == review.Teacher
	})
}

// Has reports whether a rendition has been made.
func (p roomPage) Has(kind storage.RenditionKind) bool {
	return slices.Contains(p.Boot.Renditions, kind)
}

// Kinds are the kinds of a mark, in the order of their keys.
func (p roomPage) Kinds() []annotate.Kind {
	return []annotate.Kind{annotate.Strength, annotate.Suggestion, annotate.Question, annotate.Note}
}

// Span is the time of a mark, or its range.
func (m roomMark) Span() string {
	start, end := clock(m.StartMS), clock(m.EndMS)
	if start == end {
		return start
	}
	return start + "–" + end
}

// Seconds is where the mark begins, as a media fragment has it.
func (m roomMark) Seconds() string {
	return strconv.FormatFloat(float64(m.StartMS)/1000, 'f', -1, 64)
}

// Chosen reports whether a returned form had an option of a field with several.
func (p roomPage) Chosen(which, field, value string) bool {
	return p.Form.which == which && slices.Contains(p.Form.values[field], value)
}
