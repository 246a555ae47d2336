(* SPDX-License-Identifier: ISC *)

(** The interface of Jane Street's [Linux_ext.Epoll], without Core: [create] is the function itself, a
    span is an int of nanoseconds, and [to_string] replaces sexps.

    Differences:
    - no wait ends early; [Linux_ext.Epoll] rounds to the nearest millisecond;
    - an fd may be closed before {!remove}, and the table is still correct;
    - regular files may be in the set;
    - {!Flags.rdhup} and {!pwait} are added;
    - while a thread waits, calls of other threads on the same set raise [EBUSY].

    All uses of a closed set raise [Failure]. *)

(** Sets of flags, which are ints inside. *)
module Flags : sig
  type t

  val none : t
  val empty : t
  val in_ : t
  val out : t
  val pri : t
  val rdhup : t

  val err : t
  (** Always reported, like {!hup}. *)

  val hup : t

  val et : t
  (** Report new events only. *)

  val oneshot : t
  (** Report once; {!set} arms it again. *)

  val of_int : int -> t
  val to_int : t -> int
  val ( + ) : t -> t -> t
  val ( - ) : t -> t -> t
  val intersect : t -> t -> t
  val complement : t -> t
  val is_empty : t -> bool
  val do_intersect : t -> t -> bool
  val are_disjoint : t -> t -> bool
  val is_subset : t -> of_:t -> bool
  val equal : t -> t -> bool
  val compare : t -> t -> int

  val to_string : t -> string
  (** ["IN|OUT"] *)
end

type t
(** A table from fds to flags, and the ready set of the last wait. *)

type span = int
(** Nanoseconds; negative counts as 0. *)

type timeout = [ `Never | `Immediately | `After of span ]

val create : num_file_descrs:int -> max_ready_events:int -> t
(** Makes a set for the fds below [num_file_descrs]. A wait reports at most [max_ready_events] of
    them. Raises [Failure] if that is not positive. *)

val close : t -> unit
(** Closing a set again does nothing. *)

val find : t -> Unix.file_descr -> Flags.t option

val find_exn : t -> Unix.file_descr -> Flags.t
(** Raises [Not_found]. *)

val mem : t -> Unix.file_descr -> bool

val set : t -> Unix.file_descr -> Flags.t -> unit
(** [Unix.Unix_error (EINVAL, _, _)] for an fd outside the set's range. *)

val remove : t -> Unix.file_descr -> unit
(** Does nothing if the fd is not in the table. *)

val iter : t -> f:(Unix.file_descr -> Flags.t -> unit) -> unit
val fold : t -> init:'a -> f:(Unix.file_descr -> Flags.t -> 'a -> 'a) -> 'a
val wait : t -> timeout:[< timeout ] -> [ `Ok | `Timeout ]

val wait_timeout_after : t -> span -> [ `Ok | `Timeout ]
(** [wait ~timeout:(`After span)] without an allocation for the timeout. *)

val pwait : t -> timeout:[< timeout ] -> int list -> [ `Ok | `Timeout ]
(** The same with these signals blocked during the wait. *)

val iter_ready : t -> f:(Unix.file_descr -> Flags.t -> unit) -> unit
(** In no particular order. The function may change the set; fds that it has changed are skipped. *)

val fold_ready : t -> init:'a -> f:('a -> Unix.file_descr -> Flags.t -> 'a) -> 'a
val clear_ready : t -> unit

val to_string : t -> string
(** A table for people to read. *)

val invariant : t -> unit

module Expert : sig
  val clear_ready : t -> unit
  (** {!clear_ready}, in the place where [Linux_ext] has it. *)
end
