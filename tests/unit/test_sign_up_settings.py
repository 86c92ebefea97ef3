"""[signup]: what can't be used is named in one sentence, and docs/sign-up-defence.md says what is usual."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from mailer.config import load_settings
from mailer.config_signup import SignUpSettings
from mailer.errors import SettingsError

_PAGE = Path(__file__).parents[2] / "docs" / "sign-up-defence.md"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("mails_per_hour = 0", "[signup] mails_per_hour is not right: input should be greater than or equal"),
        ("mails_per_hour = -1", "[signup] mails_per_hour is not right"),
        ("mails_per_hour = 'many'", "[signup] mails_per_hour is not right: input should be a valid integer"),
        ("mails_per_hour_to_domain = 0", "[signup] mails_per_hour_to_domain is not right"),
        ("mails_per_hour_to_domain = 301", "mails_per_hour_to_domain is above mails_per_hour_to_provider;"),
        ("suspects_wait_seconds = -1", "[signup] suspects_wait_seconds is not right"),
        ("suspects_wait_seconds = inf", "[signup] suspects_wait_seconds is not right"),
        ("suspects_wait_seconds = nan", "[signup] suspects_wait_seconds is not right"),
        ("attack_at = 1", "[signup] attack_at is not right"),
        ("proof_cost = 0", "[signup] proof_cost is not right"),
        ("most_waiting = 1", "[signup] most_waiting is not right"),
        (
            "proxies = ['proxy.example.org']",
            "[signup] proxies is not a list of networks; write your proxies as",
        ),
        ("proxies = ['10.0.0.1/8']", "[signup] proxies is not a list of networks"),
        ("proxies = '*'", "[signup] proxies is not right"),
        ("mails_per_minute = 1", "[signup] mails_per_minute is not a setting (did you mean"),
    ],
)
def test_a_limit_that_makes_no_sense_is_named(tmp_path: Path, line: str, said: str) -> None:
    """With the file, the section and the setting; nothing starts."""
    (tmp_path / "mailer.toml").write_text(f"[signup]\n{line}\n", "utf-8")

    with pytest.raises(SettingsError) as refused:
        load_settings(tmp_path)

    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_page_names_every_setting_with_what_is_usual() -> None:
    """The example in the documentation is what holds where nothing is set."""
    (example,) = re.findall(r"```\n(\[signup\].*?)```", _PAGE.read_text("utf-8"), re.DOTALL)
    table = tomllib.loads(example)["signup"]

    assert table.keys() == SignUpSettings.model_fields.keys()
    assert SignUpSettings.model_validate(table) == SignUpSettings()
