module Iomux = Fdslots_iomux
open Iomux.Poll

let check = Alcotest.(check int)

let refused f =
  match f () with
  | _ -> Alcotest.fail "not refused"
  | exception Unix.Unix_error (EINVAL, _, _) -> ()

let both f () =
  List.iter (fun auto ->
      let r, w = Unix.pipe () in
      f (create ~maxfds:16 ~auto ()) r w;
      List.iter Unix.close [ r; w ])
    [ false; true ]

let nfds_is_checked = both @@ fun t _ _ ->
  refused (fun () -> poll t 17 Nowait);
  refused (fun () -> poll t (-1) Nowait)

let set_clears_revents = both @@ fun t _ w ->
  set_index t 3 w Flags.pollout;
  check "ready" 1 (poll t 16 Nowait);
  set_index t 3 w Flags.pollin;
  Alcotest.(check bool) "none" true (Flags.equal Flags.empty (get_revents t 3))

let invalidated_while_iterating = both @@ fun t _ w ->
  set_index t 3 w Flags.pollout;
  set_index t 5 w Flags.pollout;
  let calls = ref 0 in
  iter_ready t (poll t 16 Nowait) (fun i _ _ -> incr calls; invalidate_index t (8 - i));
  check "calls" 1 !calls

let negative_time_is_refused = both @@ fun t _ _ ->
  refused (fun () -> ppoll t 16 (Nanoseconds (-1L)) []);
  refused (fun () -> ppoll_or_poll t 16 (Nanoseconds (-1L)))

let empty_list_blocks_none = both @@ fun t _ _ ->
  let seen = ref false in
  let old = Sys.signal Sys.sigusr1 (Sys.Signal_handle (fun _ -> seen := true)) in
  ignore (Unix.sigprocmask Unix.SIG_BLOCK [ Sys.sigusr1 ]);
  Unix.kill (Unix.getpid ()) Sys.sigusr1;
  (match ppoll t 16 Infinite [] with
  | _ -> Alcotest.fail "no EINTR"
  | exception Unix.Unix_error (EINTR, _, _) -> ());
  ignore (Unix.sigprocmask Unix.SIG_UNBLOCK [ Sys.sigusr1 ]);
  Sys.set_signal Sys.sigusr1 old;
  Alcotest.(check bool) "the handler ran" true !seen

let short_nfds = both @@ fun t _ w ->
  set_index t 9 w Flags.pollout;
  check "above nfds" 0 (poll t 9 Nowait);
  check "below" 1 (poll t 10 Nowait);
  Alcotest.(check bool) "empty" true (Iomux.Util.fd_equal invalid_fd (get_fd t 0))

let () =
  let case name f = Alcotest.test_case name `Quick f in
  Alcotest.run "iomux"
    [ ("holes closed",
       [ case "nfds is checked" nfds_is_checked;
         case "set clears revents" set_clears_revents;
         case "invalidated while iterating" invalidated_while_iterating;
         case "negative time is refused" negative_time_is_refused;
         case "empty list blocks none" empty_list_blocks_none;
         case "short nfds" short_nfds ]) ]
