"""Every rule: a good mail passes it, and one spoilt in that way alone does not."""

import pytest

from digest.rendering.lint import RULES, Severity, lint_html, lint_message
from tests.good_mail import HEAD, MAIL, PAGE, TEXT, spoilt

_COLOURS = "color:#222222;background-color:#ffffff;font-size:16px"
_LINK = '<a href="https://news.example.org/1" style="color:#222222">The harbour opens</a>'
_IMAGE = '<img src="https://news.example.org/1.jpg" width="112" height="84" alt="">'
_DARK = "@media (prefers-color-scheme: dark)"
_DATA = "<table><tr><th>Ferry</th><td>09:00</td></tr></table>"
_HEAD_LINES = {line.partition(":")[0]: f"{line}\n" for line in HEAD.splitlines() if line[0] != " "}
_PICTURES = [
    ("<td>", '<td background="http://10.0.0.1/t.png">'),
    ("<p>", '<p style="background:#fff url(http://10.0.0.1/t.gif)">'),
    ("<p>", "<p style=\"background:#fff url( 'http://10.0.0.1/t.gif' )\">"),
    ("<p>", """<p style='list-style-image:image-set("http://10.0.0.1/t.gif" 1x)'>"""),
    ("<style>", "<style>p { background: url(http://10.0.0.1/t.png) }"),
    ("<style>", f"<style>{_DARK} {{ p {{ background: url(http://10.0.0.1/t.png) }} }}"),
    ("<img", '<img srcset="https://news.example.org/1.jpg, http://10.0.0.1/2.jpg 2x"'),
    ("<tr>", '<!--[if mso]><v:fill src="http://10.0.0.1/t.png"><![endif]--><tr>'),
]
"""Pictures within reach of no reader, and by no TLS."""

