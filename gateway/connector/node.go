package connector

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// Node is an element read whole: an entry of a statement, an invoice. Names
// are local: name spaces and prefixes differ between versions and senders.
// All methods work on nil, as an element that is not there.
type Node struct {
	Name     string
	Line     int
	Children []*Node
	text     string
	attrs    []xml.Attr
}

// Node reads the element just started, with everything in it.
func (x *XML) Node(start xml.StartElement) (*Node, error) {
	left := XMLNodesMax
	return x.node(start, &left)
}

func (x *XML) node(start xml.StartElement, left *int) (*Node, error) {
	if *left--; *left < 0 {
		return nil, Fault(RuleXMLLimit, x.Line(), fmt.Sprintf("more than %d elements in one entry", XMLNodesMax))
	}
	n := &Node{Name: start.Name.Local, Line: x.Line(), attrs: start.Attr}
	var text []byte
	for {
		token, err := x.Token()
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			child, err := x.node(t, left)
			if err != nil {
				return nil, err
			}
			n.Children = append(n.Children, child)
		case xml.CharData:
			if room := XMLTextBytesMax - len(text); room > 0 {
				text = append(text, t[:min(len(t), room)]...)
			}
		case xml.EndElement:
			n.text = strings.TrimSpace(string(text))
			return n, nil
		}
	}
}

// Child is the first element along path, or nil.
func (n *Node) Child(path ...string) *Node {
	for _, name := range path {
		n = n.first(name)
	}
	return n
}

func (n *Node) first(name string) *Node {
	if n == nil {
		return nil
	}
	for _, c := range n.Children {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Value is the trimmed text of the first element along path, "" if none.
func (n *Node) Value(path ...string) string {
	if n = n.Child(path...); n == nil {
		return ""
	}
	return n.text
}

// All is every child of that name.
func (n *Node) All(name string) []*Node {
	if n == nil {
		return nil
	}
	var out []*Node
	for _, c := range n.Children {
		if c.Name == name {
			out = append(out, c)
		}
	}
	return out
}

// Attr is the value of an attribute by local name, "" if none.
func (n *Node) Attr(name string) string {
	if n == nil {
		return ""
	}
	for _, a := range n.attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
