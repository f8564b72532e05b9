package objectstest_test

import (
	"bytes"
	"context"
	"io"
	"testing"

	"backrow/storage/objects"
	"backrow/storage/objects/objectstest"
)

func TestEmbeddedStoresAreApart(t *testing.T) {
	ctx := context.Background()
	one, other := objectstest.Embedded(t), objectstest.Embedded(t)
	want := []byte("a segment")
	if err := one.Put(ctx, "a/b.m4s", bytes.NewReader(want), int64(len(want)), objects.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	body, _, err := one.Get(ctx, "a/b.m4s", 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if got, err := io.ReadAll(body); err != nil || !bytes.Equal(got, want) {
		t.Errorf("got %q, %v", got, err)
	}
	if list, err := other.List(ctx, "", "", 10); err != nil || len(list) != 0 {
		t.Errorf("the other store has %v, %v", list, err)
	}
}
