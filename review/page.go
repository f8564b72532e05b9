package review

import "strings"

// Page says which part of a list is asked for.
type Page struct {
	After string // the Next of the part before; "" for the first
	Limit int    // how many at most; 0 for 50, never more than 200
}

// List is one part of a list.
type List[T any] struct {
	Items []T
	Next  string // what the next part comes after; "" when this is the last
}

const (
	usualPage = 50
	mostPage  = 200
)

// rows is how many rows to read: one more than the page holds, to know whether another follows.
func (p Page) rows() int { return p.limit() + 1 }

// after is the key to go on from, from outside and perhaps not one of ours.
func (p Page) after() string { return keepable(p.After) }

func (p Page) limit() int {
	if p.Limit <= 0 {
		return usualPage
	}
	return min(p.Limit, mostPage)
}

// listOf cuts what was read to the page and names the key of its last row.
func listOf[T any](p Page, found []T, key func(T) string) List[T] {
	if len(found) <= p.limit() {
		return List[T]{Items: found}
	}
	found = found[:p.limit()]
	return List[T]{Items: found, Next: key(found[len(found)-1])}
}

// after2 is after for a key of two columns.
func (p Page) after2() (first, second string) {
	first, second, _ = strings.Cut(p.after(), " ")
	return first, second
}
