(* SPDX-License-Identifier: ISC *)
(* The function that an iteration calls may do anything. *)

open Fdslots
open Support

let with_ready n f = with_pipe @@ fun _ w ->
  let t = create 8 in
  for i = 0 to n - 1 do set_index t i w Event.out done;
  int "ready" n (wait t 0);
  f t w

let calls t f =
  let count = ref 0 in
  iter_ready t (fun i fd events -> incr count; f i fd events);
  !count

let invalidate = with_ready 2 @@ fun t _ ->
  int "the other is skipped" 1 (calls t (fun i _ _ -> invalidate_index t (1 - i)))

let set_anew = with_ready 2 @@ fun t w ->
  int "a new owner is skipped" 1 (calls t (fun i _ _ -> set_index t (1 - i) w Event.out));
  int "by next_ready, too" 0 (ignore (wait t 0); set_index t 1 w Event.out; next_ready t);
  int "the end" (-1) (next_ready t)

(* Whatever the order is, one of the two is not the last. *)
let go_on_past_what_changed =
  let others k = with_ready 3 @@ fun t _ ->
    let first = ref true in
    int "all but one" 2 (calls t (fun i _ _ ->
      if !first then invalidate_index t ((i + k) mod 3);
      first := false))
  in
  fun () -> others 1 (); others 2 ()

let wait_again = with_ready 3 @@ fun t _ ->
  int "a wait ends it" 1 (calls t (fun _ _ _ -> ignore (wait t 0)))

let clear = with_ready 3 @@ fun t _ ->
  int "a clear ends it" 1 (calls t (fun _ _ _ -> clear_ready t))

let destroy = with_ready 3 @@ fun t _ ->
  int "a destroy ends it" 1 (calls t (fun _ _ _ -> destroy t))

let resize_to_fewer = with_ready 3 @@ fun t _ ->
  int "fewer slots end it" 1 (calls t (fun _ _ _ -> resize t 4));
  let once = next_ready t in
  is "another" (next_ready t <> once);
  resize t 3;
  int "next_ready begins again" once (next_ready t)

let resize = with_ready 3 @@ fun t _ ->
  int "a resize does not" 3 (calls t (fun i _ _ -> resize t (100 * (i + 1))))

let raise_out = with_ready 3 @@ fun t _ ->
  (match iter_ready t (fun _ _ _ -> raise Exit) with
  | () -> Alcotest.fail "no exception"
  | exception Exit -> ());
  int "and it can begin again" 3 (calls t (fun _ _ _ -> ()))

let nest = with_ready 3 @@ fun t _ ->
  let inner = ref 0 in
  int "outer" 3 (calls t (fun _ _ _ -> inner := !inner + calls t (fun _ _ _ -> ())));
  int "inner" 9 !inner

let first = with_ready 3 @@ fun t _ ->
  let seen = ref 0 in
  iter_first t 2 (fun _ _ _ -> incr seen);
  iter_first t 0 (fun _ _ _ -> incr seen);
  int "only so many" 2 !seen

let cases =
  [ case "invalidate" invalidate;
    case "set anew" set_anew;
    case "go on past what changed" go_on_past_what_changed;
    case "wait again" wait_again;
    case "clear" clear;
    case "destroy" destroy;
    case "resize" resize;
    case "resize to fewer" resize_to_fewer;
    case "raise" raise_out;
    case "nest" nest;
    case "first" first ]
