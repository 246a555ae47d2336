(** The interface of Jane Street's [Linux_ext.Epoll], without Core.

    Other than there: no wait ends early by rounding; an fd may be closed before {!remove}, and
    regular files may be in the set. A closed set raises [Failure]. *)

module Flags : sig
  type t

  val none : t
  val in_ : t
  val out : t
  val pri : t
  val rdhup : t
  val err : t
  val hup : t
  val et : t
  val oneshot : t
  val ( + ) : t -> t -> t
  val ( - ) : t -> t -> t
  val equal : t -> t -> bool
  val is_empty : t -> bool
  val do_intersect : t -> t -> bool
  val is_subset : t -> of_:t -> bool
  val to_string : t -> string
end

type t

type span = int
(** Nanoseconds; negative counts as 0. *)

val create : num_file_descrs:int -> max_ready_events:int -> t
val close : t -> unit
val find : t -> Unix.file_descr -> Flags.t option

val find_exn : t -> Unix.file_descr -> Flags.t
(** Raises [Not_found]. *)

val mem : t -> Unix.file_descr -> bool
val set : t -> Unix.file_descr -> Flags.t -> unit
val remove : t -> Unix.file_descr -> unit
val iter : t -> f:(Unix.file_descr -> Flags.t -> unit) -> unit
val fold : t -> init:'a -> f:(Unix.file_descr -> Flags.t -> 'a -> 'a) -> 'a
val wait : t -> timeout:[ `Never | `Immediately | `After of span ] -> [ `Ok | `Timeout ]
val wait_timeout_after : t -> span -> [ `Ok | `Timeout ]

val pwait :
  t -> timeout:[ `Never | `Immediately | `After of span ] -> int list -> [ `Ok | `Timeout ]
(** With these signals blocked meanwhile. *)

val iter_ready : t -> f:(Unix.file_descr -> Flags.t -> unit) -> unit
val fold_ready : t -> init:'a -> f:('a -> Unix.file_descr -> Flags.t -> 'a) -> 'a
val clear_ready : t -> unit

val to_string : t -> string
(** A table that a person can read. *)

module Expert : sig
  val clear_ready : t -> unit
end
