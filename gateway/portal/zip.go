package portal

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"path"
	"strings"

	"github.com/xinlian/xinlian/gateway/connector"
	"github.com/xinlian/xinlian/gateway/connector/format"
	"github.com/xinlian/xinlian/gateway/custody"
)

// bundle reports whether data is an archive of documents, and not a document
// that has the form of an archive, as an OFD has.
func bundle(data []byte) bool {
	return bytes.HasPrefix(data, []byte("PK\x03\x04")) &&
		format.All.Detect(data[:min(len(data), connector.HeadBytes)], "") == nil
}

// unzip takes the files out of an archive, as far as the budget of bytes goes:
// the sizes that an archive states of itself are not believed.
func unzip(data []byte, budget *int64) ([]custody.Upload, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil || len(z.File) > filesMax {
		return nil, problem{status: http.StatusUnprocessableEntity, key: "error.zip", cause: err}
	}
	var uploads []custody.Upload
	for _, f := range z.File {
		name := path.Base(f.Name)
		if f.FileInfo().IsDir() || strings.HasPrefix(name, ".") || strings.HasPrefix(f.Name, "__MACOSX/") {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return nil, problem{status: http.StatusUnprocessableEntity, key: "error.zip", cause: err}
		}
		content, err := io.ReadAll(io.LimitReader(r, *budget+1))
		if err = errors.Join(err, r.Close()); err != nil {
			return nil, problem{status: http.StatusUnprocessableEntity, key: "error.zip", cause: err}
		}
		if *budget -= int64(len(content)); *budget < 0 {
			return nil, refuse(http.StatusRequestEntityTooLarge, "error.size", uploadBytesMax>>20)
		}
		uploads = append(uploads, custody.Upload{Name: f.Name, Data: content})
	}
	return uploads, nil
}

// fingerprint tells two uploads apart.
func fingerprint(uploads []custody.Upload) []byte {
	h := sha256.New()
	var size [8]byte
	write := func(b []byte) {
		binary.BigEndian.PutUint64(size[:], uint64(len(b)))
		h.Write(size[:])
		h.Write(b)
	}
	for _, u := range uploads {
		write([]byte(u.Name))
		write(u.Data)
	}
	return h.Sum(nil)
}
