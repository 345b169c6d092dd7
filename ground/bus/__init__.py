"""The bus: messages over ZeroMQ, with keys wherever a request comes in or a wire leaves here."""
