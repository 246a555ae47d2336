(** The interface of ocaml-iomux: [module Iomux = Fdslots_iomux] is all that a program changes.

    Other than there: an [nfds] above [maxfds] raises [EINVAL]; a slot that is set has no revents; the
    function that {!Poll.iter_ready} calls may change any slot, and the order is unspecified; a
    negative [Nanoseconds] raises [EINVAL]; an empty list of signals blocks none. *)

module Util : sig
  val fd_of_unix : Unix.file_descr -> int
  val unix_of_fd : int -> Unix.file_descr
  val fd_equal : Unix.file_descr -> Unix.file_descr -> bool

  val max_open_files : unit -> int
  (** The limit of the process, at most 1,048,576. *)
end

module Poll : sig
  type t

  module Flags : sig
    type t

    val pollin : t
    val pollpri : t
    val pollout : t
    val pollerr : t
    val pollhup : t
    val pollnval : t
    val empty : t
    val ( + ) : t -> t -> t

    val mem : t -> t -> bool
    (** Whether the two have an event in common. *)

    val equal : t -> t -> bool
    val to_int : t -> int
    val of_int : int -> t
  end

  val create : ?maxfds:int -> ?auto:bool -> unit -> t
  (** [auto] (default false) waits by {!Fdslots.wait} where [nfds] is above all used slots. *)

  val maxfds : t -> int
  val has_ppoll : bool
  val invalid_fd : Unix.file_descr

  type poll_timeout = Infinite | Nowait | Milliseconds of int

  val poll : t -> int -> poll_timeout -> int

  type ppoll_timeout = Infinite | Nowait | Nanoseconds of int64

  val ppoll : t -> int -> ppoll_timeout -> int list -> int
  val ppoll_or_poll : t -> int -> ppoll_timeout -> int
  val set_index : t -> int -> Unix.file_descr -> Flags.t -> unit
  val invalidate_index : t -> int -> unit
  val get_revents : t -> int -> Flags.t

  val get_fd : t -> int -> Unix.file_descr
  (** {!invalid_fd} for an empty slot. *)

  val iter_ready : t -> int -> (int -> Unix.file_descr -> Flags.t -> unit) -> unit
end
