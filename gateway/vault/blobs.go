package vault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/gcerrors"
)

// Blobs is where ciphertexts lie. They are worthless without the key ring and
// may be replicated and backed up at will.
type Blobs struct {
	bucket *blob.Bucket
	dir    string // of a file bucket, whose writes the vault syncs itself
}

// FileBlobs keeps ciphertexts in a folder.
func FileBlobs(dir string) (*Blobs, error) {
	if err := makeDir(dir); err != nil {
		return nil, fmt.Errorf("making the blob folder: %w", err)
	}
	b, err := fileblob.OpenBucket(dir, &fileblob.Options{NoTempDir: true, Metadata: fileblob.MetadataDontWrite, DirFileMode: dirMode})
	if err != nil {
		return nil, fmt.Errorf("opening the blob folder: %w", err)
	}
	return &Blobs{bucket: b, dir: dir}, nil
}

// BucketBlobs keeps ciphertexts in a bucket whose writes are durable once closed,
// as those of object stores are. It takes over closing it.
func BucketBlobs(b *blob.Bucket) *Blobs { return &Blobs{bucket: b} }

// Close closes the bucket.
func (b *Blobs) Close() error { return b.bucket.Close() }

// put writes a blob and returns when it is durable.
func (b *Blobs) put(ctx context.Context, key string, content []byte) error {
	w, err := b.create(ctx, key)
	if err != nil {
		return err
	}
	if _, err := w.Write(content); err != nil {
		w.abort()
		return err
	}
	return w.Close()
}

// create starts a blob, which is durable when Close has returned nil.
func (b *Blobs) create(ctx context.Context, key string) (*blobWriter, error) {
	ctx, cancel := context.WithCancel(ctx)
	w, err := b.bucket.NewWriter(ctx, key, &blob.WriterOptions{ContentType: "application/octet-stream"})
	if err != nil {
		cancel()
		return nil, fmt.Errorf("writing blob %s: %w", key, err)
	}
	return &blobWriter{Writer: w, cancel: cancel, blobs: b, key: key}, nil
}

type blobWriter struct {
	*blob.Writer

	cancel context.CancelFunc
	blobs  *Blobs
	key    string
}

// Close finishes the blob and makes it durable.
func (w *blobWriter) Close() error {
	defer w.cancel()
	if err := w.Writer.Close(); err != nil {
		return fmt.Errorf("writing blob %s: %w", w.key, err)
	}
	return w.blobs.sync(w.key)
}

// abort ends the writing without a blob.
func (w *blobWriter) abort() {
	w.cancel() // makes Close discard what was written
	_ = w.Writer.Close()
}

// sync makes a file of a file bucket durable: the file and each folder above it.
// Keys are lower-case hexadecimal and slashes, which the file bucket never escapes.
func (b *Blobs) sync(key string) error {
	if b.dir == "" {
		return nil
	}
	path := filepath.Join(b.dir, filepath.FromSlash(key))
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("syncing blob %s: %w", key, err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("syncing blob %s: %w", key, err)
	}
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if err := syncDir(dir); err != nil {
			return fmt.Errorf("syncing blob %s: %w", key, err)
		}
		if dir == filepath.Clean(b.dir) || dir == filepath.Dir(dir) {
			return nil
		}
	}
}

// read is n bytes from an offset; a missing blob is ErrNotFound, a shorter one
// ErrDamaged.
func (b *Blobs) read(ctx context.Context, key string, offset, n int64) ([]byte, error) {
	r, err := b.open(ctx, key, offset, n)
	if err != nil {
		return nil, err
	}
	buf := make([]byte, n)
	_, err = io.ReadFull(r, buf)
	if err = errors.Join(err, r.Close()); err != nil {
		return nil, fmt.Errorf("%w: blob %s is shorter than written: %w", ErrDamaged, key, err)
	}
	return buf, nil
}

// open reads n bytes from an offset, all to the end if n is negative.
func (b *Blobs) open(ctx context.Context, key string, offset, n int64) (io.ReadCloser, error) {
	r, err := b.bucket.NewRangeReader(ctx, key, offset, n, nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, fmt.Errorf("%w: blob %s", ErrNotFound, key)
	}
	if err != nil {
		return nil, fmt.Errorf("reading blob %s: %w", key, err)
	}
	return r, nil
}

// keys calls visit for each blob under prefix.
func (b *Blobs) keys(ctx context.Context, prefix string, visit func(key string) error) error {
	it := b.bucket.List(&blob.ListOptions{Prefix: prefix})
	for {
		o, err := it.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("listing blobs: %w", err)
		}
		if err := visit(o.Key); err != nil {
			return err
		}
	}
}

// clear deletes every blob under prefix.
func (b *Blobs) clear(ctx context.Context, prefix string) error {
	var all []string
	err := b.keys(ctx, prefix, func(key string) error {
		all = append(all, key)
		return nil
	})
	for _, key := range all {
		if err == nil {
			err = b.bucket.Delete(ctx, key)
		}
	}
	return err
}
