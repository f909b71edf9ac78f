"""The same page on paper, by WeasyPrint, which may fetch nothing."""

from __future__ import annotations

import logging

from aorta.errors import SetupError


def pdf(html: str) -> bytes:
    """A4 pages of a page made for paper.

    Raises
    ------
    SetupError
        WeasyPrint or the Pango library behind it is missing.
    """
    try:
        import weasyprint
        from weasyprint.urls import URLFetcher
    except (ImportError, OSError) as error:  # OSError: its shared libraries
        raise SetupError(
            "report.pdf cannot be made",
            where="report.pdf",
            why=f"WeasyPrint cannot be loaded ({type(error).__name__})",
            fix="pip install weasyprint; apt install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0",
        ) from error
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    nothing_outside = URLFetcher(allowed_protocols=["data"])
    return weasyprint.HTML(string=html, url_fetcher=nothing_outside).write_pdf()
