package app

import (
	"crypto/sha256"
	"fmt"
	"slices"

	councilv1 "github.com/xinlian/xinlian/gen/xinlian/council/v1"
	orgv1 "github.com/xinlian/xinlian/gen/xinlian/org/v1"
	"github.com/xinlian/xinlian/internal/record"
	"github.com/xinlian/xinlian/internal/wire"
	"github.com/xinlian/xinlian/x/org"
)

// Founder is an organisation that is there from the first block.
type Founder struct {
	Name  string
	Kind  orgv1.OrgKind
	Roles []orgv1.Role
	// Devices are live from the first block; the first should be an admin.
	Devices []FounderDevice
	// ConsensusKey and Power make its validator, empty and 0 for none. Every
	// founder is a voting member.
	ConsensusKey []byte
	Power        int64
	NodeIDs      []string
	// DataKey is its HPKE key, an uncompressed P-256 point, or empty.
	DataKey []byte
}

// FounderDevice is one device of a founder.
type FounderDevice struct {
	Key  orgv1.DeviceKey
	Role orgv1.DeviceRole
	// AmountLimitFen bounds each money message; NoLimit for an admin.
	AmountLimitFen int64
}

// NoLimit is the amount limit of a device that may move any amount.
const NoLimit = org.AmountLimitFenMax

// Found adds a founder and returns its id. An attestor is accredited for every
// category until the council decides otherwise.
func (g *Genesis) Found(f Founder) (uint64, error) {
	id := g.Org.NextOrgId
	if id == 0 {
		id = 1
	}
	g.Org.NextOrgId = id + 1
	o := orgv1.Organisation{
		Id: id, Kind: f.Kind, Roles: slices.Sorted(slices.Values(f.Roles)), Status: orgv1.OrgStatus_ORG_STATUS_ACTIVE,
		Name: f.Name, ControlGroup: id,
	}
	if len(f.DataKey) != 0 {
		sum := sha256.Sum256(f.DataKey)
		o.DataKey = &orgv1.DataKey{Id: sum[:], PublicKey: f.DataKey}
	}
	g.Org.Organisations = append(g.Org.Organisations, o)
	for _, d := range f.Devices {
		pub, err := org.PubKey(d.Key)
		if err != nil {
			return 0, fmt.Errorf("device of %s: %w", f.Name, err)
		}
		g.Org.Devices = append(g.Org.Devices, orgv1.Device{
			Address: wire.AddressText(pub.Address()), OrgId: id, Role: d.Role, Status: orgv1.DeviceStatus_DEVICE_STATUS_ACTIVE,
			Key: d.Key, AmountLimitFen: d.AmountLimitFen,
		})
	}
	if slices.Contains(f.Roles, orgv1.Role_ROLE_ATTESTOR) {
		for _, c := range record.Categories {
			g.Org.Accreditations = append(g.Org.Accreditations, orgv1.Accreditation{
				OrgId: id, Category: uint32(c.Category), ExpiresAt: g.Time.AddDate(1, 0, 0).Unix(),
			})
		}
	}
	g.Council.Members = append(g.Council.Members, councilv1.Member{
		OrgId: id, ConsensusKey: f.ConsensusKey, Power: f.Power, NodeIds: f.NodeIDs,
	})
	return id, nil
}
