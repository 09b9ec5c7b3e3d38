package store

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"
)

func openInner(t *testing.T) *Store {
	t.Helper()
	s, err := Open(context.Background(), "sqlite:"+filepath.Join(t.TempDir(), "g.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// wanting is a write that raises a subject's want, and may then fail.
func wanting(id string, fail func() error) *write {
	return &write{result: make(chan error, 1), do: func(tx *Tx) error {
		x := Subject{Kind: Pull, Owner: "acme", Repo: "app", Number: 1}
		if _, err := Receive(context.Background(), tx, Delivery{ID: id, Received: time.Unix(0, 0)}, &x); err != nil {
			return err
		}
		return fail()
	}}
}

func fine() error { return nil }

func TestOneBadWriteRefusesNoOther(t *testing.T) {
	t.Parallel()
	s := openInner(t)
	bad := errors.New("bad")
	broken := &panicked{}
	list := []*write{wanting("a", fine), wanting("b", func() error { return bad }), wanting("c", fine), wanting("d", func() error { panic("broken") })}
	s.group.commit(list)
	for i, want := range []error{nil, bad, nil} {
		if err := <-list[i].result; !errors.Is(err, want) {
			t.Errorf("write %d: %v, want %v", i, err, want)
		}
	}
	if err := <-list[3].result; !errors.As(err, &broken) || broken.value != "broken" {
		t.Errorf("the one that panics: %v", err)
	}
	got, err := s.FindSubject(context.Background(), "acme/app#1")
	if err != nil || got.Want != 2 {
		t.Errorf("want %d, %v", got.Want, err)
	}
}

func TestWritesThatArriveTogetherShareATransaction(t *testing.T) {
	t.Parallel()
	var shared []int
	g := &group{queue: make(chan *write, maxGroup), done: make(chan struct{}), transact: func(_ context.Context, list []*write) error {
		shared = append(shared, len(list))
		return nil
	}}
	for range maxGroup {
		g.queue <- wanting("x", fine)
	}
	more := wanting("x", fine)
	first := <-g.queue
	g.queue <- more
	g.commit(g.gather(first))
	close(g.queue)
	g.run()
	if len(shared) != 2 || shared[0] != maxGroup || shared[1] != 1 {
		t.Errorf("transactions of %d writes", shared)
	}
	if err := <-more.result; err != nil {
		t.Error(err)
	}
}

// What comes after the end is refused, and what came before is on disk.
func TestNothingIsWrittenAfterTheEnd(t *testing.T) {
	t.Parallel()
	s := openInner(t)
	s.group.close()
	if err := s.InTx(context.Background(), func(*Tx) error { return nil }); !errors.Is(err, errClosed) {
		t.Errorf("written to a closed database: %v", err)
	}
}

// Nobody who has gone waits for a place.
func TestWaitingForAPlaceEndsWithTheContext(t *testing.T) {
	t.Parallel()
	g := &group{queue: make(chan *write)}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := g.write(ctx, func(*Tx) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
