"""What can be wrong with octets, and with a request to make some."""


class DecodeError(ValueError):
    """Octets that break a rule of their standard.

    `clause` names the rule, so that an operator can look it up.
    """

    def __init__(self, message: str, *, clause: str) -> None:
        super().__init__(f"{message} ({clause})")
        self.clause = clause


class EncodeError(ValueError):
    """A request that its standard cannot express: mend the caller."""
