"""Who can reach whom, when, how well and by which way: orbits, contacts, plans and routes.

In come orbital elements and the places of stations; out comes a plan of contacts, and for each
command the way that brings its last octet to the spacecraft first. Nothing here waits, asks for
the time or opens a file.

* where a spacecraft is: `elements` (mean elements and their checks); `element_files` reads them
  (`tle`, `omm`), `synthetic` makes them; `orbits` propagates many at once, `frames` turns the Earth
  under them, `sun` says where the Sun stands;
* who sees whom: `nodes` (spacecraft, stations and their terminals), `visibility` (what must hold
  for a link, as margins), `intervals` (when a margin holds, to a millisecond), `pairs` (all pairs
  on a grid), `contacts` (what comes of it); `eclipse` (when the Earth hides the Sun);
* what a contact carries: `budget` (data rates), `booking` (who gets the few antennas of a relay);
* the contact plan: `plan`, with `groups` and `volumes`; `plan_json`, `ion` and `foreign` read and
  write it as text;
* the way: `rounds` (the search), `route` (what it found, or what is in the way), `legs` (when a
  unit passes each hop), `window` (how COP-1 is set for it).

A module `*_jit` holds the compiled twins of the one it is named after.
"""
