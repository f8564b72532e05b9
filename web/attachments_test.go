package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"backrow/storage"
	"backrow/storage/objects"
	"backrow/web"
)

// cupboard is a shelf that things can be put into and taken out of.
type cupboard struct{ shelf }

func (c *cupboard) Put(_ context.Context, key string, body io.ReadSeeker, size int64, o objects.PutOptions) error {
	content, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	if have, ok := c.objects[key]; ok && o.Fresh && !bytes.Equal(have, content) {
		return storage.Errorf(storage.Conflict, "There is another object under this name already.")
	}
	if int64(len(content)) != size {
		return fmt.Errorf("%d bytes were announced, and %d are there", size, len(content))
	}
	c.objects[key] = content
	return nil
}

func (c *cupboard) Delete(_ context.Context, key string) error {
	delete(c.objects, key)
	return nil
}

// filed is a site with a recording and a store that takes files.
func filed(t *testing.T) (*site, *cupboard, string) {
	t.Helper()
	store := &cupboard{shelf{objects: map[string][]byte{}}}
	st := newSite(t, func(o *web.Options) { o.Objects = store })
	return st, store, "/api/recordings/" + string(st.recording("Fractions")) + "/attachments"
}

func TestAttachments(t *testing.T) {
	st, store, base := filed(t)
	teacher := st.as("owner")
	id := string(storage.NewID())
	const pdf = "%PDF-1.7 the plan"
	put := func(want int) web.Attachment {
		t.Helper()
		got := teacher.send("PUT", base+"/"+id+"?name=..%2FLesson+plan+%E5%88%86%E6%95%B0.exe", "text/html", pdf)
		var a web.Attachment
		if err := json.Unmarshal([]byte(got.body), &a); err != nil || got.StatusCode != want {
			t.Fatalf("sent: %d %s", got.StatusCode, got.body)
		}
		return a
	}
	a := put(http.StatusCreated)
	if a.Name != "Lesson plan 分数.exe.pdf" || a.MediaType != "application/pdf" || a.Bytes != int64(len(pdf)) {
		t.Errorf("it is %+v", a)
	}
	put(http.StatusOK) // its answer was lost
	if got := teacher.send("PUT", base+"/"+id, "", "%PDF-1.7 another"); got.StatusCode != http.StatusConflict {
		t.Errorf("other bytes under its id: %d", got.StatusCode)
	}
	// Who reviews it sees and downloads it, once it is shared with them.
	pair := st.as("pair")
	if got := pair.get(base); got.StatusCode != http.StatusNotFound {
		t.Errorf("before it is shared: %d", got.StatusCode)
	}
	teacher.json("POST", strings.TrimSuffix(base, "attachments")+"shares", `{"user_id": "`+string(st.id("pair"))+`", "access": "viewer"}`)
	if got := pair.get(base); !strings.Contains(got.body, `"name":"Lesson plan 分数.exe.pdf"`) {
		t.Errorf("the list: %d %s", got.StatusCode, got.body)
	}
	got := pair.get(base + "/" + id)
	if got.StatusCode != http.StatusOK || got.body != pdf {
		t.Errorf("the file: %d %q", got.StatusCode, got.body)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/pdf", "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "private, no-cache",
		"Content-Disposition": `attachment; filename="Lesson plan __.exe.pdf"; filename*=UTF-8''Lesson%20plan%20%E5%88%86%E6%95%B0.exe.pdf`,
	} {
		if got.Header.Get(name) != want {
			t.Errorf("%s: %s, want %s", name, got.Header.Get(name), want)
		}
	}
	for _, method := range []string{"PUT", "DELETE"} {
		if got := pair.send(method, base+"/"+id, "", pdf); got.StatusCode != http.StatusForbidden {
			t.Errorf("%s by a viewer: %d", method, got.StatusCode)
		}
	}
	if got := teacher.send("DELETE", base+"/"+id, "", ""); got.StatusCode != http.StatusNoContent || len(store.objects) > 0 {
		t.Errorf("removed: %d, %d objects are left", got.StatusCode, len(store.objects))
	}
	if got := teacher.get(base + "/" + id); got.StatusCode != http.StatusNotFound {
		t.Errorf("after it was removed: %d", got.StatusCode)
	}
	// A recording that is deleted takes its files along.
	put(http.StatusCreated)
	_, err := st.db.Exec(t.Context(), `UPDATE recordings SET deleted_at = ?`, storage.Now())
	check(t, err)
	for _, path := range []string{base, base + "/" + id} {
		if got := teacher.get(path); got.StatusCode != http.StatusNotFound {
			t.Errorf("%s of a deleted recording: %d", path, got.StatusCode)
		}
	}
}

