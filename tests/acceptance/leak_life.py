"""The whole life of canary readers: in, moved, changed, mailed, gone, back, looked up and exported."""

from __future__ import annotations

import re
import signal
import socket
import sqlite3
import time
from contextlib import closing
from urllib.parse import quote, urlsplit

from pyrage import x25519

from tests.acceptance.canaries import address
from tests.acceptance.leak_cycle import Cycle, until
from tests.acceptance.leak_returns import come_back

LANGUAGES = ("be", "ru", "en")
PASSWORD = "correct horse battery"


def live(one: Cycle) -> None:
    """Go through all of it."""
    one.run("commentary", "import", one.here.write_sample())
    one.start()
    sign_up(one)
    move_house(one)
    change_settings(one)
    ask_wrongly(one)
    send_the_issue(one)
    come_back(one)
    leave_and_return(one)
    look_up(one)
    one.stop(signal.SIGTERM)
    export_and_back_up(one)


def sign_up(one: Cycle) -> None:
    """Every reader, through the box, a form elsewhere or a program; and confirm by the mailed link."""
    everybody = [address(number) for number in range(one.readers)]
    for number, typed in enumerate(everybody):
        lang = LANGUAGES[number % 3]
        form = {"newsletter": "belarus-weekly", "address": typed, "language": lang, "missing": ""}
        if number % 3 == 0:
            one.ask("POST", "/api/subscribe", json={**form, "newsletters": ["belarus-weekly"]})
            continue
        if number % 3 == 1:
            one.ask("POST", f"/{lang}/embed", form, mine=True, headers={"Sec-Fetch-Site": "cross-site"})
        one.ask("POST", f"/{lang}/subscribe", form)
    for typed in everybody:
        link = one.link(typed, "confirm")
        one.ask("GET", link)
        one.ask("POST", link)
    one.ask(
        "POST", "/en/subscribe", {"newsletter": "belarus-weekly", "address": everybody[0], "language": "en"}
    )


def move_house(one: Cycle) -> None:
    """Take a list over, invite who is on it, and add one reader by hand."""
    table = one.scratch.parent / "taken-over.csv"
    lines = [f"{address(5_000 + number)},confirmed,2024-03-01" for number in range(10)]
    lines += [f"{address(5_010 + number)},unconfirmed,2024-03-01" for number in range(10)]
    lines.append(f"not an {address(5_020)},confirmed,2024-03-01")
    table.write_text("\n".join(["email,status,date", *lines, ""]), "utf-8")
    broken = table.with_name("broken.csv")
    broken.write_text(f"email,status,date\n{address(5_021)},{address(5_021)},{address(5_021)}\n", "utf-8")
    terms = ("--list", "Weekly", "--map", "Weekly=be", "--source", "our old site", "--since", "2024-03-01")
    one.run("reader", "import", table, *terms, "--dry-run", "--list-changes", "changes.txt")
    one.run("reader", "import", table, *terms)
    one.refused("reader", "import", broken, *terms)
    one.run("reader", "invite", "--from-import", "--per-hour", "1000")
    one.run("reader", "add", address(5_030), "--language", "en", "--source", "met in Vilnius")
    one.link(address(5_030), "confirm")


def settings_of(one: Cycle, number: int) -> str:
    """Ask for the link to one's settings, and return it."""
    typed = address(number)
    one.ask("POST", "/en/manage", {"address": typed})
    link = one.link(typed, "manage")
    one.ask("GET", link)
    return link


def change_settings(one: Cycle) -> None:
    """Change everything that can be changed, by different readers; one has everything erased."""
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 3 * 86_400))
    for number in range(5):
        link = settings_of(one, number)
        one.ask("POST", link, {"do": "languages", "language": "ru", "missing": "leave-out"})
        one.ask("POST", link, {"do": "discreet"})
        one.ask("POST", link, {"do": "export"}, mine=True)
        one.ask("POST", link, {"do": "move", "address": f"no address {address(number)}"}, mine=True)
        one.ask("POST", link, {"do": "move", "address": address(6_000 + number)})
        for typed in (address(number), address(6_000 + number)):
            agree = one.link(typed, "move")
            one.ask("GET", agree)
            one.ask("POST", agree, {"do": "agree"})
        one.ask("POST", link, {"do": "done"})
    paused, erased = settings_of(one, 5), settings_of(one, 6)
    one.ask("POST", paused, {"do": "break", "until": day})
    one.ask("POST", erased, {"do": "erase"})
    one.ask("POST", erased, {"do": "erase-now", "keep": "fingerprint"})


