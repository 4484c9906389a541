"""What can be set from outside: one typed object, read once from the environment."""

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

_PREFIX = "SERAI_"


class SettingsError(Exception):
    """A variable of the environment that cannot be read; the message names it."""


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Every setting; the variable is the field's name in capitals behind `SERAI_`."""

    data: Path = Path("data")
    """Where the embedded PostgreSQL and the pictures live."""
    database_url: str | None = None
    """A PostgreSQL 15 or newer to use instead of the embedded one."""
    host: str = "127.0.0.1"
    """The address to listen on; `0.0.0.0` is every one that the machine has."""
    port: int = 8000
    """The port to listen on."""
    processes: int = 1
    """How many server processes share the port."""
    pool_size: int = 8
    """Connections to the database that one process may hold."""
    log_format: str = "text"
    """`text` for people, `json` for machines."""
    log_level: str = "info"
    """The least that is logged: `debug`, `info`, `warning` or `error`."""
    cors_origins: tuple[str, ...] = ()
    """Origins whose scripts may call the API, separated by commas; none by default."""
    public_url: str = "http://127.0.0.1:8000"
    """How the market is reached from outside; stands in messages and webhooks."""
    trusted_proxies: int = 0
    """How many reverse proxies of ours stand in front: so many last entries of
    `X-Forwarded-For` are believed."""
    webhook_private_targets: bool = False
    """Whether a webhook may be sent to an address of a private network."""
    requests_per_minute: int = 600
    """How many requests one caller may make; bursts of a tenth of it at once."""


def read(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings; an unknown or unreadable `SERAI_` variable is an error."""
    source = os.environ if environment is None else environment
    given: dict[str, object] = {}
    known = {field.encode_name: field.type for field in msgspec.structs.fields(Settings)}
    for name, value in source.items():
        if not name.startswith(_PREFIX):
            continue
        field = name.removeprefix(_PREFIX).lower()
        if field not in known:
            message = f"{name} is not a setting; see docs/operations.md"
            raise SettingsError(message)
        is_list = known[field] == tuple[str, ...]
        given[field] = [part for part in value.split(",") if part] if is_list else value
    try:
        return msgspec.convert(given, Settings, strict=False, dec_hook=_decode)
    except msgspec.ValidationError as error:
        message = f"a SERAI_ variable cannot be read: {error}"
        raise SettingsError(message) from error


def _decode(kind: type, value: object) -> object:
    if kind is Path:
        return Path(str(value)).expanduser()
    raise NotImplementedError(kind)
