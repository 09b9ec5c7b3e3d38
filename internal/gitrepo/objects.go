package gitrepo

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
)

// objects reads single objects of SHA-1 from a folder, loose ones and those in
// packs. It gives up on anything that is not plain, and then git is asked; what it
// hands on has the id that was asked for.
type objects struct {
	dir   string
	packs []*pack
	known bool // packs were listed
}

func newObjects(dir string) *objects { return &objects{dir: dir} }

// object reads one, without its data when it is larger than limit bytes.
func (s *objects) object(id string, limit int64) (object, bool) {
	if !isSHA1(id) {
		return object{}, false
	}
	o, ok := s.loose(id, limit)
	if !ok {
		o, ok = s.packed(id, limit)
	}
	if !ok || o.data != nil && hashObject(o.kind, o.data, len(id)) != id {
		return object{}, false
	}
	return o, true
}

func (s *objects) loose(id string, limit int64) (object, bool) {
	f, err := os.Open(filepath.Join(s.dir, id[:2], id[2:]))
	if err != nil {
		return object{}, false
	}
	defer f.Close()
	z, err := zlib.NewReader(f)
	if err != nil {
		return object{}, false
	}
	head := make([]byte, 0, 32)
	for one := make([]byte, 1); len(head) < 32; head = append(head, one[0]) {
		if _, err := io.ReadFull(z, one); err != nil {
			return object{}, false
		}
		if one[0] == 0 {
			break
		}
	}
	kind, digits, ok := strings.Cut(string(head), " ")
	size, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil || size < 0 || size > maxQuickSize {
		return object{}, false // the largest are git's
	}
	if size > limit {
		return object{}, false // nobody has looked whether it is what it is called
	}
	data, err := inflated(z, size)
	return object{kind, size, data}, err == nil
}

// maxQuickSize bounds what is read without git.
const maxQuickSize = 8 << 20

// inflated reads exactly size bytes and the end.
func inflated(z io.Reader, size int64) ([]byte, error) {
	data := make([]byte, size)
	if _, err := io.ReadFull(z, data); err != nil {
		return nil, err
	}
	if n, err := z.Read(make([]byte, 1)); n > 0 || !errors.Is(err, io.EOF) {
		return nil, errRaw
	}
	return data, nil
}

// pack is a pack's name with its index in memory.
type pack struct {
	name  string // without suffix
	index []byte
	count int
}

// maxQuickIndex bounds the index of a pack that is read without git.
const maxQuickIndex = 64 << 20

func (s *objects) packed(id string, limit int64) (object, bool) {
	if !s.known {
		s.known = true
		names, err := filepath.Glob(filepath.Join(globEscape(s.dir), "pack", "*.idx"))
		if err != nil {
			return object{}, false
		}
		for _, n := range names {
			s.packs = append(s.packs, &pack{name: strings.TrimSuffix(n, ".idx")})
		}
	}
	raw, err := hex.DecodeString(id)
	if err != nil {
		return object{}, false
	}
	for _, p := range s.packs {
		offset, ok := p.find(raw)
		if !ok {
			continue
		}
		o, err := p.read(offset, limit)
		return o, err == nil
	}
	return object{}, false
}

func globEscape(name string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(name)
}

// The parts of an index of version 2: a magic number, a table of counts by first
// byte, then ids, checksums and offsets.
const (
	indexMagic = "\xfftOc\x00\x00\x00\x02"
	fanout     = len(indexMagic)
	firstID    = fanout + 256*4
)

// load reads the index once and checks that it is whole.
func (p *pack) load() bool {
	if p.index != nil {
		return p.count >= 0
	}
	p.index, p.count = []byte{}, -1
	text, ok := plainText(p.name+".idx", maxQuickIndex)
	if !ok || len(text) < firstID || !strings.HasPrefix(text, indexMagic) {
		return false
	}
	p.index = []byte(text)
	n := int(binary.BigEndian.Uint32(p.index[fanout+255*4:]))
	if n > (len(p.index)-firstID)/28 {
		return false
	}
	p.count = n
	return true
}

// find is where an object begins in the pack.
func (p *pack) find(id []byte) (int64, bool) {
	if !p.load() {
		return 0, false
	}
	at := func(i int) []byte { return p.index[firstID+20*i : firstID+20*i+20] }
	i := sort.Search(p.count, func(i int) bool { return bytes.Compare(at(i), id) >= 0 })
	if i == p.count || !bytes.Equal(at(i), id) {
		return 0, false
	}
	offset := binary.BigEndian.Uint32(p.index[firstID+24*p.count+4*i:])
	if offset&(1<<31) != 0 {
		return 0, false // beyond 2 GiB
	}
	return int64(offset), true
}

// The kinds of entries of a pack.
const (
	deltaByOffset = 6
	deltaByID     = 7
	maxChain      = 60
)

var packKinds = map[byte]string{1: "commit", 2: "tree", 3: "blob", 4: "tag"}

