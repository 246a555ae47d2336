(* SPDX-License-Identifier: ISC *)
module Util = struct
  module Raw = struct
    external max_open_files : unit -> int = "fdslots_ml_open_max" [@@noalloc]
  end

  external fd_of_unix : Unix.file_descr -> int = "%identity"
  external unix_of_fd : int -> Unix.file_descr = "%identity"

  let fd_equal a b = Int.equal (fd_of_unix a) (fd_of_unix b)
  let most = 1_048_576

  let max_open_files () =
    let n = Raw.max_open_files () in
    if n < 1 || n > most then most else n
end

module Poll = struct
  type t = { slots : Fdslots.t; auto : bool }

  module Flags = struct
    type t = int

    let pollin = Fdslots.Event.in_
    let pollpri = Fdslots.Event.pri
    let pollout = Fdslots.Event.out
    let pollerr = Fdslots.Event.err
    let pollhup = Fdslots.Event.hup
    let pollnval = Fdslots.Event.nval
    let empty = 0
    let ( + ) = ( lor )
    let mem = Fdslots.Event.mem
    let equal = Int.equal
    let to_int = Fun.id
    let of_int = Fun.id
  end

  let has_ppoll = Fdslots.has Ppoll
  let invalid_fd = Util.unix_of_fd (-1)
  let refuse error call = raise (Unix.Unix_error (error, call, ""))

  (* ---- time in nanoseconds ---- *)

  type poll_timeout = Infinite | Nowait | Milliseconds of int
  type ppoll_timeout = Infinite | Nowait | Nanoseconds of int64

  let of_milliseconds ms =
    if ms < 0 then -1 else if ms > max_int / 1_000_000 then max_int else ms * 1_000_000

  let of_poll_timeout (timeout : poll_timeout) =
    match timeout with
    | Infinite -> -1
    | Nowait -> 0
    | Milliseconds ms -> of_milliseconds ms

  let of_nanoseconds ns =
    if Int64.compare ns 0L < 0 then refuse Unix.EINVAL "ppoll"
    else if Int64.compare ns (Int64.of_int max_int) > 0 then max_int
    else Int64.to_int ns

  let of_ppoll_timeout (timeout : ppoll_timeout) =
    match timeout with
    | Infinite -> -1
    | Nowait -> 0
    | Nanoseconds ns -> of_nanoseconds ns

  (* ---- the poller ---- *)

  let create ?(maxfds = Util.max_open_files ()) ?(auto = false) () =
    { slots = Fdslots.create maxfds; auto }

  let slots t = t.slots
  let maxfds t = Fdslots.capacity t.slots

  (* Fdslots.wait waits on all slots, so it can be used if no slot from nfds up is used. *)
  let wait ?sigmask t nfds ns =
    if t.auto && nfds >= 0 && nfds <= maxfds t && Fdslots.next_used t.slots nfds < 0 then
      Fdslots.wait ?sigmask t.slots ns
    else Fdslots.ppoll ?sigmask t.slots nfds ns

  let poll t nfds timeout = wait t nfds (of_poll_timeout timeout)

  let ppoll t nfds timeout sigmask =
    if not has_ppoll then refuse Unix.ENOSYS "ppoll";
    wait ~sigmask t nfds (of_ppoll_timeout timeout)

  let ppoll_or_poll t nfds timeout = wait t nfds (of_ppoll_timeout timeout)
  let guard t index = if index < 0 || index >= maxfds t then invalid_arg "index out of bounds"

  let set_index t index fd flags =
    guard t index;
    Fdslots.set_index t.slots index fd flags

  let invalidate_index t index =
    guard t index;
    Fdslots.invalidate_index t.slots index

  let get_revents t index =
    guard t index;
    Fdslots.get_revents t.slots index

  let fd_or_invalid slots index =
    if Fdslots.next_used slots index = index then Fdslots.get_fd slots index else invalid_fd

  let get_fd t index =
    guard t index;
    fd_or_invalid t.slots index

  let iter_ready t nready f = Fdslots.iter_first t.slots nready f

  module Raw = struct
    type buffer = Fdslots.t

    let poll slots nfds ms = Fdslots.ppoll slots nfds (of_milliseconds ms)

    let ppoll slots nfds ns sigmask =
      let ns = if Int64.equal ns (-1L) then -1 else of_nanoseconds ns in
      Fdslots.ppoll ~sigmask slots nfds ns

    let set_index slots index fd flags =
      Fdslots.set_index slots index (Util.unix_of_fd fd) flags

    let get_revents = Fdslots.get_revents
    let get_fd slots index = Util.fd_of_unix (fd_or_invalid slots index)
  end
end
