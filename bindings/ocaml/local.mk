# SPDX-License-Identifier: ISC
# The OCaml bindings are part of the tarball. dune builds them; make never does.
EXTRA_DIST += \
	bindings/ocaml/README.md \
	bindings/ocaml/dune \
	bindings/ocaml/dune-project \
	bindings/ocaml/fdslots.opam \
	bindings/ocaml/bench/bench.ml \
	bindings/ocaml/bench/dune \
	bindings/ocaml/bench/fds.ml \
	bindings/ocaml/bench/itself.iomux.ml \
	bindings/ocaml/bench/itself.none.ml \
	bindings/ocaml/bench/ways.ml \
	bindings/ocaml/examples/dune \
	bindings/ocaml/examples/echo.ml \
	bindings/ocaml/src/dune \
	bindings/ocaml/src/fdslots.ml \
	bindings/ocaml/src/fdslots.mli \
	bindings/ocaml/src/fdslots_epoll.ml \
	bindings/ocaml/src/fdslots_epoll.mli \
	bindings/ocaml/src/fdslots_event.ml \
	bindings/ocaml/src/fdslots_event.mli \
	bindings/ocaml/src/fdslots_iomux.ml \
	bindings/ocaml/src/fdslots_iomux.mli \
	bindings/ocaml/src/stubs.h \
	bindings/ocaml/src/stubs_buffer.c \
	bindings/ocaml/src/stubs_event.c \
	bindings/ocaml/src/stubs_look.c \
	bindings/ocaml/src/stubs_mask.c \
	bindings/ocaml/src/stubs_ready.c \
	bindings/ocaml/src/stubs_slots.c \
	bindings/ocaml/src/stubs_wait.c \
	bindings/ocaml/test/allocation.ml \
	bindings/ocaml/test/children.ml \
	bindings/ocaml/test/collector.ml \
	bindings/ocaml/test/compacted.ml \
	bindings/ocaml/test/dune \
	bindings/ocaml/test/epoll.ml \
	bindings/ocaml/test/iomux.ml \
	bindings/ocaml/test/iteration.ml \
	bindings/ocaml/test/lock.ml \
	bindings/ocaml/test/native.ml \
	bindings/ocaml/test/support.ml \
	bindings/ocaml/test/test_fdslots.ml
