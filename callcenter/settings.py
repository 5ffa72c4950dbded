"""The config file: what an administrator sets, checked, with the line of every mistake.

Order: the YAML file, then the environment with the prefix ``CALLCENTER_``, which wins
(``CALLCENTER_HTTP__PORT=8081`` for nested fields). Secrets are never in it: they are made by chance
and kept in ``data_dir``/secrets, files of mode 0600. Other layers get plain values from here, never
this object.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from callcenter.documents.files import config_path, flows_path
from callcenter.documents.yaml_lines import (
    DocumentError,
    DocumentProblem,
    LineIndex,
    explain,
    load_yaml,
)
from callcenter.domain.center import Center, Queue, TrunkLine
from callcenter.domain.flow import Flow

PORT_MAX = 65535
SERVER_SCHEMES = ("postgresql", "postgresql+asyncpg", "postgres")
"""Of the address of a database."""
MEND_ENV = "Write CALLCENTER_NAME=value; lists and mappings in JSON."
PHONES_MAX = 2000
"""Two phones for each of 1,000 agents."""


TRUNK_CHANNELS_MAX = 10_000
TRUNK_CALLS_PER_S_MAX = 1_000.0
DAYS_MAX = 36_500
"""A hundred years."""


class RestoreUnfinished(Exception):  # noqa: N818 - a fact, said to the administrator
    """The data folder holds a part of a backup; the message says what to do."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HttpSettings(_Part):
    """Where the API listens."""

    host: str = "127.0.0.1"
    port: int = Field(8080, ge=1, le=PORT_MAX)
    origins: tuple[str, ...] = ()
    """Origins (scheme://host) of pages that may use the API besides its own."""
    behind_proxy: bool = False
    """Whether a reverse proxy that ends TLS is in front."""


class PhoneSettings(_Part):
    """Agents' phones. Without a contact a phone registers with a secret of its own."""

    number: str = Field(pattern=r"^[0-9]{2,15}$")
    """The number of the phone; with ``count``, of the first one."""
    count: int = Field(1, ge=1, le=PHONES_MAX)
    contact: str | None = None
    """A fixed SIP address, ``sip:{number}@host:port``; ``{number}`` is replaced."""
    webrtc: bool = False


class TrunkSettings(_Part):
    """A line to the telephone network."""

    name: str
    host: str
    port: int = Field(5060, ge=1, le=PORT_MAX)
    match: tuple[str, ...] = ()
    """Addresses its calls come from; empty: ``host``."""
    codecs: tuple[str, ...] = ("ulaw", "alaw")
    caller_id: str | None = None
    """What people see whom a campaign without a number of its own calls; empty: ``anonymous``."""
    channels: int = Field(0, ge=0, le=TRUNK_CHANNELS_MAX)
    """Calls that all campaigns together dial on it at once, at most; 0: no limit. Leave room for
    calls that come in on it."""
    calls_per_s: float = Field(0.0, ge=0.0, le=TRUNK_CALLS_PER_S_MAX)
    """Calls that they place on it in a second, at most; 0: no limit."""


class PbxSettings(_Part):
    """One Asterisk."""

    name: str = Field("main", pattern=r"^[a-z][a-z0-9-]{0,30}$")
    host: str = "127.0.0.1"
    ami_port: int = Field(5038, ge=1, le=PORT_MAX)
    sip_port: int = Field(5060, ge=1, le=PORT_MAX)
    http_port: int = Field(8088, ge=1, le=PORT_MAX)
    rtp_start: int = Field(10000, ge=1024, le=PORT_MAX)
    rtp_end: int = Field(19999, ge=1024, le=PORT_MAX)
    leader: str = "leader"
    fence: str = "fence"
    phones: tuple[PhoneSettings, ...] = ()
    trunks: tuple[TrunkSettings, ...] = ()
    emergency_numbers: tuple[str, ...] = ()

    def phone_numbers(self) -> tuple[str, ...]:
        """Every phone's number, ranges written out."""
        return tuple(
            str(int(phone.number) + i).zfill(len(phone.number))
            for phone in self.phones
            for i in range(phone.count)
        )


class RetentionSettings(_Part):
    """How many days what is about people is kept; 0: for ever."""

    calls_days: int = Field(0, ge=0, le=DAYS_MAX)
    """People's numbers in the records of calls and attempts; what reports count stays."""
    audit_days: int = Field(0, ge=0, le=DAYS_MAX)
    """Who changed what."""


class QueueSettings(_Part):
    """One queue; times in seconds."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,30}$")
    ring_timeout_s: float = Field(15.0, ge=5, le=120)
    wrap_up_s: float = Field(30.0, ge=0, le=3600)
    target_s: float = Field(20.0, ge=1, le=3600)
    """The service level's target."""
    senior_hold_s: float = Field(20.0, ge=0, le=600)
    """The longest hold for a senior, while one is expected (docs/ROUTING.md)."""


