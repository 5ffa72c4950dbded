"""Renders Asterisk's configuration from plain values, and keeps the secrets it needs.

`render` writes the `cc_*.conf` files that an existing Asterisk includes beside its own; nothing
foreign is ever overwritten. `render_standalone` adds base files for an Asterisk of our own, which
`scripts/asterisk/start.sh` runs. The templates are in `config/asterisk/`, their language is in
`callcenter.pbx.template`, and what a value may be is in `callcenter.pbx.config_model`.
"""

import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from callcenter.documents.files import config_path
from callcenter.pbx.config_model import (
    AmiAccount,
    ConfigError,
    FallbackQueue,
    PbxConfig,
    Phone,
    Trunk,
    check_directory,
    refuse,
)
from callcenter.pbx.template import Value, fill

__all__ = [
    "AmiAccount",
    "ConfigError",
    "FallbackQueue",
    "PbxConfig",
    "Phone",
    "Trunk",
    "load_or_create_secret",
    "render",
    "render_standalone",
]

# The first words of every file written here: without them a file is somebody else's.
_MARK: Final = "; Written by callcenter"
_WITH_SECRETS: Final = frozenset({"cc_manager.conf", "cc_pjsip.conf"})
_SECRET_MODE: Final = 0o600
_PLAIN_MODE: Final = 0o640
_INTERNAL_RING_S: Final = 30  # an agent's phone called by another, then it is given up
_SECRET_BYTES: Final = 32  # 256 bits: not guessable


def render(pbx: PbxConfig, out_dir: Path) -> list[Path]:
    """Write the `cc_*.conf` files into `out_dir` (made if missing) and return their paths.

    Files that hold secrets get mode 0600, the others 0640. Raises ConfigError when a file of that
    name is there and was not written by this function; OSError when the folder is not writable.
    """
    return _render_folder(config_path("asterisk"), _values(pbx, standalone=False), out_dir)


def render_standalone(pbx: PbxConfig, directory: Path) -> list[Path]:
    """Write a whole configuration into `directory`/etc, for `scripts/asterisk/start.sh directory`.

    Raises as `render`, and ConfigError when Asterisk could not hold the folder's path.
    """
    directory = directory.resolve()
    check_directory("standalone Asterisk", directory)
    etc = directory / "etc"
    values = {**_values(pbx, standalone=True), "directory": str(directory)}
    base = _render_folder(config_path("asterisk/standalone"), values, etc)
    return base + _render_folder(config_path("asterisk"), values, etc)


def load_or_create_secret(path: Path) -> str:
    """Return the secret in the file `path`, made on first use with mode 0600.

    Raises ConfigError when others may read the file, or when it is empty.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _SECRET_MODE)
    except FileExistsError:
        return _load_secret(path)
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secret + "\n")
    return secret


def _load_secret(path: Path) -> str:
    with path.open(encoding="ascii", errors="replace") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if mode & 0o077:
            refuse(
                f"secret file {path}",
                f"others may read it (mode {mode:04o})",
                "chmod 600 it; if it may have been read, delete it and a new one is made",
            )
        secret = file.read().strip()
    if not secret:
        refuse(f"secret file {path}", "it is empty", "Delete it and a new one is made")
    return secret


def _render_folder(templates: Path, values: Mapping[str, Value], out_dir: Path) -> list[Path]:
    out_dir.mkdir(mode=0o750, parents=True, exist_ok=True)
    written = []
    for template in sorted(templates.glob("*.conf.in")):
        target = out_dir / template.name.removesuffix(".in")
        _refuse_foreign(target)
        head = f"{_MARK} from {template.name}. Change the settings, not this file.\n"
        _write(target, head + fill(template.read_text(encoding="utf-8"), values))
        written.append(target)
    return written


def _refuse_foreign(target: Path) -> None:
    if target.exists() and not target.read_text(encoding="utf-8", errors="replace").startswith(
        _MARK
    ):
        refuse(
            str(target), "the file is there and not ours", "Move it away or choose another folder"
        )


def _write(target: Path, text: str) -> None:
    """Replace a file whole: a running Asterisk never reads half of it."""
    mode = _SECRET_MODE if target.name in _WITH_SECRETS else _PLAIN_MODE
    new = target.with_name(f".{target.name}.{os.getpid()}")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    new.replace(target)


def _values(pbx: PbxConfig, *, standalone: bool) -> dict[str, Value]:
    trunks = tuple(trunk.name for trunk in pbx.trunks)
    return {
        "name": pbx.name,
        "bind_host": pbx.bind_host,
        "ami_port": pbx.ami_port,
        "http_port": pbx.http_port,
        "sip_bind": f"{pbx.bind_host}:{pbx.sip_port}",
        "ws_bind": pbx.bind_host,
        "rtp_start": pbx.rtp_start,
        "rtp_end": pbx.rtp_end,
        "websocket": pbx.websocket,
        "ami_permit": pbx.ami_permit,
        "leader_user": pbx.leader.user,
        "leader_secret": pbx.leader.secret,
        "fence_user": pbx.fence.user,
        "fence_secret": pbx.fence.secret,
        "sounds_dir": str(pbx.sounds_dir),
        "voicemail_dir": str(pbx.voicemails),
        "fallback_strategy": pbx.fallback.strategy,
        "fallback_ring_s": pbx.fallback.ring_timeout_s,
        "fallback_retry_s": pbx.fallback.retry_s,
        "fallback_wrapup_s": pbx.fallback.wrapup_s,
        "stale_s": pbx.stale_s,
        "hold_look_s": pbx.hold_look_s,
        "internal_ring_s": _INTERNAL_RING_S,
        "phones": [_phone_values(phone, standalone=standalone) for phone in pbx.phones],
        "trunks": [_trunk_values(trunk, standalone=standalone) for trunk in pbx.trunks],
        "emergency": [{"number": number, "trunk": trunks} for number in pbx.emergency_numbers],
    }


def _phone_values(phone: Phone, *, standalone: bool) -> dict[str, Value]:
    return {
        "number": phone.number,
        "auth": phone.number if phone.secret is not None else None,
        "secret": phone.secret,
        "contact": phone.contact,
        "webrtc": phone.webrtc,
        # A browser is rung over the connection that it registered on.
        "transport": "cc-udp" if standalone and not phone.webrtc else None,
    }


def _trunk_values(trunk: Trunk, *, standalone: bool) -> dict[str, Value]:
    return {
        "name": trunk.name,
        "contact": f"sip:{trunk.host}:{trunk.port}",
        "match": trunk.match or (trunk.host,),
        "codecs": trunk.codecs,
        "qualify_s": trunk.qualify_s,
        "caller_id": trunk.caller_id,
        "transport": "cc-udp" if standalone else None,
    }
