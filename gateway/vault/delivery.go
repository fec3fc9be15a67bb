package vault

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"github.com/xinlian/xinlian/internal/canon"
	"github.com/xinlian/xinlian/internal/record"
)

// FrameBytesMax bounds one frame of a delivery.
const FrameBytesMax = 64 << 10

// The kinds of frames, in the order in which they come: one header, the wraps,
// then each batch followed by its records, and one end.
const (
	frameHeader byte = 1
	frameWrap   byte = 2
	frameBatch  byte = 3
	frameRecord byte = 4
	frameEnd    byte = 5
)

// Delivery is an allowed read: everything that the reader needs to open the
// records and to prove them, and nothing that is of use to anybody else.
type Delivery struct {
	vault   *Vault
	plan    *plan
	receipt Receipt
}

// Receipt is the receipt that the vault wrote for the read.
func (d *Delivery) Receipt() Receipt { return d.receipt }

// Send writes the delivery, one segment in memory at a time. A delivery without
// its end frame is incomplete, and its reader refuses it.
func (d *Delivery) Send(ctx context.Context, w io.Writer) error {
	leave, err := d.vault.enter(ctx)
	if err != nil {
		return err
	}
	leave() // a slow reader must not hold up an erasure
	err = d.send(ctx, w)
	if gone, _ := d.vault.keys.Erased(d.receipt.Enterprise); gone && err != nil {
		return fmt.Errorf("%w meanwhile: %w", ErrErased, err)
	}
	return err
}

func (d *Delivery) send(ctx context.Context, w io.Writer) error {
	raw, err := d.receipt.Encoded()
	if err != nil {
		return err
	}
	head := canon.New("delivery").String(string(d.vault.cfg.Suite)).Bytes(raw)
	if err := sendFrame(w, frameHeader, head); err != nil {
		return err
	}
	for _, k := range d.plan.wraps {
		b, err := k.Encoded()
		if err != nil {
			return err
		}
		if err := sendFrame(w, frameWrap, canon.New("delivery-wrap").Bytes(b)); err != nil {
			return err
		}
	}
	for i := range d.plan.batches {
		if err := d.sendBatch(ctx, w, &d.plan.batches[i]); err != nil {
			return fmt.Errorf("sending batch %s: %w", d.plan.batches[i].ID, err)
		}
	}
	return sendFrame(w, frameEnd, canon.New("delivery-end").Uint64(d.plan.records))
}

func (d *Delivery) sendBatch(ctx context.Context, w io.Writer, b *BatchInfo) error {
	public := *b
	public.Origin = ID{}                                         // the owner's file is not the reader's business
	public.FromDay, public.ToDay, public.Months = 0, 0, Months{} // the reader has the anchor's period
	if err := sendFrame(w, frameBatch, public.write(canon.New("delivery-batch"))); err != nil {
		return err
	}
	var (
		at    *segmentIndex
		top   *record.Tree
		tree  *record.Tree
		parts [][]byte
	)
	return d.vault.each(ctx, b, &d.plan.filter, func(m *manifest, seg *segmentIndex, i int) error {
		if top == nil {
			top = m.top()
		}
		if at != seg {
			var err error
			if parts, err = loadBody(ctx, d.vault.blobs, m, seg); err != nil {
				return err
			}
			at, tree = seg, seg.tree()
		}
		path := slices.Concat(tree.Path(i), top.Path(int(seg.number)))
		f := canon.New("delivery-record").Uint64(uint64(seg.number)*SegmentRecords + uint64(i)).
			Uint32(seg.entries[i].month).Bytes(parts[i]).Uint8(uint8(len(path)))
		for _, n := range path {
			f.Fixed(n)
		}
		return sendFrame(w, frameRecord, f)
	})
}

func sendFrame(w io.Writer, kind byte, body *canon.Writer) error {
	b, err := body.Encoded()
	if err != nil {
		return err
	}
	if len(b) > FrameBytesMax {
		return fmt.Errorf("%w: frame of %d bytes", ErrBadRequest, len(b))
	}
	head := binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(b)))
	_, err = w.Write(append(head, b...))
	return err
}

// receiveFrame reads one frame. The end of the input inside or before a frame is
// ErrDamaged, since a delivery ends with a frame that says so.
func receiveFrame(r io.Reader) (byte, []byte, error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, fmt.Errorf("%w: delivery is cut off: %w", ErrDamaged, err)
	}
	n := binary.BigEndian.Uint32(head[1:])
	if n > FrameBytesMax {
		return 0, nil, fmt.Errorf("%w: frame of %d bytes", ErrDamaged, n)
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		return 0, nil, fmt.Errorf("%w: delivery is cut off: %w", ErrDamaged, err)
	}
	return head[0], b, nil
}
