package workbench

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/xinlian/xinlian/internal/canon"
	"github.com/xinlian/xinlian/scorecard"
	"github.com/xinlian/xinlian/scorecard/train/boost"
	"github.com/xinlian/xinlian/scorecard/train/table"
)

// The files of a model's folder.
const (
	fileModel     = "model.bin"  // canonical bytes of an integer model: what decides
	fileReadable  = "model.json" // the same for people and other programs
	fileTrees     = "trees.json" // a challenger instead of the two above
	filePD        = "calibration.json"
	fileManifest  = "manifest.json"
	fileReport    = "report.json"
	fileOutOfFold = "out-of-fold.csv"
)

// readable is model.json.
type readable struct {
	Scale struct {
		AnchorScore int `json:"anchor_score"`
		AnchorOdds  int `json:"anchor_odds"`
		PDO         int `json:"points_to_double_the_odds"`
	} `json:"scale"`
	Features []Feature `json:"features"`
	*Points
}

// treesFile is trees.json.
type treesFile struct {
	Features []Feature         `json:"features"`
	Cuts     [][]int64         `json:"cuts"`
	Trees    *boost.TreesModel `json:"trees"`
}

// Save writes the model to a folder, which is made.
func (m *Model) Save(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making the model's folder: %w", err)
	}
	files := map[string][]byte{fileOutOfFold: m.held}
	var own []byte
	var err error
	if m.Integer() {
		if own, err = m.canonical(); err != nil {
			return err
		}
		files[fileModel] = own
		r := readable{Features: m.features, Points: m.points}
		r.Scale.AnchorScore, r.Scale.AnchorOdds, r.Scale.PDO = AnchorScore, AnchorOdds, PDO
		if files[fileReadable], err = encodeJSON(r); err != nil {
			return err
		}
		if files[filePD], err = encodeJSON(m.pd); err != nil {
			return err
		}
	} else {
		t := treesFile{Features: m.features, Trees: m.trees}
		for _, f := range m.features {
			t.Cuts = append(t.Cuts, f.Cuts)
		}
		if own, err = json.Marshal(t); err != nil {
			return err
		}
		files[fileTrees] = own
	}
	digest := sha256.Sum256(own)
	m.Manifest.Model = hex.EncodeToString(digest[:])
	if files[fileManifest], err = encodeJSON(m.Manifest); err != nil {
		return err
	}
	if files[fileReport], err = encodeJSON(m.Report); err != nil {
		return err
	}
	for _, stale := range []string{fileModel, fileReadable, filePD, fileTrees} {
		if _, ok := files[stale]; !ok {
			if err := os.Remove(filepath.Join(dir, stale)); err != nil && !os.IsNotExist(err) {
				return fmt.Errorf("removing an earlier model: %w", err)
			}
		}
	}
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			return fmt.Errorf("writing the model: %w", err)
		}
	}
	return nil
}

// Load reads a model's folder and checks that its file is the one the manifest
// names.
func Load(dir string) (*Model, error) {
	m := &Model{}
	for _, f := range []struct {
		name string
		into any
	}{{fileManifest, &m.Manifest}, {fileReport, &m.Report}} {
		b, err := os.ReadFile(filepath.Join(dir, f.name))
		if err != nil {
			return nil, fmt.Errorf("reading the model in %s: %w", dir, err)
		}
		if err := json.Unmarshal(b, f.into); err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrModel, f.name, err)
		}
	}
	name := fileModel
	if m.Manifest.Kind == Trees {
		name = fileTrees
	}
	own, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return nil, fmt.Errorf("reading the model in %s: %w", dir, err)
	}
	if d := sha256.Sum256(own); hex.EncodeToString(d[:]) != m.Manifest.Model {
		return nil, fmt.Errorf("%w: %s is not the file that the manifest names; train again", ErrModel, name)
	}
	if m.Manifest.Kind == Trees {
		return m, m.decodeTrees(own)
	}
	if err := m.decode(own); err != nil {
		return nil, err
	}
	m.pd = newPDTable(m.points)
	return m, nil
}

func encodeJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("writing JSON: %w", err)
	}
	return b.Bytes(), nil
}

func (m *Model) decodeTrees(b []byte) error {
	var t treesFile
	if err := json.Unmarshal(b, &t); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrModel, fileTrees, err)
	}
	if t.Trees == nil || len(t.Cuts) != len(t.Features) {
		return fmt.Errorf("%w: %s: features and trees do not fit", ErrModel, fileTrees)
	}
	m.features, m.trees = t.Features, t.Trees
	for j := range m.features {
		m.features[j].Cuts = t.Cuts[j]
	}
	return m.trees.Check(len(m.features))
}

