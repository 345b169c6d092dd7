"""`ground gateway`: the links of a mission, or of one of its gateways, into their journals."""

from __future__ import annotations

from typing import Annotated

import typer

from ground.cli import options


def gateway(
    mission: Annotated[str, typer.Argument(help="A mission file, or a shipped mission.")],
    name: Annotated[
        str | None, typer.Option("--name", help=r"The [\[gateway]] to be; else this station's own.")
    ] = None,
    listen: Annotated[
        str | None,
        typer.Option(
            "--listen", help="Serve readers elsewhere, as tcp://10.0.0.5:7001; needs keys."
        ),
    ] = None,
    log: Annotated[
        str | None, typer.Option("--log", help="people or json; without, as the terminal is one.")
    ] = None,
    realm: options.Realm = "live",
    home: options.Home = None,
) -> None:
    """Receive on the links of a mission, keep all of it in journals, and send it to processors.

    Runs until SIGTERM or Ctrl-C. What a processor misses, it gets when it comes back.
    """
    from ground import settings
    from ground.bus.addresses import Run
    from ground.cli import logs
    from ground.errors import InputError
    from ground.services import child
    from ground.services.gateway import Gateway

    found = settings.find(mission)
    if name is not None and name not in {each.name for each in found.gateways}:
        known = ", ".join(each.name for each in found.gateways) or "those that the file tells of"
        raise InputError(f"{found.path}: no gateway {name}; expected one of {known}")
    logs.start(log)
    root = (home or settings.home()).absolute()
    service = f"gateway-{name}" if name else "gateway"
    with child.only(Run(root, realm).folder, service):
        Gateway(found, root, realm, name=name, listen=listen).run()
