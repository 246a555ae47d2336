#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The OCaml bindings, built against the installed library: all of their tests, the quick ones also
# under valgrind, the first program of their README, the example, a round of the benchmark, and the
# documentation.
. .ci/lib.sh
skip_where_libtool_fails
install_packages ocaml ocaml-dune ocaml-findlib ocaml-odoc libalcotest-ocaml-dev valgrind
configure --prefix="$BUILD/root" --disable-static
make -C "$BUILD" -j "$jobs" install-libLTLIBRARIES install-includeHEADERS install-pkgconfigDATA

tracked bindings/ocaml | tar -c --null -T - | tar -x -C "$BUILD"
cd "$BUILD/bindings/ocaml"
export PKG_CONFIG_PATH=$BUILD/root/lib/pkgconfig LD_LIBRARY_PATH=$BUILD/root/lib

mkdir readme
# shellcheck disable=SC2016 # backquotes of Markdown
block() { awk -v kind="$1" '/^```/ { inside = $0 == "```" kind; next } inside' README.md; }
block ocaml >readme/first.ml
block text >readme/expected
echo '(executable (name first) (libraries fdslots))' >readme/dune

dune build --root . -j "$jobs" @install {readme/first,examples/echo,bench/bench,test/test_fdslots}.exe
cd _build/default
readme/first.exe | diff ../../readme/expected -
timeout 60 test/test_fdslots.exe | tee ../../tests.log
timeout 120 valgrind --quiet --fair-sched=yes --error-exitcode=9 test/test_fdslots.exe --quick-tests
timeout 60 valgrind --quiet --fair-sched=yes --error-exitcode=9 examples/echo.exe --self-test 50
timeout 60 bench/bench.exe 1
cd ../..

# odoc misses Unix, whose documentation Debian does not ship. Nothing else may be missing. With
# --display short, dune names the commands that it runs, whatever its output is connected to.
dune build --root . --display short @doc 2>&1 | tee doc.log
known=(-e '^ *odoc ' -e '^File .*\.odoc":$' -e "Couldn't find the following modules:" -e '^  Unix$')
if grep -v "${known[@]}" doc.log; then exit 1; fi
passed=$(grep -c '\[OK\]' tests.log)
echo "$((passed + 4)) passed, 0 failed, 0 skipped"
