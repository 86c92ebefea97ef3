"""Settings of the machine: mailer.toml, then the environment (design §8).

What belongs to a newsletter (languages, topics, schedule) lives in the database instead.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from mailer.config_problems import PREFIX, refuse_unknown_variables, sentence, small
from mailer.config_returned import MailboxSettings, ReturnedSettings, WebhooksSettings
from mailer.config_sending import DomainOrNone, SendingSettings
from mailer.config_signup import SignUpSettings
from mailer.domain.alignment import is_dns_name
from mailer.domain.relay_profile import RelayProfile
from mailer.domain.web_address import web_address
from mailer.errors import SettingsError

FILE_NAME = "mailer.toml"
_VARIABLE = "MAILER_SETTINGS"
_THIS_MACHINE = ("localhost", "::1")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DatabaseSettings(_Section):
    """[database]: where everything is remembered."""

    url: str = ""
    """``sqlite:///…`` or ``postgresql+asyncpg://…``; empty is data/mailer.db beside the settings."""


class SiteSettings(_Section):
    """[site]: the public pages."""

    public_url: Annotated[str, AfterValidator(web_address)] = "http://127.0.0.1:8080"
    """What links in mails begin with, without a slash at the end."""
    listen: str = "127.0.0.1:8080"
    """HOST:PORT the pages are served on; port 0 takes a free one."""

    @field_validator("listen")
    @classmethod
    def _host_and_port(cls, listen: str) -> str:
        host, _, port = listen.rpartition(":")
        if not host or not port.isdigit() or int(port) > 65535:  # noqa: PLR2004 - the largest port
            raise ValueError("is not HOST:PORT; write it as 127.0.0.1:8080")
        return listen

    @property
    def host(self) -> str:
        """The host part of *listen*."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port part of *listen*."""
        return int(self.listen.rpartition(":")[2])


class RelaySettings(_Section):
    """[relay]: the outgoing mail server."""

    host: str = ""
    """Its name; empty keeps every mail on this machine (outbox)."""
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    tls: Literal["starttls", "tls", "none"] = "starttls"
    """``starttls`` (port 587), ``tls`` (port 465), or ``none`` for a relay on this machine."""
    username: str = ""
    """Empty: no login."""
    password: SecretStr = SecretStr("")
    connections: Annotated[int, Field(ge=1, le=200)] = 10
    """Most connections at once."""
    messages_per_connection: Annotated[int, Field(ge=1)] = 100
    """A connection is closed after so many messages."""
    messages_per_second: Annotated[float | None, Field(ge=0.01, le=100_000)] = None
    """Most messages per second, over all connections; unset: no limit."""
    messages_per_day: Annotated[int | None, Field(ge=1)] = None
    """Most messages in any 24 hours; unset: no limit."""
    hello: str = ""
    """Name said in EHLO; empty takes the host of site.public_url."""
    signing: Literal["relay", "us", "both"] = "relay"
    """Who puts DKIM signatures on our mail; ``us`` and ``both`` need [dkim]."""
    profile: RelayProfile = RelayProfile.NONE
    """What kind of server it is, so that it hands back what bounced and tracks nobody (docs/relays.md)."""

    @property
    def name(self) -> str:
        """The server as a person knows it; empty where none is set."""
        return f"{self.host}, port {self.port}" if self.host else ""

    @field_validator("host")
    @classmethod
    def _name_alone(cls, host: str) -> str:
        host = host.strip("[]")
        is_name = host.isprintable() and not set(host) & set(" /@,;")
        if not is_name or (":" in host and host.count(":") == 1):
            raise ValueError("is not the name of a server; write it as smtp.example.org, and port below it")
        return host

    @model_validator(mode="after")
    def _in_the_open_only_here(self) -> Self:
        here = not self.host or self.host in _THIS_MACHINE or self.host.startswith("127.")
        if self.tls == "none" and not here:
            raise ValueError(
                'tls is "none", which shows every address to the network between; write "starttls" '
                'or "tls", for only a server on this machine (127.0.0.1) may be without'
            )
        return self


class DkimSettings(_Section):
    """[dkim]: how we sign, where [relay] signing says that we do."""

    domain: DomainOrNone = ""
    """Who signs (d=): the sender's domain, or one above it."""
    selector: str = ""
    """Under which name the key is published: SELECTOR._domainkey.DOMAIN."""
    key: str = "keys/dkim.pem"
    """The key's file, from data/; made by ``mailer dkim new``."""

    @field_validator("selector")
    @classmethod
    def _dns_name(cls, name: str) -> str:
        if name and not is_dns_name(name):
            raise ValueError("is not a name in DNS; write it as mailer")
        return name.lower()


class ExportSettings(_Section):
    """[export]: whether readers may be taken out of here."""

    allowed: bool = False
    """``mailer reader export`` writes every address into one encrypted file; only where this says so."""


