package annotate

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"backrow/storage"
)

// The limits of what may be written. Each has a test at its edge.
const (
	MaxText        = 4000 // code points; at most 48,000 bytes as escaped JSON, inside socket's 64 KiB
	MaxTargetAreas = 9    // a teacher's area colours and the keys 1…9
	MaxAnnotations = 5000 // of one recording, deleted ones counted
	MaxReplies     = 5000 // of one recording, deleted ones counted
	MaxThread      = 100  // replies to one annotation, deleted ones counted

	// EndToleranceMS allows for players that round a duration up; LiveToleranceMS, while recording,
	// for segments that are on their way.
	EndToleranceMS  = 1000
	LiveToleranceMS = 10000
)

// Draft is an annotation to be created. ID is made by the client. An empty Visibility is Shared.
type Draft struct {
	ID            storage.ID   `json:"id"`
	RecordingID   storage.ID   `json:"-"`
	StartMS       int64        `json:"start_ms"`
	EndMS         int64        `json:"end_ms"`
	Kind          Kind         `json:"kind"`
	TargetAreaIDs []storage.ID `json:"target_area_ids"`
	Text          string       `json:"text"`
	Visibility    Visibility   `json:"visibility"`
	// Ahead: the range may lie beyond what is stored, since the lesson's own clock says where it is.
	Ahead bool `json:"-"`
}

// Edit is what is to change about an annotation; what is nil stays.
type Edit struct {
	StartMS       *int64        `json:"start_ms,omitempty"`
	EndMS         *int64        `json:"end_ms,omitempty"`
	Kind          *Kind         `json:"kind,omitempty"`
	TargetAreaIDs *[]storage.ID `json:"target_area_ids,omitempty"`
	Text          *string       `json:"text,omitempty"`
	Visibility    *Visibility   `json:"visibility,omitempty"`
}

// ReplyDraft is a reply to be created. ID is made by the client.
type ReplyDraft struct {
	ID           storage.ID `json:"id"`
	RecordingID  storage.ID `json:"-"`
	AnnotationID storage.ID `json:"annotation_id"`
	Text         string     `json:"text"`
}

// cleanText folds CR LF to LF, trims the space around and holds text to its limits.
func cleanText(text string) (string, error) {
	if !utf8.ValidString(text) {
		return "", storage.Errorf(storage.Invalid, "The text is not valid UTF-8.")
	}
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	if text == "" {
		return "", storage.Errorf(storage.Invalid, "There is no text yet. Write something first.")
	}
	if n := utf8.RuneCountInString(text); n > MaxText {
		return "", storage.Errorf(storage.TooLarge,
			"The text has %d characters; at most %d fit. Shorten it or split it in two.", n, MaxText)
	}
	for _, r := range text {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return "", storage.Errorf(storage.Invalid,
				"The text holds a control character (U+%04X), which cannot be shown. Remove it.", r)
		}
	}
	return text, nil
}

func cleanID(id storage.ID) (storage.ID, error) { return storage.ParseID(string(id)) }

func checkKind(k Kind) error {
	switch k {
	case Strength, Suggestion, Question, Note:
		return nil
	}
	return storage.Errorf(storage.Invalid,
		"The kind must be strength, suggestion, question or note.")
}

func checkVisibility(v Visibility) error {
	switch v {
	case Private, Drafted, Shared:
		return nil
	}
	return storage.Errorf(storage.Invalid,
		"The visibility must be private, draft or shared.")
}

// cleanAreas holds ids to their count and form; whose they are is asked of the database.
func cleanAreas(ids []storage.ID) ([]storage.ID, error) {
	if len(ids) > MaxTargetAreas {
		return nil, storage.Errorf(storage.Invalid,
			"%d target areas are chosen; at most %d can be.", len(ids), MaxTargetAreas)
	}
	clean := make([]storage.ID, 0, len(ids))
	seen := make(map[storage.ID]bool, len(ids))
	for _, id := range ids {
		id, err := cleanID(id)
		if err != nil {
			return nil, err
		}
		if seen[id] {
			return nil, storage.Errorf(storage.Invalid, "A target area is chosen twice.")
		}
		seen[id] = true
		clean = append(clean, id)
	}
	return clean, nil
}

func checkRange(start, end int64) error {
	if start < 0 || end < start {
		return storage.Errorf(storage.Invalid,
			"The range must begin at 0 or later and not end before it begins.")
	}
	return nil
}

// checkWithin holds a range to a recording of the given length and state.
func checkWithin(end, duration int64, state storage.RecordingState) error {
	tolerance := int64(EndToleranceMS)
	if state != storage.StateReady {
		tolerance = LiveToleranceMS
	}
	if end > duration+tolerance {
		return storage.Errorf(storage.Invalid, "The range ends after the recording does.")
	}
	return nil
}

func (d Draft) clean() (Draft, error) {
	var err error
	if d.ID, err = cleanID(d.ID); err != nil {
		return d, err
	}
	if d.Visibility == "" {
		d.Visibility = Shared
	}
	if err := checkVisibility(d.Visibility); err != nil {
		return d, err
	}
	if err := checkKind(d.Kind); err != nil {
		return d, err
	}
	if err := checkRange(d.StartMS, d.EndMS); err != nil {
		return d, err
	}
	if d.TargetAreaIDs, err = cleanAreas(d.TargetAreaIDs); err != nil {
		return d, err
	}
	d.Text, err = cleanText(d.Text)
	return d, err
}

func (e Edit) clean() (Edit, error) {
	if e == (Edit{}) {
		return e, storage.Errorf(storage.Invalid, "The edit changes nothing.")
	}
	if e.Kind != nil {
		if err := checkKind(*e.Kind); err != nil {
			return e, err
		}
	}
	if e.Visibility != nil {
		if err := checkVisibility(*e.Visibility); err != nil {
			return e, err
		}
	}
	if e.TargetAreaIDs != nil {
		areas, err := cleanAreas(*e.TargetAreaIDs)
		if err != nil {
			return e, err
		}
		e.TargetAreaIDs = &areas
	}
	if e.Text != nil {
		text, err := cleanText(*e.Text)
		if err != nil {
			return e, err
		}
		e.Text = &text
	}
	return e, nil
}

func (r ReplyDraft) clean() (ReplyDraft, error) {
	var err error
	if r.ID, err = cleanID(r.ID); err != nil {
		return r, err
	}
	if r.AnnotationID, err = cleanID(r.AnnotationID); err != nil {
		return r, err
	}
	r.Text, err = cleanText(r.Text)
	return r, err
}
