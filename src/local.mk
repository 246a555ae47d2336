# SPDX-License-Identifier: ISC
#
# The library. Nothing in a folder includes what stands below it here:
#
#     os       system calls, the clock, fork
#     core     the slots
#     poll     poll(2) and ppoll(2)
#     kernel   the kernel's set, behind the contract of kernel.h
#     waker    the waker, and what a child does
#     wait     the entry points, the ways to wait, and the choice
#     buffer   a buffer as a whole: its memory, closing, what it tells of itself

lib_LTLIBRARIES = libfdslots.la
libfdslots_la_SOURCES = \
	src/os/file_kind.c \
	src/os/file_kind.h \
	src/os/process.c \
	src/os/process.h \
	src/os/sys.h \
	src/os/timeout.c \
	src/os/timeout.h \
	src/core/index_set.c \
	src/core/index_set.h \
	src/core/layout.h \
	src/core/own_fds.c \
	src/core/read.c \
	src/core/ready.c \
	src/core/ready.h \
	src/core/slots.c \
	src/core/slots.h \
	src/core/text.c \
	src/poll/poll.c \
	src/poll/poll.h \
	src/poll/ppoll.c \
	src/kernel/kernel.h \
	src/waker/waker.c \
	src/waker/waker.h \
	src/wait/by_set.c \
	src/wait/cheapest.c \
	src/wait/choice.c \
	src/wait/choice.h \
	src/wait/entry.c \
	src/wait/prices.c \
	src/wait/prices.h \
	src/wait/steady.c \
	src/wait/ways.h \
	src/buffer/close.c \
	src/buffer/info.c \
	src/buffer/memory.c
EXTRA_libfdslots_la_SOURCES =

# What a system has is a file of its own; configure picks it.
epoll_sources = \
	src/kernel/epoll.h \
	src/kernel/epoll_check.c \
	src/kernel/epoll_run.c \
	src/kernel/epoll_set.c \
	src/kernel/epoll_sync.c \
	src/kernel/epoll_sys.h \
	src/kernel/epoll_wait.c \
	src/kernel/registration.c \
	src/kernel/registration.h
if EPOLL
libfdslots_la_SOURCES += $(epoll_sources)
EXTRA_libfdslots_la_SOURCES += src/kernel/none.c
else
libfdslots_la_SOURCES += src/kernel/none.c
EXTRA_libfdslots_la_SOURCES += $(epoll_sources)
endif

libfdslots_la_CPPFLAGS = $(AM_CPPFLAGS)
libfdslots_la_CFLAGS = $(AM_CFLAGS) $(VISIBILITY_CFLAGS) $(PIE_CFLAGS)
libfdslots_la_LDFLAGS = -version-info $(FDSLOTS_ABI) -no-undefined
libfdslots_la_LIBADD = $(THREAD_LIBS)
EXTRA_libfdslots_la_DEPENDENCIES = src/fdslots.map
EXTRA_DIST += src/fdslots.map
if SYMBOL_MAP
libfdslots_la_LDFLAGS += -Wl,--version-script=$(top_srcdir)/src/fdslots.map
endif
if SYMBOLIC
libfdslots_la_LDFLAGS += -Wl,-Bsymbolic-functions
endif
