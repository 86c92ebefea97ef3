"""The desk lets in one user with one password."""

from __future__ import annotations

import base64

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request

from mailer.web.desk.password import let_in


def request(authorization: str | None) -> Request:
    headers = [] if authorization is None else [(b"authorization", authorization.encode("latin-1"))]
    return Request({"type": "http", "headers": headers})


def basic(credentials: str) -> str:
    return "Basic " + base64.b64encode(credentials.encode()).decode()


@pytest.mark.parametrize("header", [basic("desk:пароль"), basic("desk:пароль").replace("Basic", "bAsIc")])
def test_the_right_password_opens(header: str) -> None:
    """Also in other letters than ASCII."""
    let_in(request(header), "пароль")


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Basic",
        "Basic !",
        "Basic é",
        basic("desk:"),
        basic("desk:парол"),
        basic("desk:пароль:"),
        basic("Desk:пароль"),
        basic("пароль"),
        basic("desk:пароль").replace("Basic", "Bearer"),
    ],
)
def test_anything_else_is_asked_for_the_password(header: str | None) -> None:
    """401 with the challenge of RFC 7617."""
    with pytest.raises(HTTPException) as refused:
        let_in(request(header), "пароль")

    assert refused.value.status_code == 401
    assert (refused.value.headers or {})["WWW-Authenticate"].startswith("Basic ")


@pytest.mark.parametrize("password", [None, ""])
def test_without_a_password_there_is_no_desk(password: str | None) -> None:
    """404, whatever is offered."""
    with pytest.raises(HTTPException) as refused:
        let_in(request(basic("desk:")), password)

    assert refused.value.status_code == 404
