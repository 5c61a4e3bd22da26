package client

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// LetterDigest computes a letter's digest anew from its items (the rule stands at field
// `digest` of message Letter in letter.proto). Where it is not the digest that came with
// the letter, the items are not those that were sent: fetch it again, acknowledge nothing.
func LetterDigest(items []*hubv1.LetterItem) string {
	sum := sha256.Sum256(letterSequence(items))
	return hex.EncodeToString(sum[:])
}

// letterSequence is the bytes that are hashed; the order of the items is no part of them.
func letterSequence(items []*hubv1.LetterItem) []byte {
	encoded := make([][]byte, len(items))
	for i, item := range items {
		kind := strings.TrimPrefix(item.GetKind().String(), "LETTER_ITEM_KIND_")
		for _, t := range [...]string{kind, item.GetHousehold(), item.GetPerson(), item.GetDecision(),
			item.GetPolicy(), item.GetLastDay(), item.GetFirstDay()} {
			encoded[i] = appendText(encoded[i], t)
		}
	}
	slices.SortFunc(encoded, bytes.Compare)
	return bytes.Join(encoded, nil)
}
