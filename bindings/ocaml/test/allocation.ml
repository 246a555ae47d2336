(* SPDX-License-Identifier: ISC *)
(* Setting, reading and waiting allocate nothing. *)

open Support

let words f =
  let before = Gc.minor_words () in
  f ();
  Gc.minor_words () -. before

let none what n f =
  let loop () = for i = 1 to n do f i done in
  Alcotest.(check (float 0.)) what (words ignore) (words loop)

let million = 1_000_000
let keep n = ignore (Sys.opaque_identity n)

let slots = with_pipe @@ fun r _ ->
  let open Fdslots in
  let t = create 64 in
  none "set_index" million (fun i -> set_index t (i land 63) r Event.in_);
  none "set_events" million (fun i -> set_events t (i land 63) Event.out);
  none "get_revents" million (fun i -> keep (get_revents t (i land 63)));
  none "the other reads" 10_000 (fun i ->
      keep (get_fd t (i land 63));
      keep (get_events t 7 + get_generation t 7 + next_used t 7 + next_free t 7));
  none "changes" 10_000 (fun _ -> pause_index t 7; resume_index t 7; invalidate_index t 8)

let waits = with_pipe @@ fun r w ->
  let open Fdslots in
  let t = create 64 in
  set_index t 7 r Event.in_;
  none "that time out" 1_000 (fun _ -> keep (wait t 0));
  write w;
  none "that do not block" 1_000 (fun _ -> keep (wait t 0));
  none "that may block" 1_000 (fun _ -> keep (wait t (-1)));
  none "until" 1_000 (fun _ -> keep (wait_until t max_int));
  none "by ppoll" 1_000 (fun _ -> keep (ppoll t 64 (-1)));
  none "by epoll" 1_000 (fun _ -> keep (epoll_pwait t (-1)));
  none "next_ready" 1_000 (fun _ -> keep (wait t 0); keep (next_ready t))

let iomux = with_pipe @@ fun r w ->
  let open Fdslots_iomux.Poll in
  let t = create ~maxfds:64 () in
  none "set_index" million (fun i -> set_index t (i land 63) r Flags.pollin);
  none "get_revents" million (fun i -> keep (get_revents t (i land 63)));
  none "get_fd" 10_000 (fun i -> keep (get_fd t (i land 63)));
  write w;
  none "poll" 1_000 (fun _ -> keep (poll t 64 Infinite))

let epoll = with_pipe @@ fun r w ->
  let open Fdslots_epoll in
  let t = create ~num_file_descrs:256 ~max_ready_events:8 in
  none "set" million (fun _ -> set t r Flags.in_);
  none "find_exn" million (fun _ -> keep (find_exn t r));
  write w;
  none "wait" 1_000 (fun _ -> keep (wait_timeout_after t 1_000_000_000))

let cases =
  [ slow_case "slots" slots;
    slow_case "waits" waits;
    slow_case "iomux" iomux;
    slow_case "epoll" epoll ]
