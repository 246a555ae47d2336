(* SPDX-License-Identifier: ISC *)
(* Sockets that are ready or not. A ready one has sent itself a datagram. *)

let rec silent n =
  if n = 0 then []
  else begin
    let fd = Unix.socket PF_INET SOCK_DGRAM ~cloexec:true 0 in
    Unix.bind fd (ADDR_INET (Unix.inet_addr_loopback, 0));
    fd :: silent (n - 1)
  end

let make_ready fd =
  ignore (Unix.sendto_substring fd "!" 0 1 [] (Unix.getsockname fd) : int)

(* Make n sockets, of which k are ready, spread evenly. *)
let create n k =
  let fds = Array.of_list (silent n) in
  for i = 0 to k - 1 do make_ready fds.(i * n / k) done;
  fds

let close fds = Array.iter Unix.close fds
