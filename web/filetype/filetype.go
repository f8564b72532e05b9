// Package filetype tells what a file is by its bytes, never by its name or by what its sender says,
// and takes the kinds that go with a lesson: documents without macros, pictures, sound, video, plain
// text. What a browser could run (HTML, SVG, XML) and what it cannot tell is refused.
package filetype

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"backrow/storage"
)

// Type is a kind of file.
type Type struct {
	Media      string
	Extensions []string // the usual one first
}

// The kinds that are known by their first bytes.
var prefixes = []struct {
	at     int
	prefix string
	is     Type
}{
	{0, "%PDF-", Type{"application/pdf", []string{".pdf"}}},
	{0, "\x89PNG\r\n\x1a\n", Type{"image/png", []string{".png"}}},
	{0, "\xff\xd8\xff", Type{"image/jpeg", []string{".jpg", ".jpeg"}}},
	{0, "GIF87a", Type{"image/gif", []string{".gif"}}},
	{0, "GIF89a", Type{"image/gif", []string{".gif"}}},
	{8, "WEBP", Type{"image/webp", []string{".webp"}}},
	{8, "WAVE", Type{"audio/wav", []string{".wav"}}},
	{0, "OggS", Type{"audio/ogg", []string{".ogg", ".opus", ".oga"}}},
	{0, "ID3", Type{"audio/mpeg", []string{".mp3"}}},
	{0, "\xff\xfb", Type{"audio/mpeg", []string{".mp3"}}},
	{0, "\xff\xf3", Type{"audio/mpeg", []string{".mp3"}}},
	{4, "ftypM4A", Type{"audio/mp4", []string{".m4a"}}},
	{4, "ftypheic", Type{"image/heic", []string{".heic", ".heif"}}},
	{4, "ftypheix", Type{"image/heic", []string{".heic", ".heif"}}},
	{4, "ftypmif1", Type{"image/heif", []string{".heif", ".heic"}}},
	{4, "ftypqt", Type{"video/quicktime", []string{".mov"}}},
	{4, "ftyp", Type{"video/mp4", []string{".mp4", ".m4v"}}},
	{0, "{\\rtf", Type{"application/rtf", []string{".rtf"}}},
}

// The kinds that are ZIP archives: of Office Open XML by the folder of their main part, of
// OpenDocument by what their first entry says.
const ooxml = "application/vnd.openxmlformats-officedocument."

var (
	office = map[string]Type{
		"word/": {ooxml + "wordprocessingml.document", []string{".docx"}},
		"xl/":   {ooxml + "spreadsheetml.sheet", []string{".xlsx"}},
		"ppt/":  {ooxml + "presentationml.presentation", []string{".pptx"}},
	}
	openDocument = map[string]Type{
		"application/vnd.oasis.opendocument.text":         {Extensions: []string{".odt"}},
		"application/vnd.oasis.opendocument.spreadsheet":  {Extensions: []string{".ods"}},
		"application/vnd.oasis.opendocument.presentation": {Extensions: []string{".odp"}},
	}
	plain = Type{"text/plain; charset=utf-8", []string{".txt", ".md", ".csv", ".tsv"}}
)

const (
	// headBytes is how much of a file tells what it is; of text it is looked through.
	headBytes = 64 << 10
	// maxEntries bounds the entries of an archive: a document has some hundreds.
	maxEntries = 5000
	// maxName bounds the name of a file, in characters.
	maxName = 120
)

func unknown() error {
	return storage.Errorf(storage.Invalid, "Files of this kind cannot be attached. PDF, Word, Excel, "+
		"PowerPoint and OpenDocument files, pictures, sound, video and plain text can. "+
		"Save it as a PDF and try again.")
}

// Of says what a file of that size is. A kind that is not taken is Invalid, with a sentence for the
// person.
func Of(file io.ReaderAt, size int64) (Type, error) {
	head := make([]byte, min(size, headBytes))
	if n, err := file.ReadAt(head, 0); n < len(head) {
		return Type{}, storage.Errorf(storage.Internal, "A file that was sent cannot be read. %w", err)
	}
	if len(head) == 0 {
		return Type{}, storage.Errorf(storage.Invalid, "This file is empty.")
	}
	for _, p := range prefixes {
		if len(head) > p.at && bytes.HasPrefix(head[p.at:], []byte(p.prefix)) {
			return p.is, nil
		}
	}
	if bytes.HasPrefix(head, []byte("PK\x03\x04")) {
		return archive(file, size)
	}
	if isText(head, size > headBytes) {
		return plain, nil
	}
	return Type{}, unknown()
}

