(* SPDX-License-Identifier: ISC *)
(* An echo server on 127.0.0.1. A slot is a connection:

     echo PORT              serve until interrupted
     echo --self-test N     serve N clients of its own, one after the other and all at once

   Slot 0 is the waker, by which a signal handler or another thread ends the server. Slot 1 is the
   listener. A connection that cannot be written to waits for that, and is not read meanwhile. *)

module Event = Fdslots.Event

let waker = 0
let listener = 1

type server = {
  slots : Fdslots.t;
  mutable unsent : string array; (* indexed by slot *)
  mutable running : bool;
}

let listen_on port =
  let fd = Unix.socket PF_INET SOCK_STREAM ~cloexec:true 0 in
  Unix.setsockopt fd SO_REUSEADDR true;
  Unix.bind fd (ADDR_INET (Unix.inet_addr_loopback, port));
  Unix.listen fd 128;
  Unix.set_nonblock fd;
  fd

let create_on socket =
  let slots = Fdslots.create 16 in
  Fdslots.waker_open slots waker;
  Fdslots.set_index slots listener socket Event.in_;
  { slots; unsent = Array.make 16 ""; running = true }

(* Can be called from a signal handler or another thread. *)
let stop server =
  server.running <- false;
  Fdslots.wake server.slots

let grow server =
  let capacity = 2 * Fdslots.capacity server.slots in
  Fdslots.resize server.slots capacity;
  let old = server.unsent in
  server.unsent <- Array.init capacity (fun i -> if i < Array.length old then old.(i) else "")

let rec free_slot server =
  let i = Fdslots.next_free server.slots 0 in
  if i >= 0 then i
  else begin
    grow server;
    free_slot server
  end

let rec accept server socket =
  match Unix.accept ~cloexec:true socket with
  | fd, _ ->
      Unix.set_nonblock fd;
      Fdslots.set_index server.slots (free_slot server) fd Event.in_;
      accept server socket
  | exception Unix.Unix_error ((EAGAIN | EWOULDBLOCK), _, _) -> ()

(* Send the text for slot i, and set the events to wait for next. *)
let send server i text =
  let length = String.length text in
  let sent =
    try Unix.single_write_substring (Fdslots.get_fd server.slots i) text 0 length
    with Unix.Unix_error ((EAGAIN | EWOULDBLOCK), _, _) -> 0
  in
  server.unsent.(i) <- String.sub text sent (length - sent);
  Fdslots.set_events server.slots i (if sent = length then Event.in_ else Event.out)

let buffer = Bytes.create 65_536

let receive server i fd =
  match Unix.read fd buffer 0 (Bytes.length buffer) with
  | 0 -> Fdslots.close_index server.slots i
  | n -> send server i (Bytes.sub_string buffer 0 n)
  | exception Unix.Unix_error ((EAGAIN | EWOULDBLOCK), _, _) -> ()

let serve_one server i fd =
  if i = waker then Fdslots.waker_drain server.slots
  else if i = listener then accept server fd
  else
    try if server.unsent.(i) <> "" then send server i server.unsent.(i) else receive server i fd
    with Unix.Unix_error ((ECONNRESET | EPIPE), _, _) ->
      server.unsent.(i) <- "";
      Fdslots.close_index server.slots i

let rec serve_ready server =
  let i = Fdslots.next_ready server.slots in
  if i >= 0 then begin
    serve_one server i (Fdslots.get_fd server.slots i);
    serve_ready server
  end

let rec close_all server =
  let i = Fdslots.next_used server.slots (waker + 1) in
  if i >= 0 then begin
    Fdslots.close_index server.slots i;
    close_all server
  end

let serve server =
  while server.running do
    match Fdslots.wait server.slots (-1) with
    | _ -> serve_ready server
    | exception Unix.Unix_error (EINTR, _, _) -> ()
  done;
  close_all server;
  Fdslots.destroy server.slots

(* ---- clients of the self-test ---- *)

let connect address =
  let fd = Unix.socket PF_INET SOCK_STREAM ~cloexec:true 0 in
  Unix.connect fd address;
  fd

let say fd text = ignore (Unix.write_substring fd text 0 (String.length text))

let expect fd text =
  let input = Unix.in_channel_of_descr fd in
  if really_input_string input (String.length text) <> text then failwith "not an echo"

let self_test count =
  let socket = listen_on 0 in
  let address = Unix.getsockname socket in
  let server = create_on socket in
  let thread = Thread.create serve server in
  let clients = List.init count (fun _ -> connect address) in
  let text i = Printf.sprintf "client %d\n" i in
  List.iteri (fun i fd -> say fd (text i)) clients;
  List.iteri (fun i fd -> expect fd (text i)) clients;
  List.iter Unix.close clients;
  let large = String.make 3_000_000 'x' and fd = connect address in
  let writer = Thread.create (fun () -> say fd large) () in
  expect fd large;
  Thread.join writer;
  Unix.close fd;
  stop server;
  Thread.join thread;
  Printf.printf "%d clients, all of them answered\n" (count + 1)

let run port =
  let server = create_on (listen_on port) in
  let handle signal = Sys.set_signal signal (Signal_handle (fun _ -> stop server)) in
  List.iter handle [ Sys.sigint; Sys.sigterm ];
  serve server

let () =
  Sys.set_signal Sys.sigpipe Signal_ignore;
  match Sys.argv with
  | [| _; "--self-test"; n |] -> self_test (int_of_string n)
  | [| _; port |] -> run (int_of_string port)
  | _ -> prerr_endline "usage: echo PORT | echo --self-test N"; exit 2
