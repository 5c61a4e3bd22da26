package e2e

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/bangfuhub/hub/server/hubtest"
)

// browser finds Chromium. Where there is none the test is skipped, but with CI=true it fails.
func browser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("CI=true and no chromium on PATH; .ci/run installs it")
	}
	t.Skip("no chromium on PATH: the docs page is not looked at in a browser; install chromium to do so")
	return ""
}

// browse opens a page without a screen until its scripts have nothing left to do, and
// gives what is written to stdout and stderr.
func browse(t *testing.T, address string, flags ...string) (stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	profile := t.TempDir()
	args := append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
		"--user-data-dir=" + profile, "--window-size=1280,1600", "--enable-logging=stderr", "--virtual-time-budget=20000",
	}, flags...)
	cmd := exec.CommandContext(ctx, browser(t), append(args, address)...) //nolint:gosec // our own page
	cmd.Env = append(os.Environ(), "HOME="+profile, "XDG_CONFIG_HOME="+profile, "XDG_CACHE_HOME="+profile)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Run(); err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	return out.String(), errs.String()
}

// complaint is a line in which the page, not the browser, says that something is wrong.
var complaint = regexp.MustCompile(`(?m)^.*CONSOLE.*$|^.*(?i:content security policy).*$`)

func TestTheDocsPageShowsEveryOperationInARealBrowser(t *testing.T) {
	h := hubtest.Start(t, hubtest.Config{})
	page := "http://" + h.HTTPAddress() + "/docs"
	dom, log := browse(t, page, "--dump-dom")
	for _, line := range complaint.FindAllString(log, -1) {
		t.Errorf("the page complains: %s", line)
	}
	for path, methods := range openAPI(t, h).Paths {
		for method, operation := range methods {
			if !strings.Contains(dom, `data-path="`+path+`"`) || !strings.Contains(dom, operation.OperationID+`"`) {
				t.Errorf("%s %s is not on the page", method, path)
			}
		}
	}
	for _, want := range []string{"SyncService", "HouseholdService", "RecordService", "CatalogueService", "DivisionService", "Authorize"} {
		if !strings.Contains(dom, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
	if picture := os.Getenv("DOCS_SCREENSHOT"); picture != "" { // for whoever changes the page
		browse(t, page, "--screenshot="+filepath.Clean(picture))
	}
}

func TestTheBrowserTestSeesWhatThePolicyForbids(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.html")
	text := `<meta http-equiv="Content-Security-Policy" content="script-src 'none'"><script>document.title = "x"</script>`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, log := browse(t, "file://"+file, "--dump-dom"); !complaint.MatchString(log) {
		t.Errorf("a forbidden script went unseen: %s", log)
	}
}
