open Fdslots_epoll

let check what = Alcotest.(check bool) what true

let with_pipe f () =
  let r, w = Unix.pipe () in
  let t = create ~num_file_descrs:256 ~max_ready_events:16 in
  Fun.protect (fun () -> f t r w) ~finally:(fun () -> close t)

let table = with_pipe @@ fun t r w ->
  set t r Flags.in_;
  set t w Flags.(out + et);
  check "found" (find t w = Some Flags.(out + et));
  check "folded" (fold t ~init:0 ~f:(fun _ _ n -> n + 1) = 2);
  remove t r;
  check "removed" (find t r = None && not (mem t r));
  check "ready" (wait t ~timeout:`Immediately = `Ok);
  check "which" (fold_ready t ~init:[] ~f:(fun l fd _ -> fd :: l) = [ w ]);
  clear_ready t;
  check "cleared" (fold_ready t ~init:0 ~f:(fun n _ _ -> n + 1) = 0)

let remove_after_close = with_pipe @@ fun t r w ->
  set t r Flags.in_;
  check "nothing" (wait t ~timeout:`Immediately = `Timeout);
  Unix.close r;
  remove t r;
  check "gone" (not (mem t r));
  set t w Flags.out;
  check "the pipe has no reader" (wait t ~timeout:`Never = `Ok)

let never_early = with_pipe @@ fun t _ _ ->
  let start = Unix.gettimeofday () in
  check "timeout" (wait t ~timeout:(`After 1_400_000) = `Timeout);
  check "late enough" (Unix.gettimeofday () -. start >= 0.001_39)

let closed = with_pipe @@ fun t r _ ->
  close t;
  close t;
  match set t r Flags.in_ with
  | () -> Alcotest.fail "not refused"
  | exception Failure _ -> ()

let () =
  let case name f = Alcotest.test_case name `Quick f in
  Alcotest.run "epoll"
    [ ("epoll",
       [ case "table" table;
         case "remove after close" remove_after_close;
         case "never early" never_early;
         case "closed" closed ]) ]
