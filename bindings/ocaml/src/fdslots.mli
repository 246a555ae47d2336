(* SPDX-License-Identifier: ISC *)

(** Wait on file descriptors through slots addressed by index: the C library fdslots.

    A buffer is an array of slots. A slot holds an fd, the events wanted and the events seen;
    poll(2), ppoll(2) and epoll(7) are entry points over the same slots. The manual of the C library,
    fdslots(7), says what every call does. This page says what is different in OCaml.

    - Failures raise [Unix.Unix_error] and change nothing. An index at or above the capacity is
      [EINVAL], and so is a buffer that was destroyed.
    - Setting, reading, waiting and {!next_ready} allocate nothing.
    - Times are ints of nanoseconds. A negative timeout never ends.
    - The runtime lock is released only in waits that may block. While one thread waits, every
      call of another thread on this buffer raises [EBUSY], except {!wake} and {!capacity}.
    - One domain at a time may use a buffer, but any may call {!wake}.
    - The one rule: tell the buffer before the fd in a slot closes. *)

module Event = Fdslots_event

type t
(** A buffer. The garbage collector destroys an unused buffer; the fds in it stay open. *)

(** {1 Memory} *)

val create : ?no_epoll:bool -> ?check:bool -> int -> t
(** [create nslots] makes a buffer of empty slots. Those above the highest index ever set cost no
    resident memory.
    @param no_epoll poll only: the buffer never opens an fd
    @param check every wait verifies that the one rule was kept: a slot whose fd was closed shows
    {!Event.nval} *)

val destroy : t -> unit
(** Closes the fds that the library opened, at once. The fds in the slots stay open. *)

val resize : t -> int -> unit
(** Changes the capacity, which must be above the highest used index. Everything else stays,
    including the ready set. Fewer slots end an iteration, and {!next_ready} begins again. *)

val capacity : t -> int
(** 0 for a buffer that was destroyed. *)

(** {1 Slots} *)

val set_index : t -> int -> Unix.file_descr -> int -> unit
(** [set_index t index fd events] gives the slot a new owner: its revents read 0, its generation
    changes, and a pause ends. *)

val set_events : t -> int -> int -> unit
(** Sets new events for the same open file. [ENOENT] for an empty slot. *)

val invalidate_index : t -> int -> unit
(** Empties the slot; the fd stays open. *)

val close_index : t -> int -> unit
(** Closes the fd and empties the slot. *)

val pause_index : t -> int -> unit
(** Keeps the slot, and reports nothing for it. *)

val resume_index : t -> int -> unit

val is_paused : t -> int -> bool
(** Also true for a slot with {!Event.oneshot} that was reported. *)

val get_fd : t -> int -> Unix.file_descr
(** [ENOENT] for an empty slot. *)

val get_events : t -> int -> int
(** The events that were set; 0 for an empty slot. *)

val get_revents : t -> int -> int
(** The events that the last wait reported; 0 if the slot was not ready or has been changed
    since. *)

val get_generation : t -> int -> int
(** A number that changes whenever the slot gets another owner. *)

val next_used : t -> int -> int
(** [next_used t from] is the lowest index from there up whose slot is not empty, or -1. *)

val next_free : t -> int -> int
(** The lowest index from there up whose slot is empty, or -1. *)

(** {1 Waiting}

    Every wait returns the number of ready slots, or 0 after a timeout, which never ends early.
    [sigmask] names the signals that are blocked during the wait. An empty list blocks none; without
    it, the mask does not change. A signal raises [EINTR] after its handler has run. If the signal is
    blocked outside the wait, OCaml runs the handler when it is unblocked. *)

val wait : ?sigmask:int list -> t -> int -> int
(** [wait t ns] takes the way that is cheapest for this wait. *)

val wait_until : ?sigmask:int list -> t -> int -> int
(** The same until a time on CLOCK_MONOTONIC. A time that is over, even a negative one, does not
    block. [max_int] is 146 years. *)

val ppoll : ?sigmask:int list -> t -> int -> int -> int
(** [ppoll t nfds ns] asks ppoll(2) about the slots below [nfds]. *)

val epoll_pwait : ?sigmask:int list -> t -> int -> int
(** [epoll_pwait t ns] asks epoll(7) about all slots. *)

val set_max_ready : t -> int -> unit
(** Limits the slots that one wait reports; at first, there is no limit. The other slots come in
    later waits. *)

(** {1 Ready set}

    The slots that the last wait reported, in no particular order. Slots that have been changed since
    are skipped. *)

val next_ready : t -> int
(** The next ready slot of the last wait, or -1 after the last one. No closure is needed:
    {[
      let rec serve () =
        let i = Fdslots.next_ready t in
        if i >= 0 then begin
          handle (Fdslots.get_fd t i) (Fdslots.get_revents t i);
          serve ()
        end
    ]} *)

val iter_ready : t -> (int -> Unix.file_descr -> int -> unit) -> unit
(** Calls the function with the index, fd and revents of every ready slot. The function may do
    anything, even raise. A wait, {!clear_ready}, {!destroy} or a {!resize} to fewer slots in it ends
    the iteration. *)

val iter_first : t -> int -> (int -> Unix.file_descr -> int -> unit) -> unit
(** [iter_first t n f] is the same for at most [n] slots. *)

val clear_ready : t -> unit

(** {1 Wake, embed, look} *)

val waker_open : t -> int -> unit
(** Opens the waker of this buffer in an empty slot. *)

val wake : t -> unit
(** Makes the waker's slot ready. Any thread or signal handler may call it, even while another
    thread waits. [ENOENT] if there is no waker. *)

val waker_drain : t -> unit
(** Takes back all wakes so far. Call it before looking for the work that they announced. *)

val epoll_fd : t -> Unix.file_descr
(** An fd that nests the buffer in another loop. It reads as ready while a registered slot is ready.
    Call this again after changing slots. The fd belongs to the library. *)

val rebuild : t -> unit
(** Rebuilds the kernel's set. Programs that keep the one rule never need it. *)

(** Counters of a buffer since it was made. *)
type stats = {
  waits : int;  (** waits that reached the kernel *)
  poll_calls : int;  (** calls of poll(2) and ppoll(2) *)
  epoll_calls : int;  (** calls of epoll_wait(2), epoll_pwait(2) and epoll_pwait2(2) *)
  epoll_ctl_calls : int;
  ghosts_dropped : int;  (** reports of files that were no longer in any slot *)
  rebuilds : int;
  fallbacks : int;  (** how often {!wait} was refused a mechanism and used the other *)
  lost : int;  (** slots whose fd was closed without notice, found by [check] *)
  polled : int;  (** waits that asked poll(2) about slots beside the set *)
}

val stats : t -> stats

val dump : t -> string
(** The used slots as a table for people to read. *)

val version : unit -> string
(** The version of the C library at run time. *)

(** Features that depend on the kernel. *)
type feature =
  | Ppoll  (** ppoll(2): a [sigmask] in {!ppoll} *)
  | Epoll
  | Epoll_ns  (** epoll_pwait2(2): nanoseconds in {!epoll_pwait} *)

val has : feature -> bool
