"""The HTML of an e-mail, less what no mail program should be sent: scripts, forms, frames, foreign addresses of other
schemes. Mail programs read inline styles and tables, so these stay.
"""

from html import escape
from typing import Final

import nh3

TAGS: Final = (
    *("a", "abbr", "b", "bdi", "bdo", "blockquote", "br", "caption", "center", "code", "col", "colgroup", "dd", "del"),
    *("div", "dl", "dt", "em", "font", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "li", "mark", "ol"),
    *("p", "pre", "s", "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr"),
    *("u", "ul"),
)
_LAYOUT: Final = ("align", "valign", "width", "height", "bgcolor")
_CLEANER: Final = nh3.Cleaner(
    tags=set(TAGS),
    attributes={
        "*": {"style", "dir", "lang", "title", "role"},
        "a": {"href", "name", "target"},
        "col": {"span", *_LAYOUT},
        "font": {"color", "face", "size"},
        "img": {"src", "alt", "border", *_LAYOUT},
        "ol": {"start", "type"},
        "table": {"border", "cellpadding", "cellspacing", *_LAYOUT},
        "td": {"colspan", "rowspan", *_LAYOUT},
        "th": {"colspan", "rowspan", "scope", *_LAYOUT},
        "tr": set(_LAYOUT),
        "div": {"align"},
        "p": {"align"},
    },
    clean_content_tags={"script", "style", "title"},
    url_schemes={"http", "https", "mailto", "tel"},
    link_rel=None,
)


def clean_html(html: str) -> str:
    """The HTML that is sent: a fragment without `html`, `head` and `body`, which the channel puts around it."""
    return _CLEANER.clean(html).strip()


def put_picture(html: str, text: str, picture: str) -> str:
    """The HTML with a picture above what it says: its own, or where there is none the paragraphs of the text."""
    said = html or "".join(f"<p>{_break_lines(part)}</p>" for part in text.split("\n\n") if part.strip())
    shown = f'<p><img src="{escape(picture)}" alt="" style="max-width:100%;height:auto"></p>'
    return clean_html(f"{shown}\n{said}")


def put_link(html: str, label: str, url: str) -> str:
    """The HTML with a link below what it says."""
    return clean_html(f'{html}\n<p><a href="{escape(url)}">{escape(label)}</a></p>')


def _break_lines(text: str) -> str:
    return escape(text.strip()).replace("\n", "<br>")
