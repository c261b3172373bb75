#!/usr/bin/env bash
# Installs Debian's Chromium for the `browser` suite, unless one that runs is there already.
set -euo pipefail

if /usr/bin/chromium --version 2>/dev/null; then exit 0; fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then as_root=(sudo); fi
"${as_root[@]}" apt-get update
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install --yes --no-install-recommends chromium
/usr/bin/chromium --version
