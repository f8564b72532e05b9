// Package spool keeps segments on the local disk from the moment they are cut until they are in
// the object store and in the catalogue. An item that Add has returned for survives a crash of the
// process and of the machine: it is written beside its place, synced, renamed and the folder
// synced. One file is one item: a line of JSON that says what it is, and the bytes.
//
// A Spool is safe for concurrent use. It belongs to one process: two must not share a folder.
package spool

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"

	"backrow/storage"
)

// Kind says what an item is.
type Kind string

// The kinds of item.
const (
	KindInit    Kind = "init"
	KindSegment Kind = "segment"
)

// Item is one object on its way, with what the catalogue is to know of it.
type Item struct {
	Kind      Kind             `json:"kind"`
	Recording storage.ID       `json:"recording"`
	Order     int64            `json:"order"` // within the take: items are sent in this order
	Init      *storage.Init    `json:"init,omitempty"`
	Tracks    []storage.Track  `json:"tracks,omitempty"` // with an init
	Segment   *storage.Segment `json:"segment,omitempty"`
	// Place says where the take lies, now that its first frame has come; with its first init.
	Place *Place `json:"place,omitempty"`
}

// Place is where a take lies on the recording's timeline, and when its first frame came.
type Place struct {
	OffsetMS  int64        `json:"offset_ms"`
	StartedAt storage.Time `json:"started_at"`
}

// Take is the take that the item belongs to.
func (i Item) Take() storage.ID {
	if i.Init != nil {
		return i.Init.TakeID
	}
	return i.Segment.TakeID
}

func (i Item) valid() bool {
	return (i.Kind == KindInit && i.Init != nil || i.Kind == KindSegment && i.Segment != nil) &&
		i.Recording != "" && i.Take() != ""
}

// ErrFull is in the chain of Add's error when the spool has reached its bound.
var ErrFull = errors.New("spool: the bound is reached")

const (
	suffix    = ".item"
	temporary = ".part"
	refused   = "refused" // the folder for items that the catalogue will never take
)

// Spool is a folder of items.
type Spool struct {
	dir   string
	limit int64

	mu   sync.Mutex
	used int64 // guarded by mu
}

// Open opens the spool in dir, makes the folder when it is absent, and drops what was being
// written when the process ended. limit bounds what it may hold, in bytes.
func Open(dir string, limit int64) (*Spool, error) {
	dir, err := filepath.Abs(dir) // the working directory is not ours to rely on
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	s := &Spool{dir: dir, limit: limit}
	if err := os.MkdirAll(filepath.Join(dir, refused), 0o700); err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), temporary) {
			if err := os.Remove(filepath.Join(dir, entry.Name())); err != nil {
				return nil, fmt.Errorf("spool: %w", err)
			}
			continue
		}
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() {
			s.used += info.Size()
		}
	}
	return s, nil
}

// Entry names an item in the spool.
type Entry struct {
	name string
	size int64
}

// Add writes an item and its bytes; when it returns they are durable.
func (s *Spool) Add(item Item, data []byte) (Entry, error) {
	head, err := json.Marshal(item)
	if err != nil {
		return Entry{}, fmt.Errorf("spool: %w", err)
	}
	entry := Entry{size: int64(len(head) + 1 + len(data)),
		name: fmt.Sprintf("%s-%012d%s", item.Take(), item.Order, suffix)}
	if !s.reserve(entry.size) {
		return Entry{}, fmt.Errorf("%w: %d bytes", ErrFull, s.limit)
	}
	if err := s.write(entry.name, append(head, '\n'), data); err != nil {
		s.release(entry.size)
		return Entry{}, fmt.Errorf("spool: %w", err)
	}
	return entry, nil
}

func (s *Spool) reserve(size int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.used+size > s.limit {
		return false
	}
	s.used += size
	return true
}

func (s *Spool) release(size int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used -= size
}

// Used is how many bytes the spool holds.
func (s *Spool) Used() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.used
}

// write makes the file: temporary, write, sync, close, rename, sync of the folder.
func (s *Spool) write(name string, head, data []byte) (err error) {
	path := filepath.Join(s.dir, name)
	file, err := os.OpenFile(path+temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			file.Close()
			os.Remove(path + temporary)
		}
	}()
	if _, err = file.Write(head); err != nil {
		return err
	}
	if _, err = file.Write(data); err != nil {
		return err
	}
	if err = file.Sync(); err != nil {
		return err
	}
	if err = file.Close(); err != nil {
		return err
	}
	if err = os.Rename(path+temporary, path); err != nil {
		return err
	}
	return s.syncFolder()
}

func (s *Spool) syncFolder() error {
	folder, err := os.Open(s.dir)
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}

// Entries lists what is there, by take and in order.
func (s *Spool) Entries() ([]Entry, error) {
	files, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	var entries []Entry
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), suffix) {
			continue
		}
		info, err := file.Info()
		if err != nil {
			return nil, fmt.Errorf("spool: %w", err)
		}
		entries = append(entries, Entry{name: file.Name(), size: info.Size()})
	}
	sort.Slice(entries, func(i, j int) bool { return entries[i].name < entries[j].name })
	return entries, nil
}

// Read returns an item and its bytes.
func (s *Spool) Read(entry Entry) (Item, []byte, error) {
	all, err := os.ReadFile(filepath.Join(s.dir, entry.name))
	if err != nil {
		return Item{}, nil, fmt.Errorf("spool: %w", err)
	}
	return parse(all)
}

// Head returns an item without its bytes.
func (s *Spool) Head(entry Entry) (Item, error) {
	file, err := os.Open(filepath.Join(s.dir, entry.name))
	if err != nil {
		return Item{}, fmt.Errorf("spool: %w", err)
	}
	defer file.Close()
	line, err := bufio.NewReader(io.LimitReader(file, 64<<10)).ReadBytes('\n')
	if err != nil {
		return Item{}, fmt.Errorf("spool: %s: %w", entry.name, err)
	}
	item, _, err := parse(line)
	return item, err
}

func parse(all []byte) (Item, []byte, error) {
	head, data, found := bytes.Cut(all, []byte{'\n'})
	var item Item
	if !found {
		return item, nil, errors.New("spool: the item has no head")
	}
	if err := json.Unmarshal(head, &item); err != nil {
		return item, nil, fmt.Errorf("spool: %w", err)
	}
	if !item.valid() {
		return item, nil, errors.New("spool: the item does not say what it is")
	}
	return item, data, nil
}

// Remove forgets an item that is stored.
func (s *Spool) Remove(entry Entry) error {
	if err := os.Remove(filepath.Join(s.dir, entry.name)); err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	s.release(entry.size)
	return nil
}

// Refuse puts an item aside that cannot be stored: its recording is gone, or another one holds its
// place. It is kept for the operator to look at, and not sent again.
func (s *Spool) Refuse(entry Entry) error {
	if err := os.Rename(filepath.Join(s.dir, entry.name),
		filepath.Join(s.dir, refused, entry.name)); err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	s.release(entry.size)
	return nil
}
