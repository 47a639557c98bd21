"""A small mail that the lint finds nothing in, to be spoilt by its tests."""

PAGE = """\
<!DOCTYPE html>
<html lang="en" dir="ltr">
<head><meta charset="utf-8"><title>News</title>
<style></style>
</head>
<body>
<table role="presentation" style="color:#222222;background-color:#ffffff;font-size:16px"><tr><td>
<h1>News</h1>
<h2>World</h2>
<p>Ferries sail again.</p>
<p><a href="https://news.example.org/1" style="color:#222222">The harbour opens</a></p>
<img src="https://news.example.org/1.jpg" width="112" height="84" alt="">
</td></tr></table>
</body>
</html>
"""

HEAD = """\
DKIM-Signature: v=1; a=rsa-sha256; d=news.example.org; s=s2026;
 h=from:subject:list-unsubscribe:list-unsubscribe-post; bh=aGFzaA==; b=c2ln
From: News <morning@news.example.org>
To: reader@example.org
Subject: Ferries sail again
Date: Tue, 03 Mar 2026 05:00:00 +0000
Message-ID: <morning.17.1@news.example.org>
List-Unsubscribe: <https://news.example.org/unsubscribe/token>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
MIME-Version: 1.0
"""

TEXT = """\
News

Ferries sail again.
https://news.example.org/1
"""

MAIL = f"""\
{HEAD}Content-Type: multipart/alternative; boundary="=_part"

--=_part
Content-Type: text/plain; charset=utf-8

{TEXT}
--=_part
Content-Type: text/html; charset=utf-8

{PAGE}
--=_part--
"""


def spoilt(good: str, *changes: tuple[str, str]) -> str:
    """The text with something replaced; what is to be replaced must be there."""
    for old, new in changes:
        assert old in good, old
        good = good.replace(old, new, 1)
    return good
