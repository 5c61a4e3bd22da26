package catalogue

import "testing"

// Somebody was born into a removed household, left it, and was removed with the next one.
func TestWhoCameAsANewcomerIsNotFlaggedOnceADecisionNamesThem(t *testing.T) {
	c, h := hainan(t), unsupported()
	along := removal("pp_9")
	along.ID, along.Number, along.Only = "dd_2", "琼试扶决〔2020〕2号", []string{"pp_2"}
	h.Decisions = append(h.Decisions, along)
	if got := value(t, derive(t, c, h, "no-longer-supported", today)["pp_2"], "review"); got != "" {
		t.Errorf("named by the household's decision: review is %q", got)
	}
	h.Decisions[0] = removal("pp_1")
	if got := value(t, derive(t, c, h, "no-longer-supported", today)["pp_2"], "review"); got != "true" {
		t.Errorf("named by none: review is %q", got)
	}
}
