package socket_test

import (
	"fmt"
	"testing"

	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"

	"backrow/annotate/socket"
	"backrow/storage"
	"backrow/storage/dbtest"
)

// FuzzMessage sends anything as a client's message: each is answered once, by an ack or a refusal
// that is not the server's fault, and the line stays up.
func FuzzMessage(f *testing.F) {
	h := open(f, dbtest.SQLite(f), func(o *socket.Options) {
		o.WriteRate = rate.Inf
		o.QueueBytes = 16 << 20
	})
	me := storage.NewID()
	mark := h.create(me)
	for _, text := range []string{
		`{"type":"create","ref":"r","id":%q,"start_ms":1,"end_ms":2,"kind":"note","text":"x",
"target_area_ids":[],"visibility":"private"}`,
		`{"type":"edit","ref":"r","id":%q,"version":1,"text":"y","kind":"strength"}`,
		`{"type":"delete","ref":"r","id":%q,"version":1}`,
		`{"type":"restore","ref":"r","id":%q,"version":1}`,
		`{"type":"reply","ref":"r","id":"0190b5a0-0000-7000-8000-000000000000","annotation_id":%q,"text":"z"}`,
		`{"type":"edit_reply","ref":"r","id":%q,"version":1,"text":"z"}`,
		`{"type":"delete_reply","ref":"r","id":%q,"version":1}`,
		`{"type":"restore_reply","ref":"r","id":%q,"version":1}`,
	} {
		f.Add([]byte(fmt.Sprintf(text, mark.ID)))
	}
	f.Add([]byte("{\"type\":\"edit\",\"ref\":\"\xff\"}"))
	f.Add([]byte(`{"type":"create","ref":"r","text":"\u0000\ud800"}`))
	c, _ := h.join(me, 1)
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > socket.MaxMessage {
			t.Skip()
		}
		if err := c.ws.WriteMessage(websocket.TextMessage, data); err != nil {
			t.Fatal(err)
		}
		for {
			m, err := c.read()
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case m.Type == "ack":
				return
			case m.Type == "refused" && m.Kind == storage.Internal:
				t.Fatalf("%q: %+v", data, m)
			case m.Type == "refused":
				return
			}
		}
	})
}
