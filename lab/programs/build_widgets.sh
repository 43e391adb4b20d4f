#!/usr/bin/env bash
# Installs local npm packages whose peer dependencies exclude each other. No registry is asked.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"; echo "widgets: nothing published"' EXIT
cd "$work"
package() {  # NAME VERSION PEER
  mkdir "$1" && printf '{"name": "%s", "version": "%s", "peerDependencies": {%s}}\n' "$@" > "$1/package.json"
}
package acme-core 2.4.0 ''
package acme-charts 3.1.0 '"acme-core": "^2.0.0"'
package acme-grid 1.8.0 '"acme-core": "^1.6.0"'
printf '{"name": "widgets", "version": "1.0.0", "dependencies": {"acme-core": "file:acme-core", "acme-charts": "file:acme-charts", "acme-grid": "file:acme-grid"}}\n' > package.json
echo "> widgets@1.0.0 build"
npm install --offline --no-audit --no-fund 2>&1
code=$?
echo "npm ended with $code"
exit $code