def ask_wrongly(one: Cycle) -> None:
    """Put an address where none belongs: into paths, questions, headers, forms and broken requests."""
    typed = address(1)
    for where in (f"/{typed}", f"/u/{typed}", f"/en/{typed}", f"/en/confirm/{typed}", f"/?address={typed}"):
        one.ask("GET", quote(where, safe="/?="))
        one.ask("POST", quote(where, safe="/?="), {"address": typed})
    for path in ("/metrics", "/health", "/desk/reader", "/desk/", f"/desk/{quote(typed)}", "/openapi.json"):
        one.ask(
            "GET",
            path,
            headers={"Referer": f"{one.site}/{typed}", "User-Agent": typed, "X-Forwarded-For": typed},
        )
    one.ask(
        "GET", "/", headers={"Cookie": f"mailer_session={typed}", "Accept-Language": typed, "Origin": typed}
    )
    wrong = {"newsletter": "nothing", "address": typed, "language": "en"}
    one.ask("POST", "/en/subscribe", wrong, mine=True)
    one.ask("POST", "/en/manage", {"address": f"{typed} {typed}"}, mine=True)
    one.ask("POST", "/en/embed", {"address": typed}, mine=True)
    for body in (f'{{"address": "{typed}"', f'{{"{typed}": 1}}', f'["{typed}"]'):
        one.ask("POST", "/api/subscribe", content=body.encode(), headers={"Content-Type": "application/json"})
    one.ask("POST", "/desk/login", {"name": typed, "password": typed}, mine=True)
    port = urlsplit(one.site).port
    for request in (
        f"{typed} / HTTP/1.1\r\n\r\n",
        f"GET /{typed} HTTP/9\r\n{typed}\r\n\r\n",
        f"{typed}\r\n" * 9,
    ):
        with socket.create_connection(("127.0.0.1", port or 0), 5) as raw:
            raw.sendall(request.encode())
            raw.settimeout(2)
            try:
                one.keep("answer to a broken request", raw.recv(65_536))
            except OSError:
                continue
    one.refused("reader", "add", f"{typed},{typed}", "--language", "be")
    one.refused("reader", "show", f"{typed} {typed}")
    one.refused("reader", typed)


def send_the_issue(one: Cycle) -> None:
    """Release it to a server in all its moods; kill the sender in the middle, and start it again."""
    one.run("issue", "build", "--json")
    one.far_end.is_moody = True
    one.far_end.stop_after = one.far_end.taken + one.readers // 4
    one.run("issue", "release", "--json")
    one.look_at_process()
    until(lambda: one.far_end.is_stopped, "a quarter of the issue is taken")
    one.stop(signal.SIGKILL)
    one.far_end.stop_after = None
    one.start()
    until(lambda: _is_sent(one), "the issue is sent")
    one.far_end.is_moody = False
    for command in (("issue", "show"), ("issue", "stats", "--json"), ("books", "--json"), ("issue", "check")):
        one.run(*command)


def _is_sent(one: Cycle) -> bool:
    return bool(one.run("issue", "stats", "--json").json["state"] == "sent")


def leave_and_return(one: Cycle) -> None:
    """By the mail program, by the page, and back by the goodbye."""
    for number, (to, mail) in enumerate(sorted(one.issues().items())[: one.readers // 5]):
        (link,) = re.findall(r"<(http[^>]*)>", str(mail["List-Unsubscribe"]))
        if number % 2:
            one.ask("GET", link)
        one.ask("POST", link, {"List-Unsubscribe": "One-Click"})
        if number % 3 == 0:
            way_back = one.link(to, "back")
            one.ask("GET", way_back)
            one.ask("POST", way_back)


def look_up(one: Cycle) -> None:
    """An operator asks for readers by their exact address, at the desk and on the command line."""
    typed = one.scratch.parent / "password"
    typed.write_text(PASSWORD)
    one.run("operator", "password", "anna", "--password-stdin", stdin=typed)
    one.ask("POST", "/desk/login", {"name": "anna", "password": PASSWORD})
    page = one.ask("GET", "/desk/reader").text
    (token,) = set(re.findall(r'name="form_token" value="([^"]+)"', page))
    for number in range(7, 13):
        form = {"form_token": token, "address": address(number)}
        one.ask("POST", "/desk/reader", form, mine=True)
        one.run("reader", "show", address(number))
        one.run("reader", "show", address(number), "--json")
    invited = {"form_token": token, "address": address(5_030)}
    one.ask("POST", "/desk/reader/send", invited)
    form = {"form_token": token, "address": address(7)}
    one.ask("POST", "/desk/reader/erase", form, mine=True)
    one.ask("POST", "/desk/reader/erase/yes", form)
    one.run("reader", "erase", address(8), "--yes", "--block")
    for path in ("/desk/", "/desk/issue/1", "/desk/outbox", "/desk/returned"):
        one.ask("GET", path)


def export_and_back_up(one: Cycle) -> None:
    """The encrypted export, and copies of the database as backups make them."""
    recipient = str(x25519.Identity.generate().to_public())
    one.run("reader", "export", "readers.age", "--recipient", recipient)
    if one.database.exists():
        with closing(sqlite3.connect(one.database)) as database:
            database.execute("VACUUM INTO ?", (str(one.here.folder / "vacuumed.db"),))
            with closing(sqlite3.connect(one.here.folder / "backup.db")) as backup:
                database.backup(backup)
    one.keep_files("at the end")
