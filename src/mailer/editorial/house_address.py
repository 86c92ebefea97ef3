"""An address of ours, as newsletter.toml names it: the sender, and who answers go to.

It is stricter than what readers may have: an address that many mail servers refuse would cost every
reader the issue, not one.
"""

from __future__ import annotations

from mailer.domain.domain_name import domain_name

# Enough to catch a name or a list in place of an address; the mail server knows the rest.
# ? and % would mean something else in the mailto of List-Owner (RFC 6068 §2).
_NOT_IN_ADDRESSES = frozenset(' <>()[],;:"\\?%&#/')
_LONGEST_ADDRESS = 254  # RFC 5321 §4.5.3.1.3, without the angle brackets
_LONGEST_LOCAL_PART = 64  # RFC 5321 §4.5.3.1.1


def read_house_address(text: str, *, name: str) -> str:
    """Return one plain mail address, its domain as it travels (RFC 5890).

    Args:
        text: the address, without a name around it.
        name: what it is, as the file calls it.

    Raises:
        ValueError: it can't be used. The sentence has no part of it: an address never stands in an
            error, even a broken one.
    """
    local, at, domain = text.partition("@")
    is_plain = text.isprintable() and not _NOT_IN_ADDRESSES & set(text)
    is_dotted_well = all(local.split(".")) and len(local) <= _LONGEST_LOCAL_PART  # RFC 5322 §3.2.3
    if not (local and at and domain and is_plain and is_dotted_well) or "@" in domain:
        raise ValueError(_no_address(name))
    if not local.isascii():
        # RFC 6531: each server on the way would have to take it, and so would each reader's answer.
        raise ValueError(
            f"{name} has letters beyond a–z before the @, which many mail servers refuse; "
            'write it as "desk@example.org"'
        )
    try:
        address = f"{local}@{domain_name(domain)}"
    except ValueError as error:
        raise ValueError(f"the domain of {name} {error}") from None
    if len(address) > _LONGEST_ADDRESS:
        raise ValueError(_no_address(name))
    return address


def _no_address(name: str) -> str:
    return f'{name} is not a mail address; write nothing but the address, as "desk@example.org"'
