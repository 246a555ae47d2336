(* SPDX-License-Identifier: ISC *)
(* A forked child has a copy of the buffer. *)

open Fdslots
open Support

(* Check that f, run in a child, ends without an exception. *)
let in_a_child f =
  match Unix.fork () with
  | 0 -> Unix._exit (match f () with () -> 0 | exception _ -> 1)
  | child -> is "the child succeeded" (snd (Unix.waitpid [] child) = WEXITED 0)

let a_copy_of_its_own = with_pipe @@ fun r w ->
  let t = create 8 in
  set_index t 3 r Event.in_;
  write w;
  int "ready" 1 (epoll_pwait t 0);
  in_a_child (fun () ->
      int "ready there" 1 (epoll_pwait t (-1));
      invalidate_index t 3;
      destroy t);
  int "still ready" 1 (epoll_pwait t (-1))

let forked_during_a_wait =
  Lock.during (fun t -> wait t (-1)) @@ fun t ->
  in_a_child (fun () ->
      refused EBUSY (fun () -> set_index t 1 Unix.stdin 0);
      refused EBUSY (fun () -> wait t (-1));
      refused EBUSY (fun () -> destroy t);
      Gc.compact ())

(* The child lacks the thread that waits, so nothing there refers to the buffer any more. It is left
   open, because its state in the middle of a wait is unknown. *)
let dropped_during_a_wait () =
  let kept = ref (Some (create 8)) in
  let buffer () = Option.get !kept in
  waker_open (buffer ()) 0;
  let thread = Thread.create (fun () -> int "ready" 1 (wait (buffer ()) (-1))) () in
  while not (Lock.is_busy (buffer ())) do Thread.yield () done;
  in_a_child (fun () ->
      Gc.compact (); (* buffers of other tests end *)
      let before = open_fds () in
      kept := None;
      Gc.compact ();
      int "left open" before (open_fds ()));
  wake (buffer ());
  Thread.join thread

let cases =
  [ case "a copy of its own" a_copy_of_its_own;
    case "forked during a wait" forked_during_a_wait;
    case "dropped during a wait" dropped_during_a_wait ]
