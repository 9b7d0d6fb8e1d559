#!/bin/sh
# Prepares this machine for the lab: checks it, and as root on Debian or Ubuntu installs what is missing.
# The checks and the list of packages are those of `fairlead doctor` (src/lab/requirements); nothing is repeated here.
set -eu

cd "$(dirname "$0")/.."
PATH="$PWD/node_modules/.bin:$PATH"

if [ ! -e node_modules/.package-lock.json ]; then
  echo 'error: node_modules is missing or incomplete: run npm ci first' >&2
  exit 3
fi
if ! command -v node >/dev/null; then
  echo 'error: there is no Node.js: npm ci brings one, unless it was told to run no scripts; then install Node.js 24' >&2
  exit 3
fi

status=0
node bin/fairlead.js doctor --install --quiet || status=$?
if [ "$status" -eq 0 ]; then
  exit 0
fi

# Without Linux and root there can be no lab; everything else works, and the lab's tests say why they are skipped.
if [ "$status" -eq 3 ] && [ "${CI:-}" != true ] && { [ "$(uname -s)" != Linux ] || [ "$(id -u)" -ne 0 ]; }; then
  echo 'Going on without the lab.' >&2
  exit 0
fi
exit "$status"
