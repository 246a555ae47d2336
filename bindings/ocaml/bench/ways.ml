(* SPDX-License-Identifier: ISC *)
(* Ways to wait for input. Each is given the sockets, and returns a wait, which returns the number
   of ready fds that it has looked at. *)

type t = { name : string; prepare : Unix.file_descr array -> unit -> int }

let select fds =
  let fds = Array.to_list fds in
  fun () ->
    let ready, _, _ = Unix.select fds [] [] (-1.) in
    List.fold_left (fun n fd -> ignore (Sys.opaque_identity fd); n + 1) 0 ready

let fdslots fds =
  let t = Fdslots.create (Array.length fds) in
  Array.iteri (fun i fd -> Fdslots.set_index t i fd Fdslots.Event.in_) fds;
  let rec look n =
    let i = Fdslots.next_ready t in
    if i < 0 then n
    else begin
      ignore (Sys.opaque_identity (Fdslots.get_fd t i));
      look (n + 1)
    end
  in
  fun () ->
    ignore (Fdslots.wait t (-1) : int);
    look 0

let epoll fds =
  let open Fdslots_epoll in
  let t = create ~num_file_descrs:4096 ~max_ready_events:4096 in
  Array.iter (fun fd -> set t fd Flags.in_) fds;
  fun () ->
    ignore (wait t ~timeout:`Never);
    fold_ready t ~init:0 ~f:(fun n fd _ -> ignore (Sys.opaque_identity fd); n + 1)

(* The interface that Fdslots_iomux.Poll and Iomux.Poll share. *)
module type Poll = sig
  type t

  module Flags : sig
    type t

    val pollin : t
  end

  type poll_timeout

  val infinite : poll_timeout
  val create : int -> t
  val set_index : t -> int -> Unix.file_descr -> Flags.t -> unit
  val poll : t -> int -> poll_timeout -> int
  val iter_ready : t -> int -> (int -> Unix.file_descr -> Flags.t -> unit) -> unit
end

let poll (module P : Poll) fds =
  let t = P.create (Array.length fds) in
  Array.iteri (fun i fd -> P.set_index t i fd P.Flags.pollin) fds;
  fun () ->
    let seen = ref 0 in
    let nready = P.poll t (Array.length fds) P.infinite in
    P.iter_ready t nready (fun _ fd _ -> ignore (Sys.opaque_identity fd); incr seen);
    !seen

module Fdslots_poll = struct
  include Fdslots_iomux.Poll

  let infinite : poll_timeout = Infinite
  let create maxfds = create ~maxfds ()
end
