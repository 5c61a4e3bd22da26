# What .ci/run and its steps share; sourced from the top of the repository.

GOLANGCI_VERSION=v2.15.0
GOVULNCHECK_VERSION=v1.9.0

# Linters are built once a version and kept outside the repository.
TOOLS=${XDG_CACHE_HOME:-${HOME:?}/.cache}/bangfu-hub-ci
BUF=.ci/buf/node_modules/.bin/buf

# The clone may belong to another user than the one who runs this. Git then answers
# only where it is told that this is meant, and go build only without asking git.
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0=$PWD
export GOFLAGS="${GOFLAGS-$(go env GOFLAGS 2>/dev/null || true)} -buildvcs=false"

heading() { printf '\n======== %s\n' "$*"; }

# note TEXT puts a line into the run's summary.
note() {
  echo "NOTE: $*"
  [ -z "${CI_NOTES-}" ] || echo "NOTE: $*" >>"$CI_NOTES"
}

# apt_install PACKAGE... installs Debian packages; their lists may never have been fetched.
apt_install() {
  [ "$(id -u)" -eq 0 ] || { echo "missing, and only root can install it: $*" >&2; return 1; }
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

need_tools() {
  command -v go >/dev/null || { echo "Go is missing" >&2; return 1; }
  command -v npm >/dev/null || { echo "Node with npm is missing" >&2; return 1; }
  # The race detector is linked by a C compiler.
  command -v "${CC:-gcc}" >/dev/null || apt_install gcc libc6-dev
  postgres_bin >/dev/null || apt_install postgresql
  # The docs page is looked at in a real browser.
  command -v chromium >/dev/null || apt_install chromium
  # What is printed is read back from the paper.
  command -v pdftotext >/dev/null || apt_install poppler-utils
  command -v fc-list >/dev/null || apt_install fontconfig
  [ -n "$(fc-list :lang=zh)" ] || apt_install fonts-noto-cjk
  postgres_bin >/dev/null || { echo "no PostgreSQL server binaries" >&2; return 1; }
  if [ "$(id -u)" -eq 0 ]; then id postgres >/dev/null || useradd --system postgres; fi
  go version
  echo "node $(node --version)"
  "$(postgres_bin)/postgres" --version
}

# need_go_tool NAME PACKAGE VERSION builds a program at exactly this version and prints its path.
need_go_tool() {
  local dir=$TOOLS/$1-$3
  [ -x "$dir/$1" ] || GOFLAGS="-buildvcs=false" GOBIN=$dir go install "$2@$3" >&2
  echo "$dir/$1"
}

golangci() {
  need_go_tool golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint "$GOLANGCI_VERSION"
}

# copy_tree DIR copies the files of the work tree, committed or not, without what git ignores.
copy_tree() {
  mkdir -p "$1"
  git ls-files -z --cached --others --exclude-standard |
    while IFS= read -r -d '' f; do [ ! -e "$f" ] || printf '%s\0' "$f"; done |
    tar --null --files-from=- --create --file=- | tar --extract --file=- --directory="$1"
}

# postgres_bin prints the folder of the server's programs: on PATH, or Debian's newest version.
postgres_bin() {
  local dir found=""
  if command -v initdb >/dev/null && command -v postgres >/dev/null && command -v pg_ctl >/dev/null; then
    dirname "$(command -v initdb)"
    return
  fi
  for dir in /usr/lib/postgresql/*/bin; do [ ! -x "$dir/initdb" ] || found=$dir; done
  [ -n "$found" ] && echo "$found"
}

# as_postgres COMMAND... runs a program as a user whom PostgreSQL accepts; it refuses root.
as_postgres() {
  if [ "$(id -u)" -eq 0 ]; then
    (cd / && exec setpriv --reuid=postgres --regid=postgres --init-groups env HOME=/ "$@")
  else
    "$@"
  fi
}

# start_postgres DIR starts one server for all tests and exports TEST_POSTGRES_URL,
# a superuser's address. Tests make their own databases in it.
start_postgres() {
  local dir=$1 bin password port options try
  bin=$(postgres_bin)
  password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  mkdir -p "$dir"
  echo "$password" >"$dir/password"
  if [ "$(id -u)" -eq 0 ]; then chmod 711 "$(dirname "$dir")" && chown -R postgres "$dir"; fi
  as_postgres "$bin/initdb" --pgdata="$dir/data" --username=postgres --pwfile="$dir/password" \
    --auth=scram-sha-256 --encoding=UTF8 --no-locale --no-sync >"$dir/initdb.log"
  for try in 1 2 3 4 5; do
    port=$((20000 + RANDOM % 10000))
    # No fsync: a killed server loses nothing by it, only a machine without power would.
    options="-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories= -c fsync=off"
    options+=" -c max_connections=300 -c shared_buffers=256MB -c max_wal_size=2GB"
    if as_postgres "$bin/pg_ctl" --pgdata="$dir/data" --log="$dir/log" --wait --silent --options="$options" start; then
      POSTGRES_DIR=$dir
      export TEST_POSTGRES_URL="postgres://postgres:$password@127.0.0.1:$port/postgres?sslmode=disable"
      return
    fi
    echo "port $port: no luck ($try)"
  done
  tail -n 20 "$dir/log" >&2
  return 1
}

# stop_postgres ends the server that start_postgres began, by its process id.
stop_postgres() {
  local pid
  [ -n "${POSTGRES_DIR-}" ] && [ -s "$POSTGRES_DIR/data/postmaster.pid" ] || return 0
  pid=$(head -n 1 "$POSTGRES_DIR/data/postmaster.pid")
  kill -QUIT "$pid" || return 0
  while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
}
