package objectstest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"backrow/storage"
	"backrow/storage/objects"
)

// PartBytes is the part size that the suite's stores are to be opened with: the smallest that S3
// allows, so that a large object stays small.
const PartBytes = 5 << 20

// Conformance holds a kind of store to the interfaces of objects. open returns an empty store,
// with a part size of PartBytes where it has one, that lasts as long as the test given.
func Conformance(t *testing.T, open func(t *testing.T) objects.Store) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, s objects.Store)
	}{
		{"put and get", testPutAndGet},
		{"put replaces", testPutReplaces},
		{"put of a wrong hash leaves nothing", testWrongHash},
		{"put of a wrong size leaves nothing", testWrongSize},
		{"put begins where the body stands", testPutFromTheMiddle},
		{"fresh put", testFresh},
		{"fresh puts race", testFreshRace},
		{"parts", testParts},
		{"get ranges", testRanges},
		{"get ranges of an empty object", testRangesOfEmpty},
		{"absent", testAbsent},
		{"delete", testDelete},
		{"delete a folder's name", testDeleteFolderName},
		{"list", testList},
		{"list in the order of bytes", testListOrder},
		{"list pages", testListPages},
		{"list limits", testListLimits},
		{"odd keys", testOddKeys},
		{"bad keys", testBadKeys},
		{"a key and the folder of others", testFolderOfOthers},
		{"many at once", testManyAtOnce},
		{"replaced while it is read", testReplacedWhileRead},
		{"ended contexts", testEndedContexts},
		{"check", testCheck},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

// content is size bytes that are the same for the same seed.
func content(seed uint64, size int) []byte {
	var key [32]byte
	key[0] = byte(seed)
	b := make([]byte, size)
	_, _ = rand.NewChaCha8(key).Read(b) // never fails
	return b
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func put(s objects.Store, key string, b []byte, o objects.PutOptions) error {
	return s.Put(context.Background(), key, bytes.NewReader(b), int64(len(b)), o)
}

func mustPut(t *testing.T, s objects.Store, key string, b []byte) {
	t.Helper()
	if err := put(s, key, b, objects.PutOptions{}); err != nil {
		t.Fatalf("put %q: %v", key, err)
	}
}

func get(s objects.Store, key string, offset, length int64) ([]byte, objects.Info, error) {
	body, info, err := s.Get(context.Background(), key, offset, length)
	if err != nil {
		return nil, info, err
	}
	b, err := io.ReadAll(body)
	if closed := body.Close(); err == nil {
		err = closed
	}
	return b, info, err
}

// wantContent fails unless key is there with this content, told alike by Get and Stat.
func wantContent(t *testing.T, s objects.Store, key string, want []byte) {
	t.Helper()
	got, info, err := get(s, key, 0, -1)
	if err != nil {
		t.Fatalf("get %q: %v", key, err)
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("get %q: %d bytes with hash %s, want %d with %s",
			key, len(got), hashOf(got), len(want), hashOf(want))
	}
	told, err := s.Stat(context.Background(), key)
	if err != nil {
		t.Fatalf("stat %q: %v", key, err)
	}
	if diff := cmp.Diff(told, info); diff != "" {
		t.Errorf("%q: Stat and Get differ (-stat +get):\n%s", key, diff)
	}
	if told.Key != key || told.Bytes != int64(len(want)) || told.SHA256 != hashOf(want) ||
		told.ETag == "" || told.Changed.IsZero() {
		t.Errorf("stat %q: %+v", key, told)
	}
}

func wantAbsent(t *testing.T, s objects.Store, key string) {
	t.Helper()
	if _, err := s.Stat(context.Background(), key); storage.KindOf(err) != storage.NotFound {
		t.Errorf("stat %q: %v, want not found", key, err)
	}
}

// wantKind fails unless err is of a kind and has a sentence for a person.
func wantKind(t *testing.T, did string, err error, want storage.Kind) {
	t.Helper()
	if got := storage.KindOf(err); got != want {
		t.Errorf("%s: %v, want %s", did, err, want)
	}
	if err != nil && storage.MessageOf(err) == "" {
		t.Errorf("%s: %v has no message", did, err)
	}
}

func keys(list []objects.Info) []string {
	var names []string
	for _, info := range list {
		names = append(names, info.Key)
	}
	return names
}
