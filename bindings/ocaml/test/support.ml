(* SPDX-License-Identifier: ISC *)
(* Shared by the tests. *)

let int = Alcotest.(check int)
let is what condition = Alcotest.(check bool) what true condition

(* Call f with a fresh pipe. At the end, close the ends that the test has not closed. *)
let with_pipe f () =
  let r, w = Unix.pipe () in
  let close fd = try Unix.close fd with Unix.Unix_error (EBADF, _, _) -> () in
  Fun.protect (fun () -> f r w) ~finally:(fun () -> List.iter close [ r; w ])

let write w = int "written" 1 (Unix.write_substring w "!" 0 1)

let refused error f =
  match f () with
  | _ -> Alcotest.fail "not refused"
  | exception Unix.Unix_error (e, _, _) ->
      Alcotest.(check string) "error" (Unix.error_message error) (Unix.error_message e)

let open_fds () = Array.length (Sys.readdir "/proc/self/fd")

(* Return the size of the address space in kilobytes, which also shows memory that was never
   touched. *)
let address_space () =
  let status = open_in "/proc/self/status" in
  let rec find () =
    try Scanf.sscanf (input_line status) "VmSize: %d kB" Fun.id with Scanf.Scan_failure _ -> find ()
  in
  Fun.protect find ~finally:(fun () -> close_in status)

(* Run f with a handler for a signal, and with that signal blocked. Returns whether the handler ran.
   *)
let with_blocked signal f =
  let seen = ref false in
  let old = Sys.signal signal (Sys.Signal_handle (fun _ -> seen := true)) in
  ignore (Unix.sigprocmask Unix.SIG_BLOCK [ signal ]);
  Fun.protect f ~finally:(fun () ->
      ignore (Unix.sigprocmask Unix.SIG_UNBLOCK [ signal ]);
      Sys.set_signal signal old);
  !seen

(* Run f with a handler that is called every millisecond. If one signal comes late, it is ignored.
   *)
let with_alarms handler f =
  let every s = ignore (Unix.setitimer ITIMER_REAL { it_value = s; it_interval = s }) in
  Sys.set_signal Sys.sigalrm (Signal_handle handler);
  Fun.protect (fun () -> every 0.001; f ()) ~finally:(fun () ->
      every 0.;
      Sys.set_signal Sys.sigalrm Signal_ignore)

let case name f = Alcotest.test_case name `Quick f

(* A test that takes too long under valgrind. *)
let slow_case name f = Alcotest.test_case name `Slow f
