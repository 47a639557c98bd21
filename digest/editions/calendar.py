"""The calendar of editions: which local date is due when."""
