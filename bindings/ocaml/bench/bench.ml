(* SPDX-License-Identifier: ISC *)
(* The time of a wait with k of n sockets ready, in several ways. Prints a table in Markdown with the
   time of Fdslots.wait, and how many times as long the others take.

     dune exec bench/bench.exe [ROUNDS]

   A round times every way once, one after the other, so that other load on the machine affects all
   of them. A figure is the median of the rounds. *)

open Ways

let ways =
  [ { name = "`Fdslots.wait`"; prepare = fdslots };
    { name = "`Fdslots_epoll`"; prepare = epoll };
    { name = "`Fdslots_iomux.Poll`"; prepare = poll (module Fdslots_poll) };
    { name = "`Unix.select`"; prepare = select } ]
  @ Itself.ways

let cases = [ (10, 1); (10, 10); (100, 1); (100, 10); (100, 100); (1_000, 1); (1_000, 100); (1_000, 1_000) ]
let waits_of n = 100 + (200_000 / n)

let run wait k waits =
  for _ = 1 to waits do
    if wait () <> k then failwith "the wrong number of slots is ready"
  done

(* Microseconds for one wait. *)
let time wait k waits =
  let start = Unix.gettimeofday () in
  run wait k waits;
  (Unix.gettimeofday () -. start) *. 1e6 /. float waits

let median list = List.nth (List.sort compare list) (List.length list / 2)

let rec transposed = function
  | [] | [] :: _ -> []
  | rows -> List.map List.hd rows :: transposed (List.map List.tl rows)

let measure rounds (n, k) =
  let fds = Fds.create n k in
  let waits = List.map (fun way -> way.prepare fds) ways in
  List.iter (fun wait -> run wait k 1_000) waits;
  let round _ = List.map (fun wait -> time wait k (waits_of n)) waits in
  let times = List.init rounds round in
  Fds.close fds;
  let ratios times = List.map (fun t -> t /. List.hd times) (List.tl times) in
  (median (List.map List.hd times), List.map median (transposed (List.map ratios times)))

let print_row (n, k) (first, others) =
  Printf.printf "| %d | %d | %.2f µs |" n k first;
  List.iter (Printf.printf " %.1f |") others;
  print_newline ()

let () =
  let rounds = if Array.length Sys.argv > 1 then int_of_string Sys.argv.(1) else 31 in
  Printf.printf "| n | ready |";
  List.iter (fun way -> Printf.printf " %s |" way.name) ways;
  Printf.printf "\n|--:|--:|%s\n" (String.concat "" (List.map (fun _ -> "--:|") ways));
  List.iter (fun case -> print_row case (measure rounds case)) cases
