(* SPDX-License-Identifier: ISC *)

(** The interface of ocaml-iomux: a program only has to add [module Iomux = Fdslots_iomux].

    Differences:
    - an [nfds] above [maxfds] raises [EINVAL];
    - a slot that is set has no revents until the next wait;
    - the function that {!Poll.iter_ready} calls may change any slot; slots that it has changed are
      skipped, and the order is unspecified;
    - a negative [Nanoseconds] raises [EINVAL];
    - an empty list of signals blocks none;
    - while a thread waits, calls of other threads on the same poller raise [EBUSY]. *)

module Util : sig
  val fd_of_unix : Unix.file_descr -> int
  val unix_of_fd : int -> Unix.file_descr
  val fd_equal : Unix.file_descr -> Unix.file_descr -> bool

  val max_open_files : unit -> int
  (** The limit of the process, at most 1,048,576. *)

  module Raw : sig
    val max_open_files : unit -> int
    (** The limit of the process, or -1 if there is none. *)
  end
end

module Poll : sig
  type t
  (** A poller. *)

  val create : ?maxfds:int -> ?auto:bool -> unit -> t
  (** @param maxfds the number of slots; {!Util.max_open_files} by default. Slots above the highest
      index ever set cost no resident memory.
      @param auto (default false) wait by {!Fdslots.wait}, which scales, if no slot from [nfds] up is
      used. *)

  val maxfds : t -> int

  (** Events of poll(2). *)
  module Flags : sig
    type t

    val pollin : t
    val pollpri : t
    val pollout : t

    val pollerr : t
    (** Always reported, like {!pollhup} and {!pollnval}. *)

    val pollhup : t
    val pollnval : t
    val empty : t
    val ( + ) : t -> t -> t

    val mem : t -> t -> bool
    (** Whether the two have an event in common. *)

    val equal : t -> t -> bool
    val to_int : t -> int

    val of_int : int -> t
    (** Also accepts the events of {!Fdslots.Event}. *)
  end

  val has_ppoll : bool

  val invalid_fd : Unix.file_descr
  (** The fd -1. *)

  type poll_timeout =
    | Infinite
    | Nowait
    | Milliseconds of int  (** negative is infinite, as for poll(2) *)

  val poll : t -> int -> poll_timeout -> int
  (** [poll t nfds timeout] waits on the slots below [nfds] and returns how many are ready. *)

  type ppoll_timeout = Infinite | Nowait | Nanoseconds of int64

  val ppoll : t -> int -> ppoll_timeout -> int list -> int
  (** [ppoll t nfds timeout sigmask] is the same with these signals blocked during the wait. [ENOSYS]
      if {!has_ppoll} is false. *)

  val ppoll_or_poll : t -> int -> ppoll_timeout -> int
  (** The same without signals. If {!has_ppoll} is false, the timeout is rounded up to
      milliseconds. *)

  val set_index : t -> int -> Unix.file_descr -> Flags.t -> unit
  (** [set_index t index fd flags]; {!invalid_fd} empties the slot. As in all functions here, an [index]
      that is not below [maxfds] raises [Invalid_argument]. *)

  val invalidate_index : t -> int -> unit
  val get_revents : t -> int -> Flags.t

  val get_fd : t -> int -> Unix.file_descr
  (** {!invalid_fd} for an empty slot. *)

  val iter_ready : t -> int -> (int -> Unix.file_descr -> Flags.t -> unit) -> unit
  (** [iter_ready t nready f] calls [f index fd revents] for at most [nready] ready slots. *)

  val slots : t -> Fdslots.t
  (** The underlying buffer, for the other functions of {!Fdslots}. *)

  (** The same calls with ints. A negative time is infinite, and an index out of range raises
      [EINVAL]. *)
  module Raw : sig
    type buffer = Fdslots.t

    val poll : buffer -> int -> int -> int
    val ppoll : buffer -> int -> int64 -> int list -> int
    val set_index : buffer -> int -> int -> int -> unit
    val get_revents : buffer -> int -> int
    val get_fd : buffer -> int -> int
  end
end
