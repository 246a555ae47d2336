(* SPDX-License-Identifier: ISC *)
(* The garbage collector may run at any moment. It leaves neither memory nor fds behind. *)

open Fdslots
open Support

let compacted_between_calls = with_pipe @@ fun r w ->
  write w;
  for _ = 1 to 20 do
    let t = create 8 in
    Gc.compact ();
    set_index t 3 r Event.in_;
    Gc.compact ();
    int "ready" 1 (wait t (-1));
    Gc.compact ();
    iter_ready t (fun i fd events ->
        Gc.compact ();
        int "index" 3 i;
        int "events" Event.in_ events;
        is "fd" (get_fd t i = fd));
    resize t 1000;
    Gc.compact ();
    int "kept" 3 (next_ready t)
  done

(* The buffer starts in the minor heap, and moves twice during the wait. *)
let moved_under_a_wait () =
  for _ = 1 to 20 do
    let t = create 8 in
    waker_open t 5;
    let ready = ref (-1) in
    let thread = Thread.create (fun () -> ignore (wait t (-1)); ready := next_ready t) () in
    while (match stats t with _ -> true | exception Unix.Unix_error (EBUSY, _, _) -> false) do
      Thread.yield ()
    done;
    Gc.minor ();
    Gc.compact ();
    wake t;
    Thread.join thread;
    int "the waker" 5 !ready
  done

(* If only a waiting thread refers to the buffer, the wait keeps it alive. *)
let only_the_wait_holds_it = with_pipe @@ fun r w ->
  let ready = ref 0 in
  let wait_alone () =
    let t = create 8 in
    set_index t 0 r Event.in_;
    ready := wait t (-1)
  in
  let thread = Thread.create wait_alone () in
  Thread.yield ();
  for _ = 1 to 10 do Gc.compact () done;
  write w;
  Thread.join thread;
  int "ready" 1 !ready

let rounds = 10_000
let capacity = 10_000

(* A buffer takes some 400 kB, and all rounds together 4 GB, so a leak in one round of a hundred
   shows. *)
let leave_nothing round = with_pipe @@ fun _ w ->
  round w;
  Gc.compact ();
  let fds = open_fds () and memory = address_space () in
  for i = 1 to rounds do
    round w;
    if i mod 1_000 = 0 then Gc.compact ()
  done;
  Gc.compact ();
  int "fds" fds (open_fds ());
  is "memory" (address_space () - memory < 40_000)

let use w =
  let t = create capacity in
  set_index t 3 w Event.out;
  int "ready" 1 (epoll_pwait t 0);
  iter_ready t (fun i _ _ -> int "index" 3 i);
  t

let destroyed = leave_nothing (fun w -> destroy (use w))
let collected = leave_nothing (fun w -> ignore (Sys.opaque_identity (use w)))

let refused_creates () =
  let fds = open_fds () and memory = address_space () in
  for _ = 1 to rounds do refused EINVAL (fun () -> create 0) done;
  Gc.compact ();
  int "fds" fds (open_fds ());
  is "memory" (address_space () - memory < 40_000)

let cases =
  [ case "compacted between calls" compacted_between_calls;
    case "moved under a wait" moved_under_a_wait;
    case "only the wait holds it" only_the_wait_holds_it;
    slow_case "10,000 destroyed" destroyed;
    slow_case "10,000 collected" collected;
    slow_case "10,000 refused" refused_creates ]
