#!/bin/sh
# Make sure there is a Chromium: the system's own, Debian's package, or the one Playwright brings.
set -eu
for name in chromium chromium-browser google-chrome google-chrome-stable; do
  if command -v "$name" >/dev/null 2>&1; then exit 0; fi
done
if command -v apt-get >/dev/null 2>&1; then
  sudo=""
  if [ "$(id -u)" != 0 ]; then sudo="sudo -n"; fi
  if $sudo apt-get update -qq && $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; then
    exit 0
  fi
fi
.venv/bin/playwright install chromium || {
  echo "No Chromium found, and none could be installed. Install chromium with your package manager." >&2
  exit 1
}
