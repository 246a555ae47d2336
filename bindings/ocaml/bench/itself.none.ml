(* SPDX-License-Identifier: ISC *)
let ways = []
