#!/usr/bin/env bash
# Installs local npm packages whose peer dependencies exclude each other. No registry is asked.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"; echo "widgets: nothing published"' EXIT
cd "$work"
package() {  # NAME VERSION PEER: a tarball, as a registry has it
  mkdir -p package
  printf '{"name": "%s", "version": "%s", "peerDependencies": {%s}}\n' "$@" > package/package.json
  tar -czf "$1-$2.tgz" package
}
package acme-core 2.4.0 ''
package acme-charts 3.1.0 '"acme-core": "^2.0.0"'
package acme-grid 1.8.0 '"acme-core": "^1.6.0"'
printf '{"name": "widgets", "version": "1.0.0", "dependencies": {"acme-core": "file:acme-core-2.4.0.tgz", "acme-charts": "file:acme-charts-3.1.0.tgz", "acme-grid": "file:acme-grid-1.8.0.tgz"}}\n' > package.json
echo "> widgets@1.0.0 build"
npm install --offline --strict-peer-deps --no-audit --no-fund 2>&1
code=$?
echo "npm ended with $code"
exit $code
