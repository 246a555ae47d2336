(* SPDX-License-Identifier: ISC *)
(* Tests of Fdslots, call by call. *)

open Fdslots
open Support

let ready = with_pipe @@ fun r w ->
  let t = create 64 in
  set_index t 7 r Event.in_;
  int "nothing" 0 (wait t 0);
  write w;
  int "one" 1 (wait t (-1));
  int "index" 7 (next_ready t);
  int "no more" (-1) (next_ready t);
  int "the next wait" 1 (wait t (-1));
  int "begins anew" 7 (next_ready t);
  int "poll" 1 (ppoll t 64 0);
  int "poll below" 0 (ppoll t 7 0);
  int "epoll" 1 (epoll_pwait t 0);
  int "until" 1 (wait_until t max_int);
  int "the events" Event.in_ (get_revents t 7);
  set_index t 7 r Event.in_;
  int "a new owner has no revents" 0 (get_revents t 7)

let a_deadline_that_is_over () =
  let t = create 1 in
  List.iter (fun ns -> int "timeout" 0 (wait_until t ns)) [ min_int; -1; 0; 1 ]

let bad_input = with_pipe @@ fun r w ->
  let t = create 64 in
  set_index t 0 w Event.out;
  int "ready" 1 (wait t 0);
  refused EINVAL (fun () -> create 0);
  refused EINVAL (fun () -> create (-1));
  refused EINVAL (fun () -> create max_int);
  refused EINVAL (fun () -> set_index t 64 r Event.in_);
  refused EINVAL (fun () -> set_index t (-1) r Event.in_);
  refused EINVAL (fun () -> set_index t (1 lsl 32) r Event.in_);
  refused EINVAL (fun () -> set_index t 1 r (1 lsl 40));
  refused EINVAL (fun () -> set_index t 1 r (-1));
  refused EINVAL (fun () -> ppoll t 65 0);
  refused EINVAL (fun () -> ppoll t (-1) (-1));
  refused EINVAL (fun () -> wait ~sigmask:[ 12345 ] t 0);
  refused EINVAL (fun () -> set_max_ready t 0);
  refused EINVAL (fun () -> set_max_ready t (-1));
  refused EINVAL (fun () -> resize t 0);
  refused ENOENT (fun () -> get_fd t 3);
  refused ENOENT (fun () -> set_events t 3 Event.in_);
  refused ENOENT (fun () -> wake t);
  int "nothing has changed" 0 (next_ready t)

let slots = with_pipe @@ fun r w ->
  let t = create 4 in
  set_index t 1 w Event.out;
  set_index t 2 r Event.(in_ lor rdhup);
  int "events" Event.(in_ lor rdhup) (get_events t 2);
  int "used" 2 (next_used t 2);
  int "no more" (-1) (next_used t 3);
  int "free" 3 (next_free t 1);
  int "none" (-1) (next_free t 4);
  int "from below" (-1) (next_used t (-1));
  let generation = get_generation t 1 in
  set_events t 1 Event.in_;
  int "the same owner" generation (get_generation t 1);
  invalidate_index t 1;
  is "another" (generation <> get_generation t 1);
  close_index t 2;
  refused EBADF (fun () -> Unix.close r);
  int "empty" (-1) (next_used t 0)

let paused = with_pipe @@ fun _ w ->
  let t = create 4 in
  set_index t 1 w Event.out;
  pause_index t 1;
  is "paused" (is_paused t 1);
  int "silent" 0 (wait t 0);
  resume_index t 1;
  int "again" 1 (wait t 0);
  set_index t 1 w Event.(out lor oneshot);
  int "once" 1 (wait t 0);
  is "paused by itself" (is_paused t 1);
  int "not twice" 0 (wait t 0)

let edge = with_pipe @@ fun r w ->
  let t = create 4 in
  set_index t 0 r Event.(in_ lor edge);
  write w;
  int "once" 1 (wait t 0);
  int "not twice" 0 (wait t 0);
  refused EOPNOTSUPP (fun () -> ppoll t 4 0)

let growth = with_pipe @@ fun r w ->
  let t = create 4 in
  set_index t 3 w Event.out;
  int "ready" 1 (wait t 0);
  refused EINVAL (fun () -> resize t 3);
  resize t 100_000;
  int "capacity" 100_000 (capacity t);
  int "kept" 3 (next_ready t);
  set_index t 99_999 r Event.in_;
  int "still" 1 (wait t 0);
  invalidate_index t 99_999;
  resize t 4;
  int "smaller" 1 (wait t 0)