BAD: dict[str, list[tuple[str, str]]] = {
    "unsupported": [
        ("<p>", '<p style="display:flex">'),
        ("<p>", '<p style="position:absolute">'),
        ("<p>", '<p style="font-size:clamp(14px,16px,18px)">'),
        ("<p>", '<p style="border-radius:4px / 2px">'),
        ("<p>Ferries", "<video></video><p>Ferries"),
        ("<style>", "<style>@font-face { font-family: Own; src: url(https://x.example.org/f) }"),
        ("<style>", "<style>.a > .b { color: #222222 }"),
    ],
    "untested": [
        ("<p>", '<p style="flex-grow:1">'),
        ("<p>", '<p style="background-color:#ffffff;text-indent:1cqw">'),
        ("<p>", '<p style="color:hwb(0 0% 0%)">'),
        ("<p>Ferries", "<canvas></canvas><p>Ferries"),
        ("<style>", "<style>@layer base { a { color: #222222 } }"),
        ("<style>", "<style>@media (max-width: 9px) { @media (hover) { a { color: red } } }"),
        ("<style>", "<style>a:user-valid { color: #222222 }"),
    ],
    "css-broken": [
        ("<p>", '<p style="color">'),
        ("<style>", "<style>a { color: #222222; b }"),
        ("<style>", "<style>} a"),
    ],
    "script": [
        ("<p>Ferries", "<script>1</script><p>Ferries"),
        ("<p>Ferries", '<iframe src="https://x.example.org"></iframe><p>Ferries'),
        ("<p>", '<p onclick="1">'),
        ("<a ", '<a ping="https://news.example.org/seen" '),
        ("<title>", '<meta http-equiv="Refresh" content="0;url=https://x.example.org"><title>'),
        ("<p>Ferries", "<!--[if IE]><script>1</script><![endif]--><p>Ferries"),
        ("<p>Ferries", "<!--[if gte mso 9]></div><script>1</script><![endif]--><p>Ferries"),
    ],
    "partly-supported": [
        ("<p>", '<p style="margin:-4px">'),
        ("<p>", '<p style="padding:4px">'),
        ("<p>", '<p style="font-size:1.2rem">'),
        ("<style>", "<style>/* a note */"),
    ],
    "html-lang": [(' lang="en"', ""), ('lang="en"', 'lang=""')],
    "html-dir": [(' dir="ltr"', ""), ('dir="ltr"', 'dir="left"')],
    "html-title": [("<title>News</title>", ""), ("<title>News", "<title> ")],
    "heading-one": [("<h1>News</h1>", "<p>News</p>"), ("<h2>World</h2>", "<h1>World</h1>")],
    "heading-order": [("<h2>World</h2>", "<h3>World</h3>"), ("<h2>World", "<h2> ")],
    "table-role": [
        (' role="presentation"', ""),
        ('"presentation"', '"grid"'),
        ("<p>Ferries", "<table><tr><th></th><td>09:00</td></tr></table><p>Ferries"),
        ("<p>Ferries", "<table><tr><th>Ferries</th></tr></table><p>Ferries"),
        ("<p>Ferries", f"<table><tr><td>{_DATA}</td></tr></table><p>Ferries"),
    ],
    "link-target": [
        ('href="https://news.example.org/1"', 'href=""'),
        ('href="https://news.example.org/1"', 'href="/1"'),
        ('href="https://news.example.org/1"', 'href="//news.example.org/1"'),
        ('href="https://news.example.org/1"', 'href="https://"'),
        ('href="https://news.example.org/1"', 'href="http://[broken"'),
        ('href="https://news.example.org/1"', 'href="mailto:nobody"'),
        ('href="https://news.example.org/1"', 'href="javascript:alert(1)"'),
        (' href="https://news.example.org/1"', ""),
    ],
    "host-public": [
        *(
            (f"https://news.example.org/{path}", f"{scheme}://{host}/{path}")
            for path, scheme in (("1.jpg", "https"), ('1"', "http"))
            for host in ("127.0.0.1", "10.1.2.3", "192.168.3.4", "[::1]", "[::ffff:10.0.0.1]")
        ),
        *(
            ('https://news.example.org/1"', f'https://{host}/1"')
            for host in ("localhost:8080", "nas.local.", "intranet", "2130706433", "0x7f.1")
        ),
        *((old, new.replace("http://", "https://")) for old, new in _PICTURES),
    ],
    "link-text": [
        *(
            ("The harbour opens", words)
            for words in (" ", "Read more", "Click here!", "READ\nMORE »", "&gt; link &lt;")
        ),
        ("The harbour opens", '<span style="display:none">The <b>harbour</b> opens</span>'),
    ],
    "image-alt": [(' alt=""', "")],
    "image-size": [(' width="112"', ""), ('width="112"', 'width="100%"'), (' height="84"', "")],
    "image-source": [
        ("https://news.example.org/1.jpg", "1.jpg"),
        ("https://news.example.org/1.jpg", "data:image/gif;base64,R0lGODlhAQABAAAAACw="),
        ("https://news.example.org/1.jpg", "cid:picture"),
        ("https://news.example.org/1.jpg", "http://news.example.org/1.jpg"),
        *((old, new.replace("10.0.0.1", "a.example.org")) for old, new in _PICTURES),
    ],
    "image-seen": [
        ('width="112" height="84"', 'width="1" height="1"'),
        ('height="84"', 'height="0"'),
        ('height="84"', 'height="84" style="width:1px"'),
        ("<img", '<img style="display:none"'),
    ],
    "contrast": [
        ("color:#222222;back", "color:#888888;back"),
        ("background-color:#ffffff", "background-color:#444444"),
        ("<p>", '<p style="color:#999">'),
        ("<p>", '<p><font color="#fffdf9">Free</font>'),
        ("<p>", '<p><font color="fffdf9">Free</font>'),
        ("<p>", '<p style="color:transparent">'),
        ("<style>", "<style>p { color: #fffdf9 !important }"),
        ("<style>", f"<style>{_DARK} {{ table {{ color: #eeeeee !important }} }}"),
        ("<style>", f"<style>{_DARK} {{ table {{ background-color: #222222 !important }} }}"),
    ],
    "text-size": [
        ("<p>", '<p style="font-size:1px">'),
        ("font-size:16px", "font:0/0 serif"),
        ("The harbour opens", '<span style="font-size:0">The harbour opens</span>'),
        ("<style>", "<style>p { font-size: 1px !important }"),
    ],
    "text-dressed": [
        ("color:#222222;back", "back"),
        ("background-color:#ffffff;", ""),
        (";font-size:16px", ""),
        (' style="color:#222222">The harbour', ">The harbour"),
    ],
    "text-missing": [(TEXT, "\n")],
    "text-width": [("News\n\n", "News " * 15 + "\n\n")],
    "text-images": [("News\n\n", "News\nhttps://news.example.org/1.jpg\n\n")],
    "text-brackets": [("News\n\n", "News ()\n\n"), ("News\n\n", "[ ] News\n\n")],
    "message-size": [("News\n\n", "News\n" * 20_000 + "\n")],
    "alternative": [("multipart/alternative", "multipart/mixed"), ("text/plain", "text/enriched")],
    "subject-empty": [("Ferries sail again", ""), (_HEAD_LINES["Subject"], "")],
    "from-one": [
        (_HEAD_LINES["From"], ""),
        (_HEAD_LINES["From"], _HEAD_LINES["From"] * 2),
        ("<morning@news.example.org>", "<morning@news.example.org>, desk@news.example.org"),
    ],
    "message-id": [
        (_HEAD_LINES["Message-ID"], ""),
        ("<morning.17.1@news.example.org>", "morning"),
    ],
    "date": [(_HEAD_LINES["Date"], ""), ("Tue, 03 Mar 2026 05:00:00 +0000", "this morning")],
    "header-ascii": [("Subject: Ferries", "Subject: Фериботи")],
    "line-length": [("News\n\n", "x" * 1000 + "\n\n")],
    "list-unsubscribe": [
        (_HEAD_LINES["List-Unsubscribe"], ""),
        ("<https://news.example.org/unsubscribe/token>", "<mailto:a@news.example.org>"),
        ("<https://news.example.org/unsubscribe/token>", "<http://news.example.org/u>"),
    ],
    "one-click": [
        (_HEAD_LINES["List-Unsubscribe-Post"], ""),
        ("List-Unsubscribe=One-Click", "yes"),
    ],
    "dkim-aligned": [
        ("d=news.example.org", "d=relay.example.com"),
        ("d=news.example.org", "d=org"),
    ],
    "dkim-covers": [(":list-unsubscribe-post;", ";"), ("h=from:", "h=")],
}

