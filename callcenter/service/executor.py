"""Carries out commands, in order, and turns every result into an event."""

from __future__ import annotations

import asyncio
from asyncio import Future
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping

from callcenter.domain.commands import (
    Command,
    FetchContacts,
    FindContact,
    LookUpCustomer,
    PbxCommand,
    PlaceCall,
    PopCard,
    RefillHopper,
    pbx_of,
)
from callcenter.domain.events import (
    CommandFailed,
    CommandSucceeded,
    ContactFound,
    ContactNotFound,
    ContactsFetched,
    CustomerFound,
    CustomerNotFound,
    Event,
    HopperFilled,
)
from callcenter.domain.ids import AgentId, CommandId, PbxName
from callcenter.domain.numbers import is_erased
from callcenter.service.ports import (
    Clock,
    ContactStore,
    CustomerStore,
    Desktops,
    OutcomeUnknown,
    PbxGateway,
    Refused,
)

LOOK_UP_DEADLINE_S = 2.0
"""The local directory answers in milliseconds; after this the call goes on as a stranger's."""
REFILL_DEADLINE_S = 10.0
"""A large list takes a second; after this the machine asks again later."""
MAX_LOOK_UPS = 64
"""Look-ups under way at once; more wait their turn within the deadline."""


class Executor:
    """Hands commands to the adapters. Every command leads to exactly one result event."""

    def __init__(
        self,
        gateways: Mapping[PbxName, PbxGateway],
        customers: CustomerStore,
        desktops: Desktops,
        put: Callable[[Event], None],
        contacts: ContactStore,
        records_written: Callable[[], Awaitable[None]],
        clock: Clock,
    ) -> None:
        """``records_written`` returns when every attempt ended so far is in the database: only then
        may it be asked who is next."""
        self._gateways = gateways
        self._customers = customers
        self._desktops = desktops
        self._put = put
        self._contacts = contacts
        self._records_written = records_written
        self._clock = clock
        self._look_ups: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(MAX_LOOK_UPS)
        self.sent: Counter[str] = Counter()
        """Commands carried out, by kind."""

    async def carry_out(self, commands: tuple[Command, ...]) -> None:
        """Start these commands in their order; returns when all are on their way.

        Cards are written to the desktops first, all at once: card before ring, and one slow
        desktop holds up the others' calls no longer than its own.
        """
        cards: dict[AgentId, list[PopCard]] = {}
        for command in commands:
            if isinstance(command, PopCard):
                cards.setdefault(command.agent, []).append(command)
        await asyncio.gather(*(self._pop_cards(of_agent) for of_agent in cards.values()))
        for command in commands:
            self.sent[type(command).__name__] += 1
            match command:
                case PopCard():
                    pass
                case LookUpCustomer():
                    self._begin(self._look_up(command))
                case FindContact():
                    self._begin(self._find_contact(command))
                case RefillHopper():
                    self._begin(self._refill(command))
                case FetchContacts():
                    self._begin(self._fetch(command))
                case _:
                    self._send(command)

    def _begin(self, job: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(job)
        self._look_ups.add(task)
        task.add_done_callback(self._look_ups.discard)

    async def close(self) -> None:
        """Give up what is still being looked up."""
        for task in self._look_ups:
            task.cancel()
        await asyncio.gather(*self._look_ups, return_exceptions=True)

    def _send(self, command: PbxCommand) -> None:
        gateway = self._gateways.get(pbx_of(command))
        if gateway is None:
            self._put(CommandFailed(command.id, f"no PBX {pbx_of(command)} in the config"))
            return
        if isinstance(command, PlaceCall) and is_erased(command.number):
            # A power cut took the number before it was synced. The machine does not look for that:
            # a replay, in which numbers may be erased that were there, must decide the same.
            self._put(CommandFailed(command.id, "the number is not known any more"))
            return
        result = gateway.send(command)
        result.add_done_callback(lambda done: self._put(_result_event(command.id, done)))

    async def _pop_cards(self, cards: list[PopCard]) -> None:
        for card in cards:
            await self._pop_card(card)

    async def _pop_card(self, command: PopCard) -> None:
        try:
            is_taken = await self._desktops.pop_card(command)
        except Exception as error:  # noqa: BLE001 - the call goes on without its card
            self._put(CommandFailed(command.id, f"{type(error).__name__}: {error}"))
            return
        if is_taken:
            self._put(CommandSucceeded(command.id))
        else:
            self._put(CommandFailed(command.id, "no desktop is open"))

    async def _look_up(self, command: LookUpCustomer) -> None:
        try:
            async with asyncio.timeout(LOOK_UP_DEADLINE_S), self._slots:
                customer = await self._customers.find_by_number(command.number)
        except TimeoutError:
            self._put(CommandFailed(command.id, f"no answer within {LOOK_UP_DEADLINE_S:g} s"))
        except Exception as error:  # noqa: BLE001 - an outside failure comes back as an event
            self._put(CommandFailed(command.id, f"{type(error).__name__}: {error}"))
        else:
            if customer is None:
                self._put(CustomerNotFound(command.id, command.call))
            else:
                self._put(
                    CustomerFound(
                        command.id,
                        command.call,
                        customer.id,
                        customer.tier,
                        last_agent=customer.last_agent,
                        owner=customer.owner,
                        language=customer.language,
                        value=customer.value,
                        churn_risk=customer.churn_risk,
                        attributes=dict(customer.attributes),
                    )
                )

    async def _find_contact(self, command: FindContact) -> None:
        try:
            async with asyncio.timeout(LOOK_UP_DEADLINE_S), self._slots:
                found = await self._contacts.find_contact(command.number, command.campaigns)
        except TimeoutError:
            self._put(CommandFailed(command.id, f"no answer within {LOOK_UP_DEADLINE_S:g} s"))
        except Exception as error:  # noqa: BLE001 - an outside failure comes back as an event
            self._put(CommandFailed(command.id, f"{type(error).__name__}: {error}"))
        else:
            if found is None:
                self._put(ContactNotFound(command.id, command.call))
            else:
                self._put(
                    ContactFound(
                        command.id,
                        command.call,
                        found.campaign,
                        found.contact,
                        found.customer,
                        found.tier,
                    )
                )

    async def _refill(self, command: RefillHopper) -> None:
        try:
            async with asyncio.timeout(REFILL_DEADLINE_S):
                await self._records_written()
                found = await self._contacts.refill(
                    command.campaign,
                    command.want,
                    command.window,
                    command.exclude,
                    self._clock.now(),
                    command.terms,
                )
        except TimeoutError:
            self._put(CommandFailed(command.id, f"no answer within {REFILL_DEADLINE_S:g} s"))
        except Exception as error:  # noqa: BLE001 - an outside failure comes back as an event
            self._put(CommandFailed(command.id, f"{type(error).__name__}: {error}"))
        else:
            self._put(HopperFilled(command.id, command.campaign, found.rows, found.counts))

    async def _fetch(self, command: FetchContacts) -> None:
        try:
            async with asyncio.timeout(REFILL_DEADLINE_S):
                await self._records_written()
                found = await self._contacts.fetch(
                    command.campaign, command.contacts, self._clock.now(), command.terms
                )
        except TimeoutError:
            self._put(CommandFailed(command.id, f"no answer within {REFILL_DEADLINE_S:g} s"))
        except Exception as error:  # noqa: BLE001 - an outside failure comes back as an event
            self._put(CommandFailed(command.id, f"{type(error).__name__}: {error}"))
        else:
            self._put(ContactsFetched(command.id, command.campaign, found.rows, found.held))


def _result_event(command: CommandId, done: Future[None]) -> Event:
    """What a gateway's future says, as an event."""
    if done.cancelled():
        return CommandFailed(command, "given up", unknown=True)
    error = done.exception()
    match error:
        case None:
            return CommandSucceeded(command)
        case Refused():
            return CommandFailed(command, str(error))
        case OutcomeUnknown():
            return CommandFailed(command, str(error), unknown=True)
        case _:
            return CommandFailed(command, f"{type(error).__name__}: {error}", unknown=True)
