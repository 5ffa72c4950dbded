"""What one PBX's configuration is rendered from, and what each value may be.

A value with a line break, a semicolon or a bracket in it would be configuration of its own, so each
is held against a short list of what it may be. An object of these classes that exists is safe to
render; a wrong value is refused with what is wrong, where, and how to mend it. Secrets are never
shown: neither in messages nor in repr.
"""

import re
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Final, NoReturn

_PORT_MAX: Final = 65535
_SECRET_LENGTH_MIN: Final = 16  # characters of AMI secrets, which command every call
_STALE_S_MIN: Final = 2  # the service beats every second: less would drop calls on one late beat
_STALE_S_MAX: Final = 60  # a caller in a menu may hear silence that long after a crash
_LOOK_S_MAX: Final = 60

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,30}")
_PHONE: Final = re.compile(r"[0-9]{2,15}")
_E164: Final = re.compile(r"\+?[0-9]{3,15}")
_EMERGENCY: Final = re.compile(r"[0-9*#+]{2,15}")
_HOST: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_CONTACT: Final = re.compile(
    r"sip:(?:[A-Za-z0-9.+_-]{1,64}@)?(?P<host>[A-Za-z0-9.-]{1,253})(?::[0-9]{1,5})?"
)
_CODEC: Final = re.compile(r"[a-z][a-z0-9_]{1,15}")
_AMI_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{16,128}")
_PHONE_SECRET: Final = re.compile(r"[A-Za-z0-9._~!@%*+-]{8,64}")
_PATH_FORBIDDEN: Final = frozenset(";[]{}$\"'\\#<>|=,")

# Strategies of app_queue that need no order or weight of members.
_STRATEGIES: Final = ("ringall", "leastrecent", "fewestcalls", "random", "rrmemory")


class ConfigError(ValueError):
    """A value that cannot go into Asterisk's configuration, or a file that cannot be used.

    The message says what is wrong, where, and how to mend it.
    """


def refuse(where: str, what: str, mend: str) -> NoReturn:
    """Raise ConfigError in the one form that all these messages have."""
    raise ConfigError(f"{where}: {what}. {mend}.")


def _match(where: str, what: str, value: str, pattern: re.Pattern[str], allowed: str) -> None:
    if not pattern.fullmatch(value):
        refuse(where, f"{what} {value!r} is not allowed", f"Use {allowed}")


def _between(where: str, what: str, value: int, lowest: int, highest: int) -> None:
    if not lowest <= value <= highest:
        refuse(where, f"{what} is {value}", f"Use {lowest} to {highest}")


def _port(where: str, what: str, value: int) -> None:
    _between(where, what, value, 1, _PORT_MAX)


def _is_address(value: str) -> bool:
    try:
        return ip_address(value).version == 4
    except ValueError:
        return False


def _network(where: str, what: str, value: str) -> None:
    try:
        ip_network(value)
    except ValueError:
        refuse(where, f"{what} {value!r} is no address or network", "Use 192.0.2.1 or 192.0.2.0/24")


def _path(where: str, what: str, path: Path) -> None:
    text = str(path)
    if not path.is_absolute():
        refuse(where, f"{what} {text!r} is not absolute", "Start it with /")
    if not text.isprintable() or text != text.strip() or _PATH_FORBIDDEN & set(text):
        forbidden = " ".join(sorted(_PATH_FORBIDDEN))
        refuse(
            where, f"{what} {text!r} has a character Asterisk would misread", f"Avoid {forbidden}"
        )


def _unique(where: str, what: str, values: list[str]) -> None:
    for value in values:
        if values.count(value) > 1:
            refuse(where, f"{what} {value!r} is there twice", "Take one out")


