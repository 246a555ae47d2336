(* SPDX-License-Identifier: ISC *)
let () =
  Alcotest.run "fdslots"
    [ ("native", Native.cases);
      ("iteration", Iteration.cases);
      ("allocation", Allocation.cases);
      ("collector", Collector.cases);
      ("lock", Lock.cases);
      ("iomux", Iomux.cases);
      ("epoll", Epoll.cases) ]