// Bounds of a stored model.
const (
	featuresMax = table.ColumnsMax
	levelsLimit = 1_000_000
	cutsLimit   = boost.BinsMax
	pairsLimit  = 1_000
)

// canonical is the bytes of an integer model: features, then points.
func (m *Model) canonical() ([]byte, error) {
	w := canon.New("workbench-model").Uint16(AnchorScore).Uint16(AnchorOdds).Uint16(PDO).Uint32(uint32(len(m.features)))
	for _, f := range m.features {
		w.String(f.Column).String(string(f.Type.Kind)).String(f.Type.Layout).Uint8(uint8(int8(f.Digits))).
			Int64(f.Min).Int64(f.Max).Int64(f.Other).Uint32(uint32(len(f.Levels)))
		for k, s := range f.Levels {
			w.String(s).Int64(f.Codes[k])
		}
	}
	w.Int64(m.points.Base).Uint32(uint32(len(m.points.Tables)))
	for _, t := range m.points.Tables {
		w.Uint16(t.Feature).Int64(t.Missing)
		writeInts(w, t.Cuts)
		writeInts(w, t.Points)
	}
	w.Uint32(uint32(len(m.points.Pairs)))
	for _, t := range m.points.Pairs {
		w.Uint16(t.A).Uint16(t.B)
		writeInts(w, t.CutsA)
		writeInts(w, t.CutsB)
		for _, row := range t.Points {
			writeInts(w, row)
		}
	}
	return w.Encoded()
}

func writeInts(w *canon.Writer, v []int64) {
	w.Uint32(uint32(len(v)))
	for _, x := range v {
		w.Int64(x)
	}
}

func readInts(r *canon.Reader, most int) []int64 {
	n := int(r.Uint32())
	if n > most || r.Err() != nil {
		return nil
	}
	v := make([]int64, n)
	for k := range v {
		v[k] = r.Int64()
	}
	return v
}

func (m *Model) decode(b []byte) error {
	r := canon.Open("workbench-model", b)
	if s, o, d := r.Uint16(), r.Uint16(), r.Uint16(); r.Err() == nil && (s != AnchorScore || o != AnchorOdds || d != PDO) {
		return fmt.Errorf("%w: scale of %d points at %d:1, %d double the odds", ErrModel, s, o, d)
	}
	for range min(r.Uint32(), featuresMax) {
		f := Feature{Column: r.String(), Type: table.Type{Kind: table.Kind(r.String()), Layout: r.String()}, Digits: int(int8(r.Uint8()))}
		f.Min, f.Max, f.Other = r.Int64(), r.Int64(), r.Int64()
		for range min(r.Uint32(), levelsLimit) {
			if r.Err() != nil {
				break
			}
			f.Levels, f.Codes = append(f.Levels, r.String()), append(f.Codes, r.Int64())
		}
		m.features = append(m.features, f)
	}
	p := &Points{Base: r.Int64()}
	for range min(r.Uint32(), featuresMax) {
		t := scorecard.Table{Feature: r.Uint16(), Missing: r.Int64()}
		t.Cuts, t.Points = readInts(r, cutsLimit), readInts(r, cutsLimit)
		p.Tables = append(p.Tables, t)
	}
	for range min(r.Uint32(), pairsLimit) {
		t := scorecard.PairTable{A: r.Uint16(), B: r.Uint16()}
		t.CutsA, t.CutsB = readInts(r, cutsLimit), readInts(r, cutsLimit)
		for range len(t.CutsA) + 2 {
			t.Points = append(t.Points, readInts(r, cutsLimit))
		}
		p.Pairs = append(p.Pairs, t)
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%w: %w", ErrModel, err)
	}
	m.points = p
	return p.check(len(m.features))
}

// check proves that no value can reach outside a table.
func (p *Points) check(features int) error {
	for k, t := range p.Tables {
		if int(t.Feature) >= features || len(t.Points) != len(t.Cuts)+1 {
			return fmt.Errorf("%w: table %d: feature %d, %d cuts, %d points", ErrModel, k, t.Feature, len(t.Cuts), len(t.Points))
		}
	}
	for k, t := range p.Pairs {
		wrong := slices.ContainsFunc(t.Points, func(row []int64) bool { return len(row) != len(t.CutsB)+2 })
		if int(t.A) >= features || int(t.B) >= features || len(t.Points) != len(t.CutsA)+2 || wrong {
			return fmt.Errorf("%w: pair %d: features %d and %d, %d points", ErrModel, k, t.A, t.B, len(t.Points))
		}
	}
	return nil
}