@dataclass(frozen=True, slots=True)
class AmiAccount:
    """An account of Asterisk's manager interface. Refuses a short or odd secret."""

    user: str  # lower case letters, digits, hyphens
    secret: str = field(repr=False)  # from load_or_create_secret

    def __post_init__(self) -> None:
        _match(f"AMI account {self.user!r}", "user", self.user, _NAME, "a-z, 0-9 and -")
        if self.user == "general":
            refuse("AMI account 'general'", "the name is Asterisk's own", "Choose another name")
        if not _AMI_SECRET.fullmatch(self.secret):
            refuse(
                f"AMI account {self.user!r}",
                f"the secret must be {_SECRET_LENGTH_MIN} to 128 of A-Z a-z 0-9 _ -",
                "Delete its file: a new one is made at the next start",
            )


@dataclass(frozen=True, slots=True)
class Phone:
    """An agent's phone. It registers with its secret, or is always at its contact."""

    number: str  # digits; also the name of its endpoint
    secret: str | None = field(default=None, repr=False)  # of its SIP account
    contact: str | None = None  # "sip:1001@host:port" of a phone that does not register
    webrtc: bool = False  # a browser: DTLS-SRTP and ICE

    def __post_init__(self) -> None:
        where = f"phone {self.number!r}"
        _match(where, "number", self.number, _PHONE, "2 to 15 digits")
        if self.secret is not None and not _PHONE_SECRET.fullmatch(self.secret):
            refuse(
                where, "the secret must be 8 to 64 of A-Z a-z 0-9 . _ ~ ! @ % * + -", "Change it"
            )
        if self.contact is not None:
            _match(where, "contact", self.contact, _CONTACT, "sip:user@host:port")
        if self.secret is None and not self._is_on_loopback():
            refuse(
                where,
                "without a secret anybody could call as this phone",
                "Give it a secret; only a contact on 127.0.0.1 may go without",
            )

    def _is_on_loopback(self) -> bool:
        match = _CONTACT.fullmatch(self.contact or "")
        try:
            return match is not None and ip_address(match["host"]).is_loopback
        except ValueError:
            return False


@dataclass(frozen=True, slots=True)
class Trunk:
    """A line to the telephone network: calls in from its addresses, calls out to its host."""

    name: str  # PJSIP/<number>@<name>
    host: str  # address or host name calls out go to
    port: int = 5060
    match: tuple[str, ...] = ()  # addresses or networks calls come in from; default: host
    codecs: tuple[str, ...] = ("ulaw", "alaw")  # in order of preference
    # Asks the far end that often whether it is there, so that an emergency call goes to the next
    # trunk at once and not after SIP's 32 s; 0: never asks.
    qualify_s: int = 60
    # E.164 number that people called see where the call itself brings none. None: such a call is
    # anonymous, which many people and networks refuse.
    caller_id: str | None = None

    def __post_init__(self) -> None:
        where = f"trunk {self.name!r}"
        _match(where, "name", self.name, _NAME, "a-z, 0-9 and -, a letter first")
        if self.name.startswith("cc-"):
            refuse(where, "names in cc- are the program's own", "Choose another name")
        _match(where, "host", self.host, _HOST, "an IPv4 address or a host name")
        _port(where, "port", self.port)
        if not self.match and not _is_address(self.host):
            refuse(where, "a host name says not where calls come from", "List addresses in match")
        for network in self.match:
            _network(where, "match", network)
        _between(where, "qualify_s", self.qualify_s, 0, 3600)
        for codec in self.codecs:
            _match(where, "codec", codec, _CODEC, "names such as ulaw, alaw, g722")
        if self.caller_id is not None:
            _match(where, "caller_id", self.caller_id, _E164, "3 to 15 digits, with a plus or not")
        if not self.codecs:
            refuse(where, "it has no codec", "List at least one, such as ulaw")


