"""Who can reach whom, when, how well and by which way: orbits, contacts, plans and routes.

In come orbital elements and the places of stations; out comes a plan of contacts, and for each
command the way that brings its last octet to the spacecraft first. Nothing here waits, asks for
the time or opens a file.

* where a spacecraft is: `elements` (mean elements and their checks), `tle`, `omm` and
  `element_files` read them, `synthetic` makes them, `orbits` propagates many at once, `frames`
  turns the Earth under them, `sun` says where the Sun stands;
* who sees whom: `margins` (what must hold for a link), `spans` (when it holds, to a millisecond),
  `visibility` (all pairs at once), `eclipse` (when the Sun is hidden);
* what comes of it: `nodes` (spacecraft, stations and their terminals), `contacts`.

A module `*_jit` holds the compiled twins of the one it is named after.
"""
