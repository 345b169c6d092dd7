"""The console's own widgets, behind which textual's ways are kept: lines, grid, plot, sheet."""
