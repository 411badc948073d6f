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


@pytest.mark.parametrize(
    "html",
    [
        "<img alt='>'>STOP",
        '<img alt="a < b > c">STOP',
        '<p title="nobody ends this>STOP</p>',
        "<p title=it's>STOP</p>",
        "<blockquote>STOP</blockquote>",
        '<blockquote style="border:none"><div>STOP</div></blockquote><br>',
        "<blockquote/>STOP",
        "</blockquote>STOP",
        *(f"<{name}/>STOP" for name in ("style", "script", "title", "template", "head")),
        *(f"<{name}>STOP" for name in ("style", "script", "title", "template", "head")),
        "<style><style></style>STOP",
        "<style><!-- a {} </style>STOP<!-- b -->",
        "<script>if (a<b) '<title>'</script>STOP",
        "<head><p>STOP</p>",
        "<p>STOP</p",
        "<td>STOP",
        "<!-->STOP",
        "<!--->STOP",
        "<!-- ours --!>STOP",
        "<!-- STOP",
        "<![CDATA[STOP]]>",
        "<!--[if mso]>Outlook<![endif]-->STOP",
        "<!--[if !mso]><!-->STOP<!--<![endif]-->",
        "<![if !mso]>STOP<![endif]>",
        "<br><br>STOP<br>",
        "&#83;T&#x4F;P",
        "<o:p>S<b>TO</b><span></span>P</o:p>",
    ],
)
def test_a_word_is_not_lost_whatever_a_mail_program_has_put_around_it(html):
    assert text_of(html) == "STOP"


OURS = "You owe 5.00. Reply STOP to opt out."


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (f"<div>On Mon Acme wrote:<blockquote>{OURS}</blockquote></div>", "On Mon Acme wrote:"),
        (f"<p>ok</p><blockquote>{OURS}", "ok"),
        (f"<p>ok</p><blockquote>a<blockquote>{OURS}</blockquote>b</blockquote>", "ok"),
        (f"On Mon:<blockquote>{OURS}</blockquote><p>STOP</p>", "On Mon:\nSTOP"),
        (f'<blockquote type="cite"><div>On Mon:</div>{OURS}</blockquote>', ""),
        (f"<blockquote class='gmail_quote'><blockquote>{OURS}</blockquote>!</blockquote>", ""),
        ("<br><br>", ""),
    ],
)
def test_what_we_wrote_ourselves_is_never_read_as_an_answer(html, text):
    assert text_of(html) == text


@pytest.mark.parametrize(
    "part",
    [
        *("<a ", "<!--", "<", "</", "<a href='", "<script>", "<p>x", "<![CDATA[", "<a a='>'"),
        *("<blockquote>", "<style><!--", "<a '<1", "--!>", "&#"),
    ],
)
def test_no_mail_takes_longer_than_its_length_does(part):
    begun = process_time()
    text_of(part * (LONGEST // len(part)))
    assert process_time() - begun < 2
