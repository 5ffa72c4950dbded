"""One installation, as its settings describe it: where things lie, its database, and what its
Asterisk is told. For the running center (``callcenter.bootstrap``) and for offline commands alike.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from callcenter.pbx.config import AmiAccount, PbxConfig, Phone, Trunk, load_or_create_secret
from callcenter.settings import PbxSettings, RestoreUnfinished, Settings
from callcenter.storage.accounts import Accounts
from callcenter.storage.database import Database
from callcenter.storage.passwords import HashCost, PasswordHasher
from callcenter.storage.sessions import Sessions

UNFINISHED_RESTORE = ".restore-unfinished"
"""The folder in which a restore unpacks; gone when it is over."""

# --- places in the data folder ----------------------------------------------------------------


def database_url(settings: Settings) -> str:
    """The address of the center's own database."""
    return (
        settings.database_url.get_secret_value() or f"sqlite+aiosqlite:///{database_path(settings)}"
    )


def database_path(settings: Settings) -> Path:
    """The file of the center's own database, when no server keeps it."""
    return settings.data_dir.resolve() / "center.db"


def journal_folder(settings: Settings) -> Path:
    """Where the journal is."""
    return settings.data_dir / "journal"


def secret_path(settings: Settings, pbx: str, name: str) -> Path:
    """Where the secret of an AMI account or a phone of this PBX is kept."""
    return settings.data_dir / "secrets" / pbx / name


def read_secret(settings: Settings, pbx: str, name: str) -> str:
    """The secret, made by chance when it is asked for the first time."""
    path = secret_path(settings, pbx, name)
    path.parent.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    return load_or_create_secret(path)


def prepare_data_dir(settings: Settings) -> None:
    """Make the data folder; only its owner may look into it. Raises ``RestoreUnfinished``."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if (settings.data_dir / UNFINISHED_RESTORE).exists():
        raise RestoreUnfinished(
            f"A restore into {settings.data_dir} was interrupted. Empty the folder, restore again."
        )
    voicemails_path(settings).mkdir(mode=0o700, exist_ok=True)


def voicemails_path(settings: Settings) -> Path:
    """The folder that Asterisk records callers' messages into."""
    return settings.data_dir / "voicemails"


# --- pieces that offline commands use too -------------------------------------------------------


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Database]:
    """The center's database, brought to the newest schema. Raises ``DatabaseUnusable``."""
    prepare_data_dir(settings)
    database = Database(database_url(settings))
    try:
        await database.migrate()
        yield database
    finally:
        await database.close()


def make_accounts(database: Database, cost: HashCost | None = None) -> Accounts:
    """The accounts in this database; ``cost`` of password hashes, for tests a cheap one."""
    return Accounts(database, PasswordHasher(cost), Sessions(database))


# --- what Asterisk is told of us ---------------------------------------------------------------


def pbx_config(settings: Settings, pbx: PbxSettings) -> PbxConfig:
    """The plain values of one PBX; secrets are made on first use. Raises ``ConfigError``."""
    return PbxConfig(
        name=pbx.name,
        leader=AmiAccount(pbx.leader, read_secret(settings, pbx.name, pbx.leader)),
        fence=AmiAccount(pbx.fence, read_secret(settings, pbx.name, pbx.fence)),
        sounds_dir=settings.data_dir.resolve() / "sounds",
        voicemail_dir=voicemails_path(settings).resolve(),
        bind_host=pbx.host,
        ami_port=pbx.ami_port,
        sip_port=pbx.sip_port,
        http_port=pbx.http_port,
        rtp_start=pbx.rtp_start,
        rtp_end=pbx.rtp_end,
        phones=_phones(settings, pbx),
        trunks=tuple(
            Trunk(
                trunk.name,
                trunk.host,
                trunk.port,
                trunk.match,
                trunk.codecs,
                caller_id=trunk.caller_id,
            )
            for trunk in pbx.trunks
        ),
        emergency_numbers=pbx.emergency_numbers,
    )


def _phones(settings: Settings, pbx: PbxSettings) -> tuple[Phone, ...]:
    phones: list[Phone] = []
    numbers = iter(pbx.phone_numbers())
    for group in pbx.phones:
        for _ in range(group.count):
            number = next(numbers)
            if group.contact is None:
                secret = read_secret(settings, pbx.name, f"phone-{number}")
                phones.append(Phone(number, secret=secret, webrtc=group.webrtc))
            else:
                contact = group.contact.replace("{number}", number)
                phones.append(Phone(number, contact=contact, webrtc=group.webrtc))
    return tuple(phones)
