package vault

import (
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/xinlian/xinlian/internal/canon"
	"github.com/xinlian/xinlian/internal/record"
)

var update = flag.Bool("update", false, "write the vectors in testdata anew")

// keyVector is one published derivation: from a category key to a ciphertext.
type keyVector struct {
	Suite       string `json:"suite"`
	CategoryKey string `json:"category_key"`
	Month       uint32 `json:"month"`
	PeriodKey   string `json:"period_key"`
	Mode        uint8  `json:"mode"`
	Batch       string `json:"batch"`
	Index       uint64 `json:"index"`
	RecordKey   string `json:"record_key"`
	Enterprise  uint64 `json:"enterprise"`
	Category    uint8  `json:"category"`
	Epoch       uint32 `json:"epoch"`
	Schema      string `json:"schema"`
	Version     uint16 `json:"version"`
	AAD         string `json:"aad"`
	Salt        string `json:"salt"`
	Plaintext   string `json:"plaintext"`
	Ciphertext  string `json:"ciphertext"`
}

// Keys, AAD and ciphertexts are those of the published vectors.
func TestKeyVectors(t *testing.T) {
	t.Parallel()
	if *update {
		writeVectors(t)
	}
	for i, want := range readVectors(t) {
		got := want
		got.fill(t)
		if got != want {
			t.Errorf("vector %d:\n got %+v\nwant %+v", i, got, want)
		}
	}
}

const vectorFile = "testdata/keys.json"

// suites are all of them.
var suites = []Suite{SuiteNIST, SuiteSM}

func readVectors(t *testing.T) []keyVector {
	t.Helper()
	raw, err := os.ReadFile(vectorFile)
	must(t, err)
	var vectors []keyVector
	must(t, json.Unmarshal(raw, &vectors))
	if len(vectors) != 4*len(suites) {
		t.Fatalf("%d vectors", len(vectors))
	}
	return vectors
}

func periodInfo(t *testing.T, month uint32) []byte {
	t.Helper()
	b, err := canon.New("period").Uint32(month).Encoded()
	must(t, err)
	return b
}

func recordInfo(t *testing.T, k *keyVector) []byte {
	t.Helper()
	b, err := canon.New("record-key").String(k.Suite).Uint8(k.Mode).Fixed(unhexed(t, k.Batch)).Uint64(k.Index).Encoded()
	must(t, err)
	return b
}

// fill computes what follows from the inputs.
func (k *keyVector) fill(t *testing.T) {
	t.Helper()
	period, err := PeriodKey(Suite(k.Suite), Key(unhexed(t, k.CategoryKey)), k.Month)
	must(t, err)
	key, err := RecordKey(Suite(k.Suite), []Key{period}, Mode(k.Mode), ID(unhexed(t, k.Batch)), k.Index)
	must(t, err)
	p := Place{
		Suite: Suite(k.Suite), Mode: Mode(k.Mode), Enterprise: k.Enterprise, Category: record.Category(k.Category), Epoch: k.Epoch,
		Batch: ID(unhexed(t, k.Batch)), Index: k.Index, SchemaID: k.Schema, Version: k.Version,
	}
	aad, err := p.AAD()
	must(t, err)
	ct, err := sealSingle(p, key, unhexed(t, k.Salt), unhexed(t, k.Plaintext))
	must(t, err)
	k.PeriodKey, k.RecordKey = hex.EncodeToString(period[:]), hex.EncodeToString(key[:])
	k.AAD, k.Ciphertext = hex.EncodeToString(aad), hex.EncodeToString(ct)
}

func writeVectors(t *testing.T) {
	t.Helper()
	pattern := func(n int, seed byte) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = seed + byte(i)
		}
		return hex.EncodeToString(b)
	}
	var out []keyVector
	months := []uint32{202501, 202512, 202601, 199912}
	for n := range len(months) * len(suites) {
		i, month := n%len(months), months[n%len(months)]
		k := keyVector{
			Suite: string(suites[n/len(months)]), CategoryKey: pattern(KeyBytes, byte(i)), Month: month, Mode: uint8(ModeSingle),
			Batch: pattern(IDBytes, 0x40+byte(i)), Index: uint64(i) << (8 * i), Enterprise: 41, Category: uint8(record.CategoryBank), Epoch: uint32(i + 1),
			Schema: "bank-transaction", Version: 1, Salt: pattern(record.SaltBytes, 0x80), Plaintext: pattern(10*i, 0x10),
		}
		if i == 3 {
			k.Mode = uint8(ModeStream)
		}
		k.fill(t)
		out = append(out, k)
	}
	raw, err := json.MarshalIndent(out, "", "  ")
	must(t, err)
	must(t, os.WriteFile(vectorFile, append(raw, '\n'), 0o644))
}

func unhexed(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	must(t, err)
	return b
}

// A ciphertext opens at its own place only: each field of the AAD, bent alone,
// is refused under the right key.
func TestPlaceBindsEveryField(t *testing.T) { eachSuite(t, placeBindsEveryField) }

