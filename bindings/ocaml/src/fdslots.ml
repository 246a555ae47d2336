(* SPDX-License-Identifier: ISC *)
module Event = Fdslots_event

type t

type stats = {
  waits : int;
  poll_calls : int;
  epoll_calls : int;
  epoll_ctl_calls : int;
  ghosts_dropped : int;
  rebuilds : int;
  fallbacks : int;
  lost : int;
  polled : int;
}

type feature = Ppoll | Epoll | Epoll_ns

external fd_of_int : int -> Unix.file_descr = "%identity"
external error : int -> Unix.error = "fdslots_ml_error"
external create_raw : int -> bool -> bool -> t = "fdslots_ml_create"
external destroy_raw : t -> int = "fdslots_ml_destroy"
external resize_raw : t -> int -> int = "fdslots_ml_resize"
external capacity : t -> int = "fdslots_ml_capacity" [@@noalloc]
external set_index_raw : t -> int -> Unix.file_descr -> int -> int = "fdslots_ml_set_index" [@@noalloc]
external set_events_raw : t -> int -> int -> int = "fdslots_ml_set_events" [@@noalloc]
external invalidate_raw : t -> int -> int = "fdslots_ml_invalidate_index" [@@noalloc]
external close_raw : t -> int -> int = "fdslots_ml_close_index" [@@noalloc]
external pause_raw : t -> int -> int = "fdslots_ml_pause_index" [@@noalloc]
external resume_raw : t -> int -> int = "fdslots_ml_resume_index" [@@noalloc]
external is_paused_raw : t -> int -> int = "fdslots_ml_is_paused" [@@noalloc]
external get_fd_raw : t -> int -> int = "fdslots_ml_get_fd" [@@noalloc]
external get_events_raw : t -> int -> int = "fdslots_ml_get_events" [@@noalloc]
external get_revents_raw : t -> int -> int = "fdslots_ml_get_revents" [@@noalloc]
external generation_raw : t -> int -> int = "fdslots_ml_get_generation" [@@noalloc]
external next_used_raw : t -> int -> int = "fdslots_ml_next_used" [@@noalloc]
external next_free_raw : t -> int -> int = "fdslots_ml_next_free" [@@noalloc]
external wait_raw : t -> int -> int list option -> int = "fdslots_ml_wait"
external wait_until_raw : t -> int -> int list option -> int = "fdslots_ml_wait_until"
external ppoll_raw : t -> int -> int -> int list option -> int = "fdslots_ml_ppoll"
external epoll_raw : t -> int -> int list option -> int = "fdslots_ml_epoll_pwait"
external max_ready_raw : t -> int -> int = "fdslots_ml_set_max_ready" [@@noalloc]
external ready_at : t -> int -> int = "fdslots_ml_ready_at" [@@noalloc]
external next_ready_raw : t -> int = "fdslots_ml_next_ready" [@@noalloc]
external round : t -> int = "fdslots_ml_round" [@@noalloc]
external clear_ready_raw : t -> int = "fdslots_ml_clear_ready" [@@noalloc]
external waker_open_raw : t -> int -> int = "fdslots_ml_waker_open" [@@noalloc]
external wake_raw : t -> int = "fdslots_ml_wake" [@@noalloc]
external drain_raw : t -> int = "fdslots_ml_waker_drain" [@@noalloc]
external epoll_fd_raw : t -> int = "fdslots_ml_epoll_fd" [@@noalloc]
external rebuild_raw : t -> int = "fdslots_ml_rebuild" [@@noalloc]
external stats : t -> stats = "fdslots_ml_stats"
external dump : t -> string = "fdslots_ml_dump"
external version : unit -> string = "fdslots_ml_version"
external has : feature -> bool = "fdslots_ml_has" [@@noalloc]

let fail call rc = raise (Unix.Unix_error (error rc, call, ""))
let check call rc = if rc < 0 then fail call rc else rc
let run call rc = if rc < 0 then fail call rc
let index_or_none call rc = if rc < -1 then fail call rc else rc

(* ---- Memory ---- *)

let create ?(no_epoll = false) ?(check = false) nslots = create_raw nslots no_epoll check
let destroy t = run "destroy" (destroy_raw t)
let resize t n = run "resize" (resize_raw t n)

(* ---- Slots ---- *)

let set_index t i fd events = run "set_index" (set_index_raw t i fd events)
let set_events t i events = run "set_events" (set_events_raw t i events)
let invalidate_index t i = run "invalidate_index" (invalidate_raw t i)
let close_index t i = run "close_index" (close_raw t i)
let pause_index t i = run "pause_index" (pause_raw t i)
let resume_index t i = run "resume_index" (resume_raw t i)
let is_paused t i = check "is_paused" (is_paused_raw t i) = 1
let get_fd t i = fd_of_int (check "get_fd" (get_fd_raw t i))
let get_events t i = check "get_events" (get_events_raw t i)
let get_revents t i = check "get_revents" (get_revents_raw t i)
let get_generation t i = check "get_generation" (generation_raw t i)
let next_used t from = index_or_none "next_used" (next_used_raw t from)
let next_free t from = index_or_none "next_free" (next_free_raw t from)

(* ---- Waiting ---- *)

let wait ?sigmask t ns = check "wait" (wait_raw t ns sigmask)
let wait_until ?sigmask t ns = check "wait_until" (wait_until_raw t ns sigmask)
let ppoll ?sigmask t nfds ns = check "ppoll" (ppoll_raw t nfds ns sigmask)
let epoll_pwait ?sigmask t ns = check "epoll_pwait" (epoll_raw t ns sigmask)
let set_max_ready t n = run "set_max_ready" (max_ready_raw t n)

(* ---- Ready set ---- *)

let next_ready t = index_or_none "next_ready" (next_ready_raw t)
let clear_ready t = run "clear_ready" (clear_ready_raw t)
let past_the_end = -1
let changed = -2 (* -ENOENT *)

let iter_first t limit f =
  let started = round t in
  let rec go place left =
    if left > 0 && round t = started then
      let i = ready_at t place in
      if i >= 0 then begin
        f i (fd_of_int (get_fd_raw t i)) (get_revents_raw t i);
        go (place + 1) (left - 1)
      end
      else if i = changed then go (place + 1) left
      else if i <> past_the_end then fail "iter_ready" i
  in
  go 0 limit

let iter_ready t f = iter_first t max_int f

(* ---- Wake, embed, look ---- *)

let waker_open t i = run "waker_open" (waker_open_raw t i)
let wake t = run "wake" (wake_raw t)
let waker_drain t = run "waker_drain" (drain_raw t)
let epoll_fd t = fd_of_int (check "epoll_fd" (epoll_fd_raw t))
let rebuild t = run "rebuild" (rebuild_raw t)
