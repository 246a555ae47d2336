(* SPDX-License-Identifier: ISC *)
module Flags = struct
  type t = int

  let none = 0
  let empty = none
  let in_ = Fdslots.Event.in_
  let out = Fdslots.Event.out
  let pri = Fdslots.Event.pri
  let rdhup = Fdslots.Event.rdhup
  let err = Fdslots.Event.err
  let hup = Fdslots.Event.hup
  let et = Fdslots.Event.edge
  let oneshot = Fdslots.Event.oneshot
  let all = in_ lor out lor pri lor rdhup lor err lor hup lor et lor oneshot
  let of_int = Fun.id
  let to_int = Fun.id
  let ( + ) = ( lor )
  let ( - ) a b = a land lnot b
  let intersect = ( land )
  let complement flags = all land lnot flags
  let is_empty flags = flags = 0
  let do_intersect a b = a land b <> 0
  let are_disjoint a b = a land b = 0
  let is_subset a ~of_ = a land of_ = a
  let equal = Int.equal
  let compare = Int.compare
  let to_string = Fdslots.Event.to_string
end

(* The index of a slot is its fd. *)
type t = { slots : Fdslots.t; mutable closed : bool }
type span = int
type timeout = [ `Never | `Immediately | `After of span ]

external fd_of_int : int -> Unix.file_descr = "%identity"
external int_of_fd : Unix.file_descr -> int = "%identity"

(* ---- The set ---- *)

let create ~num_file_descrs ~max_ready_events =
  if max_ready_events < 1 then failwith "Epoll.create got nonpositive max_ready_events";
  let slots = Fdslots.create num_file_descrs in
  Fdslots.set_max_ready slots max_ready_events;
  { slots; closed = false }

let slots t = if t.closed then failwith "attempt to use closed epoll set" else t.slots

let close t =
  if not t.closed then begin
    Fdslots.destroy t.slots;
    t.closed <- true
  end

(* ---- The table ---- *)

let mem t fd =
  let i = int_of_fd fd in
  i >= 0 && Fdslots.next_used (slots t) i = i

let find_exn t fd =
  if mem t fd then Fdslots.get_events t.slots (int_of_fd fd) else raise Not_found

let find t fd = if mem t fd then Some (find_exn t fd) else None
let set t fd flags = Fdslots.set_index (slots t) (int_of_fd fd) fd flags
let remove t fd = if mem t fd then Fdslots.invalidate_index t.slots (int_of_fd fd)

let fold t ~init ~f =
  let rec go from acc =
    let i = Fdslots.next_used (slots t) from in
    if i < 0 then acc else go (i + 1) (f (fd_of_int i) (Fdslots.get_events t.slots i) acc)
  in
  go 0 init

let iter t ~f = fold t ~init:() ~f:(fun fd flags () -> f fd flags)

(* ---- Waiting ---- *)

let nanoseconds = function
  | `Never -> -1
  | `Immediately -> 0
  | `After span -> max span 0

let wait_ns ?sigmask t ns = if Fdslots.wait ?sigmask (slots t) ns = 0 then `Timeout else `Ok
let wait t ~timeout = wait_ns t (nanoseconds timeout)
let wait_timeout_after t span = wait_ns t (max span 0)
let pwait t ~timeout sigmask = wait_ns ~sigmask t (nanoseconds timeout)
let iter_ready t ~f = Fdslots.iter_ready (slots t) (fun _ fd flags -> f fd flags)

let fold_ready t ~init ~f =
  let acc = ref init in
  iter_ready t ~f:(fun fd flags -> acc := f !acc fd flags);
  !acc

module Expert = struct
  let clear_ready t = Fdslots.clear_ready (slots t)
end

let clear_ready = Expert.clear_ready

(* ---- Text ---- *)

let to_string t = if t.closed then "closed" else Fdslots.dump t.slots

let invariant t =
  if not t.closed then
    iter t ~f:(fun fd _ -> assert (Fdslots.get_fd t.slots (int_of_fd fd) = fd))
