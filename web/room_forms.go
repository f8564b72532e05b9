package web

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"backrow/annotate"
	"backrow/review"
	"backrow/storage"
)

// The forms of the room, for a browser without scripts. Each posts, and leads back to where it
// was sent from.

func (s *Server) addFeedback(w http.ResponseWriter, r *http.Request) error {
	recording, err := pathID(r, "id")
	if err != nil {
		return err
	}
	id, err := postedID(r)
	if err != nil {
		return err
	}
	draft := annotate.Draft{ID: id, RecordingID: recording,
		Kind: annotate.Kind(r.PostForm.Get("kind")), Text: r.PostForm.Get("text")}
	if draft.StartMS, err = moment(r.PostForm.Get("start")); err != nil {
		return err
	}
	draft.EndMS = draft.StartMS
	if end := strings.TrimSpace(r.PostForm.Get("end")); end != "" {
		if draft.EndMS, err = moment(end); err != nil {
			return err
		}
	}
	for _, area := range r.PostForm["area"] {
		draft.TargetAreaIDs = append(draft.TargetAreaIDs, storage.ID(area))
	}
	if r.PostForm.Get("private") != "" {
		draft.Visibility = annotate.Private
	}
	made, _, err := s.options.Marks.Create(r.Context(), viewer(r).ID, draft)
	if err != nil {
		return err
	}
	return s.backToRoom(w, r, "#mark-"+string(made.ID))
}

func (s *Server) dropFeedback(w http.ResponseWriter, r *http.Request) error {
	recording, annotation, err := pathIDs(r, "id", "annotation")
	if err != nil {
		return err
	}
	version, err := strconv.ParseInt(r.PostForm.Get("version"), 10, 64)
	if err != nil {
		return storage.Errorf(storage.Invalid, "The form could not be read. Please send it again. %w", err)
	}
	_, _, err = s.options.Marks.Delete(r.Context(), viewer(r).ID, recording, annotation, version)
	if err != nil {
		return err
	}
	return s.backToRoom(w, r, "")
}

func (s *Server) addReply(w http.ResponseWriter, r *http.Request) error {
	recording, annotation, err := pathIDs(r, "id", "annotation")
	if err != nil {
		return err
	}
	id, err := postedID(r)
	if err != nil {
		return err
	}
	_, _, err = s.options.Marks.Reply(r.Context(), viewer(r).ID, annotate.ReplyDraft{ID: id,
		RecordingID: recording, AnnotationID: annotation, Text: r.PostForm.Get("text")})
	if err != nil {
		return err
	}
	return s.backToRoom(w, r, "#mark-"+string(annotation))
}

func (s *Server) addShare(w http.ResponseWriter, r *http.Request) error {
	recording, err := pathID(r, "id")
	if err != nil {
		return err
	}
	share := review.Share{RecordingID: recording, UserID: storage.ID(r.PostForm.Get("user")),
		Access: review.Access(r.PostForm.Get("access"))}
	if until := r.PostForm.Get("until"); until != "" {
		day, err := time.ParseInLocation(time.DateOnly, until, zone(r))
		if err != nil {
			return storage.Errorf(storage.Invalid,
				"%q is not a date: it should look like 2026-11-17. %w", until, err)
		}
		share.Until = storage.At(day.AddDate(0, 0, 1).Add(-time.Second))
	}
	if _, err := s.options.Review.Share(r.Context(), viewer(r).ID, share); err != nil {
		return err
	}
	return s.backToRoom(w, r, "?open=share")
}

func (s *Server) dropShare(w http.ResponseWriter, r *http.Request) error {
	recording, user, err := pathIDs(r, "id", "user")
	if err != nil {
		return err
	}
	if err := s.options.Review.Unshare(r.Context(), viewer(r).ID, recording, user); err != nil {
		return err
	}
	return s.backToRoom(w, r, "?open=share")
}

