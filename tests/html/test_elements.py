"""Texts of the user are escaped, and nothing in them is hidden."""

import pytest

from slopenet.html.elements import box, name, note, number, percent, table, text


@pytest.mark.parametrize(
    ("words", "seen"),
    [
        ("<script>x</script>", "&lt;script&gt;x&lt;/script&gt;"),
        ('a" onload="b', "a&quot; onload=&quot;b"),
        ("T & p", "T &amp; p"),
        ("red\x1b[31m", "red\\x1b[31m"),
        ("a\u202eb", "a\\u202eb"),
        ("קצב", "קצב"),
        ("n" * 200, "n" * 200),
    ],
)
def test_a_text_is_escaped_and_shows_what_is_not_visible(words, seen):
    assert text(words) == seen
    for page in (name(words), note(words), box(words, ""), box("", words)):
        assert seen in page
    assert name(words) == f"<bdi>{seen}</bdi>"


def test_numbers_have_five_digits_shares_three_and_nan_is_empty():
    assert [number(x) for x in (1234.56, 1e-9, float("nan"))] == ["1234.6", "1e-09", ""]
    assert [percent(x) for x in (0.12345, 0.0, float("nan"))] == ["12.3 %", "0 %", ""]


def test_a_table_aligns_words_left_and_numbers_right():
    page = table(["name", "n"], [["T", "1"], ["p", "2"]])
    assert page.count("<tr>") == 3
    assert page.count("text-align:left") == page.count("text-align:right") == 3


def test_an_empty_note_is_nothing():
    assert note("") == ""