// read reads an object with what it is a difference to.
func (p *pack) read(offset, limit int64) (object, error) {
	f, err := os.Open(p.name + ".pack")
	if err != nil {
		return object{}, err
	}
	defer f.Close()
	var deltas [][]byte
	held := 0
	for range maxChain {
		e, err := readEntry(f, offset)
		if err != nil {
			return object{}, err
		}
		if held += len(e.data); held > 2*maxQuickSize {
			return object{}, fmt.Errorf("%w: large differences", errRaw)
		}
		if kind, whole := packKinds[e.kind]; whole {
			data := e.data
			for i := len(deltas) - 1; i >= 0; i-- {
				if data, err = applyDelta(data, deltas[i]); err != nil {
					return object{}, err
				}
			}
			if int64(len(data)) > limit {
				return object{}, errRaw // git says it
			}
			return object{kind, int64(len(data)), data}, nil
		}
		deltas = append(deltas, e.data)
		if offset = e.base; e.kind == deltaByID {
			var ok bool
			if offset, ok = p.find(e.baseID); !ok {
				return object{}, errRaw
			}
		}
	}
	return object{}, fmt.Errorf("%w: differences of differences", errRaw)
}

// packEntry is one entry, inflated.
type packEntry struct {
	kind   byte
	base   int64
	baseID []byte
	data   []byte
}

func readEntry(f io.ReaderAt, offset int64) (e packEntry, err error) {
	r := newByteReader(f, offset)
	b, err := r.ReadByte()
	if err != nil {
		return e, err
	}
	e.kind = b >> 4 & 7
	size, shift := int64(b&15), 4
	for b&0x80 != 0 && shift < 40 {
		if b, err = r.ReadByte(); err != nil {
			return e, err
		}
		size |= int64(b&0x7f) << shift
		shift += 7
	}
	if size > maxQuickSize {
		return e, errRaw
	}
	switch e.kind {
	case deltaByOffset:
		back := int64(0)
		for i := 0; ; i++ {
			if b, err = r.ReadByte(); err != nil || i > 8 {
				return e, errors.Join(err, errRaw)
			}
			if back = back<<7 | int64(b&0x7f); b&0x80 == 0 {
				break
			}
			back++
		}
		if e.base = offset - back; back <= 0 || e.base < 0 {
			return e, errRaw
		}
	case deltaByID:
		e.baseID = make([]byte, 20)
		if _, err := io.ReadFull(r, e.baseID); err != nil {
			return e, err
		}
	}
	z, err := zlib.NewReader(r)
	if err != nil {
		return e, err
	}
	e.data, err = inflated(z, size)
	return e, err
}

// byteReader reads on from an offset.
type byteReader struct{ *io.SectionReader }

func newByteReader(f io.ReaderAt, offset int64) *byteReader {
	return &byteReader{io.NewSectionReader(f, offset, 1<<40)}
}

// ReadByte implements io.ByteReader, so that what inflates takes no more than its
// own.
func (r *byteReader) ReadByte() (byte, error) {
	var b [1]byte
	_, err := io.ReadFull(r.SectionReader, b[:])
	return b[0], err
}

// applyDelta makes an object of its base and a difference.
func applyDelta(base, delta []byte) ([]byte, error) {
	from, delta, err1 := deltaSize(delta)
	size, delta, err2 := deltaSize(delta)
	if err1 != nil || err2 != nil || from != int64(len(base)) || size > maxQuickSize {
		return nil, errRaw
	}
	out := make([]byte, 0, size)
	for len(delta) > 0 {
		op := delta[0]
		delta = delta[1:]
		if op&0x80 == 0 {
			n := int(op)
			if n == 0 || n > len(delta) {
				return nil, errRaw
			}
			out, delta = append(out, delta[:n]...), delta[n:]
			continue
		}
		var at, n int
		for i := range 7 {
			if op>>i&1 == 0 {
				continue
			}
			if len(delta) == 0 {
				return nil, errRaw
			}
			if i < 4 {
				at |= int(delta[0]) << (8 * i)
			} else {
				n |= int(delta[0]) << (8 * (i - 4))
			}
			delta = delta[1:]
		}
		if n == 0 {
			n = 0x10000
		}
		if at > len(base) || n > len(base)-at || int64(len(out)+n) > size {
			return nil, errRaw
		}
		out = append(out, base[at:at+n]...)
	}
	if int64(len(out)) != size {
		return nil, errRaw
	}
	return out, nil
}

// deltaSize reads a size at the beginning of a difference.
func deltaSize(delta []byte) (size int64, rest []byte, err error) {
	for shift := 0; len(delta) > 0 && shift < 40; shift += 7 {
		b := delta[0]
		delta = delta[1:]
		size |= int64(b&0x7f) << shift
		if b&0x80 == 0 {
			return size, delta, nil
		}
	}
	return 0, nil, errRaw
}