class Settings(BaseSettings):
    """The whole config file."""

    model_config = SettingsConfigDict(
        env_prefix="CALLCENTER_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    data_dir: Path = Path("var")
    """Journal, database, secrets, prompts. Relative paths are from the config file's folder."""
    database_url: SecretStr = SecretStr("")
    """Address of a database on a PostgreSQL server; empty: an SQLite file in ``data_dir``. Only the
    environment may put a password into it."""
    journal_days: int = Field(0, ge=0, le=3650)
    """How long journal files that nobody needs any more are kept in ``data_dir``/journal-archive;
    0: not at all."""
    region: str = Field("US", pattern=r"^[A-Z]{2}$")
    """Region (ISO 3166) by which numbers without a country code are read."""
    time_zone: str = "UTC"
    """IANA name of the zone in which the center's days begin."""
    http: HttpSettings = HttpSettings(port=8080)
    retention: RetentionSettings = RetentionSettings(calls_days=0, audit_days=0)
    pbxs: tuple[PbxSettings, ...] = Field(min_length=1)
    queues: tuple[QueueSettings, ...] = Field(min_length=1)
    default_queue: str
    numbers: dict[str, str] = {}
    """Dialed number -> flow; ``*`` stands for every other number."""
    flows_dir: Path | None = None
    """Own flows; without it those shipped with the program."""
    routing_rules: Path | None = None
    """A file of routing rules. A center that never had rules begins with it; a file that is changed
    later is kept as a draft and reported, a start never publishes it. Without it every call goes to
    the queue that its menu chose until rules are published."""

    @field_validator("time_zone")
    @classmethod
    def _is_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise PydanticCustomError(
                "no_zone",
                "there is no time zone {name}",
                {"name": value, "mend": "Use a name such as Europe/Berlin."},
            )
        return value

    @field_validator("database_url")
    @classmethod
    def _is_server(cls, value: SecretStr) -> SecretStr:
        url = value.get_secret_value()
        if url and url.partition("://")[0] not in SERVER_SCHEMES:
            raise PydanticCustomError(
                "no_server",
                "this is not the address of a PostgreSQL database",
                {"mend": "Write postgresql://user@host/database, or nothing for SQLite."},
            )
        return value

    @model_validator(mode="after")
    def _agree(self) -> Settings:
        queues = [queue.id for queue in self.queues]
        if self.default_queue not in queues:
            raise PydanticCustomError(
                "no_queue",
                "there is no queue {name}, which default_queue names",
                {"name": self.default_queue, "mend": f"Use one of {', '.join(queues)}."},
            )
        for what, names in (
            ("queue", queues),
            ("PBX", [pbx.name for pbx in self.pbxs]),
            ("phone", [number for pbx in self.pbxs for number in pbx.phone_numbers()]),
        ):
            doubled = [name for name in dict.fromkeys(names) if names.count(name) > 1]
            if doubled:
                raise PydanticCustomError(
                    "doubled",
                    "the {what} {name} is there twice",
                    {"what": what, "name": doubled[0], "mend": "Give each a name of its own."},
                )
        return self


def load_settings(path: Path | None = None) -> Settings:
    """Read the config file (the shipped example if none is named) and the environment.

    Raises ``DocumentError`` with every problem found, each with its line.
    """
    file = path or config_path("callcenter.example.yaml")
    data, lines = load_yaml(file)
    settings = _validate(data, lines)
    base = file.resolve().parent if path is not None else Path.cwd()
    changes = {"data_dir": base / settings.data_dir}
    if settings.flows_dir is not None:
        changes["flows_dir"] = base / settings.flows_dir
    if settings.routing_rules is not None:
        changes["routing_rules"] = base / settings.routing_rules
    return settings.model_copy(update=changes)


def _validate(data: dict[str, Any], lines: LineIndex) -> Settings:
    if _has_password(data.get("database_url")):
        problem = lines.problem(
            ["database_url"],
            "a password stands in the config file",
            "Leave it out; put it into PGPASSWORD or a password file (PGPASSFILE).",
        )
        raise DocumentError([problem])

    class Loaded(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return env_settings, InitSettingsSource(settings_cls, init_kwargs=data)

    try:
        return Loaded()  # type: ignore[call-arg] # filled in by its sources
    except ValidationError as error:
        raise DocumentError(explain(error, Settings, lines)) from None
    except SettingsError as error:
        raise DocumentError([DocumentProblem("environment", 0, str(error), MEND_ENV)]) from None


def _has_password(url: object) -> bool:
    try:
        return isinstance(url, str) and urlsplit(url).password is not None
    except ValueError:  # no address at all, as will be said
        return False


def flows_folder(settings: Settings) -> Path:
    """Where the flows are: the center's own folder, or those shipped."""
    return settings.flows_dir or flows_path()


def center_of(settings: Settings, flows: tuple[Flow, ...]) -> Center:
    """What the machine is told of the config file."""
    return Center(
        queues=tuple(
            Queue(
                queue.id,
                ring_timeout_s=queue.ring_timeout_s,
                wrap_up_s=queue.wrap_up_s,
                target_s=queue.target_s,
                senior_hold_s=queue.senior_hold_s,
            )
            for queue in settings.queues
        ),
        flows=flows,
        numbers=dict(settings.numbers),
        phones={number: pbx.name for pbx in settings.pbxs for number in pbx.phone_numbers()},
        default_queue=settings.default_queue,
        time_zone=settings.time_zone,
        region=settings.region,
        pbxs=tuple(pbx.name for pbx in settings.pbxs),
        trunks=tuple(
            TrunkLine(pbx.name, trunk.name, trunk.channels, trunk.calls_per_s)
            for pbx in settings.pbxs
            for trunk in pbx.trunks
            if trunk.channels or trunk.calls_per_s
        ),
    )
