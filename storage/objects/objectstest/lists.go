package objectstest

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"backrow/storage"
	"backrow/storage/objects"
)

func testList(t *testing.T, s objects.Store) {
	ctx := context.Background()
	if list, err := s.List(ctx, "", "", 10); err != nil || len(list) != 0 {
		t.Errorf("an empty store lists %v, %v", list, err)
	}
	all := []string{"a/1", "a/2", "a/b/1", "ab/1", "b"}
	for i, key := range all {
		mustPut(t, s, key, content(1, i))
	}
	for _, c := range []struct {
		prefix, after string
		limit         int
		want          []string
	}{
		{"", "", 1000, all},
		{"", "", 2, all[:2]},
		{"", "a/2", 2, all[2:4]},
		{"", "b", 2, nil},
		{"a/", "", 10, all[:3]},
		{"a", "", 10, all[:4]},
		{"a/b", "", 10, []string{"a/b/1"}},
		{"a/", "a/1", 10, all[1:3]},
		{"a/", "a/15", 10, all[1:3]}, // after what is not there
		{"a/", "a/b/1", 10, nil},
		{"b", "a", 10, []string{"b"}}, // after what comes before the prefix
		{"c", "", 10, nil},
	} {
		list, err := s.List(ctx, c.prefix, c.after, c.limit)
		if err != nil {
			t.Errorf("list %q after %q: %v", c.prefix, c.after, err)
		}
		if diff := cmp.Diff(c.want, keys(list)); diff != "" {
			t.Errorf("list %d of %q after %q (-want +got):\n%s", c.limit, c.prefix, c.after, diff)
		}
		for _, info := range list {
			if size := int64(slices.Index(all, info.Key)); info.Bytes != size || info.Changed.IsZero() {
				t.Errorf("%+v, want %d bytes", info, size)
			}
		}
	}
}

// testListOrder: a slash sorts after a dash and a dot, in keys as in bytes.
func testListOrder(t *testing.T, s objects.Store) {
	want := []string{"A", "a-b", "a.b", "a/b", "a/b-c", "a/b/c2", "a0", "aé", "b", "ß", "日", "😀"}
	want = slices.DeleteFunc(want, func(key string) bool { return key == "a/b" }) // it is a folder here
	for _, key := range slices.Backward(want) {
		mustPut(t, s, key, nil)
	}
	list, err := s.List(context.Background(), "", "", 100)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, keys(list)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for i, after := range want {
		list, err := s.List(context.Background(), "", after, 100)
		if diff := cmp.Diff(want[i+1:], keys(list), cmp.Transformer("nil", emptyAsNil)); err != nil || diff != "" {
			t.Errorf("after %q: %v (-want +got):\n%s", after, err, diff)
		}
	}
}

func emptyAsNil(list []string) map[int]string {
	byIndex := map[int]string{}
	for i, s := range list {
		byIndex[i] = s
	}
	return byIndex
}

func testListPages(t *testing.T, s objects.Store) {
	var want []string
	for i := range 57 {
		key := fmt.Sprintf("r/t%d/%03d.m4s", i%3, i)
		mustPut(t, s, key, nil)
		want = append(want, key)
	}
	slices.Sort(want)
	var got []string
	for after := ""; ; after = got[len(got)-1] {
		list, err := s.List(context.Background(), "r/", after, 10)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, keys(list)...)
		if len(list) < 10 {
			break
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func testListLimits(t *testing.T, s objects.Store) {
	for _, limit := range []int{-1, 0, 1001} {
		_, err := s.List(context.Background(), "", "", limit)
		wantKind(t, fmt.Sprintf("list %d", limit), err, storage.Invalid)
	}
}
