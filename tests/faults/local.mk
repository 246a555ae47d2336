# SPDX-License-Identifier: ISC
#
# Makes every system call fail: the linker replaces the system's functions with those of fault.c.

if WRAP
check_PROGRAMS += tests/faults/faults
TESTS += tests/faults/faults
endif
tests_faults_faults_SOURCES = \
	tests/faults/fault.c \
	tests/faults/fault.h \
	tests/faults/fault_look.c \
	tests/faults/fault_scenarios.c \
	tests/faults/fault_scenarios.h \
	tests/faults/fault_special.c \
	tests/faults/fault_world.c \
	tests/faults/fault_world.h \
	tests/faults/faults.c \
	tests/support/env.c \
	tests/support/env.h \
	tests/support/keep_prices.c \
	tests/support/keep_prices.h
tests_faults_faults_CPPFLAGS = $(support_cppflags) -I$(top_srcdir)/src
tests_faults_faults_LDFLAGS = -static \
	-Wl,--wrap=clock_gettime \
	-Wl,--wrap=close \
	-Wl,--wrap=epoll_create1 \
	-Wl,--wrap=epoll_ctl \
	-Wl,--wrap=epoll_pwait \
	-Wl,--wrap=epoll_pwait2 \
	-Wl,--wrap=epoll_wait \
	-Wl,--wrap=eventfd \
	-Wl,--wrap=fcntl \
	-Wl,--wrap=free \
	-Wl,--wrap=fstat \
	-Wl,--wrap=madvise \
	-Wl,--wrap=malloc \
	-Wl,--wrap=open \
	-Wl,--wrap=pipe \
	-Wl,--wrap=pipe2 \
	-Wl,--wrap=poll \
	-Wl,--wrap=ppoll \
	-Wl,--wrap=pselect \
	-Wl,--wrap=pthread_atfork \
	-Wl,--wrap=read \
	-Wl,--wrap=sysconf \
	-Wl,--wrap=write
tests_faults_faults_LDADD = libfdslots.la
