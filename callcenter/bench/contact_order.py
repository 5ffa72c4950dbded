"""What the learnt order of contacts is worth, on the contacts of real campaigns.

The learner that orders contacts in ``dialer`` is taught with one part of the file and puts rows in
order that it has not seen. Measured is how many of all sales are among the fifth it would call
first, beside chance, and beside what a manager would do without it: previous customers first.

Splits are drawn several times, seeded: two thirds are learnt, one third is ordered. Where the rows
tell their month they are also played in order of time, as a campaign would meet them.

A sale is in the fifth or not: the interval is Wilson's for so many sales in one unseen part. Rows
with equal scores share their places evenly.
"""

from __future__ import annotations

import math
import random
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean, median
from typing import Any, Protocol

from callcenter.bench.bank_marketing import Contact, read_contacts
from dialer.contact_chance import Chances, Features, chance, learn

TOP = 0.20
"""The part of the contacts that is called first."""
LEARNT = 2 / 3
"""Of the rows, in each drawn split."""
SEEDS = 10
FEW = (100, 300, 1000)
"""Rows learnt, to see how much little is worth."""
MONTH_MIN = 20
"""Rows of a month in which an order means something."""
Z = 1.96
"""Standard errors to either side: 95 %."""
CERTAIN = 1e-3
"""No chance is taken for surer than this in the log loss."""

Note = Callable[[str], None]


class NoSalesError(Exception):
    """Nothing can be measured where nothing was sold."""


class Learner(Protocol):
    """What is taught and asked."""

    def learn(self, contact: Contact) -> None:
        """What came of this contact."""

    def score(self, contact: Contact) -> float:
        """The more, the earlier it is called."""


class Product:
    """The learner of ``dialer``, with all columns or some."""

    def __init__(self, view: Callable[[Contact], Features] = Contact.features) -> None:
        self._view = view
        self.chances = Chances()

    def learn(self, contact: Contact) -> None:
        """Teach it."""
        learn(self.chances, self._view(contact), contact.sold)

    def score(self, contact: Contact) -> float:
        """The chance to sell."""
        return chance(self.chances, self._view(contact))


class PreviousOutcome:
    """The share sold among those with the same outcome of the campaign before: a manager's rule."""

    def __init__(self) -> None:
        self._seen: dict[str, list[int]] = defaultdict(lambda: [1, 0])

    def learn(self, contact: Contact) -> None:
        """Count it."""
        counts = self._seen[contact.previous_outcome]
        counts[0] += 1
        counts[1] += int(contact.sold)

    def score(self, contact: Contact) -> float:
        """The share sold so far."""
        counts = self._seen[contact.previous_outcome]
        return counts[1] / counts[0]


