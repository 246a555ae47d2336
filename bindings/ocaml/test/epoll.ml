(* SPDX-License-Identifier: ISC *)
(* Fdslots_epoll does what Linux_ext.Epoll does, without its gaps. *)

open Fdslots_epoll
open Support

let with_set f = with_pipe @@ fun r w ->
  let t = create ~num_file_descrs:256 ~max_ready_events:16 in
  Fun.protect (fun () -> f t r w; invariant t) ~finally:(fun () -> close t)

let flags () =
  let open Flags in
  let all = [ in_; out; pri; rdhup; err; hup; et; oneshot ] in
  is "a bit each" (to_int (List.fold_left ( + ) none all) = List.fold_left Int.add 0 (List.map to_int all));
  is "minus" (equal (in_ + out - out) in_);
  is "sets" (do_intersect (in_ + et) et && are_disjoint in_ out && is_subset in_ ~of_:(in_ + out));
  is "empty" (is_empty (intersect in_ out) && is_empty empty);
  is "complement" (equal (complement (complement et)) et && are_disjoint (complement et) et);
  is "order" (compare in_ in_ = 0 && equal (of_int (to_int hup)) hup);
  Alcotest.(check string) "text" "IN|OUT" (to_string (in_ + out))

let table = with_set @@ fun t r w ->
  set t r Flags.in_;
  set t w Flags.(out + et);
  set t r Flags.(in_ + pri);
  is "found" (find t w = Some Flags.(out + et) && find_exn t r = Flags.(in_ + pri));
  is "folded" (fold t ~init:[] ~f:(fun fd _ l -> fd :: l) = [ w; r ]);
  remove t r;
  remove t r;
  is "removed" (find t r = None && not (mem t r));
  is "not found" (match find_exn t r with _ -> false | exception Not_found -> true);
  iter t ~f:(fun fd _ -> is "the other" (fd = w));
  is "a dump" (String.length (to_string t) > 0)

let ready = with_set @@ fun t r w ->
  set t r Flags.in_;
  is "timeout" (wait t ~timeout:`Immediately = `Timeout);
  is "no time" (wait_timeout_after t min_int = `Timeout);
  set t w Flags.out;
  is "ready" (wait t ~timeout:`Never = `Ok);
  is "which" (fold_ready t ~init:[] ~f:(fun l fd flags -> (fd, flags) :: l) = [ (w, Flags.out) ]);
  Expert.clear_ready t;
  iter_ready t ~f:(fun _ _ -> Alcotest.fail "not cleared")

let range = with_set @@ fun t r _ ->
  let small = create ~num_file_descrs:1 ~max_ready_events:1 in
  refused EINVAL (fun () -> set small r Flags.in_);
  is "not in it" (not (mem small r));
  remove small r;
  is "nonpositive"
    (match create ~num_file_descrs:1 ~max_ready_events:0 with _ -> false | exception Failure _ -> true);
  is "unchanged" (fold t ~init:0 ~f:(fun _ _ n -> n + 1) = 0)

let max_ready_events = with_pipe @@ fun _ w ->
  let t = create ~num_file_descrs:256 ~max_ready_events:2 in
  let dups = List.init 5 (fun _ -> Unix.dup w) in
  List.iter (fun fd -> set t fd Flags.out) dups;
  let seen = Hashtbl.create 8 in
  for _ = 1 to 5 do
    is "ready" (wait t ~timeout:`Never = `Ok);
    is "at most" (fold_ready t ~init:0 ~f:(fun n fd _ -> Hashtbl.replace seen fd (); n + 1) <= 2)
  done;
  int "all had a turn" 5 (Hashtbl.length seen);
  List.iter Unix.close dups

let oneshot = with_set @@ fun t _ w ->
  set t w Flags.(out + oneshot);
  is "once" (wait t ~timeout:`Immediately = `Ok);
  is "not twice" (wait t ~timeout:`Immediately = `Timeout);
  set t w Flags.(out + oneshot);
  is "again" (wait t ~timeout:`Immediately = `Ok)

let remove_after_close = with_set @@ fun t r w ->
  set t r Flags.in_;
  is "nothing" (wait t ~timeout:`Immediately = `Timeout);
  Unix.close r;
  remove t r;
  is "gone" (not (mem t r));
  set t w Flags.out;
  is "the pipe has no reader" (wait t ~timeout:`Never = `Ok)

let closed_while_registered = with_set @@ fun t r w ->
  set t r Flags.in_;
  is "nothing" (wait t ~timeout:`Immediately = `Timeout);
  Unix.close r;
  let again = Unix.dup w in
  is "the number is used again" (again = r);
  set t again Flags.out;
  is "and waited on" (wait t ~timeout:`Never = `Ok);
  remove t again;
  Unix.close again

let regular_file = with_set @@ fun t _ _ ->
  let file = Unix.openfile Sys.executable_name [ O_RDONLY ] 0 in
  set t file Flags.in_;
  is "ready, as poll says" (wait t ~timeout:`Never = `Ok);
  remove t file;
  Unix.close file

(* A timeout of 1.4 ms, rounded to the nearest millisecond, would end before a timer of 1.2 ms that
   was started earlier. *)
let never_early = with_set @@ fun t _ _ ->
  Sys.set_signal Sys.sigalrm Signal_ignore;
  for _ = 1 to 10 do
    ignore (Unix.setitimer ITIMER_REAL { it_value = 0.001_2; it_interval = 0. });
    is "nothing is ready" (wait t ~timeout:(`After 1_400_000) = `Timeout);
    is "the timer has run out" ((Unix.getitimer ITIMER_REAL).it_value = 0.)
  done

let pwait = with_set @@ fun t _ _ ->
  is "the handler ran" (with_blocked Sys.sigusr1 @@ fun () ->
    Unix.kill (Unix.getpid ()) Sys.sigusr1;
    is "blocked" (pwait t ~timeout:`Immediately [ Sys.sigusr1 ] = `Timeout);
    refused EINTR (fun () -> pwait t ~timeout:(`After 1_000_000_000_000) []))

