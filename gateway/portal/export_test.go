package portal

// What tests outside the package compare with the chain's own code.
var (
	Preview  = preview
	Refusals = func() map[string][]uint32 {
		codes := map[string][]uint32{}
		for space, list := range refusals {
			for code := range list {
				codes[space] = append(codes[space], code)
			}
		}
		return codes
	}()
	Kinds = func() []string {
		var list []string
		for kind := range messages {
			list = append(list, kind)
		}
		return list
	}()
)
