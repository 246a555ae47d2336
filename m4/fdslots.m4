# SPDX-License-Identifier: ISC
# The probes of configure.ac, with one macro for each.

# `make dist` packs the same bytes, whenever and by whomever it is run: the files are sorted, have
# the same date and no owner. GNU tar takes these options from its environment. Makefile.am sets the
# date.
AC_DEFUN([FDSLOTS_REPRODUCIBLE_DIST], [
  fdslots_tar_options='--sort=name --mtime=@$(dist_date) --owner=0 --group=0 --numeric-owner'
  fdslots_tar_options="$fdslots_tar_options --mode=u+rw,go=rX,a-s"
  am__tar="LC_ALL=C TAR_OPTIONS=\"$fdslots_tar_options\" $am__tar"
])

# Warnings that the compiler supports. They are errors only on request, so that a newer compiler
# cannot break a user's build.
AC_DEFUN([FDSLOTS_WARNINGS], [
  AC_ARG_ENABLE([werror], [AS_HELP_STRING([--enable-werror], [treat warnings as errors])],
    [fdslots_werror=$enableval], [fdslots_werror=no])
  WARN_CFLAGS=
  AX_APPEND_COMPILE_FLAGS([-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion dnl
    -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wpointer-arith dnl
    -Wcast-qual -Wcast-align=strict -Wundef -Wvla -Wwrite-strings -Wformat=2 dnl
    -Wnull-dereference -Wduplicated-cond -Wlogical-op], [WARN_CFLAGS], [-Werror])
  AS_IF([test "x$fdslots_werror" = xyes], [AS_VAR_APPEND([WARN_CFLAGS], [" -Werror"])])
  AC_SUBST([WARN_CFLAGS])
  VISIBILITY_CFLAGS=
  AX_APPEND_COMPILE_FLAGS([-fvisibility=hidden], [VISIBILITY_CFLAGS], [-Werror])
  AC_SUBST([VISIBILITY_CFLAGS])
])

# The objects of the static library must suit programs of any kind, even -static-pie. For the shared
# library, libtool adds -fPIC, which comes later and therefore takes effect.
AC_DEFUN([FDSLOTS_PIE], [
  PIE_CFLAGS=
  AX_APPEND_COMPILE_FLAGS([-fPIE], [PIE_CFLAGS], [-Werror])
  AC_SUBST([PIE_CFLAGS])
])

# The symbol map, if the linker accepts one.
AC_DEFUN([FDSLOTS_SYMBOL_MAP], [
  AC_CACHE_CHECK([whether the linker accepts a version script], [fdslots_cv_version_script], [
    AS_ECHO(["T_1 { global: *; };"]) > conftest.map
    fdslots_saved_LDFLAGS=$LDFLAGS
    LDFLAGS="$LDFLAGS -Wl,--version-script=conftest.map"
    AC_LINK_IFELSE([AC_LANG_PROGRAM()],
      [fdslots_cv_version_script=yes], [fdslots_cv_version_script=no])
    LDFLAGS=$fdslots_saved_LDFLAGS
    rm -f conftest.map
  ])
  fdslots_symbol_map=$fdslots_cv_version_script
  AM_CONDITIONAL([SYMBOL_MAP], [test "x$fdslots_symbol_map" = xyes])
])

# The library calls its own functions, even if a program or a plugin has others with the same names.
AC_DEFUN([FDSLOTS_SYMBOLIC], [
  AC_CACHE_CHECK([whether the linker accepts -Bsymbolic-functions], [fdslots_cv_symbolic], [
    fdslots_saved_LDFLAGS=$LDFLAGS
    LDFLAGS="$LDFLAGS -Wl,-Bsymbolic-functions"
    AC_LINK_IFELSE([AC_LANG_PROGRAM()], [fdslots_cv_symbolic=yes], [fdslots_cv_symbolic=no])
    LDFLAGS=$fdslots_saved_LDFLAGS
  ])
  AM_CONDITIONAL([SYMBOLIC], [test "x$fdslots_cv_symbolic" = xyes])
])