func (s *Server) askReview(w http.ResponseWriter, r *http.Request) error {
	recording, err := pathID(r, "id")
	if err != nil {
		return err
	}
	id, err := postedID(r)
	if err != nil {
		return err
	}
	asked, err := s.options.Review.RequestReview(r.Context(), viewer(r).ID, review.NewReview{ID: id,
		RecordingID: recording, InstructorID: storage.ID(r.PostForm.Get("instructor")),
		PromisedFor: review.Day(r.PostForm.Get("promised_for"))})
	if err != nil {
		return err
	}
	s.notice(r, "room.review_requested", "name", asked.InstructorName)
	return s.backToRoom(w, r, "")
}

func (s *Server) giveReview(w http.ResponseWriter, r *http.Request) error {
	recording, id, err := pathIDs(r, "id", "review")
	if err != nil {
		return err
	}
	version, err := strconv.ParseInt(r.PostForm.Get("version"), 10, 64)
	if err != nil {
		return storage.Errorf(storage.Invalid, "The form could not be read. Please send it again. %w", err)
	}
	lesson, err := s.options.Catalogue.Recording(r.Context(), recording)
	if err != nil {
		return err
	}
	owner, err := s.options.Review.User(r.Context(), lesson.OwnerID)
	if err != nil {
		return err
	}
	_, err = s.options.Review.ReturnReview(r.Context(), viewer(r).ID, recording, id, version,
		r.PostForm.Get("summary"))
	if err != nil {
		return err
	}
	s.notice(r, "room.review_returned", "name", owner.Name)
	return s.backToRoom(w, r, "")
}

func (s *Server) backToRoom(w http.ResponseWriter, r *http.Request, rest string) error {
	return redirect(w, r, "/recordings/"+r.PathValue("id")+rest)
}

// pathIDs are two path values as ids.
func pathIDs(r *http.Request, one, other string) (storage.ID, storage.ID, error) {
	a, err := pathID(r, one)
	if err != nil {
		return "", "", err
	}
	b, err := pathID(r, other)
	return a, b, err
}

var typedMoment = regexp.MustCompile(`^(?:(?:([0-9]{1,3}):)?([0-9]{1,3}):)?([0-9]{1,5})$`)

// moment reads a time on the timeline as a person types it: 12:34, 1:02:03 or seconds.
func moment(text string) (int64, error) {
	match := typedMoment.FindStringSubmatch(strings.TrimSpace(text))
	if match == nil {
		return 0, storage.Errorf(storage.Invalid,
			"The time %q cannot be read. Write it as minutes and seconds, such as 12:34.", text)
	}
	var part [3]int64
	for i := range part {
		part[i], _ = strconv.ParseInt(match[i+1], 10, 64) //nolint:errcheck // digits, or none for 0
	}
	return ((part[0]*60+part[1])*60 + part[2]) * 1000, nil
}

// clock is a moment as 12:34 or 1:02:03, as the room writes it.
func clock(ms int64) string {
	seconds := ms / 1000
	if seconds < 3600 {
		return fmt.Sprintf("%02d:%02d", seconds/60, seconds%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
}

func compareNames(a, b string) int { return cmp.Compare(strings.ToLower(a), strings.ToLower(b)) }

// dropRecording deletes a recording whose title was typed: what cannot be undone asks for the name
// of the thing.
func (s *Server) dropRecording(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "id")
	if err != nil {
		return err
	}
	recording, err := s.options.Catalogue.Recording(r.Context(), id)
	if err != nil {
		return err
	}
	if strings.TrimSpace(r.PostForm.Get("title")) != recording.Title {
		return storage.Errorf(storage.Invalid,
			"That is not the title of this recording. It stays as it is.")
	}
	if err := s.forgetRecording(r.Context(), id); err != nil {
		return err
	}
	s.notice(r, "room.deleted_recording", "title", recording.Title)
	return redirect(w, r, "/")
}
