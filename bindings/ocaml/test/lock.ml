(* SPDX-License-Identifier: ISC *)
(* One thread waits without the runtime lock. These are the calls that other threads may make
   meanwhile. *)

open Fdslots
open Support

let is_busy t =
  match get_revents t 0 with _ -> false | exception Unix.Unix_error (EBUSY, _, _) -> true

(* Call f while another thread is in a wait. *)
let during wait f () =
  let t = create 8 in
  waker_open t 0;
  let thread = Thread.create (fun () -> int "ready" 1 (wait t)) () in
  while not (is_busy t) do Thread.yield () done;
  f t;
  wake t;
  Thread.join thread;
  int "the waker" 0 (next_ready t);
  waker_drain t;
  int "drained" 0 (Fdslots.wait t 0)

let refused_calls t =
  List.iter (refused EBUSY)
    [ (fun () -> set_index t 1 Unix.stdin 0); (fun () -> set_events t 0 0);
      (fun () -> invalidate_index t 0); (fun () -> close_index t 0);
      (fun () -> pause_index t 0); (fun () -> resume_index t 0); (fun () -> resize t 16);
      (fun () -> destroy t); (fun () -> clear_ready t);
      (fun () -> iter_ready t (fun _ _ _ -> ()));
      (fun () -> waker_open t 1); (fun () -> waker_drain t); (fun () -> rebuild t);
      (fun () -> set_max_ready t 1); (fun () -> ignore (is_paused t 0));
      (fun () -> ignore (get_fd t 0)); (fun () -> ignore (get_events t 0));
      (fun () -> ignore (get_generation t 0)); (fun () -> ignore (next_used t 0));
      (fun () -> ignore (next_free t 0)); (fun () -> ignore (next_ready t));
      (fun () -> ignore (epoll_fd t)); (fun () -> ignore (stats t));
      (fun () -> ignore (dump t)); (fun () -> ignore (wait t 0));
      (fun () -> ignore (wait t (-1))); (fun () -> ignore (ppoll t 8 0));
      (fun () -> ignore (epoll_pwait t 0)) ];
  int "the capacity can be read" 8 (capacity t)

let released name wait =
  case (name ^ " releases the lock") (during wait (fun t -> is "busy" (is_busy t)))

(* A thread in a wait that cannot block keeps the lock, so no other thread ever sees the buffer
   busy. *)
let kept = with_pipe @@ fun _ w ->
  let t = create 8 in
  set_index t 0 w Event.out;
  let stop = ref false and busy = ref 0 in
  let look () = while not !stop do if is_busy t then incr busy; Thread.yield () done in
  let thread = Thread.create look () in
  for _ = 1 to 1_000 do
    ignore (wait t 0 + ppoll t 8 0 + epoll_pwait t 0 + wait_until t 0);
    Thread.yield ()
  done;
  stop := true;
  Thread.join thread;
  int "never busy" 0 !busy

(* An OCaml handler runs in the thread that waits, and may raise an exception out of the wait. *)
let a_handler_raises () =
  let t = create 8 in
  let armed = ref true in
  let handler _ = if !armed then begin armed := false; raise Exit end in
  (match with_alarms handler (fun () -> while !armed do ignore (wait t (-1)) done) with
  | () -> Alcotest.fail "no exception"
  | exception Exit -> ());
  int "the buffer is free" 0 (wait t 0)

let a_mask_lets_a_signal_in () =
  let t = create 8 in
  is "the handler ran" (with_blocked Sys.sigusr1 @@ fun () ->
    Unix.kill (Unix.getpid ()) Sys.sigusr1;
    int "blocked" 0 (wait t 0);
    int "blocked by the mask" 0 (wait ~sigmask:[ Sys.sigusr1 ] t 0);
    refused EINTR (fun () -> wait ~sigmask:[] t (-1)))

let cases =
  [ case "calls are refused" (during (fun t -> wait t (-1)) refused_calls);
    released "wait" (fun t -> wait t (-1));
    released "wait with a time" (fun t -> wait t 1_000_000_000_000);
    released "wait_until" (fun t -> wait_until t max_int);
    released "ppoll" (fun t -> ppoll t 8 (-1));
    released "epoll_pwait" (fun t -> epoll_pwait t (-1));
    released "wait with a mask" (fun t -> wait ~sigmask:[ Sys.sigusr1 ] t (-1));
    case "a wait that cannot block keeps it" kept;
    case "a handler raises" a_handler_raises;
    case "a mask lets a signal in" a_mask_lets_a_signal_in ]
