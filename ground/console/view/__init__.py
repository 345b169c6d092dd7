"""Pure: what the model holds becomes rows, texts and style names; no terminal, no clock."""
