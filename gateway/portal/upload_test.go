package portal

import (
	"bytes"
	"mime/multipart"
	"net/http/httptest"
	"os"
	"testing"
)

// TestUploadStaysInMemory proves that a document is in no temporary file while it
// is read, however large: there it would lie in the clear, and stay after a kill.
func TestUploadStaysInMemory(t *testing.T) {
	t.Parallel()
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	part, err := m.CreateFormFile("files", "scan.pdf")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write(make([]byte, uploadBytesMax-1<<20)); err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", uploadPath, &body)
	r.Header.Set("Content-Type", m.FormDataContentType())
	if _, err := readUploads(r); err != nil {
		t.Fatal(err)
	}
	f, err := r.MultipartForm.File["files"][0].Open()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if file, onDisk := f.(*os.File); onDisk {
		t.Errorf("the upload is in the file %s", file.Name())
	}
}
