(* SPDX-License-Identifier: ISC *)
(* ocaml-iomux, if it is installed. *)

module Poll = struct
  include Iomux.Poll

  let infinite : poll_timeout = Infinite
  let create maxfds = create ~maxfds ()
end

let ways = [ { Ways.name = "ocaml-iomux"; prepare = Ways.poll (module Poll) } ]
