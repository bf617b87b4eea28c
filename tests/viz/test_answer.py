"""QR codes: the modules are those of the link, and a link that is too long is said to be."""

import segno

from viz.views import answer

LINK = "http://127.0.0.1:8501/text_attention?text=A%20red%20hen&heads=3.0&token=13"


def test_a_code_holds_the_modules_row_after_row() -> None:
    code = answer.code(LINK)
    rows = segno.make_qr(LINK, error="l").matrix
    n = code["size"]
    assert (code["link"], len(rows), len(code["modules"])) == (LINK, n, n * n)
    finder = ["1111111", "1000001", "1011101", "1011101", "1011101", "1000001", "1111111"]
    corners = [(0, 0), (0, n - 7), (n - 7, 0)]
    for top, left in corners:
        assert [code["modules"][(top + i) * n + left : (top + i) * n + left + 7] for i in range(7)] == finder
    assert [[int(c) for c in code["modules"][i * n : (i + 1) * n]] for i in range(n)] == [
        list(map(int, r)) for r in rows
    ]


def test_what_does_not_fit_is_said() -> None:
    for link in ("x" * 2_901, "日" * 2_900):
        code = answer.code(link)
        assert "modules" not in code
        assert f"{len(link):,} characters, more than a QR code holds" in code["why"]
    assert answer.code("x" * 2_900)["size"] == 177
