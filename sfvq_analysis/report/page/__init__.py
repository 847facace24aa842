"""One analysis as one HTML page: to look at from a disk, without a network or a server.

What stands on the page is made in three steps: `content` adds up tables and cuts speech into one
JSON-able mapping, `figures` makes Bokeh's figures with empty sources, `rendering` puts both and the
scripts of ``assets/`` into a template. The scripts fill the sources, and write labels as text only.
"""

from sfvq_analysis.report.page.writing import write_page

__all__ = ["write_page"]
