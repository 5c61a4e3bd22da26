package pages

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// tool finds a program. Where there is none the test is skipped, but with CI=true it fails.
func tool(t *testing.T, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	unable(t, "no "+names[0]+" on PATH")
	return ""
}

func unable(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal("CI=true and " + why + "; .ci/run installs it")
	}
	t.Skip(why + ": the pages are not printed; .ci/lib.sh says what to install")
}

func run(t *testing.T, program string, args ...string) (stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...) //nolint:gosec // our own page
	home := t.TempDir()
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+home)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &out, &errs, 10*time.Second
	if err := cmd.Run(); err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		t.Fatalf("%s: %v\n%s", program, err, errs.String())
	}
	return out.String(), errs.String()
}

// complaint is a line in which the page, not the browser, says that something is wrong.
var complaint = regexp.MustCompile(`(?m)^.*CONSOLE.*$|^.*(?i:content security policy).*$`)

// onPaper prints a page to A4 paper with a real browser and gives the text of each sheet.
// With PAGES_PRINTED=folder the paper is left there, for whoever changes a page.
func onPaper(t *testing.T, name string, page []byte) []string {
	t.Helper()
	return onSheets(t, name, page, `59[45]\.\d+ x 84[12]\.\d+`)
}

// onWidePaper is onPaper with the paper lying on its side.
func onWidePaper(t *testing.T, name string, page []byte) []string {
	t.Helper()
	return onSheets(t, name, page, `84[12]\.\d+ x 59[45]\.\d+`)
}

func onSheets(t *testing.T, name string, page []byte, size string) []string {
	t.Helper()
	browser := tool(t, "chromium", "chromium-browser", "google-chrome")
	info, reader := tool(t, "pdfinfo"), tool(t, "pdftotext")
	if fonts, _ := run(t, tool(t, "fc-list"), ":lang=zh"); fonts == "" {
		unable(t, "no font with Chinese characters")
	}
	folder := os.Getenv("PAGES_PRINTED")
	if folder == "" {
		folder = t.TempDir()
	}
	source, paper := filepath.Join(folder, name+".html"), filepath.Join(folder, name+".pdf")
	if err := os.WriteFile(source, page, 0o600); err != nil {
		t.Fatal(err)
	}
	_, log := run(t, browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
		"--user-data-dir="+t.TempDir(), "--enable-logging=stderr", "--no-pdf-header-footer", "--print-to-pdf="+paper, "file://"+source)
	for _, line := range complaint.FindAllString(log, -1) {
		t.Errorf("the page complains: %s", line)
	}
	about, _ := run(t, info, paper)
	if !regexp.MustCompile(`Page size: +` + size + ` pts \(A4\)`).MatchString(about) {
		t.Errorf("not on A4 paper: %s", about)
	}
	text, _ := run(t, reader, "-layout", paper, "-")
	sheets := strings.Split(strings.TrimSuffix(text, "\f"), "\f")
	for i, sheet := range sheets {
		if want := fmt.Sprintf("第%d页共%d页", i+1, len(sheets)); !strings.Contains(squeeze(sheet), want) {
			t.Errorf("sheet %d does not say %s", i+1, want)
		}
	}
	return sheets
}

// squeeze leaves out what is only layout.
func squeeze(text string) string { return strings.Join(strings.Fields(text), "") }

func TestTheCaseFileIsPrintedOnA4(t *testing.T) {
	d := reversedCase()
	for i := range 40 { // enough to begin a new sheet within the table
		d.Ends = append(d.Ends, End{Person: "符小帆", Policy: fmt.Sprint("政策", i), LastDay: "2026-07-31", Rule: "学期末停止"})
	}
	page, err := CaseFile(d)
	if err != nil {
		t.Fatal(err)
	}
	sheets := onPaper(t, "case-file", page)
	if len(sheets) < 4 || len(sheets) > 8 {
		t.Errorf("%d sheets", len(sheets))
	}
	all := squeeze(strings.Join(sheets, ""))
	for _, want := range []string{"退出帮扶案卷", d.ID, "符山海", "应到48人", "琼海扶退〔2026〕14号", "2026年7月31日", "政策39", "（盖章）", d.Steps[0].Evidence[0].SHA256[:16]} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is not on the paper", want)
		}
	}
	heads := 0
	for _, sheet := range sheets {
		if text := squeeze(sheet); strings.Contains(text, "符小帆政策") {
			heads++
			if !strings.Contains(text, "人员政策最后一日停止方式") {
				t.Error("a sheet goes on with a table without its head")
			}
		}
	}
	if heads < 2 {
		t.Error("the table fits one sheet; make it longer")
	}
}

func TestAnAnnouncementIsPrintedOnA4(t *testing.T) {
	for _, c := range []struct {
		name   string
		final  bool
		title  string
		wanted []string
	}{
		{"publicity", false, "椰林村拟退出帮扶户名单公示", []string{"2026年3月15日", "受理单位及地点"}},
		{"announcement", true, "关于椰林村退出帮扶户的公告", []string{"2026年4月1日", "〔2026〕14号", "特此公告"}},
	} {
		d := notice(3)
		d.Final = c.final
		page, err := Announcement(d)
		if err != nil {
			t.Fatal(err)
		}
		sheets := onPaper(t, c.name, page)
		if len(sheets) != 1 {
			t.Errorf("%s: %d sheets for three households", c.name, len(sheets))
		}
		text := squeeze(strings.Join(sheets, ""))
		for _, want := range append(c.wanted, c.title, "符山海", "南坡村民小组", "椰林村村民委员会（盖章）") {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is not on the paper", c.name, want)
			}
		}
	}
}
