(** Wait on file descriptors through slots addressed by index: the C library fdslots.

    Failures raise [Unix.Unix_error]. Setting, reading and waiting allocate nothing. Times are in
    nanoseconds; a negative one never comes. The runtime lock is released in waits that may block,
    and only there; meanwhile any other call but {!wake} raises [EBUSY]. One domain at a time may
    use a buffer. A destroyed buffer raises [EINVAL]. *)

type t
(** A buffer. The garbage collector destroys one that is no longer used; the fds in it stay open. *)

(** Events are ints, united by [lor]. *)
module Event : sig
  val in_ : int
  val pri : int
  val out : int
  val rdhup : int
  val err : int
  val hup : int
  val nval : int
  val edge : int
  val oneshot : int
  val exclusive : int
  val polled : int

  val to_string : int -> string
  (** ["IN|OUT"] *)
end

val create : int -> t
val destroy : t -> unit
val resize : t -> int -> unit
val capacity : t -> int
val set_index : t -> int -> Unix.file_descr -> int -> unit
val set_events : t -> int -> int -> unit
val invalidate_index : t -> int -> unit

val close_index : t -> int -> unit
(** Closes the fd, too. *)

val pause_index : t -> int -> unit
val resume_index : t -> int -> unit
val is_paused : t -> int -> bool

val get_fd : t -> int -> Unix.file_descr
(** Raises [ENOENT] for an empty slot. *)

val get_events : t -> int -> int
val get_revents : t -> int -> int
val get_generation : t -> int -> int

val next_used : t -> int -> int
(** The lowest used index from this one up; negative where there is none. *)

val next_free : t -> int -> int
(** The lowest empty index from this one up; negative where there is none. *)

val wait : ?sigmask:int list -> t -> int -> int
(** [wait t ns] takes the cheapest way and returns the number of ready slots. [sigmask] names the
    signals that are blocked meanwhile; an empty list blocks none. *)

val wait_until : ?sigmask:int list -> t -> int -> int
(** The same until a moment on CLOCK_MONOTONIC; [max_int] never comes. *)

val ppoll : ?sigmask:int list -> t -> int -> int -> int
(** [ppoll t nfds ns] asks poll(2) about the slots below [nfds]. *)

val epoll_pwait : ?sigmask:int list -> t -> int -> int
val set_max_ready : t -> int -> unit

val next_ready : t -> int
(** The next ready slot of the last wait, or -1 after the last. Slots changed since are skipped. *)

val iter_ready : t -> (int -> Unix.file_descr -> int -> unit) -> unit
(** Calls the function with index, fd and revents of each ready slot. It may do anything: slots
    that it changes are skipped, and a wait, a clear or a destroy ends the iteration. *)

val iter_first : t -> int -> (int -> Unix.file_descr -> int -> unit) -> unit
(** The same for at most so many slots. *)

val clear_ready : t -> unit
val waker_open : t -> int -> unit

val wake : t -> unit
(** From any thread, also while another waits. *)

val waker_drain : t -> unit
val dump : t -> string
val version : unit -> string