class Settings(BaseSettings):
    """Everything mailer.toml may say; ``MAILER_SITE__LISTEN`` overrides [site] listen, and so on."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )

    database: DatabaseSettings = DatabaseSettings()
    site: SiteSettings = SiteSettings()
    relay: RelaySettings = RelaySettings()
    dkim: DkimSettings = DkimSettings()
    sending: SendingSettings = SendingSettings()
    signup: SignUpSettings = SignUpSettings()
    returned: ReturnedSettings = ReturnedSettings()
    mailbox: MailboxSettings = MailboxSettings()
    webhooks: WebhooksSettings = WebhooksSettings()
    export: ExportSettings = ExportSettings()
    _folder: Path = PrivateAttr(default=Path())

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment go before the file."""
        toml = settings_cls.model_config.get("toml_file")
        return env_settings, TomlConfigSettingsSource(settings_cls, toml), init_settings

    @property
    def folder(self) -> Path:
        """Where mailer.toml lies; data/ lies beside it."""
        return self._folder

    def beside(self, folder: Path) -> Self:
        """Return these settings as those of a mailer.toml in *folder*."""
        settings = self.model_copy()
        settings._folder = folder.resolve()  # noqa: SLF001 - its own class
        return settings

    @property
    def data(self) -> Path:
        """The data folder: database, keys, locks, kept mails."""
        return self.folder / "data"

    @property
    def unsubscribe_at(self) -> tuple[str, str]:
        """Domain and prefix of where a mail program may write to leave; empty while nobody reads it."""
        sending, asked = self.sending, self.sending.unsubscribe_by_mail
        is_read = bool(self.returned.smtp or self.returned.lmtp or self.mailbox.host)
        is_named = is_read if asked is None else asked
        return (sending.return_path_domain, sending.return_path_prefix) if is_named else ("", "")

    @property
    def dkim_key_file(self) -> Path:
        """Where the DKIM key lies; a relative path counts from the data folder."""
        return self.data / self.dkim.key

    @property
    def database_file(self) -> Path | None:
        """The file that the embedded database is; None for a database server."""
        path = self.database_url.removeprefix("sqlite:///")
        return Path(path) if path != self.database_url else None

    @property
    def database_url(self) -> str:
        """The database's address, a relative SQLite path made absolute from the settings' folder."""
        url = self.database.url or "sqlite:///data/mailer.db"
        path = url.removeprefix("sqlite:///")
        if path != url and not Path(path).is_absolute():
            return f"sqlite:///{(self.folder / path).resolve()}"
        return url


def load_settings(path: Path | None = None) -> Settings:
    """Read the settings from *path*, else where MAILER_SETTINGS says, else ./mailer.toml.

    Raises:
        SettingsError: the file is missing, no TOML, or says something we can't use.
    """
    path = path or Path(os.environ.get(_VARIABLE) or FILE_NAME)
    if path.is_dir():
        path = path / FILE_NAME
    if not path.is_file():
        raise SettingsError(
            f"{path} is not there; go to the folder that “mailer init” made, or add --settings FILE"
        )

    refuse_unknown_variables(os.environ, _names_by_section())

    class FromFile(Settings):
        model_config = SettingsConfigDict(toml_file=path)

    try:
        return FromFile().beside(path.parent)
    except ValidationError as error:
        raise SettingsError(sentence(error, str(path), os.environ, _names_by_section())) from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not UTF-8; open it and save it again as UTF-8") from error
    except OSError as error:
        raise SettingsError(f"{path} can't be read ({error.strerror}); check whose it is") from error
    except ValueError as error:
        # tomllib's own words, with line and column.
        raise SettingsError(
            f'{path} can\'t be read: {small(str(error))}; write name = "value", text in quotes'
        ) from error


def settings_without_file() -> Settings:
    """Return what holds where no mailer.toml is yet: the environment, else what is usual.

    Raises:
        SettingsError: the environment says something we can't use.
    """
    refuse_unknown_variables(os.environ, _names_by_section())
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError(sentence(error, FILE_NAME, os.environ, _names_by_section())) from error


def settings_of_our_own(**sections: BaseModel) -> Settings:
    """
    Return settings that neither file nor environment has a say in.

    For the demo, which must not meet the database or the mail server of a real installation.
    """
    usual = {name: field.get_default() for name, field in Settings.model_fields.items()}
    return Settings.model_construct(**(usual | sections))


def _names_by_section() -> dict[str, list[str]]:
    sections = {name: field.annotation for name, field in Settings.model_fields.items()}
    return {
        name: list(kind.model_fields)
        for name, kind in sections.items()
        if isinstance(kind, type) and issubclass(kind, BaseModel)
    }
