"""Messages as octets: versioned msgpack multipart, one buffer for each column."""
