package cpu

// packedWeight is the layout that decoding reads.
type packedWeight struct{}

func (p *packedWeight) free() {}