_ELSEWHERE = {"template-broken", "logo-unusable", "mail-unknown", "template-stray"}
"""Those of templates, which a mail cannot break: see the tests of the rehearsal."""
_TOGETHER = {
    # What breaks the first breaks the other, too.
    "unsupported": {"partly-supported"},
    "untested": {"partly-supported", "unsupported"},
    "script": {"untested"},
    "partly-supported": {"unsupported"},
    "link-target": {"partly-supported"},
    "contrast": {"partly-supported"},
    "text-size": {"partly-supported", "unsupported"},
    "text-dressed": {"unsupported", "partly-supported"},
    "image-size": {"partly-supported"},
    "host-public": {"unsupported", "partly-supported", "untested"},
    "image-source": {"unsupported", "partly-supported", "untested"},
    "image-seen": {"unsupported", "partly-supported"},
    "alternative": {"text-missing"},
}


def broken(mail: str) -> set[str]:
    return {finding.rule.name for finding in lint_message(mail.encode())}


def test_nothing_is_found_in_a_good_mail():
    assert lint_message(MAIL.encode()) == ()
    assert lint_html(PAGE) == ()


def test_every_rule_has_bad_examples():
    assert set(BAD) | _ELSEWHERE == set(RULES)


@pytest.mark.parametrize(
    ("rule", "change"), [(rule, change) for rule, changes in BAD.items() for change in changes]
)
def test_a_mail_spoilt_in_one_way_breaks_that_rule(rule: str, change: tuple[str, str]):
    found = broken(spoilt(MAIL, change))
    assert rule in found
    assert found <= {rule} | _TOGETHER.get(rule, set())