# tests/faults/faults replaces the functions of the C library that the library calls.
AC_DEFUN([FDSLOTS_WRAP], [
  AC_CACHE_CHECK([whether the linker accepts --wrap], [fdslots_cv_wrap], [
    fdslots_saved_LDFLAGS=$LDFLAGS
    LDFLAGS="$LDFLAGS -Wl,--wrap=close"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([[
int close(int fd);
int __real_close(int fd);
int __wrap_close(int fd) { return __real_close(fd); }
]], [[return close(0);]])], [fdslots_cv_wrap=yes], [fdslots_cv_wrap=no])
    LDFLAGS=$fdslots_saved_LDFLAGS
  ])
  AM_CONDITIONAL([WRAP], [test "x$fdslots_cv_wrap" = xyes])
])

# Libraries that a program linked with the static library also needs if threads are not part of the
# C library.
AC_DEFUN([FDSLOTS_THREADS], [
  AC_CACHE_CHECK([for the library of pthread_once and pthread_atfork], [fdslots_cv_thread_libs], [
    fdslots_saved_LIBS=$LIBS
    fdslots_cv_thread_libs=missing
    for fdslots_libs in '' -lpthread; do
      LIBS="$fdslots_libs $fdslots_saved_LIBS"
      AC_LINK_IFELSE([AC_LANG_PROGRAM([[
#include <pthread.h>
static pthread_once_t once = PTHREAD_ONCE_INIT;
static void f(void) {}
]], [[return pthread_once(&once, f) + pthread_atfork(f, f, f);]])],
        [fdslots_cv_thread_libs=${fdslots_libs:-none}; break])
    done
    LIBS=$fdslots_saved_LIBS
  ])
  AS_CASE([$fdslots_cv_thread_libs],
    [missing], [AC_MSG_ERROR([POSIX threads are missing])],
    [none], [THREAD_LIBS=],
    [THREAD_LIBS=$fdslots_cv_thread_libs])
  AC_SUBST([THREAD_LIBS])
])

AC_DEFUN([FDSLOTS_PPOLL], [
  AC_ARG_ENABLE([ppoll], [AS_HELP_STRING([--disable-ppoll], [build as for a system without ppoll])],
    [], [enable_ppoll=yes])
  AS_IF([test "x$enable_ppoll" = xyes], [AC_CHECK_FUNC([ppoll], [], [enable_ppoll=no])])
  fdslots_ppoll=$enable_ppoll
  AS_IF([test "x$enable_ppoll" = xyes], [
    AC_DEFINE([HAVE_PPOLL], [1], [ppoll is there, and not left out])
  ])
])

AC_DEFUN([FDSLOTS_EVENTFD], [
  AC_ARG_ENABLE([eventfd], [AS_HELP_STRING([--disable-eventfd], [wake through a pipe])],
    [], [enable_eventfd=yes])
  AS_IF([test "x$enable_eventfd" = xyes], [AC_CHECK_FUNC([eventfd], [], [enable_eventfd=no])])
  fdslots_eventfd=$enable_eventfd
  AS_IF([test "x$enable_eventfd" = xyes], [
    AC_DEFINE([HAVE_EVENTFD], [1], [eventfd is there, and not left out])
  ])
])