class NaiveBayes:
    """The simple alternative: every column counts by itself. Numbers in bands, as the product's."""

    SMOOTHING = 10.0
    """Each value is taken to have been seen so often with the usual share."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], list[float]] = {}
        self._total = [1.0, 1.0]

    def learn(self, contact: Contact) -> None:
        """Count its values."""
        for key in self._keys(contact):
            self._seen.setdefault(key, [0.0, 0.0])[int(contact.sold)] += 1.0
        self._total[int(contact.sold)] += 1.0

    def score(self, contact: Contact) -> float:
        """The chance, each column taken to be independent of the others."""
        usual = self._total[1] / (self._total[0] + self._total[1])
        base = math.log(usual / (1.0 - usual))
        odds = base
        for key in self._keys(contact):
            not_sold, sold = self._seen.get(key, (0.0, 0.0))
            share = (sold + self.SMOOTHING * usual) / (not_sold + sold + self.SMOOTHING)
            odds += math.log(share / (1.0 - share)) - base
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, odds))))

    def _keys(self, contact: Contact) -> list[tuple[str, str]]:
        features = contact.features()
        return [
            *features.categories,
            *((column, f"{number:.2g}") for column, number in features.numbers),
        ]


def found(contacts: Sequence[Contact], scores: Sequence[float]) -> list[float]:
    """For each sale whether it is among the top fifth by score: 1 or 0; between them where rows
    with its score are on both sides of the border."""
    border = max(1, round(len(contacts) * TOP))
    by_score: dict[float, list[int]] = defaultdict(list)
    for number, score in enumerate(scores):
        by_score[score].append(number)
    inside = [0.0] * len(contacts)
    left = border
    for score in sorted(by_score, reverse=True):
        alike = by_score[score]
        share = min(1.0, left / len(alike))
        for number in alike:
            inside[number] = share
        left = max(0, left - len(alike))
    return [part for part, contact in zip(inside, contacts, strict=True) if contact.sold]


def wilson(share: float, count: int) -> tuple[float, float]:
    """The 95 % interval of a share of so many."""
    spread = Z * math.sqrt(share * (1.0 - share) / count + Z * Z / (4.0 * count * count))
    middle, scale = share + Z * Z / (2.0 * count), 1.0 + Z * Z / count
    return (middle - spread) / scale, (middle + spread) / scale


def share_of(part: Sequence[float]) -> dict[str, float]:
    """The share of sales in the top fifth of one part, with its interval."""
    share = fmean(part)
    low, high = wilson(share, len(part))
    return {"share": share, "least_95": low, "most_95": high}


def shares(parts: Sequence[Sequence[float]]) -> dict[str, float]:
    """The share of sales in the top fifth: over all splits, and the interval of one."""
    each = [fmean(part) for part in parts]
    ends = [wilson(share, len(part)) for share, part in zip(each, parts, strict=True)]
    return {
        "median": median(each),
        "min": min(each),
        "max": max(each),
        "least_95": fmean(low for low, _ in ends),
        "most_95": fmean(high for _, high in ends),
    }


def more_than(
    parts: Sequence[Sequence[float]], others: Sequence[Sequence[float]]
) -> dict[str, float]:
    """How much larger a share is than another of the same sales, paired sale by sale."""
    means, errors = [], []
    for part, other in zip(parts, others, strict=True):
        apart = [one - two for one, two in zip(part, other, strict=True)]
        mean = fmean(apart)
        means.append(mean)
        errors.append(math.sqrt(fmean((one - mean) ** 2 for one in apart) / len(apart)))
    mean, error = fmean(means), Z * fmean(errors)
    return {"mean": mean, "least_95": mean - error, "most_95": mean + error}


def log_loss(contacts: Sequence[Contact], scores: Sequence[float]) -> float:
    """How far chances are from what happened: the less the better."""
    return fmean(
        -math.log(max(CERTAIN, score if contact.sold else 1.0 - score))
        for contact, score in zip(contacts, scores, strict=True)
    )


def teach(learner: Learner, contacts: Sequence[Contact]) -> Learner:
    """The learner, taught."""
    for contact in contacts:
        learner.learn(contact)
    return learner


def ask(learner: Learner, contacts: Sequence[Contact]) -> list[float]:
    """Everybody's score."""
    return [learner.score(contact) for contact in contacts]


LEARNERS: dict[str, Callable[[], Learner]] = {
    "product": Product,
    "previous_outcome_only": PreviousOutcome,
    "naive_bayes": NaiveBayes,
    "product_without_month_and_market": lambda: Product(Contact.features_of_the_person),
    "product_with_contacts_of_this_campaign": lambda: Product(Contact.features_and_contacts),
}


