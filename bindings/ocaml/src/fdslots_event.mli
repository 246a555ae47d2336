(* SPDX-License-Identifier: ISC *)

(** Events are ints, combined by [lor]: those of poll(2), and four that say how to wait for them. *)

val in_ : int
val pri : int
val out : int

val rdhup : int
(** 0 if the platform does not have it. *)

val rdnorm : int
val rdband : int
val wrnorm : int
val wrband : int

(** {1 Always reported, and accepted} *)

val err : int
val hup : int
val nval : int

(** {1 How to wait} *)

val edge : int
(** Report new events only. {!Fdslots.ppoll} refuses it with [EOPNOTSUPP]. *)

val oneshot : int
(** Pause the slot once it was reported. *)

val exclusive : int
(** Wake one of the epoll sets that wait on the file, not all. {!Fdslots.ppoll} refuses it. *)

val polled : int
(** Poll the slot beside the epoll set, whatever its file. *)

val mem : int -> int -> bool
(** Whether the two have an event in common. *)

val to_string : int -> string
(** ["IN|OUT"]; ["0"] for none. *)
