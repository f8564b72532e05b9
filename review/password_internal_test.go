package review

import (
	"context"
	"testing"

	"backrow/storage"
)

// Inside the package, because from outside nobody can hold a hash halfway.
func TestHashingIsBounded(t *testing.T) {
	h := newHasher(1)
	h.slots <- struct{}{} // somebody is hashing
	ctx, cancel := context.WithCancel(t.Context())
	refused := make(chan error)
	go func() {
		_, err := h.hash(ctx, "correct horse battery")
		refused <- err
	}()
	cancel()
	if err := <-refused; storage.KindOf(err) != storage.Unavailable {
		t.Errorf("who goes away gets %v", err)
	}
	for len(h.waiting) < cap(h.waiting) {
		h.waiting <- struct{}{}
	}
	if _, err := h.hash(t.Context(), "correct horse battery"); storage.KindOf(err) != storage.TooMany {
		t.Errorf("who finds the queue full gets %v", err)
	}
}

// A hash that was made with other parameters, or damaged, is known for what it is.
func TestStoredHashes(t *testing.T) {
	h := newHasher(1)
	// From the reference implementation: argon2 somesalt -id -t 2 -m 16 -p 1 -l 32, 'password'.
	const reference = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	for kept, want := range map[string]string{reference: "yes", "": "no"} {
		ok, err := h.matches(t.Context(), kept, "password")
		if err != nil || ok != (want == "yes") {
			t.Errorf("%q: %v, %v", kept, ok, err)
		}
	}
	for _, broken := range []string{
		"x", "$2b$10$abc", "$argon2id$v=19$m=65536,t=2,p=0$c29tZXNhbHQ$CTFh",
		"$argon2id$v=16$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=65536,t=2,p=1$!$CTFh", "$argon2id$v=19$m,t,p$c29tZXNhbHQ$CTFh",
	} {
		if ok, err := h.matches(t.Context(), broken, "password"); ok || storage.KindOf(err) != storage.Internal {
			t.Errorf("%q: %v, %v", broken, ok, err)
		}
	}
}
