package hub

import "regexp"

// nameForm is the form of all names that the hub itself gives or accepts: ids, lists,
// subscriptions, versions of a catalogue.
var nameForm = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,62}(@[0-9a-f]{1,64})?$`)

// named is what a request calls something, for audit entries and errors. What has not
// the form of a name may be a person's name or number in the wrong field, and is not
// repeated (law 11).
func named(text string) string {
	if text == "" || nameForm.MatchString(text) {
		return text
	}
	return "?"
}
