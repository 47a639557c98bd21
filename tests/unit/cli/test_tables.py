"""Tables stand straight on the screen."""

from digest.cli.tables import table


def test_columns_are_as_wide_as_they_look():
    assert table([("a", "1", "x"), ("用户", "22", "")]) == ["a     1   x", "用户  22"]


def test_no_rows_make_no_lines():
    assert table([]) == []
