package scorecard

import (
	"slices"
	"strings"

	"github.com/xinlian/xinlian/internal/record"
)

// BaseRateIndex is the index of the market's base rate.
const BaseRateIndex = "cny-base"

// Prefixes of the indices of a sector and of a region; the code of the business
// licence follows.
const (
	SectorIndexPrefix = "sector-"
	RegionIndexPrefix = "region-"
)

// indexBytesMax is the longest name of an index on chain.
const indexBytesMax = 32

// Quote is the value of an index that lives, in basis points.
type Quote struct {
	Index    string
	ValueBps int64
}

// Market is the indices that lived on chain at one block, each once. An index that
// is not there is missing: too few publishers, or quotes too old.
type Market []Quote

func (m Market) value(index string) Value {
	i := slices.IndexFunc(m, func(q Quote) bool { return q.Index == index })
	if i < 0 {
		return Value{}
	}
	return Known(m[i].ValueBps)
}

// Indices names the indices that a version's features look at for these records,
// for whoever reads them from the chain.
func Indices(version uint32, records []*record.Record, asOfDay int64) ([]string, error) {
	if _, known := sets[version]; !known || version == FeatureSet1 {
		return nil, nil
	}
	b, err := open(version, Input{Records: records, AsOfDay: asOfDay})
	if err != nil {
		return nil, err
	}
	list := []string{BaseRateIndex}
	for _, of := range [][2]string{{SectorIndexPrefix, "sector"}, {RegionIndexPrefix, "region"}} {
		if name := b.index(of[0], of[1]); name != "" {
			list = append(list, name)
		}
	}
	return list, nil
}

// index is the name of the index that the newest business licence with such a
// code leads to, or nothing where the code is not of letters and digits. Names of
// indices are in lower case.
func (b *book) index(prefix, field string) string {
	list, _ := b.standing(licences)
	newest, code := int64(-1), ""
	for _, r := range list {
		kind, _ := r.Int("kind")
		day, _ := r.Int("date")
		if text := r.Text(field); kind == record.LicenceBusiness && text != "" && day > newest {
			newest, code = day, text
		}
	}
	code = strings.ToLower(code)
	if code == "" || len(prefix)+len(code) > indexBytesMax || strings.Trim(code, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		return ""
	}
	return prefix + code
}

// marketSector is the live index of the firm's sector, in bps. Missing without a
// sector on the business licence, or where the index does not live.
func marketSector(b *book) Value { return b.market.value(b.index(SectorIndexPrefix, "sector")) }

// marketRegion is the live index of the firm's region, in bps. Missing without a
// region on the business licence, or where the index does not live.
func marketRegion(b *book) Value { return b.market.value(b.index(RegionIndexPrefix, "region")) }

// marketBaseRate is the live base rate, in bps. Missing where it does not live.
func marketBaseRate(b *book) Value { return b.market.value(BaseRateIndex) }