def run_splits(contacts: tuple[Contact, ...], seeds: int, note: Note) -> dict[str, Any]:
    """The drawn splits."""
    hits: dict[str, list[list[float]]] = defaultdict(list)
    losses: dict[str, list[float]] = defaultdict(list)
    rows_unseen = sales_unseen = 0
    for seed in range(1, seeds + 1):
        note(f"split {seed} of {seeds}")
        drawn = list(contacts)
        random.Random(seed).shuffle(drawn)
        border = round(len(drawn) * LEARNT)
        learnt, unseen = drawn[:border], drawn[border:]
        rows_unseen, sales_unseen = len(unseen), sum(one.sold for one in unseen)
        if not sales_unseen:
            raise NoSalesError("a drawn part of the rows has no sale: more rows are wanted")
        for name, make in LEARNERS.items():
            scores = ask(teach(make(), learnt), unseen)
            hits[name].append(found(unseen, scores))
            losses[name].append(log_loss(unseen, scores))
        for few in FEW:
            if few < border:
                scores = ask(teach(Product(), learnt[:few]), unseen)
                hits[f"product_after_{few}_rows"].append(found(unseen, scores))
    by_chance = Z * math.sqrt(TOP * (1.0 - TOP) / sales_unseen)
    told = {name: shares(parts) for name, parts in hits.items()}
    product, rule = hits["product"], hits["previous_outcome_only"]
    return {
        "rows_unseen": rows_unseen,
        "sales_unseen": sales_unseen,
        "share_of_sales_in_top": told,
        "random": {"mean": TOP, "least_95": TOP - by_chance, "most_95": TOP + by_chance},
        "product_more_than_previous_outcome": more_than(product, rule),
        "log_loss": {name: fmean(losses[name]) for name in LEARNERS},
        "clearly_more_than_random": told["product"]["least_95"] > TOP + by_chance,
    }


def run_in_time(contacts: tuple[Contact, ...]) -> dict[str, Any]:
    """The rows month by month: the earlier half is learnt, the later ordered."""
    if any(one.month_number is None for one in contacts):
        return {"possible": False}
    ordered = sorted(contacts, key=lambda one: one.month_number or 0)
    border = len(ordered) // 2
    later = ordered[border:]
    if not any(one.sold for one in later):
        return {"possible": False}
    told: dict[str, Any] = {"possible": True, "rows": len(later)}
    for name in ("product", "product_without_month_and_market", "previous_outcome_only"):
        learner = teach(LEARNERS[name](), ordered[:border])
        before = found(later, ask(learner, later))
        scores = []
        for contact in later:  # scored first, learnt then
            scores.append(learner.score(contact))
            learner.learn(contact)
        told[name] = {
            "learnt_before_only": share_of(before),
            "learning_on": share_of(found(later, scores)),
            "within_each_month": share_of(_within_months(LEARNERS[name](), ordered)),
        }
    return told


def _within_months(learner: Learner, ordered: Sequence[Contact]) -> list[float]:
    """The sales in the top fifth of their own month, with what was learnt in the months before."""
    months: dict[int, list[Contact]] = defaultdict(list)
    for contact in ordered:
        months[contact.month_number or 0].append(contact)
    hits: list[float] = []
    for number, contacts in enumerate(months.values()):
        if number and len(contacts) >= MONTH_MIN:
            hits += found(contacts, ask(learner, contacts))
        teach(learner, contacts)
    return hits or [0.0]


def measure_speed(contacts: Sequence[Contact]) -> dict[str, float]:
    """How many contacts a second are learnt and scored."""
    begin = time.process_time()
    learner = teach(Product(), contacts)
    learnt = time.process_time()
    ask(learner, contacts)
    done = time.process_time()
    return {
        "learnt_per_s": len(contacts) / max(1e-9, learnt - begin),
        "scored_per_s": len(contacts) / max(1e-9, done - learnt),
    }


def run(path: Path, seeds: int = SEEDS, note: Note = lambda text: None) -> dict[str, Any]:
    """Measure a file of contacts in the format ``bank-marketing``."""
    contacts = read_contacts(path)
    if not any(one.sold for one in contacts):
        raise NoSalesError(f"{path.name} has no row with a sale")
    return {
        "bench": "contact-order",
        "rows": len(contacts),
        "sales": sum(one.sold for one in contacts),
        "top": TOP,
        "splits": seeds,
        **run_splits(contacts, seeds, note),
        "in_order_of_time": run_in_time(contacts),
        **measure_speed(contacts),
    }
