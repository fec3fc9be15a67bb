//go:build canary

package canary_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/xinlian/xinlian/internal/sample"
)

// perFirm is how many invented people and firms one book names, its owner included.
const perFirm = 50

// cast invents people and firms, each once.
type cast struct {
	r     *rand.Rand
	used  map[string]bool
	texts []string // everything that must not be found
}

func newCast(seed uint64) *cast {
	return &cast{r: rand.New(rand.NewPCG(seed, 0xca9a21)), used: map[string]bool{}}
}

// once draws until the text is new, and keeps it.
func (c *cast) once(draw func() string) string {
	for {
		if s := draw(); !c.used[s] {
			c.used[s] = true
			c.texts = append(c.texts, s)
			return s
		}
	}
}

func (c *cast) runes(list string, n int) string {
	all := []rune(list)
	var b strings.Builder
	for range n {
		b.WriteRune(all[c.r.IntN(len(all))])
	}
	return b.String()
}

const (
	hanzi     = "澄野岚桐霁溪梧朗沐栖屿棠汀陌然图朵岸川原舟声石和远庐序禾松晴云清锦麓翎笙砚棣蔚珩珂瑜瑾璟昱晔煦熠烨淇淳湛渝潇漪澜瀚"
	syllables = "ka lo ve ri tun sel mar dov ner quil bas tor wen fal hyn"
)

var (
	surnames = strings.Fields("欧阳 上官 司马 诸葛 夏侯 皇甫 尉迟 公孙 慕容 令狐 宇文 长孙 司徒 端木 百里 东郭")
	trades   = strings.Fields("豆制品 五金 印刷 包装 食品 纺织 家具 塑料 机电 灯饰 茶叶 文具")
	works    = strings.Fields("Joinery Printworks Foods Textiles Hardware Lighting Ceramics Packaging")
)

// firmName is Chinese, for every third firm Latin.
func (c *cast) firmName() string {
	return c.once(func() string {
		if c.r.IntN(3) > 0 {
			return c.runes(hanzi, 5) + trades[c.r.IntN(len(trades))] + "有限公司"
		}
		all := strings.Fields(syllables)
		name := ""
		for range 4 {
			name += all[c.r.IntN(len(all))]
		}
		return strings.ToUpper(name[:1]) + name[1:] + " " + works[c.r.IntN(len(works))] + " Ltd"
	})
}

// person is an invented natural person.
type person struct{ name, phone, address, amount string }

func (p person) String() string { return p.name + " " + p.phone + " " + p.address + " " + p.amount }

func (c *cast) person() person {
	return person{
		name:  c.once(func() string { return surnames[c.r.IntN(len(surnames))] + c.runes(hanzi, 2) }),
		phone: c.once(func() string { return fmt.Sprintf("1990%09d", c.r.IntN(1e9)) }), // two digits more than a real one
		address: c.once(func() string {
			return fmt.Sprintf("样本省%s市%s路%d号", c.runes(hanzi, 2), c.runes(hanzi, 3), c.r.IntN(9999))
		}),
		amount: c.once(func() string {
			return fmt.Sprintf("%d,%03d,%03d,%03d.%02d", 10+c.r.IntN(89), c.r.IntN(1000), c.r.IntN(1000), c.r.IntN(1000), c.r.IntN(100))
		}),
	}
}

// firm is a borrower with its documents, all of whose names are invented here.
type firm struct {
	owner   sample.Owner
	boss    person
	healthy bool
	files   []sample.File
	stray   person // named only where something is wrong
}

var (
	partyName  = regexp.MustCompile(`样本[^<>",，\s]{2,20}（\d{3}号）`)
	taxNumber  = regexp.MustCompile(`99000000\d{9}[0-9A-Z]`)
	invoiceIDs = regexp.MustCompile(`\b\d{2}99\d{16}\b`)
)

// firm makes a borrower: a sample's book in which every party gets a name of
// ours, and people appear as staff, landlords and recipients.
func (c *cast) firm(number int) *firm {
	f := &firm{healthy: number%10 == 0, boss: c.person(), stray: c.person()}
	o := sample.Options{Seed: c.r.Uint64(), Profile: sample.Thin, BrokenRow: true}
	if f.healthy {
		o.Profile = sample.Healthy
	}
	book := sample.Make(o)
	f.owner, f.files = book.Owner, book.Files()
	names := map[string]string{}
	rename := func(old string) string {
		if names[old] == "" {
			names[old] = c.firmName()
		}
		return names[old]
	}
	f.owner.Name = rename(f.owner.Name)
	c.keep(f.owner.Account, f.owner.TaxNumber)
	for i := range f.files {
		f.rewrite(c, &f.files[i], rename)
	}
	people := perFirm - len(names) - 2
	for i := range f.files {
		people = f.populate(c, &f.files[i], people)
	}
	f.files = append(f.files, f.faulty()...)
	return f
}