AC_DEFUN([FDSLOTS_EPOLL], [
  AC_ARG_ENABLE([epoll], [AS_HELP_STRING([--disable-epoll], [build with poll and ppoll only])],
    [], [enable_epoll=yes])
  AS_IF([test "x$enable_epoll" = xyes], [AC_CHECK_FUNC([epoll_pwait], [], [enable_epoll=no])])
  # Events are passed from poll to epoll unchanged, but a few machines number them differently.
  AS_IF([test "x$enable_epoll" = xyes], [
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[
#include <poll.h>
#include <sys/epoll.h>
_Static_assert(POLLIN == EPOLLIN && POLLPRI == EPOLLPRI && POLLOUT == EPOLLOUT &&
               POLLERR == EPOLLERR && POLLHUP == EPOLLHUP && POLLRDHUP == EPOLLRDHUP &&
               POLLRDNORM == EPOLLRDNORM && POLLRDBAND == EPOLLRDBAND &&
               POLLWRNORM == EPOLLWRNORM && POLLWRBAND == EPOLLWRBAND, "");
]])], [], [enable_epoll="no (its events differ from those of poll on this machine)"])])
  AS_IF([test "x$enable_epoll" = xyes], [
    AC_DEFINE([HAVE_EPOLL], [1], [epoll is there, and not left out])
    AC_CHECK_FUNCS([epoll_pwait2])
  ])
  AC_CHECK_DECLS([EPOLLEXCLUSIVE], [], [], [[#include <sys/epoll.h>]])
  fdslots_epoll=$enable_epoll
  AM_CONDITIONAL([EPOLL], [test "x$fdslots_epoll" = xyes])
])

AC_DEFUN([FDSLOTS_CHECK], [
  PKG_CHECK_MODULES([CHECK], [check >= 0.15],
    [fdslots_check=yes], [fdslots_check="no (Check >= 0.15 is missing)"])
  AM_CONDITIONAL([HAVE_CHECK], [test "x$fdslots_check" = xyes])
])

# tests/foreign preloads a library into Debian's programs.
AC_DEFUN([FDSLOTS_LINUX], [
  AM_CONDITIONAL([LINUX], [AS_CASE([$host_os], [linux*], [:], [false])])
])

# Other event loops, which the benchmark measures and some examples work with.
AC_DEFUN([FDSLOTS_PEER], [
  fdslots_saved_LIBS=$LIBS
  fdslots_peer=no
  AC_CHECK_HEADER([$2], [AC_CHECK_LIB([$3], [$4], [fdslots_peer=yes])])
  LIBS=$fdslots_saved_LIBS
  AM_CONDITIONAL([HAVE_$1], [test "x$fdslots_peer" = xyes])
])

AC_DEFUN([FDSLOTS_PEERS], [
  FDSLOTS_PEER([LIBEV], [ev.h], [ev], [ev_run])
  FDSLOTS_PEER([LIBEVENT], [event2/event.h], [event_core], [event_base_loop])
  FDSLOTS_PEER([LIBUV], [uv.h], [uv], [uv_run])
  FDSLOTS_PEER([LIBCURL], [curl/curl.h], [curl], [curl_multi_socket_action])
  fdslots_libcurl=$fdslots_peer
  PKG_CHECK_MODULES([GLIB], [glib-2.0 >= 2.36], [fdslots_glib=yes], [fdslots_glib=no])
  AM_CONDITIONAL([HAVE_GLIB], [test "x$fdslots_glib" = xyes])
])

# The fuzzer is libFuzzer, which is part of clang and brings its own main().
AC_DEFUN([FDSLOTS_FUZZER], [
  AC_CACHE_CHECK([for libFuzzer], [fdslots_cv_fuzzer], [
    fdslots_saved_CFLAGS=$CFLAGS
    CFLAGS="$CFLAGS -fsanitize=fuzzer,address,undefined"
    AC_LINK_IFELSE([AC_LANG_SOURCE([[
#include <stddef.h>
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    return data == NULL && size != 0;
}
]])], [fdslots_cv_fuzzer=yes], [fdslots_cv_fuzzer=no])
    CFLAGS=$fdslots_saved_CFLAGS
  ])
  fdslots_fuzzer=$fdslots_cv_fuzzer
  AM_CONDITIONAL([FUZZER], [test "x$fdslots_fuzzer" = xyes])
])
