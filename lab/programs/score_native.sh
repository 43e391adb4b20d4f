#!/usr/bin/env bash
# Links a program with version 2 of a library and starts it with version 1.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir lib
printf 'int score() { return 7; }\n' > score.cpp
printf 'int score(); int main() { return score() - 7; }\n' > main.cpp
printf 'LEDGER_1.0 { global: *; };\n' > one.map
printf 'LEDGER_2.0 { global: *; };\n' > two.map
g++ -shared -fPIC score.cpp -o lib/libledger.so -Wl,-soname,libledger.so,--version-script=two.map || exit 1
g++ main.cpp -o scorer -Llib -lledger || exit 1
g++ -shared -fPIC score.cpp -o lib/libledger.so -Wl,-soname,libledger.so,--version-script=one.map || exit 1
echo "scoring 40,000 contracts with libledger"
LD_LIBRARY_PATH=$work/lib ./scorer
code=$?
echo "scores: none written"
exit $code
