#!/usr/bin/env bash
# Compiles a job against version 2 of a library and runs it with version 1.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir old new job
printf 'package com.acme.books;\npublic class Books {\n  public String name() { return "books"; }\n}\n' > old/Books.java
printf 'package com.acme.books;\npublic class Books {\n  public String name() { return "books"; }\n  public String name(int year) { return "books " + year; }\n}\n' > new/Books.java
printf 'package com.acme.export;\nimport com.acme.books.Books;\npublic class Export {\n  public static void main(String[] years) {\n    Books books = new Books();\n    for (int part = 1; part <= 12; part++) System.out.println("INFO  export part " + part + " of " + books.name() + ": 0 errors");\n    System.out.println(books.name(2026));\n  }\n}\n' > job/Export.java
javac -d old/classes old/Books.java && javac -d new/classes new/Books.java \
  && javac -cp new/classes -d job/classes job/Export.java || exit 1
echo "+ java -cp lib/books-1.9.jar:export.jar com.acme.export.Export"
java -cp old/classes:job/classes com.acme.export.Export
code=$?
echo "export ended with $code, keeping the last snapshot"
exit $code
