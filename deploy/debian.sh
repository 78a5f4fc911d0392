#!/usr/bin/env bash
# From a clean Debian (12 or newer) to a hosted site with TLS; docs/hosting.md tells what it does, step by step.
#
#   sudo deploy/debian.sh chat.example.com                  a certificate by Let's Encrypt
#   sudo deploy/debian.sh chat.intranet --internal-ca       one by an authority of Caddy's own
#
# Run again it updates the site to this checkout; what stands in /etc/chat-ui/env is kept.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

site="${1:?the name that people type, as in chat.example.com}"
tls=""
if [ "${2:-}" = --internal-ca ]; then tls="tls internal"; fi

# Where things lie, and what is there already. Servers of your own are used if they are named.
app="${CHAT_UI_APP:-/srv/chat-ui}" etc="${CHAT_UI_ETC:-/etc/chat-ui}" data="${CHAT_UI_DATA_DIR:-/var/lib/chat-ui}"
port="${CHAT_UI_PORT:-3000}"
# Blank for whoever runs this.
user="${CHAT_UI_USER-chat-ui}"
database_url="${CHAT_UI_DATABASE_URL:-postgresql:///chat_ui?host=/run/postgresql}"
redis_url="${CHAT_UI_REDIS_URL:-redis://localhost:6379/0}"

say() { printf '\n--- %s (%ds)\n' "$*" "$SECONDS"; }
in_postgres() { (cd / && runuser -u postgres -- "$@"); }
has_systemd() { [ -d /run/systemd/system ]; }

packages() {
  say "Packages: Python, PostgreSQL, Redis, Caddy"
  if [ -n "${CHAT_UI_NO_PACKAGES:-}" ]; then echo "as they are"; return; fi
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends python3-venv postgresql redis-server caddy
  # In a container nobody has started them.
  has_systemd || { service postgresql start && service redis-server start; }
}

code() {
  say "The site, with exactly the packages that it was tested with"
  mkdir -p "$app"
  # Unless it was checked out just there.
  if [ "$(realpath "$app")" != "$(realpath .)" ]; then
    rm -rf "$app/chat_ui" "$app/assets" "$app/reflex.lock" "$app/docs" "$app/deploy"
    cp -r chat_ui assets reflex.lock docs deploy rxconfig.py pyproject.toml requirements.lock bunfig.toml .npmrc "$app"
  fi
  [ -x "$app/.venv/bin/python" ] || "${CHAT_UI_PYTHON:-/usr/bin/python3}" -m venv "$app/.venv"
  "$app/.venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --require-hashes -r "$app/requirements.lock"
  (cd "$app" && .venv/bin/python -m chat_ui compile)
}

# The user that runs the site, and a database that is theirs; no password, since they are known by who they are.
people() {
  say "A user and a database for it"
  if [ -n "$user" ] && ! id -u "$user" >/dev/null 2>&1; then
    useradd --system --home-dir "$data" --shell /usr/sbin/nologin "$user"
  fi
  if [ -n "${CHAT_UI_DATABASE_URL:-}" ]; then echo "one of your own"; return; fi
  in_postgres psql -tAc "SELECT 1 FROM pg_roles WHERE rolname = '$user'" | grep -q 1 ||
    in_postgres createuser "$user"
  in_postgres psql -tAc "SELECT 1 FROM pg_database WHERE datname = 'chat_ui'" | grep -q 1 ||
    in_postgres createdb --owner "$user" chat_ui
}

settings() {
  say "Settings: $etc/env"
  mkdir -p "$etc" "$data"
  if [ -e "$etc/env" ]; then echo "kept"; return; fi
  (umask 077 && cat >"$etc/env" <<EOF
CHAT_UI_HOSTED=1
CHAT_UI_PUBLIC_URL=https://$site
CHAT_UI_DATABASE_URL=$database_url
CHAT_UI_REDIS_URL=$redis_url
CHAT_UI_DATA_DIR=$data
# Caddy, on this machine.
CHAT_UI_TRUSTED_PROXIES=1
# What each person may use; docs/security.md has more of these.
CHAT_UI_TOKENS_PER_DAY=${CHAT_UI_TOKENS_PER_DAY:-200000}
CHAT_UI_METRICS_TOKEN=$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')
# Whom to ask; without one the built-in demo model answers.
CHAT_UI_GATEWAY_URL=${CHAT_UI_GATEWAY_URL:-}
CHAT_UI_GATEWAY_KEY=${CHAT_UI_GATEWAY_KEY:-}
EOF
  )
}

services() {
  say "Services: the site on port $port, Caddy before it"
  cat >"$etc/caddy.env" <<EOF
CHAT_UI_SITE="$site"
CHAT_UI_TLS="$tls"
CHAT_UI_UPSTREAMS="127.0.0.1:$port"
EOF
  if [ -n "$user" ]; then chown -R "$user:" "$data" "$etc/env"; fi
  if has_systemd; then
    sed "s/--port 3000/--port $port/" deploy/chat-ui.service >/etc/systemd/system/chat-ui.service
    install -m 644 deploy/Caddyfile /etc/caddy/Caddyfile
    mkdir -p /etc/systemd/system/caddy.service.d
    printf '[Service]\nEnvironmentFile=%s/caddy.env\n' "$etc" >/etc/systemd/system/caddy.service.d/chat-ui.conf
    systemctl daemon-reload
    systemctl enable --quiet postgresql redis-server chat-ui caddy
    systemctl restart chat-ui caddy
  else
    # In a container nobody starts services: they run until they are told to end, by the ids beside the settings.
    in_site setsid "$app/.venv/bin/python" -m chat_ui serve --port "$port" --workers 2 >>"$etc/site.log" 2>&1 &
    echo $! >"$etc/site.pid"
    (set -a && . "$etc/caddy.env" && exec setsid caddy run --adapter caddyfile --config deploy/Caddyfile) \
      >>"$etc/caddy.log" 2>&1 &
    echo $! >"$etc/caddy.pid"
  fi
}

# Run something as the site does: as its user, with its settings.
in_site() {
  local as=()
  if [ -n "$user" ]; then as=(runuser -u "$user" --); fi
  (cd "$app" && set -a && . "$etc/env" && exec "${as[@]}" "$@")
}

until_ready() {
  say "Waiting until it is ready"
  local tries
  for tries in $(seq 600); do
    if in_site .venv/bin/python -c \
      "from urllib.request import urlopen; urlopen('http://127.0.0.1:$port/_health', timeout=5)" 2>/dev/null; then
      return
    fi
    sleep 0.2
  done
  echo "The site isn't ready after $tries tries. What it says: journalctl -u chat-ui, or $etc/site.log"
  exit 1
}

packages
code
people
settings
services
until_ready

say "Done: https://$site"
echo "Become its admin here, once:        $(in_site .venv/bin/python -m chat_ui invite --admin)"
echo "And somebody else comes in here:    $(in_site .venv/bin/python -m chat_ui invite)"
as="${user:+runuser -u $user -- }"
echo "Whether all is well:                ${as}sh -c 'cd $app && set -a && . $etc/env && .venv/bin/python -m chat_ui doctor'"
