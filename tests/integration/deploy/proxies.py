"""The web servers of deploy/ on free ports, with a certificate of their own and a backend that echoes.

Each file is used as it is but for what this machine has not: its ports, names and certificates.
"""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.tools.catalogue import cache_folder, tool
from tests.tools.required import required

DEPLOY = Path(__file__).parents[3] / "deploy"
HOST = "news.example.org"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Message
    body: str


@dataclass(slots=True)
class Backend:
    """A stand-in for the mailer; keeps what it was asked.

    Attributes:
        asked: method, path and headers of each request, oldest first.
        is_failing: hang up on every request.
    """

    port: int
    asked: list[tuple[str, str, Message]] = field(default_factory=list)
    is_failing: bool = False


@dataclass(frozen=True, slots=True)
class Proxy:
    """A web server that runs, and where it writes."""

    folder: Path
    http_port: int
    https_port: int
    backend: Backend

    def ask(self, path: str, *, data: bytes | None = None, https: bool = True, **headers: str) -> Answer:
        """Ask without following a redirect."""
        scheme, port = ("https", self.https_port) if https else ("http", self.http_port)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(
            f"{scheme}://127.0.0.1:{port}{path}", data=data, headers={"Host": HOST, **named}
        )
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        opener = urllib.request.build_opener(_Stay(), urllib.request.HTTPSHandler(context=context))
        try:
            with opener.open(request, timeout=10) as answer:
                return Answer(answer.status, answer.headers, answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read().decode())

    def written(self) -> str:
        """Return everything it has written to any log."""
        return "\n".join(path.read_text("utf-8", "replace") for path in self.folder.rglob("*.log"))


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Say nothing: web servers hang up in the middle of what they refuse."""


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object, **__: object) -> None:
        return None


@contextmanager
def running(name: str, folder: Path) -> Iterator[Proxy]:
    """Run the web server *name* (nginx, apache or caddy) until the block ends."""
    set_up = {"nginx": _nginx, "apache": _apache, "caddy": _caddy}[name]
    with backend() as behind:
        proxy = Proxy(folder, _free_port(), _free_port(), behind)
        _certificate(folder)
        command = set_up(proxy)
        with (folder / "said.log").open("wb") as said:
            process = subprocess.Popen(command, stdout=said, stderr=said, env=_environment(folder))
        try:
            _wait_for(proxy.https_port, process, folder)
            yield proxy
        finally:
            process.terminate()
            process.wait(10)


@contextmanager
def backend() -> Iterator[Backend]:
    """Run the stand-in: it answers everything, and marks what it sets itself."""
    kept = Backend(0)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kept.asked.append((self.command, self.path, self.headers))
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            if kept.is_failing:
                self.close_connection = True
                return
            self.send_response(200)
            self.send_header("Cache-Control", "no-cache")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with _Server(("127.0.0.1", 0), Handler) as server:
        kept.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield kept
        finally:
            server.shutdown()
            thread.join()


def _example(name: str, proxy: Proxy, changes: dict[str, str]) -> str:
    text = (DEPLOY / name).read_text("utf-8")
    for theirs, ours in {"127.0.0.1:8080": f"127.0.0.1:{proxy.backend.port}", **changes}.items():
        assert theirs in text, theirs
        text = text.replace(theirs, ours)
    return text


def _nginx(proxy: Proxy) -> list[str | Path]:
    folder, main = proxy.folder, proxy.folder / "nginx.conf"
    site = _example(
        "nginx.conf",
        proxy,
        {
            "listen 80;": f"listen 127.0.0.1:{proxy.http_port};",
            "listen [::]:80;": "",
            "listen 443 ssl http2;": f"listen 127.0.0.1:{proxy.https_port} ssl http2;",
            "listen [::]:443 ssl http2;": "",
            "/etc/letsencrypt/live/news.example.org": str(folder),
            "/var/log/nginx": str(folder),
        },
    )
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = " ".join(f"{kind}_temp_path {folder / kind};" for kind in kinds)
    # Root's workers would be nobody, who can't write into root's folder.
    user = "user root;\n" if os.geteuid() == 0 else ""
    main.write_text(
        f"{user}pid {folder / 'pid'}; daemon off; worker_processes 1; error_log {folder / 'main.log'};\n"
        f"events {{}}\nhttp {{ access_log {folder / 'access.log'}; {temporary}\n{site}\n}}\n"
    )
    return [required(tool("nginx")), "-e", folder / "main.log", "-c", main]


def _apache(proxy: Proxy) -> list[str | Path]:
    folder, main = proxy.folder, proxy.folder / "apache.conf"
    site = _example(
        "apache.conf",
        proxy,
        {
            "*:80>": f"127.0.0.1:{proxy.http_port}>",
            "*:443>": f"127.0.0.1:{proxy.https_port}>",
            "/etc/letsencrypt/live/news.example.org": str(folder),
            "${APACHE_LOG_DIR}": str(folder),
        },
    )
    program = required(tool("apache2"))
    names = ("mpm_event", "authz_core", "alias", "ssl", "socache_shmcb", "headers", "proxy", "proxy_http")
    modules = "\n".join(f"LoadModule {name}_module {_modules()}/mod_{name}.so" for name in names)
    main.write_text(
        f"ServerRoot {folder}\nServerName localhost\nPidFile {folder / 'pid'}\nMutex file:{folder} default\n"
        f"User nobody\nGroup nogroup\nErrorLog {folder / 'main.log'}\n{modules}\n"
        # Debian's own: whoever names no log gets this one.
        f'LogFormat "%h %r" vhost_combined\nCustomLog {folder / "others.log"} vhost_combined\n'
        f"Listen 127.0.0.1:{proxy.http_port}\nListen 127.0.0.1:{proxy.https_port}\n{site}\n"
    )
    return [program, "-D", "FOREGROUND", "-f", main]


def _modules() -> Path:
    unpacked = cache_folder() / "debian" / "usr" / "lib" / "apache2" / "modules"
    return unpacked if unpacked.is_dir() else Path("/usr/lib/apache2/modules")


def _caddy(proxy: Proxy) -> list[str | Path]:
    folder, main = proxy.folder, proxy.folder / "Caddyfile"
    text = _example(
        "Caddyfile",
        proxy,
        {
            "{\n\t# Caddy writes": (
                f"{{\n\tadmin off\n\thttp_port {proxy.http_port}\n\thttps_port {proxy.https_port}\n"
                "\tdefault_sni news.example.org\n\t# Caddy writes"
            ),
            "news.example.org {": (
                f"news.example.org {{\n\tbind 127.0.0.1\n\ttls {folder}/fullchain.pem {folder}/privkey.pem"
            ),
        },
    )
    main.write_text(text)
    return [required(tool("caddy")), "run", "--adapter", "caddyfile", "--config", main]


def _environment(folder: Path) -> dict[str, str]:
    return {"HOME": str(folder), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}


def _certificate(folder: Path) -> None:
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _wait_for(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    give_up_at = time.monotonic() + 20
    while time.monotonic() < give_up_at:
        assert process.poll() is None, (folder / "said.log").read_text("utf-8")
        with socket.socket() as trying:
            if trying.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError((folder / "said.log").read_text("utf-8"))