let rdhup () =
  let a, b = Unix.socketpair PF_UNIX SOCK_STREAM 0 in
  let t = create ~num_file_descrs:256 ~max_ready_events:16 in
  set t a Flags.rdhup;
  is "open" (wait t ~timeout:`Immediately = `Timeout);
  Unix.shutdown b SHUTDOWN_SEND;
  is "half closed" (wait t ~timeout:`Never = `Ok);
  is "it says so" (fold_ready t ~init:Flags.none ~f:(fun _ _ flags -> flags) = Flags.rdhup);
  close t;
  List.iter Unix.close [ a; b ]

let changed_while_iterating = with_set @@ fun t r w ->
  let again = Unix.dup w in
  set t w Flags.out;
  set t again Flags.out;
  is "ready" (wait t ~timeout:`Never = `Ok);
  let calls = ref 0 in
  iter_ready t ~f:(fun _ _ -> incr calls; remove t w; remove t again; set t r Flags.in_);
  int "calls" 1 !calls;
  Unix.close again

let closed = with_set @@ fun t r _ ->
  let refused f =
    match f () with _ -> Alcotest.fail "not refused" | exception Failure _ -> ()
  in
  close t;
  close t;
  refused (fun () -> set t r Flags.in_);
  refused (fun () -> remove t r);
  refused (fun () -> ignore (find t r));
  refused (fun () -> ignore (wait t ~timeout:`Never));
  refused (fun () -> clear_ready t);
  Alcotest.(check string) "dump" "closed" (to_string t)

let cases =
  [ case "flags" flags;
    case "table" table;
    case "ready" ready;
    case "range" range;
    case "max_ready_events" max_ready_events;
    case "oneshot" oneshot;
    case "remove after close" remove_after_close;
    case "closed while registered" closed_while_registered;
    case "regular file" regular_file;
    case "never early" never_early;
    case "pwait" pwait;
    case "rdhup" rdhup;
    case "changed while iterating" changed_while_iterating;
    case "closed" closed ]
