(* SPDX-License-Identifier: ISC *)

(** Wait on file descriptors through slots addressed by index: the C library fdslots.

    A buffer is an array of slots. A slot holds an fd, the events wanted and the events seen;
    poll(2), ppoll(2) and epoll(7) are entry points over the same slots. The manual of the C library,
    fdslots(3), says what each call does; here stands what OCaml adds.

    - Failures raise [Unix.Unix_error] and change nothing. An index at or above the capacity is
      [EINVAL], and so is a buffer that was destroyed.
    - Setting, reading, waiting and {!next_ready} allocate nothing.
    - Times are ints of nanoseconds; a negative one never comes.
    - The runtime lock is released in waits that may block, and only there. While one thread
      waits, every call of another on this buffer raises [EBUSY], but {!wake} and {!capacity}.
    - One domain at a time may use a buffer, but any may call {!wake}.
    - The one rule: tell the buffer before the fd in a slot closes. *)

module Event = Fdslots_event

type t
(** A buffer. The garbage collector destroys one that is no longer used; the fds in it stay open. *)

(** {1 Memory} *)

val create : ?no_epoll:bool -> ?check:bool -> int -> t
(** [create nslots] makes a buffer of empty slots. Those above the highest index ever set cost no
    resident memory.
    @param no_epoll poll only: the buffer never opens an fd
    @param check every wait verifies that the one rule was kept: a slot whose fd was closed shows
    {!Event.nval} *)

val destroy : t -> unit
(** Closes what the library opened, at once. The fds in the slots stay open. *)

val resize : t -> int -> unit
(** Another capacity, above the highest used index. All stays as it is, the ready set included. *)

val capacity : t -> int
(** 0 once destroyed. *)

(** {1 Slots} *)

val set_index : t -> int -> Unix.file_descr -> int -> unit
(** [set_index t index fd events] gives the slot a new owner: its revents read 0, its generation
    changes, a pause ends. *)

val set_events : t -> int -> int -> unit
(** New events for the same open file. [ENOENT] for an empty slot. *)

val invalidate_index : t -> int -> unit
(** Empties the slot; the fd stays open. *)

val close_index : t -> int -> unit
(** Closes the fd and empties the slot. *)

val pause_index : t -> int -> unit
(** Keeps the slot, and reports nothing for it. *)

val resume_index : t -> int -> unit

val is_paused : t -> int -> bool
(** Also for a slot with {!Event.oneshot} that was reported. *)

val get_fd : t -> int -> Unix.file_descr
(** [ENOENT] for an empty slot. *)

val get_events : t -> int -> int
(** As they were set; 0 for an empty slot. *)

val get_revents : t -> int -> int
(** What the last wait reported; 0 for a slot that was not ready, or was changed since. *)

val get_generation : t -> int -> int
(** Changes each time the slot gets another owner. *)

val next_used : t -> int -> int
(** [next_used t from] is the lowest index from there up whose slot is not empty, or -1. *)

val next_free : t -> int -> int
(** The lowest index from there up whose slot is empty, or -1. *)

(** {1 Waiting}

    Each wait returns the number of ready slots, and 0 where the time ran out; it never ends early.
    [sigmask] names the signals that are blocked meanwhile; an empty list blocks none, and without
    it the mask stays as it is. A signal raises [EINTR] once its handler has run; where it is
    blocked outside the wait, OCaml runs the handler when it is unblocked. *)

val wait : ?sigmask:int list -> t -> int -> int
(** [wait t ns] takes the cheapest way for this very wait. *)

val wait_until : ?sigmask:int list -> t -> int -> int
(** The same until a moment on CLOCK_MONOTONIC. One that is over does not block, negative ones
    included; [max_int] is 146 years. *)

val ppoll : ?sigmask:int list -> t -> int -> int -> int
(** [ppoll t nfds ns] asks ppoll(2) about the slots below [nfds]. *)

val epoll_pwait : ?sigmask:int list -> t -> int -> int
(** [epoll_pwait t ns] asks epoll(7) about all slots. *)

val set_max_ready : t -> int -> unit
(** The most slots that one wait reports; at first, all. The rest come in the next waits. *)

(** {1 Ready set}

    What the last wait found, in no particular order. Slots that were changed since are skipped. *)

val next_ready : t -> int
(** The next ready slot of the last wait; -1 after the last. No closure is needed:
    {[
      let rec serve () =
        let i = Fdslots.next_ready t in
        if i >= 0 then begin
          handle (Fdslots.get_fd t i) (Fdslots.get_revents t i);
          serve ()
        end
    ]} *)

val iter_ready : t -> (int -> Unix.file_descr -> int -> unit) -> unit
(** Calls the function with index, fd and revents of each ready slot. It may do anything, raise
    included: a wait, {!clear_ready} or {!destroy} in it ends the iteration. *)

val iter_first : t -> int -> (int -> Unix.file_descr -> int -> unit) -> unit
(** [iter_first t n f] is the same for at most [n] slots. *)

val clear_ready : t -> unit

(** {1 Wake, embed, look} *)

val waker_open : t -> int -> unit
(** Opens the waker of this buffer in an empty slot. *)

val wake : t -> unit
(** Makes the waker's slot ready, from any thread or signal handler, also while another thread waits.
    [ENOENT] where there is no waker. *)

val waker_drain : t -> unit
(** Takes back all wakes so far. Call it before looking for the work that they announce. *)

val epoll_fd : t -> Unix.file_descr
(** Reads ready while a registered slot is, to nest the buffer in another loop. Call it again after
    changing slots. It belongs to the library. *)

val rebuild : t -> unit
(** Makes the kernel's set anew. Who keeps the one rule never needs it. *)

(** What a buffer has done since it was made. *)
type stats = {
  waits : int;  (** that reached the kernel *)
  poll_calls : int;  (** poll(2), ppoll(2) *)
  epoll_calls : int;  (** epoll_wait(2), epoll_pwait(2), epoll_pwait2(2) *)
  epoll_ctl_calls : int;
  ghosts_dropped : int;  (** reports of files no longer in any slot *)
  rebuilds : int;
  fallbacks : int;  (** {!wait} was refused a mechanism and used the other *)
  lost : int;  (** slots whose fd was closed behind their back, found by [check] *)
  polled : int;  (** waits that asked poll(2) about slots beside the set *)
}

val stats : t -> stats

val dump : t -> string
(** The used slots as a table that a person can read. *)

val version : unit -> string
(** Of the C library, at run time. *)

(** What may work on this kernel. *)
type feature =
  | Ppoll  (** ppoll(2): a [sigmask] in {!ppoll} *)
  | Epoll
  | Epoll_ns  (** epoll_pwait2(2): nanoseconds in {!epoll_pwait} *)

val has : feature -> bool