@dataclass(frozen=True, slots=True)
class FallbackQueue:
    """How Asterisk's own queue rings the signed-in agents while no service leads."""

    strategy: str = "leastrecent"
    ring_timeout_s: int = 15
    retry_s: int = 1  # pause before the next agent is rung
    wrapup_s: int = 5  # rest of an agent between two calls

    def __post_init__(self) -> None:
        if self.strategy not in _STRATEGIES:
            refuse(
                "fallback queue",
                f"strategy {self.strategy!r} is unknown",
                f"Choose one of {', '.join(_STRATEGIES)}",
            )
        _between("fallback queue", "ring_timeout_s", self.ring_timeout_s, 5, 120)
        _between("fallback queue", "retry_s", self.retry_s, 1, 60)
        _between("fallback queue", "wrapup_s", self.wrapup_s, 0, 3600)


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxConfig:
    """Everything one Asterisk's configuration is rendered from.

    Refuses, with ConfigError, values Asterisk would misread, numbers and names given twice,
    and emergency numbers without a trunk to dial them on.
    """

    name: str  # of the PBX in our configuration; standalone: also Asterisk's systemname
    leader: AmiAccount
    fence: AmiAccount
    sounds_dir: Path  # holds our prompts and, in moh/, the music on hold
    voicemail_dir: Path | None = None  # Asterisk records into it; None: beside sounds_dir
    bind_host: str = "127.0.0.1"
    ami_port: int = 5038
    sip_port: int = 5060  # UDP
    http_port: int = 8088
    rtp_start: int = 10000
    rtp_end: int = 19999
    websocket: bool = False  # SIP over WebSocket for browsers' phones
    ami_permit: tuple[str, ...] = ("127.0.0.1",)  # addresses the service may log in from
    phones: tuple[Phone, ...] = ()
    trunks: tuple[Trunk, ...] = ()
    emergency_numbers: tuple[str, ...] = ()  # dialed on the trunks in their order
    fallback: FallbackQueue = FallbackQueue()
    stale_s: int = 10  # without a heartbeat for longer than this, no service leads
    hold_look_s: int = 20  # how often a waiting leg looks; each look is two events per leg

    def __post_init__(self) -> None:
        where = f"pbx {self.name!r}"
        _match(where, "name", self.name, _NAME, "a-z, 0-9 and -, a letter first")
        if not _is_address(self.bind_host):
            refuse(where, f"bind_host {self.bind_host!r} is no IPv4 address", "Use 127.0.0.1")
        self._check_ports(where)
        _path(where, "sounds_dir", self.sounds_dir)
        _path(where, "voicemail_dir", self.voicemails)
        for network in self.ami_permit:
            _network(where, "ami_permit", network)
        _between(where, "stale_s", self.stale_s, _STALE_S_MIN, _STALE_S_MAX)
        _between(where, "hold_look_s", self.hold_look_s, 1, _LOOK_S_MAX)
        if self.leader.user == self.fence.user:
            refuse(where, "leader and fence are one AMI account", "Give them different names")
        for number in self.emergency_numbers:
            _match(where, "emergency number", number, _EMERGENCY, "digits, * # and +")
        if self.emergency_numbers and not self.trunks:
            refuse(where, "emergency numbers need a trunk", "Add a trunk or take them out")
        numbers = [phone.number for phone in self.phones]
        _unique(where, "phone or emergency number", [*numbers, *self.emergency_numbers])
        _unique(where, "phone or trunk", [*numbers, *(trunk.name for trunk in self.trunks)])

    @property
    def voicemails(self) -> Path:
        """The folder that Asterisk records callers' messages into."""
        return self.voicemail_dir or self.sounds_dir.parent / "voicemails"

    def _check_ports(self, where: str) -> None:
        for name in ("ami_port", "sip_port", "http_port", "rtp_start", "rtp_end"):
            _port(where, name, getattr(self, name))
        if self.ami_port == self.http_port:
            refuse(where, f"ami_port and http_port are both {self.ami_port}", "Change one")
        if self.rtp_start % 2 or self.rtp_end <= self.rtp_start + 1:
            refuse(
                where,
                f"RTP ports {self.rtp_start} to {self.rtp_end} hold no call",
                "Use an even start and an end above it",
            )
        if self.rtp_start <= self.sip_port <= self.rtp_end:
            refuse(where, f"sip_port {self.sip_port} lies among the RTP ports", "Move one")


def check_directory(where: str, path: Path) -> None:
    """Refuse a path that Asterisk's configuration could not hold as it is."""
    _path(where, "folder", path)
