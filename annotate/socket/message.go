package socket

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"unicode/utf8"

	"backrow/annotate"
	"backrow/storage"
)

// MaxRef bounds a client's ref, in bytes.
const MaxRef = 64

// What the server sends.
type (
	helloMessage struct {
		Type   string     `json:"type"`
		UserID storage.ID `json:"user_id"`
		Since  int64      `json:"since"`
		May    struct {
			Annotate bool `json:"annotate"`
			Reply    bool `json:"reply"`
		} `json:"may"`
		BeatMS int64 `json:"beat_ms"`
	}
	eventMessage struct {
		Type string `json:"type"`
		annotate.Event
	}
	seqMessage struct { // caught_up, beat
		Type string `json:"type"`
		Seq  int64  `json:"seq"`
	}
	ackMessage struct {
		Type    string `json:"type"`
		Ref     string `json:"ref"`
		Seq     int64  `json:"seq"`
		Version int64  `json:"version"`
	}
	refusedMessage struct {
		Type         string       `json:"type"`
		Ref          string       `json:"ref"`
		Kind         storage.Kind `json:"kind"`
		Message      string       `json:"message"`
		Current      any          `json:"current,omitempty"`
		RetryAfterMS int64        `json:"retry_after_ms,omitempty"`
	}
)

// head is what all messages of a client have.
type head struct {
	Type string `json:"type"`
	Ref  string `json:"ref"`
}

// The messages of a client.
type (
	createMessage struct {
		head
		ID            storage.ID          `json:"id"`
		StartMS       *int64              `json:"start_ms"`
		EndMS         *int64              `json:"end_ms"`
		Kind          annotate.Kind       `json:"kind"`
		TargetAreaIDs []storage.ID        `json:"target_area_ids"`
		Text          string              `json:"text"`
		Visibility    annotate.Visibility `json:"visibility"`
	}
	editMessage struct {
		head
		ID      storage.ID `json:"id"`
		Version int64      `json:"version"`
		annotate.Edit
	}
	markMessage struct { // delete, restore, delete_reply, restore_reply
		head
		ID      storage.ID `json:"id"`
		Version int64      `json:"version"`
	}
	replyMessage struct {
		head
		annotate.ReplyDraft
	}
	editReplyMessage struct {
		head
		ID      storage.ID `json:"id"`
		Version int64      `json:"version"`
		Text    string     `json:"text"`
	}
)

// messages makes an empty message of each type that a client may send.
var messages = map[string]func() any{
	"create":        func() any { return &createMessage{} },
	"edit":          func() any { return &editMessage{} },
	"delete":        func() any { return &markMessage{} },
	"restore":       func() any { return &markMessage{} },
	"reply":         func() any { return &replyMessage{} },
	"edit_reply":    func() any { return &editReplyMessage{} },
	"delete_reply":  func() any { return &markMessage{} },
	"restore_reply": func() any { return &markMessage{} },
}

// parse reads a client's message. The head is as far as it could be read, so that a refusal can
// name the ref.
func parse(data []byte) (head, any, error) {
	var h head
	if !utf8.Valid(data) {
		return h, nil, storage.Errorf(storage.Invalid, "The message is not valid UTF-8.")
	}
	if err := json.Unmarshal(data, &h); err != nil {
		return head{}, nil, storage.Errorf(storage.Invalid, "The message cannot be read as JSON. %w", err)
	}
	if h.Ref == "" || len(h.Ref) > MaxRef {
		return head{}, nil, storage.Errorf(storage.Invalid,
			"The message must carry a ref of 1 to %d characters.", MaxRef)
	}
	empty, ok := messages[h.Type]
	if !ok {
		return h, nil, storage.Errorf(storage.Invalid, "There is no message of that type.")
	}
	message := empty()
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(message); err != nil {
		return h, nil, storage.Errorf(storage.Invalid, "The message cannot be used: %s. %w",
			strings.TrimPrefix(cut(err.Error()), "json: "), err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return h, nil, storage.Errorf(storage.Invalid, "The message must be one JSON object. %w", err)
	}
	return h, message, nil
}

// draft is the annotation that a create asks for: a point when it has no end.
func (m *createMessage) draft(recording storage.ID) (annotate.Draft, error) {
	if m.StartMS == nil {
		return annotate.Draft{}, storage.Errorf(storage.Invalid, "The message has no start_ms.")
	}
	end := m.EndMS
	if end == nil {
		end = m.StartMS
	}
	return annotate.Draft{ID: m.ID, RecordingID: recording, StartMS: *m.StartMS, EndMS: *end,
		Kind: m.Kind, TargetAreaIDs: m.TargetAreaIDs, Text: m.Text, Visibility: m.Visibility}, nil
}
