(* SPDX-License-Identifier: ISC *)
external nth : int -> int = "fdslots_ml_event" [@@noalloc]
external to_string : int -> string = "fdslots_ml_format_events"

let in_ = nth 0
let pri = nth 1
let out = nth 2
let rdhup = nth 3
let err = nth 4
let hup = nth 5
let nval = nth 6
let rdnorm = nth 7
let rdband = nth 8
let wrnorm = nth 9
let wrband = nth 10
let edge = nth 11
let oneshot = nth 12
let exclusive = nth 13
let polled = nth 14
let mem a b = a land b <> 0
