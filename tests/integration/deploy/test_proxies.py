"""The web servers of deploy/, each as itself: what reaches the mailer, what readers get, what is kept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.deploy.proxies import HOST, Proxy, running

_TOKEN = "AQ" + "x" * 34
_PERSONAL = (f"/u/{_TOKEN}", f"/be/confirm/{_TOKEN}")


@pytest.fixture(scope="module", params=["nginx", "apache", "caddy"])
def proxy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Each of them, in front of a backend that echoes."""
    with running(request.param, tmp_path_factory.mktemp(request.param)) as started:
        yield started


def test_one_click_arrives_as_it_was_sent(proxy: Proxy) -> None:
    """A POST to the link in the mail is answered at once, with its body, and goes nowhere else."""
    answer = proxy.ask(f"/u/{_TOKEN}", data=b"List-Unsubscribe=One-Click")

    assert (answer.status, answer.body) == (200, "List-Unsubscribe=One-Click")
    assert proxy.backend.asked[-1][:2] == ("POST", f"/u/{_TOKEN}")


def test_http_goes_on_to_https(proxy: Proxy) -> None:
    """Path and method are kept."""
    answer = proxy.ask("/en/?page=2", https=False)

    assert answer.status == 308
    location = answer.headers["Location"].replace(f":{proxy.https_port}", "")
    assert location == f"https://{HOST}/en/?page=2"


@pytest.mark.parametrize("path", _PERSONAL)
def test_pages_of_one_reader_are_kept_nowhere(proxy: Proxy, path: str) -> None:
    """Exactly one word on caching, and the link goes to no other site."""
    answer = proxy.ask(path)

    assert answer.headers.get_all("Cache-Control") == ["no-store"]
    assert answer.headers.get_all("Referrer-Policy") == ["no-referrer"]


@pytest.mark.parametrize("path", ["/", *_PERSONAL, "/desk/"])
def test_browsers_come_back_by_https(proxy: Proxy, path: str) -> None:
    """On every page, once."""
    assert proxy.ask(path).headers.get_all("Strict-Transport-Security") == ["max-age=31536000"]


def test_other_pages_keep_their_own_word_on_caching(proxy: Proxy) -> None:
    """What the mailer says stands."""
    assert proxy.ask("/en/").headers.get_all("Cache-Control") == ["no-cache"]


def test_the_mailer_is_told_who_asks_and_how(proxy: Proxy) -> None:
    """Host, https and the client's address; what a visitor claims of the last is dropped."""
    proxy.ask("/en/", X_Forwarded_For="192.0.2.66")

    headers = proxy.backend.asked[-1][2]
    assert (headers["Host"], headers["X-Forwarded-Proto"]) == (HOST, "https")
    assert headers.get_all("X-Forwarded-For") == ["127.0.0.1"]


@pytest.mark.parametrize("path", ["/en/a%2Fb", "/en//x", f"/u/{_TOKEN}?x=%20"])
def test_addresses_are_not_tidied_up(proxy: Proxy, path: str) -> None:
    """What a reader opens is what the mailer sees."""
    proxy.ask(path)

    assert proxy.backend.asked[-1][1] == path


def test_large_bodies_reach_the_desk_only(proxy: Proxy) -> None:
    """A zip of texts and pictures passes, a flood of form data does not."""
    assert proxy.ask("/desk/texts", data=b"x" * 21_000_000).status == 200
    # Caddy 2.6 stops in the middle of it and says 502.
    assert proxy.ask("/en/subscribe", data=b"x" * 70_000).status in (413, 502)


def test_nothing_is_written_about_readers(proxy: Proxy) -> None:
    """No path and no client in any log, not even while the mailer fails and every answer is an error."""
    paths = (*_PERSONAL, "/en/2026-W47")
    for path in paths:
        proxy.ask(path, Referer=f"https://{HOST}{path}")
        proxy.ask(path, https=False)
    proxy.backend.is_failing = True
    failed = [proxy.ask(path) for path in paths]
    proxy.backend.is_failing = False

    assert [answer.status for answer in failed] == [502] * 3
    assert failed[0].headers.get_all("Cache-Control") == ["no-store"]
    written = proxy.written()
    for trace in (_TOKEN, "2026-W47", "client", "remote_ip"):
        assert trace not in written
