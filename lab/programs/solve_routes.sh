#!/usr/bin/env bash
# Compiles and runs a small solver that follows a null pointer.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat > "$work/main.cpp" <<'CPP'
#include <cstdio>
struct Stop { int vehicle; Stop *next; };
int main() {
  for (int n = 1; n < 40; ++n) std::printf("vehicle %d: cost %d, 0 violations\n", n, n * 17 % 23);
  std::fflush(stdout);
  Stop depot{0, nullptr};
  volatile Stop *stop = depot.next;
  return stop->vehicle;
}
CPP
g++ -O0 "$work/main.cpp" -o "$work/solver" || exit 1
"$work/solver"
code=$?
echo "solver ended with $code"
exit $code
