#!/usr/bin/env bash
# Plays two quick independent servers and compares the findings with the judged ones. Installs what they run on.
set -euo pipefail
cd "$(dirname "$0")/../.."

need() { # command, Debian packages
  command -v "$1" >/dev/null && return
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${@:2}" >/dev/null
  else
    echo "$1 is needed for tests/interop: install ${*:2}" >&2
    exit 1
  fi
}
need curl curl
need python3 python3 python3-venv
python3 -c 'import ensurepip, venv' 2>/dev/null || { apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null; }
need node nodejs npm
need npm npm

cargo build --release --locked --quiet
python3 tests/interop/interop.py --check --servers scim2-server,scimmy-routers
