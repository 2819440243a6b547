#!/usr/bin/env bash
# Plays two quick independent servers and compares the findings with the judged ones. Installs what they run on.
set -euo pipefail
cd "$(dirname "$0")/../.."

. tests/need.sh
need curl curl
need python3 python3 python3-venv
python3 -c 'import ensurepip, venv' 2>/dev/null || { apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null; }
need node nodejs npm
need npm npm

cargo build --release --locked --quiet
python3 tests/interop/interop.py --check --servers scim2-server,scimmy-routers
