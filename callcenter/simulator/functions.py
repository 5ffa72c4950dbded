"""Variables and functions of the dialplan: what ``${NAME}`` and ``${FUNCTION(x)}`` read, and
``Set`` writes.
"""

from __future__ import annotations

from callcenter.simulator.channel import Channel
from callcenter.simulator.exchange import Exchange
from callcenter.simulator.expressions import Unmodelled, is_set


def read_variable(exchange: Exchange, channel: Channel | None, name: str) -> str | None:
    """A built-in, channel or global variable; None when it is not set. ``channel`` None: globals
    only.
    """
    if name == "EPOCH":
        return str(int(exchange.read_clock()))
    if channel is not None:
        match name:
            case "EXTEN":
                return channel.location.exten
            case "CONTEXT":
                return channel.location.context
            case "PRIORITY":
                return str(channel.location.priority)
            case "CHANNEL":
                return channel.name
            case "UNIQUEID":
                return channel.uniqueid
        if name in channel.variables:
            return channel.variables[name]
    if name == "SYSTEMNAME":
        return exchange.settings.name
    return exchange.globals.get(name)


def read_function(channel: Channel | None, name: str, argument: str) -> str:
    """The value of a function; raises ``Unmodelled`` for one that the simulator lacks."""
    match name.upper(), argument.lower():
        case "FILTER", _:
            allowed, _, text = argument.partition(",")
            return "".join(letter for letter in text if letter in _spell_out(allowed))
        case "IF", _:
            condition, _, choices = argument.partition("?")
            yes, _, no = choices.partition(":")
            return yes if is_set(condition) else no
        case "CALLERID", "num" if channel is not None:
            return channel.caller_number
        case "CALLERID", "name" if channel is not None:
            return channel.caller_name
        case "CHANNEL", "musicclass" if channel is not None:
            return channel.music_class
        case "CHANNEL", "state" if channel is not None:
            return channel.state.name.capitalize()
    raise Unmodelled(f"function {name}({argument})")


def write_function(channel: Channel, name: str, argument: str, value: str) -> None:
    """``Set(FUNCTION(argument)=value)`` for the functions that only change the channel's data."""
    match name.upper(), argument.lower():
        case "CHANNEL", "musicclass":
            channel.music_class = value
        case "CALLERID", "num":
            channel.caller_number = value
        case "CALLERID", "name":
            channel.caller_name = value
        case _:
            raise Unmodelled(f"Set({name}({argument})=...)")


def _spell_out(allowed: str) -> str:
    """The letters of FILTER's first argument with its ranges written out: ``0-3`` is ``0123``."""
    letters = ""
    at = 0
    while at < len(allowed):
        if at + 2 < len(allowed) and allowed[at + 1] == "-":
            letters += "".join(map(chr, range(ord(allowed[at]), ord(allowed[at + 2]) + 1)))
            at += 3
        else:
            letters += allowed[at]
            at += 1
    return letters
