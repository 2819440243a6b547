#!/usr/bin/env bash
# Plays the steps of action.yml. Installs what they need on the runner, and what reads the file.
set -euo pipefail
cd "$(dirname "$0")/../.."

. tests/need.sh
need jq jq
need python3 python3 python3-venv
python=python3
if ! python3 -c 'import yaml' 2>/dev/null; then
  python3 -c 'import ensurepip, venv' 2>/dev/null || { apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null; }
  python3 -m venv target/action
  target/action/bin/pip install --quiet pyyaml
  python=target/action/bin/python
fi

"$python" tests/action/steps.py
