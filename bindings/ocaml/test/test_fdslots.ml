open Fdslots

let check = Alcotest.(check int)

let with_pipe f =
  let r, w = Unix.pipe () in
  let t = create 64 in
  Fun.protect (fun () -> f t r w) ~finally:(fun () -> List.iter Unix.close [ r; w ])

let refused error f =
  match f () with
  | () -> Alcotest.fail "not refused"
  | exception Unix.Unix_error (e, _, _) -> Alcotest.(check bool) "error" true (e = error)

let write w = check "written" 1 (Unix.write_substring w "!" 0 1)

let ready () =
  with_pipe @@ fun t r w ->
  set_index t 7 r Event.in_;
  check "nothing" 0 (wait t 0);
  write w;
  check "one" 1 (wait t (-1));
  check "index" 7 (next_ready t);
  check "no more" (-1) (next_ready t);
  check "poll" 1 (ppoll t 64 0);
  check "epoll" 1 (epoll_pwait t 0);
  set_index t 7 r Event.in_;
  check "a new owner has no revents" 0 (get_revents t 7)

let bad_input () =
  with_pipe @@ fun t r _ ->
  refused EINVAL (fun () -> set_index t 64 r Event.in_);
  refused EINVAL (fun () -> set_index t (-1) r Event.in_);
  refused EINVAL (fun () -> ignore (ppoll t 65 0));
  refused ENOENT (fun () -> ignore (get_fd t 3));
  destroy t;
  refused EINVAL (fun () -> ignore (wait t 0))

let changed_while_iterating () =
  with_pipe @@ fun t _ w ->
  set_index t 1 w Event.out;
  set_index t 2 w Event.out;
  check "two" 2 (wait t 0);
  let calls = ref 0 in
  iter_ready t (fun i _ _ -> incr calls; invalidate_index t (3 - i));
  check "the other is skipped" 1 !calls

let no_allocation () =
  with_pipe @@ fun t r w ->
  write w;
  let words = Gc.minor_words () in
  for _ = 1 to 1_000_000 do
    set_index t 7 r Event.in_;
    ignore (Sys.opaque_identity (get_revents t 7))
  done;
  for _ = 1 to 10_000 do ignore (wait t 0) done;
  Alcotest.(check bool) "words" true (Gc.minor_words () -. words < 100.)

let waiting_in_another_thread () =
  with_pipe @@ fun t r _ ->
  waker_open t 0;
  let thread = Thread.create (fun () -> ignore (wait t (-1))) () in
  let rec until_busy () =
    match set_index t 1 r Event.in_ with
    | () -> Thread.yield (); until_busy ()
    | exception Unix.Unix_error (EBUSY, _, _) -> ()
  in
  until_busy ();
  refused EBUSY (fun () -> destroy t);
  wake t;
  Thread.join thread;
  check "the waker" 0 (next_ready t)

let collected () =
  let fds () = Array.length (Sys.readdir "/proc/self/fd") in
  Gc.full_major ();
  let before = fds () in
  for i = 1 to 2_000 do
    ignore (epoll_pwait (create 8) 0);
    if i mod 100 = 0 then Gc.compact ()
  done;
  Gc.full_major ();
  check "fds" before (fds ())

let () =
  let case name f = Alcotest.test_case name `Quick f in
  Alcotest.run "fdslots"
    [ ("native",
       [ case "ready" ready; case "bad input" bad_input;
         case "changed while iterating" changed_while_iterating;
         case "no allocation" no_allocation;
         case "waiting in another thread" waiting_in_another_thread;
         case "collected" collected ]) ]