def test_a_finding_says_what_where_and_what_to_do():
    page = spoilt(PAGE, ("<p>Ferries", '<p class="lead" style="display:grid">Ferries'))
    (finding,) = lint_html(page)
    assert finding.rule.name == "unsupported"
    assert finding.rule.severity is Severity.ERROR
    assert finding.what.startswith("display:grid: not in Outlook (Windows)")
    assert finding.place == 'line 10: <p class="lead" style="display:grid">'
    assert finding.rule.remedy


def test_a_finding_in_a_style_element_has_its_line():
    page = spoilt(PAGE, ("<style>", "<style>\n\n.a + .b { color: #222222 }\n"))
    places = {finding.place for finding in lint_html(page)}
    assert places == {"line 6: .a + .b {…}"}


def test_the_same_in_many_places_is_one_finding():
    page = spoilt(PAGE, (_IMAGE, _IMAGE.replace(' alt=""', "") * 40))
    (finding,) = lint_html(page)
    assert (finding.rule.name, finding.times) == ("image-alt", 40)


def test_errors_come_before_warnings():
    page = spoilt(PAGE, ("<p>", '<p style="margin:-4px">'), (' alt=""', ""))
    assert [finding.rule.name for finding in lint_html(page)] == ["image-alt", "partly-supported"]


def test_a_mail_to_one_person_needs_no_way_to_unsubscribe():
    single = spoilt(
        MAIL,
        (_HEAD_LINES["List-Unsubscribe"], ""),
        (_HEAD_LINES["List-Unsubscribe-Post"], ""),
        (":list-unsubscribe:list-unsubscribe-post", ""),
    )
    assert broken(single) == {"list-unsubscribe", "one-click", "dkim-covers"}
    assert lint_message(single.encode(), bulk=False) == ()


@pytest.mark.parametrize("domain", ["example.org", "mail.news.example.org"])
def test_a_signature_of_a_domain_above_or_below_is_aligned(domain: str):
    assert broken(spoilt(MAIL, ("d=news.example.org", f"d={domain}"))) == set()


def test_one_aligned_signature_of_two_is_enough():
    relay = "DKIM-Signature: v=1; d=relay.example.com; h=from; b=c2ln\n"
    assert broken(relay + MAIL) == set()


def test_a_picture_alone_in_a_link_speaks_by_its_alt():
    link = '<a href="https://news.example.org/1">{}</a>'
    mute = spoilt(PAGE, (_IMAGE, link.format(_IMAGE)))
    assert {finding.rule.name for finding in lint_html(mute)} == {"link-text"}
    spoken = spoilt(mute, ('alt=""', 'alt="Ferries"'))
    assert lint_html(spoken) == ()


def test_colours_are_weighed_as_they_stand_in_the_dark():
    dark = "table, a { color: #eeeeee !important } table { background-color: #222222 !important }"
    whole = spoilt(PAGE, ("<style>", f"<style>{_DARK} {{ {dark} }}"))
    assert lint_html(whole) == ()
    (finding,) = lint_html(spoilt(whole, ("table, a", "table")))
    assert finding.what == "#222222 on #222222 has 1.0, in the dark"
    assert finding.place.startswith("line 11: <a href=")


