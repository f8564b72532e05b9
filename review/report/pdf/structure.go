package pdf

import (
	"fmt"
	"strings"
)

// Element is a node of the structure tree (14.7): what a reader for the blind hears, in order.
type Element struct {
	file *File
	role string
	ref  ref
	up   ref
	alt  string
	box  [4]float64 // of a figure, in the page's own coordinates
	kids []string
}

// Root is the element that holds all others.
func (f *File) Root() *Element { return f.root }

// Add is a new element at the end of e, with a standard role (14.8.4): Sect, H1, P, L, LI, Figure …
func (e *Element) Add(role string) *Element {
	kid := &Element{file: e.file, role: role, ref: e.file.reserve(), up: e.ref}
	e.kids = append(e.kids, kid.ref.String())
	e.file.elements = append(e.file.elements, kid)
	return kid
}

// Alt sets what is said instead of showing e.
func (e *Element) Alt(text string) *Element {
	e.alt = text
	return e
}

// structure sets the objects of the structure tree and returns the number of its root.
func (f *File) structure() ref {
	top := f.reserve()
	f.root.up = top
	for _, e := range append([]*Element{f.root}, f.elements...) {
		var more strings.Builder
		if e.alt != "" {
			fmt.Fprintf(&more, " /Alt %s", text(e.alt))
		}
		if e.box != [4]float64{} {
			fmt.Fprintf(&more, " /A <</O /Layout /Placement /Block /BBox [%.2f %.2f %.2f %.2f]>>",
				e.box[0], e.box[1], e.box[2], e.box[3])
		}
		f.set(e.ref, "<</Type /StructElem /S /%s /P %v%s /K [%s]>>",
			e.role, e.up, &more, strings.Join(e.kids, " "))
	}
	var parents strings.Builder
	for i, p := range f.pages {
		fmt.Fprintf(&parents, "%d [", i)
		for _, owner := range p.marked {
			fmt.Fprintf(&parents, "%v ", owner)
		}
		parents.WriteString("] ")
	}
	tree := f.add("<</Nums [%s]>>", &parents)
	f.set(top, "<</Type /StructTreeRoot /K [%v] /ParentTree %v /ParentTreeNextKey %d>>",
		f.root.ref, tree, len(f.pages))
	return top
}

// bookmark is an entry of the outline.
type bookmark struct {
	level int
	title string
	page  *Page
	y     float64
}

// Bookmark adds an entry to the outline, below the last one of a smaller level. Levels begin at 0.
func (f *File) Bookmark(level int, title string, page *Page, y float64) {
	f.bookmarks = append(f.bookmarks, bookmark{level, title, page, y})
}

// outline sets the objects of the outline (12.3.3) and returns the entries for the catalogue.
func (f *File) outline() string {
	if len(f.bookmarks) == 0 {
		return ""
	}
	type node struct {
		ref                           ref
		parent, first, last, previous int // indices, -1: none
		next, kids                    int
	}
	none := node{parent: -1, first: -1, last: -1, previous: -1, next: -1}
	nodes := make([]node, len(f.bookmarks)+1) // the last one is the root
	top := len(f.bookmarks)
	for i := range nodes {
		nodes[i] = none
		nodes[i].ref = f.reserve()
	}
	open := []int{top} // from the root to the last entry
	for i, b := range f.bookmarks {
		open = open[:max(1, min(len(open), b.level+1))]
		parent := open[len(open)-1]
		nodes[i].parent, nodes[i].previous = parent, nodes[parent].last
		if last := nodes[parent].last; last >= 0 {
			nodes[last].next = i
		} else {
			nodes[parent].first = i
		}
		nodes[parent].last = i
		nodes[parent].kids++
		open = append(open, i)
	}
	for i, n := range nodes {
		var b strings.Builder
		for _, link := range []struct {
			name string
			to   int
		}{{"Parent", n.parent}, {"First", n.first}, {"Last", n.last}, {"Prev", n.previous}, {"Next", n.next}} {
			if link.to >= 0 {
				fmt.Fprintf(&b, " /%s %v", link.name, nodes[link.to].ref)
			}
		}
		if n.kids > 0 {
			count := n.kids
			if i != top {
				count = -count // closed
			}
			fmt.Fprintf(&b, " /Count %d", count)
		}
		if i != top {
			mark := f.bookmarks[i]
			fmt.Fprintf(&b, " /Title %s /Dest [%v /XYZ null %.2f null]",
				text(mark.title), mark.page.ref, mark.page.Height-mark.y)
		}
		f.set(n.ref, "<<%s>>", b.String())
	}
	return fmt.Sprintf(" /Outlines %v /PageMode /UseOutlines", nodes[top].ref)
}