func placeBindsEveryField(t *testing.T, s Suite) {
	t.Helper()
	p := Place{Suite: s, Mode: ModeSingle, Enterprise: 1, Category: 2, Epoch: 3, Batch: ID{4}, Index: 5, SchemaID: "bank-balance", Version: 1}
	key := randomKey()
	ct, err := sealSingle(p, key, make([]byte, record.SaltBytes), []byte("x"))
	must(t, err)
	if _, _, err := openSingle(p, key, ct); err != nil {
		t.Fatal(err)
	}
	for name, bend := range map[string]func(*Place){
		"mode": func(p *Place) { p.Mode = ModeStream }, "enterprise": func(p *Place) { p.Enterprise++ }, "category": func(p *Place) { p.Category++ },
		"epoch": func(p *Place) { p.Epoch++ }, "batch": func(p *Place) { p.Batch[31] ^= 1 }, "index": func(p *Place) { p.Index++ },
		"schema": func(p *Place) { p.SchemaID = "bank-balancf" }, "version": func(p *Place) { p.Version++ },
	} {
		bent := p
		bend(&bent)
		_, _, err := openSingle(bent, key, ct)
		wantErr(t, err, ErrDamaged, "%s", name)
	}
	bent := p
	bent.Suite = "none"
	_, _, err = openSingle(bent, key, ct)
	wantErr(t, err, ErrSuite, "unknown suite")
	bent.Suite = suites[0]
	if s == suites[0] {
		bent.Suite = suites[1]
	}
	_, _, err = openSingle(bent, key, ct)
	wantErr(t, err, ErrDamaged, "the other suite")
}

// No two records share a key: any difference in category key, month, mode, batch
// or index gives another one, so that the zero nonce never repeats under a key.
func TestRecordKeysAreUnique(t *testing.T) {
	t.Parallel()
	seen := map[Key]string{}
	for c := range 4 {
		suite := suites[c/2]
		for _, month := range []uint32{202501, 202502} {
			period, err := PeriodKey(suite, Key{byte(c % 2)}, month)
			must(t, err)
			for _, mode := range []Mode{ModeSingle, ModeStream} {
				for batch := range 8 {
					for index := range uint64(256) {
						k, err := RecordKey(suite, []Key{period}, mode, ID{byte(batch)}, index)
						must(t, err)
						at := fmt.Sprint(c, month, mode, batch, index)
						if old, ok := seen[k]; ok {
							t.Fatalf("%s and %s share a key", old, at)
						}
						seen[k] = at
						half := Key{}
						copy(half[:], k[:sm4KeyBytes]) // all that suite sm's cipher takes of it
						if old, ok := seen[half]; ok {
							t.Fatalf("%s and %s share half a key", old, at)
						}
						seen[half] = at
					}
				}
			}
		}
	}
}

// A document's key needs the period keys of all its months, in order.
func TestRecordKeyNeedsEveryPeriod(t *testing.T) {
	t.Parallel()
	a, b := Key{1}, Key{2}
	keys := map[Key]bool{}
	for _, periods := range [][]Key{{a}, {b}, {a, b}, {b, a}} {
		k, err := RecordKey(SuiteNIST, periods, ModeStream, ID{}, 0)
		must(t, err)
		keys[k] = true
	}
	if len(keys) != 4 {
		t.Errorf("%d keys of 4", len(keys))
	}
	_, err := RecordKey(SuiteNIST, nil, ModeStream, ID{}, 0)
	wantErr(t, err, ErrKey, "no period")
}

// Any bit flipped, any byte cut or added makes a ciphertext unreadable.
func TestCiphertextTampering(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := Place{Suite: rapid.SampledFrom(suites).Draw(t, "suite"), Mode: ModeSingle, Batch: randomID(), SchemaID: "x"}
		key := randomKey()
		plain := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "plain")
		ct, err := sealSingle(p, key, make([]byte, record.SaltBytes), plain)
		if err != nil {
			t.Fatal(err)
		}
		switch rapid.IntRange(0, 2).Draw(t, "bend") {
		case 0:
			ct[rapid.IntRange(0, len(ct)-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		case 1:
			ct = ct[:rapid.IntRange(0, len(ct)-1).Draw(t, "cut")]
		case 2:
			ct = append(ct, 0)
		}
		if _, _, err := openSingle(p, key, ct); err == nil {
			t.Fatal("tampered ciphertext opened")
		}
	})
}

// Keys do not print, whatever the verb and however deep they lie.
func TestKeysDoNotPrint(t *testing.T) {
	t.Parallel()
	k := Key{0xab, 0xcd, 0xef}
	d, err := GenerateDataKey(SuiteSM)
	must(t, err)
	holder := struct {
		K Key
		P *DataKey
	}{k, d}
	for _, verb := range []string{"%v", "%+v", "%#v", "%x", "%X", "%d", "%s", "%q"} {
		for _, v := range []any{k, &k, []Key{k}, holder, map[uint32]Key{1: k}} {
			if s := strings.ToLower(fmt.Sprintf(verb, v)); strings.Contains(s, "abcdef") || strings.Contains(s, "171") || strings.Contains(s, "0xab") {
				t.Errorf("%s of %T shows the key: %s", verb, v, s)
			}
		}
	}
}

// Months count, contain and list across a year's end, and refuse what is none.
func TestMonths(t *testing.T) {
	t.Parallel()
	m := Months{202411, 202502}
	if got := fmt.Sprint(m.each()); got != "[202411 202412 202501 202502]" {
		t.Errorf("each: %s", got)
	}
	if !m.Covers(Months{202412, 202501}) || m.Covers(Months{202410, 202501}) || !m.Overlaps(Months{202502, 202612}) || m.Overlaps(Months{202503, 202504}) {
		t.Error("ranges")
	}
	for _, bad := range []Months{{202500, 202501}, {202501, 202513}, {202502, 202501}, {0, 0}, {200001, 201101}} {
		if bad.check() == nil {
			t.Errorf("%v accepted", bad)
		}
	}
}