let few_at_a_time = with_pipe @@ fun _ w ->
  let t = create 8 in
  for i = 0 to 7 do set_index t i w Event.out done;
  set_max_ready t 3;
  let seen = Array.make 8 false in
  for _ = 1 to 8 do
    is "at most" (wait t 0 <= 3);
    iter_ready t (fun i _ _ -> seen.(i) <- true)
  done;
  is "all had a turn" (Array.for_all Fun.id seen)

let flags = with_pipe @@ fun r _ ->
  let t = create ~no_epoll:true 4 in
  refused EOPNOTSUPP (fun () -> epoll_pwait t 0);
  Gc.compact ();
  let fds = open_fds () in
  int "nothing" 0 (wait t 0);
  int "no fd" fds (open_fds ());
  let t = create ~check:true 4 in
  set_index t 0 r Event.in_;
  int "nothing" 0 (wait t 0);
  Unix.close r;
  int "closed behind its back" 1 (wait t 0);
  int "shown" Event.nval (get_revents t 0);
  int "counted" 1 (stats t).lost

let nested = with_pipe @@ fun r w ->
  let inner = create 4 and outer = create 4 in
  set_index inner 2 r Event.in_;
  set_index outer 0 (epoll_fd inner) Event.in_;
  int "asleep" 0 (wait outer 0);
  write w;
  int "through" 1 (wait outer (-1));
  rebuild inner;
  int "still" 1 (epoll_pwait inner 0)

let to_look_at = with_pipe @@ fun r _ ->
  let t = create 4 in
  set_index t 2 r Event.(in_ lor edge);
  ignore (epoll_pwait t 0);
  int "waits" 1 (stats t).waits;
  int "calls" 1 (stats t).epoll_calls;
  int "changes" 1 (stats t).epoll_ctl_calls;
  let words = String.(split_on_char ' ' (map (function '\n' -> ' ' | c -> c) (dump t))) in
  is "dump" (List.mem (Event.to_string (get_events t 2)) words);
  Alcotest.(check string) "events" "IN|OUT" Event.(to_string (in_ lor out));
  Alcotest.(check string) "none" "0" (Event.to_string 0);
  is "mem" Event.(mem in_ (in_ lor out) && not (mem in_ out));
  is "version" (String.split_on_char '.' (version ()) |> List.length = 3);
  is "epoll is here" (has Epoll && has Ppoll)

let destroyed = with_pipe @@ fun r _ ->
  let t = create 4 in
  waker_open t 0;
  destroy t;
  destroy t;
  int "capacity" 0 (capacity t);
  List.iter (refused EINVAL)
    [ (fun () -> set_index t 0 r 0); (fun () -> set_events t 0 0);
      (fun () -> invalidate_index t 0); (fun () -> close_index t 0);
      (fun () -> pause_index t 0); (fun () -> resume_index t 0); (fun () -> resize t 8);
      (fun () -> clear_ready t); (fun () -> iter_ready t (fun _ _ _ -> ()));
      (fun () -> waker_open t 0); (fun () -> wake t); (fun () -> waker_drain t);
      (fun () -> rebuild t); (fun () -> set_max_ready t 1); (fun () -> ignore (is_paused t 0));
      (fun () -> ignore (get_fd t 0)); (fun () -> ignore (get_events t 0));
      (fun () -> ignore (get_revents t 0)); (fun () -> ignore (get_generation t 0));
      (fun () -> ignore (next_used t 0)); (fun () -> ignore (next_free t 0));
      (fun () -> ignore (next_ready t)); (fun () -> ignore (epoll_fd t));
      (fun () -> ignore (stats t)); (fun () -> ignore (dump t));
      (fun () -> ignore (wait t 0)); (fun () -> ignore (wait t (-1)));
      (fun () -> ignore (wait_until t max_int)); (fun () -> ignore (ppoll t 0 0));
      (fun () -> ignore (epoll_pwait t 0)) ]

let cases =
  [ case "ready" ready;
    case "a deadline that is over" a_deadline_that_is_over;
    case "bad input" bad_input;
    case "slots" slots;
    case "paused" paused;
    case "edge" edge;
    case "growth" growth;
    case "few at a time" few_at_a_time;
    case "flags" flags;
    case "nested" nested;
    case "to look at" to_look_at;
    case "destroyed" destroyed ]
