module Util = struct
  external fd_of_unix : Unix.file_descr -> int = "%identity"
  external unix_of_fd : int -> Unix.file_descr = "%identity"
  external open_max : unit -> int = "fdslots_ml_open_max"

  let fd_equal a b = Int.equal (fd_of_unix a) (fd_of_unix b)
  let most = 1_048_576

  let max_open_files () =
    let n = open_max () in
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
    let mem a b = a land b <> 0
    let equal = Int.equal
    let to_int flags = flags
    let of_int flags = flags
  end

  external has : int -> bool = "fdslots_ml_has"

  let has_ppoll = has 1
  let invalid_fd = Util.unix_of_fd (-1)

  type poll_timeout = Infinite | Nowait | Milliseconds of int
  type ppoll_timeout = Infinite | Nowait | Nanoseconds of int64

  let create ?(maxfds = Util.max_open_files ()) ?(auto = false) () =
    { slots = Fdslots.create maxfds; auto }

  let maxfds t = Fdslots.capacity t.slots

  (* Fdslots.wait waits on all slots: it serves where none is used above nfds. *)
  let wait ?sigmask t nfds ns =
    if t.auto && nfds >= 0 && nfds <= maxfds t && Fdslots.next_used t.slots nfds < 0 then
      Fdslots.wait ?sigmask t.slots ns
    else Fdslots.ppoll ?sigmask t.slots nfds ns

  let poll t nfds (timeout : poll_timeout) =
    match timeout with
    | Infinite -> wait t nfds (-1)
    | Nowait -> wait t nfds 0
    | Milliseconds ms when ms > max_int / 1_000_000 -> wait t nfds max_int
    | Milliseconds ms -> wait t nfds (ms * 1_000_000)

  let nanoseconds (timeout : ppoll_timeout) =
    match timeout with
    | Infinite -> -1
    | Nowait -> 0
    | Nanoseconds ns when Int64.compare ns 0L < 0 ->
        raise (Unix.Unix_error (EINVAL, "ppoll", ""))
    | Nanoseconds ns when Int64.compare ns (Int64.of_int max_int) > 0 -> max_int
    | Nanoseconds ns -> Int64.to_int ns

  let ppoll t nfds timeout sigmask = wait ~sigmask t nfds (nanoseconds timeout)
  let ppoll_or_poll t nfds timeout = wait t nfds (nanoseconds timeout)

  let guard t index =
    if index < 0 || index >= maxfds t then invalid_arg "index out of bounds"

  let set_index t index fd flags =
    guard t index;
    Fdslots.set_index t.slots index fd flags

  let invalidate_index t index =
    guard t index;
    Fdslots.invalidate_index t.slots index

  let get_revents t index =
    guard t index;
    Fdslots.get_revents t.slots index

  let get_fd t index =
    guard t index;
    if Fdslots.next_used t.slots index = index then Fdslots.get_fd t.slots index
    else invalid_fd

  let iter_ready t nready f = Fdslots.iter_first t.slots nready f
end
