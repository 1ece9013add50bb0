#!/usr/bin/env bash
# Installs the Debian packages that tests talk to, when root or sudo is at hand; says what it does. Tests whose program is missing are
# reported as skipped, with the reason, so this script never fails the run.
set -uo pipefail
packages=(kcat python3-kafka python3-confluent-kafka postgresql-contrib chromium)
programs=(kcat "" "" pgbench chromium)
missing=()
for i in "${!packages[@]}"; do
  dpkg-query -W -f='${Status}' "${packages[$i]}" 2>/dev/null | grep -q "install ok installed" && continue
  [ -n "${programs[$i]}" ] && command -v "${programs[$i]}" >/dev/null && continue
  missing+=("${packages[$i]}")
done
if [ ${#missing[@]} -eq 0 ]; then exit 0; fi
if ! command -v apt-get >/dev/null; then
  echo "test tools: this system has no apt-get; without ${missing[*]} some tests are skipped"
  exit 0
fi
as_root=()
if [ "$(id -u)" != 0 ]; then
  if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then as_root=(sudo -n); else
    echo "test tools: neither root nor password-less sudo; without ${missing[*]} some tests are skipped"
    exit 0
  fi
fi
echo "test tools: apt-get install ${missing[*]}"
"${as_root[@]}" apt-get update -qq >/dev/null 2>&1
for package in "${missing[@]}"; do
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >/dev/null 2>&1 ||
    echo "test tools: $package could not be installed; its tests are skipped"
done
exit 0
