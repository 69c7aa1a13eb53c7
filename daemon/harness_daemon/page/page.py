"""Answers the requests of browsers for the page. It holds no data, so nobody has to sign in for it.

What the page answers is decided here alone, before anything else sees the request: no other request
gets past the gate without signing in.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from pathlib import Path

from starlette.responses import PlainTextResponse, Response
from starlette.types import Scope

from harness.api.etags import is_cached, make_tag
from harness.api.mount import path_below_mount, root_of
from harness.api.route import OPENAI_PREFIX, OWN_PATHS, OWN_PREFIXES, PREFIX, SIGN_IN_PATH
from harness.contracts.errors import RouteNotFound, WrongOrigin
from harness_daemon.page.built import ASSETS, BuiltPage, PageFile, find_folder, read_page
from harness_daemon.page.codings import choose_coding

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
    "img-src 'self' data: blob:; connect-src 'self'; manifest-src 'self'; frame-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
LASTING = "public, max-age=31536000, immutable"
CHECKED = "no-cache"
"""Kept, but never used without asking whether it is still current."""
ROOT_META = '<meta name="harness-root" content="{}"'
NOT_BUILT = (
    "The web page has not been built. Build it with `make setup` in the checkout, and start the "
    f"daemon again. The API is at {PREFIX}.\n"
)


def _first_segment(path: str) -> str:
    return path.split("/")[1]


RESERVED = frozenset(
    {
        *map(_first_segment, (PREFIX, OPENAI_PREFIX, SIGN_IN_PATH, *OWN_PATHS, *OWN_PREFIXES)),
        "health",
        ".well-known",  # programs look for descriptions of an API there
    }
)
"""The first segments of all paths that the page leaves to others, also where they have nothing."""

HEALTH = "/health"
"""A view of the page: what programs ask is below it."""


class Page:
    """The page as one daemon serves it."""

    def __init__(self, built: BuiltPage | None) -> None:
        self._built = built

    @classmethod
    def find(cls) -> Page:
        """The page of this installation."""
        folder = find_folder()
        return cls.of_folder(folder) if folder else cls(None)

    @classmethod
    def of_folder(cls, folder: Path) -> Page:
        """The page that was built into a folder."""
        return cls(read_page(folder))

    def answer(self, scope: Scope, headers: Mapping[str, str]) -> Response | None:
        """The response to a request for the page or one of its files; None if the request is for
        somebody else.

        Raises:
            RouteNotFound: There is no such file of the page.
            WrongOrigin: A page of another site requests it for itself.
        """
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            return None
        path = path_below_mount(scope)
        if self._built and (file := self._built.files.get(path)):
            _check_site(headers, navigation=False)
            return _answer_file(file, headers)
        first = _first_segment(path) if path.startswith("/") else ""
        if first == ASSETS:
            # Never the document: a browser would run HTML as a script, and show nothing.
            raise RouteNotFound(f"The page has no file {path[:200]!r}.")
        reserved = first in RESERVED and path != HEALTH
        if reserved or not (path in ("", "/") or wants_html(headers)):
            return None
        _check_site(headers, navigation=True)
        if self._built is None:
            return PlainTextResponse(NOT_BUILT, status_code=503)
        return _answer_document(self._built.document_at(path), root_of(scope), headers)


def wants_html(headers: Mapping[str, str]) -> bool:
    """Whether a browser that shows documents sent the request, rather than a program."""
    return "text/html" in headers.get("accept", "").lower()


def _check_site(headers: Mapping[str, str], *, navigation: bool) -> None:
    """A link elsewhere may lead to the page; no other site may load or frame it."""
    if headers.get("sec-fetch-site") in (None, "same-origin", "none"):
        return
    if navigation and _fetched(headers) == ("navigate", "document"):
        return
    raise WrongOrigin("The request comes from a page of another site.")


def _fetched(headers: Mapping[str, str]) -> tuple[str | None, str | None]:
    return headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")


def _answer_file(file: PageFile, headers: Mapping[str, str]) -> Response:
    coding = choose_coding(headers.get("accept-encoding", ""), file.compressed)
    # A strong tag names the bytes as they are sent.
    tag = f'{file.tag[:-1]}-{coding}"' if coding else file.tag
    sent = {
        "ETag": tag,
        "Cache-Control": LASTING if file.lasting else CHECKED,
        "Content-Security-Policy": POLICY,
        "Vary": "Accept-Encoding",
    }
    if is_cached(headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=sent)
    if coding:
        sent["Content-Encoding"] = coding
    content = file.compressed[coding] if coding else file.content
    return Response(content, headers=sent | {"Content-Type": file.media_type})


def _answer_document(source: str, root: str, headers: Mapping[str, str]) -> Response:
    content = _below_root(source, root).encode()
    tag = make_tag(content)
    sent = {
        "ETag": tag,
        "Cache-Control": CHECKED,
        "Content-Security-Policy": POLICY,
        "Cross-Origin-Opener-Policy": "same-origin",
        # Whether a path is the page's depends on it.
        "Vary": "Accept",
    }
    if is_cached(headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=sent)
    return Response(content, headers=sent, media_type="text/html")


def _below_root(source: str, root: str) -> str:
    """The document for a page that another app mounts under `root`. Its addresses are relative
    where it is built (`./assets/...`), and below the root whatever the path of the request."""
    shown = html.escape(root)
    return source.replace('="./', f'="{shown}/').replace(
        ROOT_META.format(""), ROOT_META.format(shown)
    )
