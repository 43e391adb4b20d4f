#!/usr/bin/env bash
# Asks pip for two local packages whose requirements exclude each other; with the argument `check`
# installs them one after the other, and asks whether they fit.
set -e
work=$(mktemp -d)
trap 'rm -rf "$work"; echo "image build stopped"' EXIT
cd "$work"
package() {  # NAME VERSION REQUIREMENT: a wheel, written by hand
  python3 - "$@" <<'PY'
import sys, zipfile
name, version, requirement = sys.argv[1:]
info = f"{name}-{version}.dist-info"
with zipfile.ZipFile(f"{name}-{version}-py3-none-any.whl", "w") as wheel:
    wheel.writestr(f"{name}.py", "")
    needs = f"Requires-Dist: {requirement}\n" if requirement else ""
    wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}")
    wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    wheel.writestr(f"{info}/RECORD", "")
PY
}
package acme_common 1.9 ""
package acme_common 2.4 ""
package acme_loader 3.0 "acme_common>=2.0"
package acme_reports 1.2 "acme_common<2.0"
python3 -m venv env
if [ "${1:-}" = check ]; then
  pip="env/bin/pip --disable-pip-version-check"
  $pip install --quiet --no-index --find-links . acme_reports 2>&1
  $pip install --no-index --find-links . --no-deps acme_common==2.4 acme_loader 2>&1 | grep -v ERROR
  $pip check
  exit
fi
echo "Step 4/9 : RUN pip install -r requirements.txt"
env/bin/pip install --no-index --find-links . --disable-pip-version-check acme_loader acme_reports 2>&1
