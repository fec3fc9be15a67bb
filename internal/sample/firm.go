package sample

// shape is what kind of firm a book is drawn from. Amounts are fen, shares
// basis points.
type shape struct {
	customers, suppliers int
	salesMonthly         int64 // invoices a month before season
	purchasesMonthly     int64
	saleFen              int64 // typical net of a sales invoice
	seasonBps            [12]int64
	growthBps            int64 // a month
	topBps               int64 // share of the largest customer, about
	termDays             int64
	lateBps              int64 // share of customers that pay late
	lateDaysMax          int64
	badBps               int64 // invoices never paid
	returnBps, voidBps   int64
	costBps              int64 // purchases as a share of net sales
	employees            int64
	wageFen, rentFen     int64
	platformFen          int64 // a day, 0: not on a platform
	openingFen           int64
	drawBps              int64 // share of spare money the owner takes each quarter
	shell                bool
}

var (
	flatSeason   = [12]int64{9600, 8200, 10300, 10100, 10000, 9900, 9700, 9800, 10400, 10600, 10700, 10900}
	giftSeason   = [12]int64{13500, 7000, 8600, 8800, 9400, 9000, 8600, 9800, 13200, 9600, 10300, 12200}
	summerSeason = [12]int64{7400, 6200, 8600, 9800, 11500, 13000, 13600, 12900, 10500, 9300, 8500, 8100}
)

func shapeOf(p Profile, r *random) shape {
	switch p {
	case Thin:
		return shape{
			customers: 7, suppliers: 4, salesMonthly: 9, purchasesMonthly: 5, saleFen: 6_200_00, seasonBps: summerSeason,
			growthBps: -20, topBps: 4200, termDays: 30, lateBps: 4500, lateDaysMax: 45, badBps: 150, returnBps: 250, voidBps: 150,
			costBps: 6400, employees: 2, wageFen: 4_800_00, rentFen: 3_500_00, platformFen: 0, openingFen: 38_000_00, drawBps: 2000,
		}
	case Fraud:
		return shape{
			customers: 12, suppliers: 6, salesMonthly: 16, purchasesMonthly: 9, saleFen: 7_400_00, seasonBps: flatSeason,
			growthBps: 10, topBps: 2200, termDays: 30, lateBps: 2500, lateDaysMax: 35, badBps: 100, returnBps: 250, voidBps: 120,
			costBps: 6300, employees: 4, wageFen: 5_600_00, rentFen: 6_800_00, platformFen: 900_00, openingFen: 160_000_00, drawBps: 3000,
			shell: true,
		}
	case Random:
		return randomShape(r)
	}
	return shape{
		customers: 26, suppliers: 10, salesMonthly: 31, purchasesMonthly: 16, saleFen: 8_800_00, seasonBps: giftSeason,
		growthBps: 60, topBps: 1500, termDays: 30, lateBps: 1500, lateDaysMax: 25, badBps: 40, returnBps: 250, voidBps: 100,
		costBps: 6000, employees: 6, wageFen: 6_300_00, rentFen: 12_000_00, platformFen: 1_900_00, openingFen: 260_000_00, drawBps: 5000,
	}
}

// randomShape spreads over micro firms of a population, most of them sound.
func randomShape(r *random) shape {
	seasons := [][12]int64{flatSeason, giftSeason, summerSeason}
	sales := r.between(3, 14)
	s := shape{
		customers: int(r.between(3, 18)), suppliers: int(r.between(2, 7)),
		salesMonthly: sales, purchasesMonthly: max(2, sales/2), saleFen: r.between(1_500_00, 16_000_00),
		seasonBps: seasons[r.below(3)], growthBps: r.between(-160, 160), topBps: r.between(800, 7000),
		termDays: []int64{15, 30, 45, 60}[r.below(4)], lateBps: r.between(0, 7000), lateDaysMax: r.between(10, 70),
		badBps: r.between(0, 500), returnBps: r.between(0, 600), voidBps: r.between(0, 500), costBps: r.between(5200, 8300),
		openingFen: r.between(5_000_00, 150_000_00), drawBps: r.between(1000, 8000),
	}
	monthly := s.salesMonthly * s.saleFen
	// Fixed costs take most of what purchases leave; some firms' take more than
	// all of it, and those live on their owner's money.
	fixed := monthly * (10_000 - s.costBps) / 10_000 * r.between(3500, 9800) / 10_000
	s.rentFen = fixed * r.between(1000, 2500) / 10_000
	wages := (fixed - s.rentFen*12/10) * 100 / 126
	s.employees = min(max(wages/4_500_00, 1), 8)
	s.wageFen = wages / s.employees
	if r.chance(3000) {
		s.platformFen = monthly / 30 * r.between(500, 4000) / 10_000
	}
	return s
}

// customer is a buyer with its habits.
type customer struct {
	party
	weight   int64
	from, to int // months of the book, inclusive
	late     bool
}

func newCustomers(s shape, months int, r *random) []customer {
	out := make([]customer, s.customers)
	for i := range out {
		c := customer{party: newParty(r, int64(i)+101), from: 0, to: months, late: r.chance(s.lateBps)}
		rest := (10_000 - s.topBps) / int64(max(1, s.customers-1))
		c.weight = max(1, r.around(rest, 7000))
		switch {
		case i == 0:
			c.weight = s.topBps
		case i > 2 && r.chance(3000): // came during the book
			c.from = int(r.below(int64(months)))
		case i > 2 && r.chance(1500): // left during it
			c.to = int(r.between(3, int64(months)))
		}
		out[i] = c
	}
	return out
}
