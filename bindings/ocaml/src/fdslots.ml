type t

external nth_event : int -> int = "fdslots_ml_event" [@@noalloc]
external format_events : int -> string = "fdslots_ml_format_events"

module Event = struct
  let in_ = nth_event 0
  let pri = nth_event 1
  let out = nth_event 2
  let rdhup = nth_event 3
  let err = nth_event 4
  let hup = nth_event 5
  let nval = nth_event 6
  let edge = nth_event 11
  let oneshot = nth_event 12
  let exclusive = nth_event 13
  let polled = nth_event 14
  let to_string = format_events
end

external fd_of_int : int -> Unix.file_descr = "%identity"
external raise_error : t -> string -> int -> unit = "fdslots_ml_raise"
external create_raw : int -> int -> t = "fdslots_ml_create"
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
external next_used : t -> int -> int = "fdslots_ml_next_used" [@@noalloc]
external next_free : t -> int -> int = "fdslots_ml_next_free" [@@noalloc]
external wait_raw : t -> int -> int list option -> int = "fdslots_ml_wait"
external wait_until_raw : t -> int -> int list option -> int = "fdslots_ml_wait_until"
external ppoll_raw : t -> int -> int -> int list option -> int = "fdslots_ml_ppoll"
external epoll_raw : t -> int -> int list option -> int = "fdslots_ml_epoll_pwait"
external max_ready_raw : t -> int -> int = "fdslots_ml_set_max_ready" [@@noalloc]
external ready_place : t -> int -> int = "fdslots_ml_ready_place" [@@noalloc]
external ready_index : t -> int -> int = "fdslots_ml_ready_index" [@@noalloc]
external next_ready : t -> int = "fdslots_ml_next_ready" [@@noalloc]
external round : t -> int = "fdslots_ml_round" [@@noalloc]
external clear_ready : t -> unit = "fdslots_ml_clear_ready" [@@noalloc]
external waker_open_raw : t -> int -> int = "fdslots_ml_waker_open" [@@noalloc]
external wake_raw : t -> int = "fdslots_ml_wake" [@@noalloc]
external drain_raw : t -> int = "fdslots_ml_waker_drain" [@@noalloc]
external dump : t -> string = "fdslots_ml_dump"
external version : unit -> string = "fdslots_ml_version"

let check t call rc =
  if rc < 0 then raise_error t call rc;
  rc

let run t call rc = ignore (check t call rc : int)
let create n = create_raw n 0
let destroy t = run t "destroy" (destroy_raw t)
let resize t n = run t "resize" (resize_raw t n)
let set_index t i fd events = run t "set_index" (set_index_raw t i fd events)
let set_events t i events = run t "set_events" (set_events_raw t i events)
let invalidate_index t i = run t "invalidate_index" (invalidate_raw t i)
let close_index t i = run t "close_index" (close_raw t i)
let pause_index t i = run t "pause_index" (pause_raw t i)
let resume_index t i = run t "resume_index" (resume_raw t i)
let is_paused t i = check t "is_paused" (is_paused_raw t i) = 1
let get_fd t i = fd_of_int (check t "get_fd" (get_fd_raw t i))
let get_events t i = check t "get_events" (get_events_raw t i)
let get_revents t i = check t "get_revents" (get_revents_raw t i)
let get_generation t i = check t "get_generation" (generation_raw t i)
let wait ?sigmask t ns = check t "wait" (wait_raw t ns sigmask)
let wait_until ?sigmask t ns = check t "wait_until" (wait_until_raw t ns sigmask)
let ppoll ?sigmask t nfds ns = check t "ppoll" (ppoll_raw t nfds ns sigmask)
let epoll_pwait ?sigmask t ns = check t "epoll_pwait" (epoll_raw t ns sigmask)
let set_max_ready t n = run t "set_max_ready" (max_ready_raw t n)
let waker_open t i = run t "waker_open" (waker_open_raw t i)
let wake t = run t "wake" (wake_raw t)
let waker_drain t = run t "waker_drain" (drain_raw t)

let iter_first t limit f =
  let started = round t in
  let rec go place left =
    if left > 0 && round t = started then
      let place = ready_place t place in
      if place >= 0 then begin
        let i = ready_index t place in
        f i (get_fd t i) (get_revents t i);
        go (place + 1) (left - 1)
      end
  in
  go 0 limit

let iter_ready t f = iter_first t max_int f