// isText tells plain text, in UTF-8, from what a browser would take for a page.
func isText(head []byte, cut bool) bool {
	if cut { // in the middle of a character, perhaps
		for range utf8.UTFMax - 1 {
			if r, n := utf8.DecodeLastRune(head); r == utf8.RuneError && n == 1 {
				head = head[:len(head)-1]
			}
		}
	}
	if !utf8.Valid(head) || !strings.HasPrefix(http.DetectContentType(head), "text/plain") {
		return false
	}
	text := strings.TrimLeftFunc(string(head), func(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' })
	return !strings.HasPrefix(text, "<") && !strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsControl(r) && !strings.ContainsRune("\t\n\r\f", r)
	})
}

// archive tells documents from other ZIP archives.
func archive(file io.ReaderAt, size int64) (Type, error) {
	if entries(file, size) > maxEntries {
		return Type{}, unknown()
	}
	list, err := zip.NewReader(file, size)
	if err != nil {
		return Type{}, unknown()
	}
	if is, ok := openDocument[firstEntry(list)]; ok {
		is.Media = firstEntry(list)
		return is, nil
	}
	var found Type
	described := false
	for _, entry := range list.File {
		name := strings.ToLower(entry.Name)
		if path.Base(name) == "vbaproject.bin" {
			return Type{}, storage.Errorf(storage.Invalid,
				"This document holds macros, which could do harm. Save it without them, or as a PDF.")
		}
		described = described || name == "[content_types].xml"
		for folder, is := range office {
			if strings.HasPrefix(name, folder) && found.Media == "" {
				found = is
			}
		}
	}
	if !described || found.Media == "" {
		return Type{}, unknown()
	}
	return found, nil
}

// entries is how many entries an archive says that it has, by the record at its end (APPNOTE.TXT,
// section 4.3.16): the list of them is only read when it is of a document's size.
func entries(file io.ReaderAt, size int64) int {
	const record, comment = 22, 1<<16 - 1
	tail := make([]byte, min(size, record+comment))
	if n, _ := file.ReadAt(tail, size-int64(len(tail))); n < len(tail) { //nolint:errcheck // then it is none
		return maxEntries + 1
	}
	at := bytes.LastIndex(tail, []byte("PK\x05\x06"))
	if at < 0 || at+record > len(tail) {
		return maxEntries + 1
	}
	return int(binary.LittleEndian.Uint16(tail[at+10:]))
}

// firstEntry is what an OpenDocument file says of itself, in its first entry, which is not compressed.
func firstEntry(list *zip.Reader) string {
	if len(list.File) == 0 || list.File[0].Name != "mimetype" || list.File[0].Method != zip.Store {
		return ""
	}
	body, err := list.File[0].Open()
	if err != nil {
		return ""
	}
	defer body.Close()
	text, err := io.ReadAll(io.LimitReader(body, 100))
	if err != nil {
		return ""
	}
	return string(text)
}

// Name makes of the name that a file came with one that can be shown and saved anywhere: without
// folders, without characters that steer or deceive, of at most 120 characters, and ending as files
// of its kind do.
func Name(name string, is Type) string {
	name = norm.NFC.String(strings.ToValidUTF8(name, ""))
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r) && r != '\u200c' && r != '\u200d':
			return -1 // marks of direction make of txt.exe an exe.txt; two joiners are part of words
		case strings.ContainsRune(`:*?"<>|`, r):
			return '-'
		case unicode.IsSpace(r):
			return ' '
		}
		return r
	}, name)
	name = strings.Trim(name, " .")
	extension := strings.ToLower(path.Ext(name))
	if !slices.Contains(is.Extensions, extension) {
		extension = is.Extensions[0]
	} else {
		name = name[:len(name)-len(extension)]
	}
	name = strings.TrimRight(name, " .")
	if name == "" {
		name = "file"
	}
	if runes := []rune(name); len(runes) > maxName-len(extension) {
		name = string(runes[:maxName-len(extension)])
	}
	return name + extension
}
