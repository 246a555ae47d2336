(* SPDX-License-Identifier: ISC *)
(* The same tests, with the heap compacted whenever the runtime lock is free. *)

let compact_until stop =
  while not !stop do
    Gc.compact ();
    Thread.yield ()
  done

(* This thread takes no signals, because they must interrupt a wait. *)
let create_deaf f x =
  let old = Thread.sigmask SIG_BLOCK [ Sys.sigalrm; Sys.sigusr1 ] in
  let thread = Thread.create f x in
  ignore (Thread.sigmask SIG_SETMASK old);
  thread

let under_compaction f () =
  let stop = ref false in
  let thread = create_deaf compact_until stop in
  Fun.protect f ~finally:(fun () ->
      stop := true;
      Thread.join thread)

let suite (name, cases) =
  let quick = List.filter (fun (_, speed, _) -> speed = `Quick) cases in
  let compacted (name, speed, f) = (name, speed, under_compaction f) in
  (name ^ ", compacted", List.map compacted quick)
