# SPDX-License-Identifier: ISC
# Programs to start from. Plain make builds them. They use the library as any other program would.
# Their sources are installed, to be read and copied.
exampledir = $(docdir)/examples
dist_example_DATA = $(server_sources) $(deadlines_sources) $(embed_sources)
example_tests =
TESTS += $(example_tests)
EXTRA_DIST += $(example_tests)

# ---- the smallest use ----
noinst_PROGRAMS += examples/pipes
examples_pipes_SOURCES = examples/pipes.c
dist_example_DATA += $(examples_pipes_SOURCES)
examples_pipes_LDADD = libfdslots.la
example_tests += examples/test-pipes.sh

# ---- shared by the servers ----
server_sources = examples/server.c examples/server.h

# ---- connections ----
noinst_PROGRAMS += examples/echo
examples_echo_SOURCES = \
	examples/echo.c \
	examples/echo.h \
	examples/echo_client.c \
	examples/echo_net.c \
	examples/echo_selftest.c \
	examples/echo_server.c \
	examples/echo_signals.c \
	examples/echo_threads.c \
	examples/echo_wait.c
dist_example_DATA += $(examples_echo_SOURCES)
examples_echo_LDADD = libfdslots.la -lpthread
example_tests += examples/test-echo.sh

# ---- children, a timer and a socket ----
noinst_PROGRAMS += examples/signals
signals_sources = \
	examples/signals.c \
	examples/signals.h \
	examples/signals_children.c
dist_example_DATA += $(signals_sources)
examples_signals_SOURCES = $(signals_sources) $(server_sources)
examples_signals_LDADD = libfdslots.la
example_tests += examples/test-signals.sh

# ---- no heap: linked with the static library, which brings in only what is used ----
noinst_PROGRAMS += examples/static-memory
examples_static_memory_SOURCES = examples/static-memory.c
dist_example_DATA += $(examples_static_memory_SOURCES)
examples_static_memory_LDFLAGS = -static
examples_static_memory_LDADD = libfdslots.la
example_tests += examples/test-static-memory.sh

# ---- threads that work ----
noinst_PROGRAMS += examples/workers
workers_sources = \
	examples/workers.c \
	examples/workers.h \
	examples/workers_cksum.c \
	examples/workers_pool.c \
	examples/workers_server.c
dist_example_DATA += $(workers_sources)
examples_workers_SOURCES = $(workers_sources) $(server_sources)
examples_workers_LDADD = libfdslots.la -lpthread
example_tests += examples/test-workers.sh

# ---- a heap of deadlines, to be copied into other programs ----
deadlines_sources = examples/deadlines.c examples/deadlines.h
check_PROGRAMS += examples/test_deadlines
examples_test_deadlines_SOURCES = examples/test_deadlines.c $(deadlines_sources)
TESTS += examples/test_deadlines

# ---- deadlines and back-pressure ----
noinst_PROGRAMS += examples/http
http_sources = \
	examples/http.c \
	examples/http.h \
	examples/http_connection.c \
	examples/http_file.c \
	examples/http_request.c \
	examples/http_response.c \
	examples/http_server.c
dist_example_DATA += $(http_sources)
examples_http_SOURCES = $(http_sources) $(deadlines_sources) $(server_sources)
examples_http_LDADD = libfdslots.la
example_tests += examples/test-http.sh
EXTRA_DIST += examples/http-load.sh

# ---- half-close, back-pressure, idle timeouts ----
noinst_PROGRAMS += examples/forward
forward_sources = \
	examples/forward.c \
	examples/forward.h \
	examples/forward_server.c \
	examples/forward_stream.c
dist_example_DATA += $(forward_sources)
examples_forward_SOURCES = $(forward_sources) $(deadlines_sources) $(server_sources)
examples_forward_LDADD = libfdslots.la
check_PROGRAMS += examples/test_forward
examples_test_forward_SOURCES = examples/test_forward.c
examples_test_forward_LDADD = libfdslots.la
TESTS += examples/test_forward

# ---- the sockets and the timer of libcurl, where it is installed ----
examples_curl_multi_SOURCES = examples/curl-multi.c $(server_sources)
dist_example_DATA += examples/curl-multi.c
examples_curl_multi_LDADD = libfdslots.la -lcurl
EXTRA_DIST += examples/test-curl-multi.sh
if HAVE_LIBCURL
noinst_PROGRAMS += examples/curl-multi
TESTS += examples/test-curl-multi.sh
endif

# ---- in one thread with other loops; each program runs its own test ----
embed_sources = examples/embed.c examples/embed.h
dist_example_DATA += examples/embed-libev.c examples/embed-libuv.c examples/embed-glib.c
embed_programs =
examples_embed_libev_SOURCES = examples/embed-libev.c $(embed_sources)
examples_embed_libev_LDADD = libfdslots.la -lev
examples_embed_libuv_SOURCES = examples/embed-libuv.c $(embed_sources)
examples_embed_libuv_LDADD = libfdslots.la -luv -lpthread
examples_embed_glib_SOURCES = examples/embed-glib.c $(embed_sources)
examples_embed_glib_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
examples_embed_glib_LDADD = libfdslots.la $(GLIB_LIBS)
if HAVE_LIBEV
embed_programs += examples/embed-libev
endif
if HAVE_LIBUV
embed_programs += examples/embed-libuv
endif
if HAVE_GLIB
embed_programs += examples/embed-glib
endif
noinst_PROGRAMS += $(embed_programs)
TESTS += $(embed_programs)
