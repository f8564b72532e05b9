package objectstest

import (
	"context"
	"strings"
	"testing"

	"backrow/storage"
	"backrow/storage/objects"
)

var oddKeys = []string{
	"plain",
	"with space", " leading and trailing ", "a/ /b",
	"plus+and%20percent%", "question?mark=1&x=y", "hash#fragment", "semi;colon:comma,",
	"quote'\"`", "<xml>&amp;", "star*[a-z]{x,y}", "dollar$pipe|at@tilde~caret^bang!eq=",
	"..hidden", "...", "a/.b", "a/b.", "-dash", "--", "_",
	"versions/uploads", "meta", "x/meta/etag",
	"Größe/naïve", "e\u0301 decomposed", "\u00e9 composed", "日本語/中文", "العربية", "עברית",
	"😀/👩‍🏫", "\u200bzero width", "\u202ereversed", "\U0010FFFD",
	strings.Repeat("n", objects.MaxNameBytes),
	strings.Repeat("é", objects.MaxNameBytes/2) + "/x",
	strings.Repeat(strings.Repeat("d", 100)+"/", 10) + "0123456789",
}

func testOddKeys(t *testing.T, s objects.Store) {
	for i, key := range oddKeys {
		mustPut(t, s, key, content(uint64(i), 100+i))
	}
	for i, key := range oddKeys {
		wantContent(t, s, key, content(uint64(i), 100+i))
		list, err := s.List(context.Background(), key, "", 1)
		if err != nil || len(list) != 1 || list[0].Key != key {
			t.Errorf("list %q: %v, %v", key, keys(list), err)
		}
		// A replacement goes another way through a file system than a first one.
		mustPut(t, s, key, content(uint64(i), i))
		wantContent(t, s, key, content(uint64(i), i))
	}
	for _, key := range oddKeys {
		if err := s.Delete(context.Background(), key); err != nil {
			t.Errorf("delete %q: %v", key, err)
		}
		wantAbsent(t, s, key)
	}
	if list, err := s.List(context.Background(), "", "", 1000); err != nil || len(list) != 0 {
		t.Errorf("left over: %q, %v", keys(list), err)
	}
}

func testBadKeys(t *testing.T, s objects.Store) {
	ctx := context.Background()
	for _, key := range []string{
		"", "/", "/a", "a/", "a//b", ".", "..", "./a", "a/.", "a/../b", "a\x00b", "a\nb", "a\\b",
		"\xff", "\uFFFE", ".sgwtmp/multipart/x", strings.Repeat("a", objects.MaxNameBytes+1),
		strings.Repeat("a/", objects.MaxKeyBytes/2) + "b",
	} {
		wantKind(t, "put", put(s, key, nil, objects.PutOptions{}), storage.Invalid)
		_, _, err := get(s, key, 0, -1)
		wantKind(t, "get", err, storage.Invalid)
		_, err = s.Stat(ctx, key)
		wantKind(t, "stat", err, storage.Invalid)
		wantKind(t, "delete", s.Delete(ctx, key), storage.Invalid)
	}
}

// testFolderOfOthers: a store on a file system cannot have both a key and others below it. It
// may refuse the second of them, and must keep the first.
func testFolderOfOthers(t *testing.T, s objects.Store) {
	for _, c := range [][2]string{{"a", "a/b"}, {"c/d", "c"}, {"e/f", "e/f/g/h"}} {
		for _, size := range []int{0, 10, PartBytes + 1} {
			first, second := content(1, 100), content(2, size)
			mustPut(t, s, c[0], first)
			if err := put(s, c[1], second, objects.PutOptions{}); err != nil {
				wantKind(t, "put", err, storage.Conflict)
				wantAbsent(t, s, c[1])
			} else {
				wantContent(t, s, c[1], second)
			}
			wantContent(t, s, c[0], first)
		}
	}
}
