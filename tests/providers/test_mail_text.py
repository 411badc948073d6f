from time import process_time

import pytest

from providers.mail_text import LONGEST, text_of


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>STOP</p><p>Jo&nbsp;Smith</p>", "STOP\nJo Smith"),
        ("STOP<br>\n   please", "STOP\nplease"),
        ("I <b>will</b>\n  pay", "I will pay"),
        ("<style>p > a {}</style><DIV>STOP</DIV><script>var a = 1</script>", "STOP"),
        ("<html><head><title>Mail</title><body>STOP</body></html>", "STOP"),
        ("<p>no</p><blockquote>Reply <b>STOP</b></blockquote><p>thanks</p>", "no\nthanks"),
        ("<!-- <p>STOP</p> --><p title='x'>1 &lt; 2 &amp; 3</p>", "1 < 2 & 3"),
        (f"<img src='data:{'A' * 5000}'>STOP", "STOP"),
        ("<p>\u0623\u0648\u0642\u0641</p>", "\u0623\u0648\u0642\u0641"),
        ("no tags", "no tags"),
        ("", ""),
    ],
)
def test_a_mail_of_html_is_read_line_by_line_without_what_it_quotes(html, text):
    assert text_of(html) == text


@pytest.mark.parametrize("part", ["<a ", "<!--", "<", "</", "<a href='", "<script>", "<p>x"])
def test_no_mail_takes_longer_than_its_length_does(part):
    begun = process_time()
    text_of(part * (LONGEST // len(part)))
    assert process_time() - begun < 2