func TestAttachmentsRefused(t *testing.T) {
	st, store, base := filed(t)
	teacher := st.as("owner")
	other := "/api/recordings/" + string(st.recording("Decimals")) + "/attachments/"
	id := string(storage.NewID())
	if got := teacher.send("PUT", base+"/"+id+"?name=a.pdf", "", "%PDF-1.7"); got.StatusCode != http.StatusCreated {
		t.Fatalf("sent: %d %s", got.StatusCode, got.body)
	}
	for _, c := range []struct {
		name, path, body string
		want             int
	}{
		{"a page", base + "/" + string(storage.NewID()) + "?name=plan.pdf", "<!doctype html><script>alert(1)</script>", 422},
		{"a picture that is a script", base + "/" + string(storage.NewID()) + "?name=a.png", `<svg onload="alert(1)"/>`, 422},
		{"a program", base + "/" + string(storage.NewID()) + "?name=plan.pdf", "MZ\x90\x00", 422},
		{"nothing", base + "/" + string(storage.NewID()) + "?name=plan.pdf", "", 422},
		{"no id", base + "/plan.pdf", "%PDF-1.7", 422},
		{"an id with a folder", base + "/..%2Fplan", "%PDF-1.7", 422},
		{"an id of another recording", other + id, "%PDF-1.7", 409},
		{"a byte too many", base + "/" + string(storage.NewID()), "%PDF" + strings.Repeat("x", 25<<20-3), 413},
	} {
		if got := teacher.send("PUT", c.path, "application/pdf", c.body); got.StatusCode != c.want {
			t.Errorf("%s: %d, want %d: %s", c.name, got.StatusCode, c.want, got.body)
		}
	}
	if got := teacher.get(other + id); got.StatusCode != http.StatusNotFound {
		t.Errorf("under another recording: %d", got.StatusCode)
	}
	if got := teacher.send("DELETE", other+id, "", ""); got.StatusCode != http.StatusNotFound {
		t.Errorf("removed under another recording: %d", got.StatusCode)
	}
	// As many as there may be, and no more.
	for range storage.MaxAttachments - 1 {
		if got := teacher.send("PUT", base+"/"+string(storage.NewID()), "", "%PDF-1.7"); got.StatusCode != http.StatusCreated {
			t.Fatalf("within the limit: %d %s", got.StatusCode, got.body)
		}
	}
	if got := teacher.send("PUT", base+"/"+string(storage.NewID()), "", "%PDF-1.7"); got.StatusCode != http.StatusTooManyRequests {
		t.Errorf("one too many: %d", got.StatusCode)
	}
	if len(store.objects) > storage.MaxAttachments {
		t.Errorf("%d objects are stored", len(store.objects))
	}
}

// TestAttachmentOfTenGigabytes is refused by what it says, before a byte of it is read; one that
// does not say how long it is, at once too.
func TestAttachmentOfTenGigabytes(t *testing.T) {
	st, _, base := filed(t)
	teacher := st.as("owner")
	var cookies []string
	address := st.http.Listener.Addr().String()
	request, err := http.NewRequest("GET", st.http.URL, nil)
	check(t, err)
	for _, c := range teacher.client.Jar.Cookies(request.URL) {
		cookies = append(cookies, c.Name+"="+c.Value)
	}
	for header, want := range map[string]string{"Content-Length: 10737418240": "413", "Transfer-Encoding: chunked\r\n\r\n0": "411"} {
		conn, err := net.Dial("tcp", address)
		check(t, err)
		check(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
		fmt.Fprintf(conn, "PUT %s/%s?name=a.pdf HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\n%s\r\n\r\n", base, storage.NewID(),
			address, strings.Join(cookies, "; "), header)
		answer := make([]byte, 12)
		_, err = io.ReadFull(conn, answer)
		if !strings.HasSuffix(string(answer), want) {
			t.Errorf("%s: %q, %v", header, answer, err)
		}
		conn.Close()
	}
}
