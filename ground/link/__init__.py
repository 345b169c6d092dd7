"""Links: where octets come in. UDP, TCP, serial lines, files, folders, and memory for tests."""
