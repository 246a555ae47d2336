(* SPDX-License-Identifier: ISC *)
(* Fdslots_iomux does what ocaml-iomux does, without its gaps, by poll(2) and by Fdslots.wait. *)

module Iomux = Fdslots_iomux
open Iomux.Poll
open Support

let both f () =
  List.iter
    (fun auto -> with_pipe (fun r w -> f (create ~maxfds:16 ~auto ()) r w) ())
    [ false; true ]

let flags = both @@ fun t r w ->
  let open Flags in
  let all = [ pollin; pollpri; pollout; pollerr; pollhup; pollnval ] in
  is "a bit each" (to_int (List.fold_left ( + ) empty all) = List.fold_left Int.add 0 (List.map to_int all));
  is "mem" (mem (pollin + pollout) pollout && not (mem pollin pollout));
  is "equal" (equal (of_int (to_int pollin)) pollin);
  set_index t 0 r pollin;
  int "quiet" 0 (poll t 16 Nowait);
  Unix.close w;
  int "a hang-up" 1 (poll t 16 Infinite);
  is "pollhup" (get_revents t 0 = pollhup)

let the_usual_way = both @@ fun t r w ->
  set_index t 7 w Flags.pollout;
  int "output" 1 (poll t 8 Nowait);
  write w;
  set_index t 0 r Flags.pollin;
  let nready = poll t 8 (Milliseconds 1_000_000) in
  int "both" 2 nready;
  let seen = ref [] in
  iter_ready t nready (fun i fd flags ->
      is "fd" (Iomux.Util.fd_equal fd (get_fd t i));
      is "revents" (flags = get_revents t i);
      seen := i :: !seen);
  Alcotest.(check (list int)) "each once" [ 0; 7 ] (List.sort compare !seen);
  invalidate_index t 0;
  set_index t 7 invalid_fd Flags.empty;
  int "none" 0 (poll t 8 Nowait);
  is "empty" (get_fd t 0 = invalid_fd && get_fd t 7 = invalid_fd)

let indices = both @@ fun t r _ ->
  let refused f =
    match f () with
    | _ -> Alcotest.fail "not refused"
    | exception Invalid_argument _ -> ()
  in
  int "maxfds" 16 (maxfds t);
  List.iter (fun i ->
      refused (fun () -> set_index t i r Flags.pollin);
      refused (fun () -> invalidate_index t i);
      refused (fun () -> ignore (get_fd t i));
      refused (fun () -> ignore (get_revents t i)))
    [ -1; 16; max_int ]

let default_size () =
  let limit = Iomux.Util.max_open_files () in
  is "the limit, bounded" (limit > 0 && limit <= 1_048_576);
  int "maxfds" limit (maxfds (create ()));
  is "raw" (Iomux.Util.Raw.max_open_files () >= limit || Iomux.Util.Raw.max_open_files () < 0)

let nfds_is_checked = both @@ fun t _ _ ->
  List.iter (fun nfds ->
      refused EINVAL (fun () -> poll t nfds Nowait);
      refused EINVAL (fun () -> ppoll_or_poll t nfds Nowait))
    [ 17; -1; max_int ]

let set_clears_revents = both @@ fun t _ w ->
  set_index t 3 w Flags.pollout;
  int "ready" 1 (poll t 16 Nowait);
  set_index t 3 w Flags.pollin;
  is "none" (Flags.equal Flags.empty (get_revents t 3))

let invalidated_while_iterating = both @@ fun t _ w ->
  set_index t 3 w Flags.pollout;
  set_index t 5 w Flags.pollout;
  let calls = ref 0 in
  iter_ready t (poll t 16 Nowait) (fun i _ _ -> incr calls; invalidate_index t (8 - i));
  int "calls" 1 !calls

let more_than_are_ready = both @@ fun t _ w ->
  set_index t 3 w Flags.pollout;
  int "ready" 1 (poll t 16 Nowait);
  let calls = ref 0 in
  List.iter (fun n -> iter_ready t n (fun _ _ _ -> incr calls)) [ 100; max_int; -1; 0 ];
  int "calls" 2 !calls

let negative_time_is_refused = both @@ fun t _ _ ->
  List.iter (fun ns ->
      refused EINVAL (fun () -> ppoll t 16 (Nanoseconds ns) []);
      refused EINVAL (fun () -> ppoll_or_poll t 16 (Nanoseconds ns)))
    [ -1L; Int64.min_int ]

(* The next signal ends a wait that blocks. *)
let long_times = both @@ fun t _ _ ->
  with_alarms ignore @@ fun () ->
  refused EINTR (fun () -> ppoll_or_poll t 16 (Nanoseconds Int64.max_int));
  List.iter (fun ms -> refused EINTR (fun () -> poll t 16 (Milliseconds ms)))
    [ max_int; min_int; -1 ]

let empty_list_blocks_none = both @@ fun t _ _ ->
  is "the handler ran" (with_blocked Sys.sigusr1 @@ fun () ->
    Unix.kill (Unix.getpid ()) Sys.sigusr1;
    int "blocked" 0 (ppoll t 16 Nowait [ Sys.sigusr1 ]);
    int "no mask" 0 (ppoll_or_poll t 16 Nowait);
    refused EINTR (fun () -> ppoll t 16 Infinite []))

let short_nfds = both @@ fun t _ w ->
  set_index t 9 w Flags.pollout;
  int "above nfds" 0 (poll t 9 Nowait);
  int "below" 1 (poll t 10 Nowait)

(* poll(2) refuses an edge-triggered slot, and Fdslots.wait serves it. *)
let auto_waits_by_fdslots = with_pipe @@ fun _ w ->
  let edge = Flags.(pollout + of_int Fdslots.Event.edge) in
  let t = create ~maxfds:16 () in
  set_index t 0 w edge;
  refused EOPNOTSUPP (fun () -> poll t 16 Nowait);
  let t = create ~maxfds:16 ~auto:true () in
  set_index t 0 w edge;
  int "an edge" 1 (poll t 1 Nowait);
  int "once" 0 (poll t 1 Nowait);
  int "the buffer beneath" 2 (Fdslots.stats (slots t)).epoll_calls

let raw = both @@ fun t _ w ->
  let b = slots t in
  Raw.set_index b 2 (Iomux.Util.fd_of_unix w) (Flags.to_int Flags.pollout);
  int "poll" 1 (Raw.poll b 16 (-1));
  int "ppoll" 1 (Raw.ppoll b 16 (-1L) []);
  int "revents" (Flags.to_int Flags.pollout) (Raw.get_revents b 2);
  int "fd" (Iomux.Util.fd_of_unix w) (Raw.get_fd b 2);
  int "none" (-1) (Raw.get_fd b 3);
  refused EINVAL (fun () -> Raw.set_index b 16 0 0);
  refused EINVAL (fun () -> Raw.ppoll b 16 (-2L) [])

let cases =
  [ case "flags" flags;
    case "the usual way" the_usual_way;
    case "indices" indices;
    case "default size" default_size;
    case "nfds is checked" nfds_is_checked;
    case "set clears revents" set_clears_revents;
    case "invalidated while iterating" invalidated_while_iterating;
    case "more than are ready" more_than_are_ready;
    case "negative time is refused" negative_time_is_refused;
    case "long times" long_times;
    case "empty list blocks none" empty_list_blocks_none;
    case "short nfds" short_nfds;
    case "auto waits by Fdslots.wait" auto_waits_by_fdslots;
    case "raw" raw ]