// keep adds texts that the sample invented.
func (c *cast) keep(texts ...string) {
	for _, t := range texts {
		if !c.used[t] {
			c.used[t] = true
			c.texts = append(c.texts, t)
		}
	}
}

func gb18030(file string) bool { return path.Base(file) == "invoices.csv" }

// edit changes a file's text, whatever its character set.
func edit(f *sample.File, change func(string) string) {
	text := string(f.Data)
	if gb18030(f.Name) {
		decoded, err := simplifiedchinese.GB18030.NewDecoder().String(text)
		if err != nil {
			panic(err) // the sample wrote it
		}
		encoded, err := simplifiedchinese.GB18030.NewEncoder().String(change(decoded))
		if err != nil {
			panic(err) // GB18030 has every character
		}
		f.Data = []byte(encoded)
		return
	}
	f.Data = []byte(change(text))
}

func (f *firm) rewrite(c *cast, file *sample.File, rename func(string) string) {
	edit(file, func(text string) string {
		text = partyName.ReplaceAllStringFunc(text, rename)
		text = strings.ReplaceAll(text, "样本业主", f.boss.name)
		text = strings.ReplaceAll(text, "样本错行商行", f.stray.name)
		text = strings.ReplaceAll(text, ",1234.567,", `,"`+f.stray.amount+`7",`) // the broken row of the platform's table
		c.keep(taxNumber.FindAllString(text, -1)...)
		if ids := invoiceIDs.FindAllString(text, 3); len(ids) > 0 {
			c.keep(ids...)
		}
		return text
	})
	if strings.HasPrefix(file.Name, "bank/") { // people call files by names
		file.Name = strings.Replace(file.Name, "statement", f.boss.name+f.owner.Name, 1)
	}
}

// populate puts people into the free texts of a file, as many as are left.
func (f *firm) populate(c *cast, file *sample.File, left int) int {
	put := func(text, old string, write func(person) string) string {
		for left > 0 && strings.Contains(text, old) {
			text = strings.Replace(text, old, write(c.person()), 1)
			left--
		}
		return text
	}
	edit(file, func(text string) string {
		text = put(text, "<Ustrd>工资</Ustrd>", func(p person) string { return "<Ustrd>工资 " + p.String() + "</Ustrd>" })
		text = put(text, "<Ustrd>房租</Ustrd>", func(p person) string { return "<Ustrd>房租 " + p.String() + "</Ustrd>" })
		return put(text, "<cbc:Name>*样本货物*标准件</cbc:Name>", func(p person) string { return "<cbc:Name>" + p.String() + "</cbc:Name>" })
	})
	return left
}

// faulty are documents that cannot be read: their errors must not tell what is in them.
func (f *firm) faulty() []sample.File {
	p := f.stray
	return []sample.File{
		{Name: "扫描件" + p.name + ".xml", Data: []byte(`<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><Nm>` + p.name + p.phone + "</Nm><open")},
		{Name: "通讯录.csv", Data: []byte("联系人,电话,地址\n" + p.name + "," + p.phone + "," + p.address + "\n" + f.boss.String())},
		{Name: "table/" + p.name + "的发票.csv", Data: []byte("发票号码,开票日期,销方税号,销方名称,购方税号,购方名称,不含税金额,税额,价税合计,币种,状态,约定付款日,实际收付日\n" +
			p.phone + "," + p.name + "," + p.phone + "," + p.name + ",," + p.address + ",\"" + p.amount + "\",0.00,\"" + p.amount + "\"," + p.name + ",正常,,\n")},
	}
}

// Test that the cast is as large as asked and that its documents hold every text
// of it: a hunt for what was never handed in would find nothing.
func TestCast(t *testing.T) {
	t.Parallel()
	c := newCast(7)
	var all bytes.Buffer
	for i := range 3 {
		f := c.firm(i * 5)
		for _, file := range f.files {
			edit(&file, func(text string) string {
				all.WriteString(file.Name + text)
				return text
			})
		}
	}
	people := 0
	for _, s := range c.texts {
		if strings.HasPrefix(s, "1990") && len(s) == 13 || strings.HasSuffix(s, "有限公司") || strings.HasSuffix(s, " Ltd") {
			people++
		}
	}
	if people < 3*perFirm-10 {
		t.Errorf("%d people and firms, want about %d", people, 3*perFirm)
	}
	for _, text := range c.texts {
		if !bytes.Contains(all.Bytes(), []byte(text)) {
			t.Errorf("%q is in no document", text)
		}
	}
	t.Logf("%d people and firms, %d texts", people, len(c.texts))
}
