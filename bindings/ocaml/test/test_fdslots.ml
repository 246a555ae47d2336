(* SPDX-License-Identifier: ISC *)
let suites =
  [ ("native", Native.cases);
    ("iteration", Iteration.cases);
    ("collector", Collector.cases);
    ("lock", Lock.cases);
    ("children", Children.cases);
    ("iomux", Iomux.cases);
    ("epoll", Epoll.cases) ]

let () =
  Alcotest.run "fdslots"
    (suites @ List.map Compacted.suite suites @ [ ("allocation", Allocation.cases) ])