@pytest.mark.parametrize(
    "rule",
    [
        "p { color: #fffdf9 }",
        "a:hover { color: #fffdf9 !important }",
        "[data-ogsc] p { color: #fffdf9 !important }",
        "p { color: #fffdf9 !important; display: none !important }",
        "p { color: #fffdf9 !important } td p { color: #222222 !important }",
    ],
)
def test_a_sheet_that_changes_no_words_in_view_is_left(rule: str):
    page = spoilt(PAGE, ("<p>Ferries", '<p style="color:#222222">Ferries'), ("<p><a", "<h3><a"))
    page = spoilt(page, ("</a></p>", "</a></h3>"), ("<style>", f"<style>{rule}"))
    assert {finding.rule.name for finding in lint_html(page)} <= {"unsupported", "partly-supported"}


def test_a_space_of_no_height_holds_no_words_to_read():
    space = '<table role="presentation"><tr><td style="font:0/0 serif">&nbsp;</td></tr></table>'
    assert lint_html(spoilt(PAGE, ("<p>Ferries", f"{space}<p>Ferries"))) == ()


def test_elements_within_each_other_without_end_are_no_trouble():
    found = lint_html("<body>" + "<div>" * 1500 + "Ferries")
    assert "text-dressed" in {finding.rule.name for finding in found}


def test_a_table_of_data_needs_no_role():
    assert lint_html(spoilt(PAGE, ("<p>Ferries", f"{_DATA}<p>Ferries"))) == ()


@pytest.mark.parametrize(
    "change",
    [
        ("<img", '<img srcset="https://a.example.org/1,5.jpg 1x,https://a.example.org/2.jpg 2x"'),
        (
            "<style>",
            "<!--[if mso]><style>v { behavior: url(#default#VML) }</style><![endif]--><style>",
        ),
        ("<p>", "<p style=\"background:url('https://a.example.org/1.jpg')\">"),
    ],
)
def test_a_picture_on_the_web_may_be_wherever_pictures_are(change: tuple[str, str]):
    assert not broken(spoilt(MAIL, change)) & {"image-source", "host-public", "css-broken"}


@pytest.mark.parametrize("charset", ["undefined", "idna", "punycode", "hex", "none", "utf-8\0"])
def test_a_charset_that_is_of_no_use_for_text_is_taken_as_utf_8(charset: str):
    mail = MAIL.replace("charset=utf-8", f'charset="{charset}"')
    assert lint_message(mail.encode()) == ()


@pytest.mark.parametrize("host", ["93.184.215.14", "[2606:4700::1111]", "bücher.example"])
def test_hosts_of_the_internet_are_public(host: str):
    page = spoilt(PAGE, ('https://news.example.org/1"', f'https://{host}/1"'))
    assert lint_html(page) == ()


def test_what_only_outlook_for_windows_sees_is_checked_against_it_alone():
    page = spoilt(PAGE, ("<p>", '<!--[if mso]><p style="display:flex;opacity:1"><![endif]--><p>'))
    (flex, opacity) = sorted(finding.what for finding in lint_html(page))
    assert flex == "display:flex: not in Outlook (Windows)"
    assert opacity == "opacity: not in Outlook (Windows)"


def test_what_outlook_for_windows_does_not_see_is_not_checked_against_it():
    inner = '<td style="border-radius:4px / 4px">x</td>'
    hidden = f"<!--[if !mso]><!-->{inner}<!--<![endif]-->"
    (finding,) = lint_html(spoilt(PAGE, ("<tr>", f"<tr>{hidden}")))
    assert finding.rule.name == "partly-supported"
    assert "Windows" not in finding.what


@pytest.mark.parametrize("html", ["", " ", "x", "<", "<html", "\x00", "<p style='" * 50, "<!--"])
def test_whatever_is_no_page_is_told_and_not_fallen_over(html: str):
    assert "html-title" in {finding.rule.name for finding in lint_html(html)}


@pytest.mark.parametrize("data", [b"", b"\x00\xff", b"From: x", b"\r\n\r\n", b"From:\r\n\r\n\xff"])
def test_whatever_is_no_mail_is_told_and_not_fallen_over(data: bytes):
    assert "alternative" in {finding.rule.name for finding in lint_message(data)}
